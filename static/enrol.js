// The code stands behind the # of the scanned address, which no server and no log sees. Take it into the field and out of the address.
const field = document.getElementById("code");
if (field && location.hash.length > 1) {
  field.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  document.getElementById("name").focus();
}

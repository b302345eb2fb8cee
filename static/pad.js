// The keys under a PIN field. Without this script the field is typed into, or pasted into, as any other.
const field = document.getElementById("pin");
const pad = document.querySelector("[data-pad]");

function press(key) {
  if (key === "clear") field.value = "";
  else if (key === "back") field.value = field.value.slice(0, -1);
  else if (field.value.length < 12) field.value += key;
}

if (field && pad) {
  pad.hidden = false;
  if (matchMedia("(pointer: coarse)").matches) {
    field.inputMode = "none"; // the keys are on the page: no keyboard over them
  }
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]");
    if (key) press(key.dataset.key);
  });
}

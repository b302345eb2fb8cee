// While the box does not know the time, this device's own is offered. Without this script it is typed.
const says = document.querySelector("[data-clock-says]");
function words() {
  const now = new Date();
  const time = now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return `${time}, ${now.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).replace(",", "")}`;
}

function show() {
  if (says) says.textContent = words();
}

show();
setInterval(show, 1000);

const offer = document.querySelector("[data-clock]");
const take = document.querySelector("[data-clock-take]");
const typed = document.getElementById("utc");

if (offer && take && typed) {
  if (!typed.value) {
    offer.querySelector("[data-clock-yes]").hidden = false;
    offer.querySelector("[data-clock-typed]").hidden = true;
  }
  offer.closest("form").addEventListener("submit", () => {
    if (take.checked) typed.value = new Date().toISOString().slice(0, 19).replace("T", " ");
  });
}

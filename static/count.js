// Counting the drawer: keys for more and less of a piece, and the sum as it grows. The fields alone do without.
const form = document.querySelector("[data-count]");
const places = Number(form.dataset.places);
const fields = [...form.querySelectorAll("[data-worth]")];

// Written as the page writes nothing: `€0.00` with other digits.
function money(minor) {
  const digits = String(minor).padStart(places + 1, "0");
  const amount = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
  return form.dataset.sign.replace(/0(\.0+)?/, amount);
}

const count = (field) => (/^\s*\d+\s*$/.test(field.value) ? Number(field.value) : 0);

function add() {
  let sum = 0;
  for (const field of fields) {
    const worth = count(field) * Number(field.dataset.worth);
    sum += worth;
    field.closest("li").querySelector("output").textContent = worth ? money(worth) : "";
  }
  form.querySelector("[data-sum]").textContent = money(sum);
}

function step(button, by) {
  const field = button.closest("li").querySelector("[data-worth]");
  const left = Math.max(0, count(field) + by);
  field.value = left || "";
  add();
}

for (const place of form.querySelectorAll("[hidden]:not([type=hidden])")) place.hidden = false;
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-less], [data-more]");
  if (button) step(button, "more" in button.dataset ? 1 : -1);
});
form.addEventListener("input", add);
// Enter goes to the next piece, as on a calculator, and not off with the form.
form.addEventListener("keydown", (event) => {
  const at = fields.indexOf(event.target);
  if (event.key !== "Enter" || at < 0) return;
  event.preventDefault();
  (fields[at + 1] || form.querySelector(".foot button")).focus();
});
add();

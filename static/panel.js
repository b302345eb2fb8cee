// Keeps the terminal's screen and books fresh; the page works without it.
const at = (id) => document.getElementById(id);
let books = "";

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function row(entry) {
  const line = document.createElement("tr");
  line.dataset.state = entry.state;
  line.dataset.kind = entry.kind;
  line.dataset.clearing = entry.clearing;
  const cells = [
    String(entry.receipt).padStart(4, "0"),
    entry.at.slice(11, 16),
    entry.card,
    entry.state_words,
    entry.amount_words,
  ];
  for (const text of cells) {
    const cell = document.createElement("td");
    cell.textContent = text;
    line.append(cell);
  }
  line.lastChild.className = "money";
  return line;
}

function hint() {
  const chosen = at("mode").selectedOptions[0];
  write(at("hint"), chosen ? chosen.dataset.hint : "");
  at("hint").hidden = false;
}

function toggle(id, there, take, put) {
  const button = at(id);
  if (!button) return;
  button.value = there ? "no" : "yes";
  write(button, there ? take : put);
}

async function refresh() {
  const state = await (await fetch("/state")).json();
  write(at("amount"), state.amount);
  write(at("display"), state.display);
  write(at("detail"), state.detail);
  write(at("cable"), state.plugged_in ? "Cable in" : "Cable out");
  at("cable").dataset.in = state.plugged_in ? "yes" : "no";
  at("present").disabled = !state.wants_card;
  if (state.mode !== document.body.dataset.mode) {
    // The terminal went back to "approve" by itself: show it, without taking back a choice not yet sent.
    if (document.body.dataset.mode !== undefined) at("mode").value = state.mode;
    document.body.dataset.mode = state.mode;
    hint();
  }
  toggle("cable-button", state.cable_in, "Pull the cable", "Put the cable back");
  toggle("power-button", state.powered, "Switch it off", "Switch it on");
  const text = await (await fetch("/ledger")).text();
  if (text !== books) {
    books = text;
    const ledger = JSON.parse(text);
    write(at("totals"), `Day ${ledger.day}: ${ledger.count} booked, ${ledger.total}`);
    at("entries").replaceChildren(...ledger.entries.map(row));
  }
}

async function forever() {
  try {
    await refresh();
  } catch {
    write(at("display"), "The simulated terminal is not running");
    write(at("amount"), "");
    write(at("detail"), "");
  }
  setTimeout(forever, 500);
}

at("mode").addEventListener("change", hint);
forever();

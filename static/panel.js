// Keeps the terminal's screen and books fresh; the page works without it.
const at = (id) => document.getElementById(id);
let books = "";

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function row(entry) {
  const line = document.createElement("tr");
  line.dataset.state = entry.state;
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
    if (document.body.dataset.mode !== undefined) document.querySelector(`input[value="${state.mode}"]`).checked = true;
    document.body.dataset.mode = state.mode;
  }
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

forever();

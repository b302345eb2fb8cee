// Makes an owner code in this phone, shows it to be saved, and hands the did of its key, nothing else, to the form that opens the
// download. Loaded when somebody asks for a code. The code is never sent, and stored nowhere but where its owner saves it.
const GROUPS = 7, IN_LINE = 2;
const WIDE = 720, EDGE = 48, PAPER = "#fff", INK = "#151412";
const FACE = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", MONO = "ui-monospace, Menlo, Consolas, monospace";

const grouped = (text) => text.match(/.{4}/g);

// Words broken into lines no wider than the picture; a script without spaces is broken anywhere.
function lines(pen, words) {
  const found = [""];
  for (const piece of words.match(/[^\s\u3000-\u9fff\uff00-\uffef]+\s*|[\u3000-\u9fff\uff00-\uffef]|\s+/g) ?? []) {
    if (pen.measureText((found.at(-1) + piece).trimEnd()).width > WIDE - 2 * EDGE && found.at(-1)) found.push("");
    found[found.length - 1] += piece;
  }
  return found;
}

// A picture of the code, to be pressed and held: what it is, what it is of, the code, what it means.
function picture(groups, { label, title, keep }) {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  const rows = [];
  const add = (font, high, words) => {
    pen.font = font;
    for (const line of lines(pen, words)) rows.push({ font, high, line: line.trim() });
  };
  const gap = (high) => rows.push({ font: `1px ${FACE}`, high, line: "" });
  add(`700 34px ${FACE}`, 48, label);
  add(`400 30px ${FACE}`, 44, title);
  gap(28);
  for (let at = 0; at < GROUPS; at += IN_LINE) add(`700 72px ${MONO}`, 96, groups.slice(at, at + IN_LINE).join(" "));
  gap(20);
  add(`400 26px ${FACE}`, 38, keep);
  canvas.width = WIDE;
  canvas.height = rows.reduce((high, row) => high + row.high, 2 * EDGE);
  pen.fillStyle = PAPER;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = INK;
  pen.textBaseline = "middle";
  let y = EDGE;
  for (const { font, high, line } of rows) {
    pen.font = font;
    pen.fillText(line, EDGE, y + high / 2);
    y += high;
  }
  return canvas.toDataURL("image/png");
}

// The clipboard of scripts is only for https, which this page is not; the old command works everywhere.
function copied(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  field.readOnly = true;
  document.body.append(field);
  field.select();
  field.setSelectionRange(0, text.length);
  let done = false;
  try { done = document.execCommand("copy"); } catch { /* then it is copied by hand */ }
  field.remove();
  return done;
}

/** Makes a code in the section `mine` of the page, and leads through saving it. */
export async function make(mine) {
  const form = mine.closest(".handing").querySelector("form.act");
  const part = (name) => mine.querySelector(name);
  const { ownerOf, didOfTyped } = await import(mine.dataset.key);
  const code = crypto.getRandomValues(new Uint8Array(16));
  let { text, did } = ownerOf(code);
  code.fill(0);
  if (didOfTyped(text) !== did) throw new Error("the code does not read back");
  let groups = grouped(text);
  // The file holds the code alone, as `stall owner new` writes it: what asks for a code takes it as it is.
  const file = URL.createObjectURL(new Blob([`${groups.join(" ")}\n`], { type: "text/plain" }));

  part("[data-code]").replaceChildren(...groups.flatMap((group) => [Object.assign(document.createElement("span"), { textContent: group }), " "]));
  part("[data-picture]").src = picture(groups, mine.dataset);
  part("[data-file]").href = file;
  part(".failed").hidden = part(".asks").hidden = true;
  part(".made").hidden = false;
  part(".made").focus();

  const copy = part("[data-copy]"), last = part("[data-last]"), wrong = part(".wrong"), unsaved = part(".unsaved");
  // Who made a code wants to be named: a download begun before it is confirmed would leave the code good for nothing. Asked once, then let go.
  form.addEventListener("submit", (event) => {
    if (!groups || !unsaved.hidden) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wrong.hidden = true;
    unsaved.hidden = false;
    last.focus();
  }, { capture: true });
  copy.onclick = () => {
    if (copied(groups.join(" "))) copy.textContent = copy.dataset.done;
    else getSelection().selectAllChildren(part("[data-code]"));
  };
  const saved = () => {
    let typed;
    try { typed = didOfTyped(groups.slice(0, -1).join("") + last.value); } catch { /* not its last signs */ }
    wrong.hidden = typed === did;
    unsaved.hidden = true;
    if (typed !== did) {
      last.focus();
      last.select();
      return;
    }
    for (const old of form.querySelectorAll("[name=owner]")) old.remove();
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "owner", value: did }));
    // Nothing of the code stays on the page: whoever is handed the phone next does not see it.
    part("[data-code]").replaceChildren();
    part("[data-picture]").removeAttribute("src");
    part("[data-file]").removeAttribute("href");
    URL.revokeObjectURL(file);
    last.value = "";
    groups = text = "";
    part(".made").hidden = true;
    part(".ready").hidden = false;
    form.scrollIntoView({ block: "center" });
    form.querySelector("button").focus({ preventScroll: true });
  };
  part("[data-saved]").onclick = saved;
  last.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // else the button that gets the focus is pressed by the same key
    saved();
  };
}

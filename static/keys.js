// Keyboard and scanner. A USB scanner is a keyboard that types fast and ends with Enter: what it types goes into the one field of
// the page, wherever the focus is, unless that is another field. Everything works without this script.
const FAST_MS = 90; // no hand types the next key within this, no scanner takes longer
const form = () => document.querySelector("form[data-find]");
const inField = (place) => place.matches?.("input, textarea, select, [contenteditable]");
let typed = "";
let last = 0;
let waiting = 0;

function take(text, submit) {
  const place = form();
  if (!place) return;
  const field = place.elements.q;
  field.value = text;
  if (submit) place.requestSubmit();
  else if (field.type !== "hidden") {
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// One key by itself, and nothing after it: a digit presses its tile, a letter begins to search.
function alone() {
  const text = typed;
  typed = "";
  const tile = /^[1-9]$/.test(text) && document.querySelectorAll(".tile")[Number(text) - 1];
  if (tile) tile.click();
  else if (text.trim()) take(text, false);
}

// The next tile in a direction: the nearest one in the row beside, above or below.
function beside(tile, key) {
  const at = tile.getBoundingClientRect();
  const tiles = [...document.querySelectorAll(".tile:not(:disabled)")];
  const x = (box) => box.left + box.width / 2;
  if (key === "ArrowLeft" || key === "ArrowRight") return tiles[tiles.indexOf(tile) + (key === "ArrowLeft" ? -1 : 1)];
  const down = key === "ArrowDown";
  const far = (box) => Math.abs(box.top - at.top) * 3 + Math.abs(x(box) - x(at));
  return tiles
    .map((other) => [other, other.getBoundingClientRect()])
    .filter(([, box]) => (down ? box.top > at.top + 4 : box.top < at.top - 4))
    .sort(([, one], [, two]) => far(one) - far(two))[0]?.[0];
}

function arrow(event) {
  const on = document.activeElement;
  const from = on?.matches?.(".tile") ? on : null;
  const next = from ? beside(from, event.key) : document.querySelector(".tile:not(:disabled)");
  if (!next) return;
  event.preventDefault();
  next.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  const named = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (named && /^F\d+$/.test(event.key)) {
    event.preventDefault();
    named.click();
    return;
  }
  if (inField(event.target)) {
    if (event.key === "ArrowDown" && event.target === form()?.elements.q) arrow(event);
    return;
  }
  const fast = event.timeStamp - last < FAST_MS;
  last = event.timeStamp;
  clearTimeout(waiting);
  if (event.key === "/" && !typed) {
    const field = form()?.elements.q;
    if (!field || field.type === "hidden") return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key.length === 1 && (event.key !== " " || typed)) {
    if (!fast) typed = "";
    typed += event.key;
    waiting = setTimeout(alone, FAST_MS);
  } else if (event.key === "Enter" && typed.length > 2) {
    event.preventDefault(); // else it presses what has the focus
    take(typed, true);
    typed = "";
  } else if (event.key.startsWith("Arrow")) arrow(event);
});

// The camera reads codes where the browser can; without that the button stays away.
async function scan(place) {
  const view = form().querySelector("[data-viewfinder]");
  const detector = new BarcodeDetector();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    place.textContent = "No camera";
    place.disabled = true;
    return;
  }
  const film = document.createElement("video");
  Object.assign(film, { srcObject: stream, playsInline: true, muted: true });
  view.replaceChildren(film);
  view.hidden = false;
  place.textContent = "Stop";
  const stop = () => {
    stream.getTracks().forEach((track) => track.stop());
    view.hidden = true;
    place.textContent = "Scan";
    place.onclick = () => scan(place);
  };
  place.onclick = stop;
  await film.play();
  while (!view.hidden) {
    const [code] = await detector.detect(film).catch(() => []);
    if (code?.rawValue) {
      stop();
      take(code.rawValue, true);
    }
    await new Promise((next) => setTimeout(next, 120));
  }
}

for (const place of document.querySelectorAll("[data-camera]")) {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) continue;
  place.hidden = false;
  place.onclick = () => scan(place);
}

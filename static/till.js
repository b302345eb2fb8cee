// The till's script: keeps the words on a page true. Everything works without it, only slower.
const body = document.body;
const page = body.dataset.page;

// Signed out, or locked: keep what was typed in this tab and go where the PIN is asked for. A page that shows a running
// payment stays until the box says of that very page that it is locked.
function outside(address, status) {
  if (status === 423 && body.dataset.version && !address.startsWith(page)) return null;
  keepTyped();
  location.replace(`${status === 401 ? "/sign-in" : "/locked"}?then=${encodeURIComponent(location.pathname + location.search)}`);
  return new Promise(() => {});
}

const typedHere = () => [...document.querySelectorAll("main input[id]:not([type=password], [type=hidden]), main textarea[id], main select[id]")];

function keepTyped() {
  const typed = typedHere().filter((field) => field.value && field.value !== field.defaultValue);
  if (!typed.length) return;
  const values = Object.fromEntries(typed.map((field) => [field.id, field.value]));
  sessionStorage.setItem("typed", JSON.stringify({ page: location.pathname, values }));
}

function giveTypedBack() {
  const kept = JSON.parse(sessionStorage.getItem("typed") ?? "null");
  if (!kept || kept.page !== location.pathname) return;
  sessionStorage.removeItem("typed");
  for (const field of typedHere()) {
    if (field.id in kept.values) field.value = kept.values[field.id];
  }
}

async function ask(address) {
  const answer = await fetch(address, { cache: "no-store" });
  if (answer.status === 401 || answer.status === 423) return outside(address, answer.status);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// Change words and glyph where they stand, so that nothing moves under a finger.
function say(place, shape, words) {
  if (!place.classList.contains(`tone-${shape}`)) {
    place.className = place.className.replace(/tone-\w+/, `tone-${shape}`);
    place.querySelector("use").setAttribute("href", `#glyph-${shape}`);
  }
  for (const [where, text] of words) {
    if (where && where.textContent !== text) where.textContent = text;
  }
}

function again(work, period) {
  let failed = 0;
  const turn = async () => {
    try {
      if (!document.hidden) await work();
      failed = 0;
    } catch {
      failed += 1;
      if (failed === 3) silent();
    }
    setTimeout(turn, failed ? Math.max(period, 1000) : period);
  };
  setTimeout(turn, period);
}

function silent() {
  const first = document.querySelector("[data-flag]");
  if (first) say(first, "stop", [[first.querySelector("span"), "Box not answering"]]);
}

// What is left of each thing changes where it stands: a tile that is replaced would lose the finger that is on it.
async function refreshTiles() {
  const text = await (await fetch(page, { cache: "no-store" })).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const tile of document.querySelectorAll("[data-tile]")) {
    const other = fresh.querySelector(`[data-tile="${CSS.escape(tile.dataset.tile)}"]`);
    if (!other) continue;
    if ("disabled" in tile) tile.disabled = other.disabled;
    const [left, now] = [tile, other].map((place) => place.querySelector("[data-left]"));
    if (left.textContent !== now.textContent) left.textContent = now.textContent;
  }
  const [waits, now] = [document, fresh].map((place) => place.getElementById("waits"));
  if (waits && now) waits.textContent = now.textContent;
  body.dispatchEvent(new Event("lists")); // the lists beside fetch themselves
}

// A flag came or went: take the strip of a fresh page.
async function refreshFlags() {
  const text = await (await fetch("/clock", { cache: "no-store" })).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(".flags");
  const place = document.querySelector(".flags");
  if (fresh && place) place.innerHTML = fresh.innerHTML;
}

async function banner() {
  const now = await ask("/state");
  if (!now) return; // locked, but for the page of this payment
  const shown = [...document.querySelectorAll("[data-flag]")].map((place) => place.dataset.flag).join();
  if (shown && shown !== now.flags.map((flag) => flag.name).join()) await refreshFlags();
  for (const flag of now.flags) {
    const place = document.querySelector(`[data-flag="${flag.name}"]`);
    if (place) say(place, flag.shape, [[place.querySelector("span"), flag.words]]);
  }
  if ("lists" in body.dataset && body.dataset.lists !== now.lists) {
    await refreshTiles();
    body.dataset.lists = now.lists;
  }
}

async function sale() {
  const now = await ask(`${page}/state`);
  if (now.version !== body.dataset.version) {
    location.replace(page);
    return;
  }
  const place = document.querySelector("[data-standing]");
  if (place) {
    const words = [[place.querySelector("[data-title]"), now.title], [place.querySelector("[data-sentence]"), now.sentence]];
    say(place, now.shape, words);
  }
}

function keepTime(field) {
  const show = () => { field.value = new Date().toISOString().slice(0, 19).replace("T", " "); };
  if (field.value) return; // what somebody typed stays
  show();
  const ticking = setInterval(show, 1000);
  field.addEventListener("input", () => clearInterval(ticking), { once: true });
}

// A part of the page was put in place anew: what the script compares with is what that part says.
body.addEventListener("htmx:afterSwap", () => {
  const version = document.querySelector("main")?.dataset.nowVersion;
  if (version) body.dataset.version = version;
});

giveTypedBack();
document.querySelector("[data-lock]")?.addEventListener("submit", keepTyped);
again(banner, 2000);
if (body.dataset.version) again(sale, Number(body.dataset.period));
document.querySelectorAll("[data-now]").forEach(keepTime);

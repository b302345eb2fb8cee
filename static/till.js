// The till's script: keeps the words on a page true. Everything works without it, only slower.
const body = document.body;
const page = body.dataset.page;

async function ask(address) {
  const answer = await fetch(address, { cache: "no-store" });
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

async function refreshLists() {
  const text = await (await fetch(page, { cache: "no-store" })).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const place of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(place.id);
    if (other && other.innerHTML !== place.innerHTML) place.innerHTML = other.innerHTML;
  }
  for (const tile of document.querySelectorAll(".tile")) {
    const other = fresh.querySelector(`.tile[value="${CSS.escape(tile.value)}"]`);
    if (other) tile.disabled = other.disabled;
  }
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
  const shown = [...document.querySelectorAll("[data-flag]")].map((place) => place.dataset.flag).join();
  if (shown && shown !== now.flags.map((flag) => flag.name).join()) await refreshFlags();
  for (const flag of now.flags) {
    const place = document.querySelector(`[data-flag="${flag.name}"]`);
    if (place) say(place, flag.shape, [[place.querySelector("span"), flag.words]]);
  }
  if ("lists" in body.dataset && body.dataset.lists !== now.lists) {
    await refreshLists();
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

again(banner, 2000);
if (body.dataset.version) again(sale, Number(body.dataset.period));
document.querySelectorAll("[data-now]").forEach(keepTime);

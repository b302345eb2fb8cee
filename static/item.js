// Keeps an item's page true: counts down by the stall's clock, tells what is left, turns the page when the offer changes.
// Without this script the page says about how long it is, and asks again by itself.
(() => {
  "use strict";
  const item = document.querySelector("[data-state]");
  if (!item) return;
  const said = item.querySelector("[data-said]"), count = item.querySelector(".count"), field = item.querySelector("#ed");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const DAY_MS = 86400000, MINUTE_MS = 60000, SOON_MS = 1000;
  const every = Number(item.dataset.every) * 1000;
  let to = Number(item.dataset.to) || 0;
  let ahead = 0; // of the stall's clock before this phone's, which is never asked for the time of day
  let known = false, misses = 0, looking = 0, ticking = 0;
  const busy = () => (field && (field.value || document.activeElement === field))
    || [...document.querySelectorAll("audio, video")].some((one) => !one.paused);
  const digits = (ms) => {
    const s = Math.ceil(ms / 1000), two = (n) => String(n).padStart(2, "0");
    return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  };
  const tick = () => {
    clearTimeout(ticking);
    if (!count || !known || !to || document.hidden) return;
    const left = to - performance.now() - ahead;
    if (left <= 0) return;
    if (!calm.matches && left < DAY_MS) {
      count.textContent = digits(left);
      count.classList.add("ticking");
    }
    ticking = setTimeout(tick, calm.matches ? Math.min(left, MINUTE_MS) : left % 1000 || 1000);
  };
  const later = () => {
    clearTimeout(looking);
    if (!every || document.hidden) return;
    const left = to && known ? to - performance.now() - ahead : Infinity;
    const wait = left > every ? every : left > 0 ? left + Math.random() * SOON_MS : SOON_MS * 2;
    looking = setTimeout(look, wait * (1 + Math.min(misses, 8)));
  };
  const look = async () => {
    clearTimeout(looking);
    if (document.hidden) return;
    try {
      const answer = await fetch(item.dataset.state, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      ahead = now.now - performance.now();
      known = true;
      misses = 0;
      to = now.to || 0;
      if (now.state !== item.dataset.offer && !busy()) {
        location.reload();
        return;
      }
      if (said && said.textContent !== now.said) said.textContent = now.said;
      if (count && (calm.matches || !to || to - now.now >= DAY_MS)) count.textContent = now.left;
    } catch {
      misses += 1;
    }
    tick();
    later();
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  addEventListener("pageshow", (shown) => { if (shown.persisted) look(); });
  if (count) look();
  else later();
})();

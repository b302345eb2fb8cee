// Turns an order page when its state changes. Without this script the page refreshes itself every 2 s.
(() => {
  "use strict";
  const { order, version } = document.body.dataset;
  if (!order) return;
  const QUICK_MS = 250, CALM_MS = 2000, PATIENT_MS = 8000;
  let active = document.body.dataset.active === "1";
  let misses = 0;
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(look, misses ? Math.min(CALM_MS * misses, PATIENT_MS) : active ? QUICK_MS : CALM_MS);
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(order, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (now.version !== version) {
        location.reload();
        return;
      }
      active = now.active;
      misses = 0;
    } catch {
      misses += 1;
    }
    later();
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  later();
})();

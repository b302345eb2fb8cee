// Keeps a screen at the stall true without a flicker: turns between the two codes, ticks the countdown by the stall's own clock,
// and asks for what changed. Without this script the page loads itself anew every 10 s.
(() => {
  "use strict";
  const TURN_MS = 10000, ASK_MS = 5000, JUMP_MS = 5000;
  const body = document.body;
  const ways = [...document.querySelectorAll(".way")];
  const timer = document.querySelector("[role=timer]");
  const opens = Number(body.dataset.opens || 0);
  // The stall's time less this device's own: a screen's clock is often wrong.
  let ahead = Number(body.dataset.now) - performance.now();

  const fill = (parts, said) => parts.forEach((part, n) => {
    const text = String(said[n] ?? "");
    if (part.textContent !== text) part.textContent = text;
  });

  const tick = () => {
    const left = Math.ceil((opens - ahead - performance.now()) / 1000);
    if (left < 0) {
      location.reload();
      return;
    }
    const two = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(left / 60), hours = Math.floor(minutes / 60);
    timer.textContent = hours ? `${hours}:${two(minutes % 60)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
    setTimeout(tick, 250);
  };

  const ask = async () => {
    try {
      const answer = await fetch(body.dataset.display, { cache: "no-cache" });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (now.shape !== body.dataset.shape) {
        location.reload();
        return;
      }
      const told = now.now - performance.now();  // what comes may be a second old, so the later of the two is truer
      ahead = Math.abs(told - ahead) > JUMP_MS ? told : Math.max(ahead, told);
      const tones = document.querySelectorAll(".drops > li:not(.of)");
      tones.forEach((row, n) => { if (now.lines[n]) row.className = now.lines[n].tone; });
      fill([...document.querySelectorAll("[data-words]")], now.lines.map((line) => line.words));
      fill([...document.querySelectorAll("[data-left]")], now.lines.filter((line) => line.left !== null).map((line) => line.left));
      fill([...document.querySelectorAll(".sold li")], now.sold);
    } catch {
      // The box is starting anew, or the screen lost the Wi-Fi: what stands there stays until it answers again.
    }
    setTimeout(ask, ASK_MS);
  };

  if (ways.length > 1) setInterval(() => ways.forEach((way) => { way.hidden = !way.hidden; }), TURN_MS);
  if (opens) tick();
  setTimeout(ask, ASK_MS);
})();

// Turns an order page when its state changes, and the page that stays behind when a download begins. Without this script the
// page refreshes itself every 2 s while it waits.
(() => {
  "use strict";
  const QUICK_MS = 250, CALM_MS = 2000, PATIENT_MS = 8000;
  // How long after a press of "Download" the page is looked at again (ms): the press has made its grant by then.
  const AFTER_MS = [700, 2000, 5000, 10000];
  const body = document.body;
  let misses = 0;
  let timer = 0;
  let drawn = 0;

  // What a change says, a sentence each.
  const heard = (section) => [".notice", ".state", ".begun", "h1"]
    .map((part) => section.querySelector(part)?.textContent.trim()).filter(Boolean)
    .map((words) => (/[.\u3002]$/.test(words) ? words : `${words}.`));

  // Puts the section of another page in place of ours, keeps the focus where it was, and has the change read out.
  const put = (page, address) => {
    const old = document.getElementById("turns"), fresh = page.getElementById("turns");
    if (!old || !fresh) {
      location.reload();
      return;
    }
    const inside = old.contains(document.activeElement) && document.activeElement !== document.body;
    old.replaceWith(document.adoptNode(fresh));
    document.title = page.title;
    for (const name of ["order", "version", "active"]) {
      if (page.body.dataset[name] === undefined) delete body.dataset[name];
      else body.dataset[name] = page.body.dataset[name];
    }
    if (address) history.replaceState(null, "", address);
    const heading = fresh.querySelector("h1");
    if (inside && heading) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
    const said = document.getElementById("said");
    if (said) said.textContent = heard(fresh).join(" ");
    watchForms();
  };

  const fetched = async (address) => {
    const answer = await fetch(address, { cache: "no-store", headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };

  const later = () => {
    clearTimeout(timer);
    if (!body.dataset.order) return;
    const active = body.dataset.active === "1";
    timer = setTimeout(look, misses ? Math.min(CALM_MS * misses, PATIENT_MS) : active ? QUICK_MS : CALM_MS);
  };
  const look = async () => {
    if (document.hidden || !body.dataset.order) return;
    const mine = ++drawn;
    try {
      const answer = await fetch(body.dataset.order, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (mine !== drawn) return;
      if (now.version !== body.dataset.version) {
        // The page of the order, also where this one answers a button of it.
        const page = body.dataset.order.replace(/\/state$/, location.search);
        put(await fetched(page), page);
      }
      body.dataset.active = now.active ? "1" : "0";
      misses = 0;
    } catch {
      misses += 1;
    }
    later();
  };

  // A press that leads to a file leaves this page as it is; then its grant is looked for, to lead on from here.
  const pressed = (event) => {
    if (event.submitter?.value !== "file") return;
    const key = event.target.elements.press.value;
    const address = new URL(location.href);
    if (address.pathname.toUpperCase().startsWith("/T/")) address.searchParams.set("press", key);
    AFTER_MS.forEach((after) => setTimeout(async () => {
      if (document.querySelector("[data-opened]")) return;
      try {
        const page = await fetched(address.href);
        if (page.querySelector("[data-opened]")) put(page, address.href);
      } catch { /* the button is still there */ }
    }, after));
  };
  const watchForms = () => {
    for (const mine of document.querySelectorAll(".mine[hidden]")) mine.hidden = false;
    for (const form of document.querySelectorAll(".handing form")) form.addEventListener("submit", pressed);
  };

  // What makes an owner code is fetched when somebody asks for one.
  document.addEventListener("click", (event) => {
    const mine = event.target.closest("[data-make]") && event.target.closest(".mine");
    if (!mine) return;
    import(mine.dataset.script).then((owner) => owner.make(mine)).catch(() => { mine.querySelector(".failed").hidden = false; });
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  watchForms();
  later();
})();

// Arrow keys turn the pictures of a pack over; the links do the same without this.
(() => {
  "use strict";
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = way && document.querySelector(`a[rel="${way}"]`);
    if (link) link.click();
  });
})();

// Elements made from data: every text goes in as text, never as HTML. What is drawn as HTML is ours: glyphs, and the lines of a seal.
import { seal } from "./seal.mjs";
import { t } from "./words.mjs";

/** An element `tag.class`, its attributes, its children; children that are missing are left out. */
export const el = (name, attributes, ...children) => {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes ?? {})) key.startsWith("on") ? made.addEventListener(key.slice(2), value) : made.setAttribute(key, value);
  made.append(...children.flat(9).filter((child) => child || child === 0));
  return made;
};
const svg = (box, attributes, inside) => {
  const holder = document.createElement("div");
  holder.innerHTML = `<svg viewBox="0 0 ${box} ${box}" ${attributes}>${inside}</svg>`;
  return holder.firstChild;
};

const DISC = '<circle class="f" cx="12" cy="12" r="11"/>', RING = '<circle cx="12" cy="12" r="9.8"/>';
const GLYPHS = {
  final: DISC + '<path class="h" d="M6.5 12.5l3.8 3.8 7.2-8"/>',
  provisional: RING + '<path class="f" d="M12 2.2a9.8 9.8 0 0 1 0 19.6z"/>',
  open: RING + '<path d="M8.9 9.5a3.1 3.1 0 1 1 4.5 2.8c-1 .5-1.4 1-1.4 2M12 17v.1"/>',
  revoked: DISC + '<path class="h" d="M8 8l8 8M16 8l-8 8"/>',
  invalid: '<path class="f" d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z"/><path class="h" d="M6.5 12h11"/>',
};
/** The sign of a grade; what is genuine has that of what is final. */
export const glyph = (grade) => svg(24, 'aria-hidden="true"', GLYPHS[grade] ?? GLYPHS.final);

/** The seal of these five names, with what it is called (protocol.md 5.13). */
export const drawnSeal = (names) => {
  const { called, lines } = seal(names);
  const drawn = svg(1000, 'class="seal" role="img"', lines.map((line) => `<path d="${line.d}" stroke-width="${line.width}"${line.tone ? ` fill="currentColor" fill-opacity=".${line.tone}"` : ""}/>`).join(""));
  drawn.setAttribute("aria-label", t("seal") + " " + called);
  return el("figure", {}, drawn, el("figcaption.key", {}, called));
};

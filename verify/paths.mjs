// The paths of a pack's files (protocol.md 5.1, rules 2 to 10).
import { utf8 } from "./bytes.mjs";
import { hasUnassigned } from "./json.mjs";
import { need } from "./refused.mjs";

// Casefold, as far as it makes two texts equal: sign by sign, for JavaScript looks at what stands beside a sigma; and with the
// two signs of Unicode 14.0 of which upper and lower case does not tell (a test asks all of them).
const casefold = (s) => Array.from(s, (c) => (c === "\u0131" ? c : c.toUpperCase().toLowerCase())).join("").replace(/\u00df/g, "ss");
export const fold = (s) => casefold(s.normalize("NFKC"));

const length = (s) => utf8(s).length;
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[0-9])\s*(\.|$)/;

function checkPath(path) {
  need(typeof path === "string", "path-not-text");
  const parts = path.split("/");
  need(parts.length <= 8 && length(path) <= 512, "path-too-long");
  need(!hasUnassigned(path), "path-unassigned");
  need(path.normalize("NFC") === path, "path-not-nfc");
  for (const part of parts) {
    need(part !== "" && part !== "." && part !== "..", "path-escapes");
    need(Array.from(part).length <= 100 && length(part) <= 255, "path-too-long");
    need(part[0] !== " " && !/[ .]$/.test(part), "path-bad-edge");
    need(!/[\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(part), "path-bad-character");
    need(!DEVICE.test(fold(part)), "path-reserved");
  }
}

/** Refuse paths that may not stand together in a manifest. */
export function checkPaths(all) {
  all.forEach(checkPath);
  const folded = new Set(all.map(fold));
  need(folded.size === all.length, "path-not-unique");
  for (const p of folded)
    for (let at = p.indexOf("/"); at >= 0; at = p.indexOf("/", at + 1)) need(!folded.has(p.slice(0, at)), "path-is-folder");
  for (const p of all) need(!["manifest.jws", "verify.html"].includes(casefold(p.split("/")[0])), "path-taken");
}

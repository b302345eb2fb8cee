// Strict JSON (protocol.md 2.4): objects have no prototype, so `__proto__` is a name like others. And RFC 8785 of such values.
import { utf8 } from "./bytes.mjs";
import { need, refuse } from "./refused.mjs";
import { UNASSIGNED } from "./unassigned.mjs";

const ORDER = ["json-malformed", "json-duplicate-name", "json-not-integer", "json-integer-range", "json-surrogate", "json-unassigned", "json-not-nfc"];

/** Whether a character stands in it that Unicode 14.0 does not assign. */
export const hasUnassigned = (s) => UNASSIGNED.test(s);
/** Whether half of a pair stands alone in it: the pattern takes pairs whole. */
export const hasSurrogate = (s) => /\p{Cs}/u.test(s);
export const isObject = (v) => typeof v === "object" && v !== null && !Array.isArray(v);

/** The text of at most so many bytes. */
export function decode(bytes, most) {
  need(bytes.length <= most, "json-too-large");
  let text;
  try { text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes); } catch { refuse("json-not-utf8"); }
  return text;
}

/** The value of a text with at most so many levels: null, booleans, numbers, texts, arrays, and objects without prototype. */
export function parse(text, levels = 8) {
  need(text.charCodeAt(0) !== 0xfeff, "json-byte-order-mark");
  let at = 0;
  let worst = ORDER.length;                       // the first broken rule of those that need no stop
  const note = (code) => { worst = Math.min(worst, ORDER.indexOf(code)); };
  const bad = () => refuse("json-malformed");
  const match = (re) => { re.lastIndex = at; const m = re.exec(text); if (m) at = re.lastIndex; return m && m[0]; };
  const space = () => match(/[ \t\n\r]*/y);
  const string = () => {
    const raw = match(/"[^"\\\u0000-\u001f]*(?:\\(?:["\\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y) ?? bad();
    const s = JSON.parse(raw);
    if (hasSurrogate(s)) note("json-surrogate");
    else if (hasUnassigned(s)) note("json-unassigned");
    else if (s.normalize("NFC") !== s) note("json-not-nfc");
    return s;
  };
  const number = () => {
    const raw = match(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y) ?? bad();
    if (/[.eE]/.test(raw)) { note("json-not-integer"); return 0; }
    if (raw.length > 17 || !Number.isSafeInteger(Number(raw))) { note("json-integer-range"); return 0; }
    return Number(raw) + 0 || 0;
  };
  const value = (depth) => {
    space();
    const c = text[at];
    if (c === "{" || c === "[") {
      need(depth < levels, "json-too-deep");
      at++; space();
      const object = c === "{", out = object ? Object.create(null) : [], end = object ? "}" : "]";
      if (text[at] === end) { at++; return out; }
      for (;;) {
        if (object) {
          space();
          const name = string();
          space();
          if (text[at++] !== ":") bad();
          if (name in out) note("json-duplicate-name");
          out[name] = value(depth + 1);
        } else out.push(value(depth + 1));
        space();
        const next = text[at++];
        if (next === end) return out;
        if (next !== ",") bad();
      }
    }
    if (c === '"') return string();
    if (match(/true/y)) return true;
    if (match(/false/y)) return false;
    if (match(/null/y)) return null;
    if (match(/NaN|-?Infinity/y)) { note("json-not-integer"); return 0; }
    return number();
  };
  const out = value(0);
  space();
  if (at !== text.length) bad();
  need(worst === ORDER.length, ORDER[worst]);
  return out;
}

/** RFC 8785 of what `parse` gives. */
export function canonical(v) {
  if (Array.isArray(v)) return "[" + v.map(canonical).join(",") + "]";
  if (isObject(v)) return "{" + Object.keys(v).sort().map((k) => JSON.stringify(k) + ":" + canonical(v[k])).join(",") + "}";
  return JSON.stringify(v);
}
/** Its bytes. */
export const canonicalBytes = (v) => utf8(canonical(v));
/** A copy without one member. */
export function without(object, name) {
  const copy = Object.assign(Object.create(null), object);
  delete copy[name];
  return copy;
}

// Strict JSON (protocol.md 2.4): objects become Maps. And RFC 8785 of such values.
import { readFileSync } from "node:fs";
import { need, refuse } from "./codec.mjs";

const ORDER = ["json-malformed", "json-duplicate-name", "json-not-integer", "json-integer-range", "json-surrogate", "json-unassigned", "json-not-nfc"];
const TABLE = JSON.parse(readFileSync(new URL("../../../docs/unassigned.json", import.meta.url)));
const hex = (n) => `\\u{${n.toString(16)}}`;
const UNASSIGNED = new RegExp(`[${TABLE.ranges.map(([first, last]) => `${hex(first)}-${hex(last)}`).join("")}]`, "u");

export const hasUnassigned = (s) => UNASSIGNED.test(s);

export function decode(bytes, most) {
  need(bytes.length <= most, "json-too-large");
  let text;
  try { text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes); } catch { refuse("json-not-utf8"); }
  return text;
}

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
    if (!s.isWellFormed()) note("json-surrogate");
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
      const object = c === "{", out = object ? new Map() : [], end = object ? "}" : "]";
      if (text[at] === end) { at++; return out; }
      for (;;) {
        if (object) {
          space();
          const name = string();
          space();
          if (text[at++] !== ":") bad();
          if (out.has(name)) note("json-duplicate-name");
          out.set(name, value(depth + 1));
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

export function canonical(v) {
  if (v instanceof Map) return "{" + [...v.keys()].sort().map((k) => JSON.stringify(k) + ":" + canonical(v.get(k))).join(",") + "}";
  if (Array.isArray(v)) return "[" + v.map(canonical).join(",") + "]";
  return JSON.stringify(v);
}

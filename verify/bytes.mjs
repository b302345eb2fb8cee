// Bytes are Uint8Array. Their spellings: UTF-8, hex, base64 in both alphabets, base58btc (protocol.md 1, 2.1, 3).
import { need } from "./refused.mjs";

export const utf8 = (text) => new TextEncoder().encode(text);
/** The bytes of a text that is ASCII. */
export const ascii = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
}
/** The number that bytes spell, the least significant byte first. */
export const little = (bytes) => BigInt("0x" + hex(Uint8Array.from(bytes).reverse()));

/** Padded base64. */
export function base64(bytes) {
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  return btoa(text);
}
/** The bytes of padded base64 in its one spelling, or undefined. */
export function unbase64(text) {
  if (text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const bytes = ascii(atob(text));
  return base64(bytes) === text ? bytes : undefined;
}
/** base64url without padding. */
export const b64 = (bytes) => base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
export function unb64(text) {
  need(/^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1, "base64-malformed");
  const bytes = ascii(atob(text.replace(/-/g, "+").replace(/_/g, "/")));
  need(b64(bytes) === text, "base64-not-canonical");
  return bytes;
}

/** The signs from 0 to z but those that do not count, in their order. */
export const signs = (others) => String.fromCharCode(...Array.from({ length: 75 }, (_, i) => i + 48)).replace(others, "");
const B58 = signs(/[^1-9A-HJ-NP-Za-km-z]/g);
export function b58(bytes) {
  let text = "";
  for (let n = BigInt("0x0" + hex(bytes)); n > 0n; n /= 58n) text = B58[Number(n % 58n)] + text;
  return "1".repeat(bytes.findIndex((b) => b)) + text;
}
export function unb58(text) {
  need(text.length <= 128 && /^[1-9A-HJ-NP-Za-km-z]*$/.test(text), "base58-malformed");
  let n = 0n;
  for (const c of text) n = n * 58n + BigInt(B58.indexOf(c));
  const digits = n === 0n ? "" : n.toString(16);
  const zeros = /^1*/.exec(text)[0].length;
  return unhex("00".repeat(zeros) + (digits.length % 2 ? "0" : "") + digits);
}

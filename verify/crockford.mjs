// Crockford's base 32, as codes are printed and typed (protocol.md 5.6).
import { signs } from "./bytes.mjs";

const SIGNS = signs(/[^0-9A-HJKMNP-TV-Z]/g);

/** The values of what was typed, 0 to 31 each: any case, spaces and hyphens passed over, O as 0, I and L as 1. Else undefined. */
export function values(text) {
  const typed = text.replace(/[\s\-\u2010-\u2015]+/g, "");
  if (!/^[0-9A-Za-z]*$/.test(typed)) return undefined;
  const found = Array.from(typed.toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1"), (c) => SIGNS.indexOf(c));
  return found.includes(-1) ? undefined : found;
}
export const spell = (found) => found.map((value) => SIGNS[value]).join("");

/** The values of 16 bytes, 26 of them: two zero bits in front. */
export function valuesOf(bytes) {
  let n = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return Array.from({ length: 26 }, () => { const value = Number(n & 31n); n >>= 5n; return value; }).reverse();
}
/** The 16 bytes of 26 values, or undefined where they spell more. */
export function bytesOf(found) {
  if (found[0] > 7) return undefined;
  let n = found.reduce((sum, value) => (sum << 5n) | BigInt(value), 0n);
  return Uint8Array.from({ length: 16 }, () => { const byte = Number(n & 255n); n >>= 8n; return byte; }).reverse();
}

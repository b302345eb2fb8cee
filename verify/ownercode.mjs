// Owner codes (protocol.md 5.12): 128 bits that make the key which a certificate names as its owner.
import { ascii } from "./bytes.mjs";
import { bytesOf, spell, values, valuesOf } from "./crockford.mjs";
import { need } from "./refused.mjs";
import { hkdf } from "./sha2.mjs";

// GF(32), the field of x^5 + x^2 + 1. Read as a polynomial, a code is zero at 2 and at 4.
const twice = (v) => (v & 16 ? (v << 1) ^ 37 : v << 1);
const at2 = (signs) => signs.reduce((sum, sign) => twice(sum) ^ sign, 0);
const at4 = (signs) => signs.reduce((sum, sign) => twice(twice(sum)) ^ sign, 0);

/** The 16 bytes of a code as people type it. */
export function readOwnerCode(text) {
  const signs = text.length <= 200 ? values(text) : undefined;
  need(signs?.length === 28 && at2(signs) === 0 && at4(signs) === 0, "owner-code-malformed");
  const code = bytesOf(signs.slice(0, 26));
  need(code, "owner-code-malformed");
  return code;
}
/** The 28 signs of a code of 16 bytes: there is one pair of check signs that fits. */
export function writeOwnerCode(code) {
  const signs = valuesOf(code);
  for (let pair = 0; pair < 1024; pair++) {
    const all = [...signs, pair >> 5, pair & 31];
    if (at2(all) === 0 && at4(all) === 0) return spell(all);
  }
}
/** The seed of the owner's Ed25519 key, from the code's 16 bytes; `publicOf` in keys.mjs gives its public key, `didOf` its did. */
export const seedOf = (code) => hkdf(code, ascii("stall-owner-v1"));

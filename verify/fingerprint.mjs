// What two people compare of a key: the first 160 bits of its thumbprint, eight groups of four signs.
import { hex, unb64 } from "./bytes.mjs";
import { spell } from "./crockford.mjs";
import { kidOf } from "./keys.mjs";

/** The fingerprint of the key of a did. */
export function fingerprint(did) {
  const n = BigInt("0x" + hex(unb64(kidOf(did)).subarray(0, 20)));
  return spell(Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(155 - 5 * i)) & 31n))).match(/.{4}/g).join(" ");
}

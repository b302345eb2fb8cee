// Ed25519 keys and signatures as docs/protocol.md 2.3 and 3 want them. The arithmetic on the curve is noble's; its own
// `verify` multiplies the equation by the cofactor 8, which 2.3 does not.
import { Point } from "../static/vendor/noble-ed25519-3.2.0/index.js";
import { ascii, b58, b64, concat, hex, little, same, unb58, unhex } from "./bytes.mjs";
import { need, refuse } from "./refused.mjs";
import { sha256, sha512 } from "./sha2.mjs";

const { p: P, n: ORDER } = Point.CURVE();
const E8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const LOW = [0n, 1n, P - 1n, E8, P - E8];
const fit = new Map();                            // points of keys that were asked before, by their bytes in hex

/** The point of a key that keeps the four rules of 3; refused otherwise. */
function pointOf(key) {
  const name = hex(key);
  if (fit.has(name)) return fit.get(name);
  need(key.length === 32, "key-size");
  const y = BigInt.asUintN(255, little(key));
  need(y < P, "key-not-canonical");
  need(!LOW.includes(y), "key-low-order");
  let point;
  try { point = Point.fromBytes(key); } catch { refuse("key-not-a-point"); }
  fit.set(name, point);
  return point;
}
/** A key fit to verify with: the four rules of 3. Its bytes come back. */
export function fitKey(key) {
  pointOf(key);
  return key;
}

/** Whether R is the bytes of [S]B − [k]A, and S below the order (2.3, rules 3 and 4). Of an unfit key nothing holds. */
export function verify(key, message, signature) {
  if (signature.length !== 64) return false;
  const R = signature.subarray(0, 32), S = little(signature.subarray(32));
  if (S >= ORDER) return false;
  const A = pointOf(key), k = little(sha512(concat(R, key, message))) % ORDER;
  return same(Point.BASE.multiply(S, false).add(A.negate().multiply(k, false)).toBytes(), R);
}

/** RFC 7638, in base64url: 43 characters. */
export const thumbprint = (key) => b64(sha256(ascii(`{"crv":"Ed25519","kty":"OKP","x":"${b64(key)}"}`)));
export const didOf = (key) => "did:key:z" + b58(concat(Uint8Array.of(0xed, 1), key));

/** The key of a did (3). */
export function readDid(did) {
  need(did.startsWith("did:key:z"), "did-malformed");
  const bytes = unb58(did.slice(9));
  need(bytes.length === 34 && bytes[0] === 0xed && bytes[1] === 1, "did-not-ed25519");
  return fitKey(bytes.subarray(2));
}
/** The thumbprint of a did's key. */
export const kidOf = (did) => thumbprint(readDid(did));
/** One key as the dictionary that `open` in token.mjs asks for. */
export const trusting = (...keys) => new Map(keys.map((key) => [thumbprint(key), key]));

/** The secret number of a seed of 32 bytes, and what its nonces are made from (RFC 8032, 5.1.5). */
function secretOf(seed) {
  const half = sha512(seed);
  half[0] &= 248;
  half[31] = (half[31] & 127) | 64;
  return [little(half.subarray(0, 32)) % ORDER, half.subarray(32)];
}
const times = (n) => Point.BASE.multiply(n).toBytes();
/** The public key of a seed. */
export const publicOf = (seed) => times(secretOf(seed)[0]);
/** The signature of a message by a seed (RFC 8032, 5.1.6). */
export function sign(seed, message) {
  const [secret, prefix] = secretOf(seed), key = times(secret);
  const r = little(sha512(concat(prefix, message))) % ORDER, R = times(r);
  const S = (r + (little(sha512(concat(R, key, message))) % ORDER) * secret) % ORDER;
  return concat(R, unhex(S.toString(16).padStart(64, "0")).reverse());
}

/** How documents name a token: base64url SHA-256 of its characters (4). */
export const nameOf = (token) => b64(sha256(ascii(token)));

// Keys and signatures: docs/protocol.md 3, and the spellings of section 1.

import { createHash, createPublicKey, verify } from "node:crypto";
import { refuse } from "./refusal.mjs";

const P = 2n ** 255n - 19n;
const E = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const LOW_ORDER = new Set([0n, 1n, P - 1n, E, P - E]);
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const D = mod(-121665n * power(121666n, P - 2n));

export function sha256(data) {
  return createHash("sha256").update(data).digest();
}

export function hashOfToken(token) {
  return sha256(Buffer.from(token, "ascii")).toString("base64url");
}

export function fromBase64url(text) {
  if (text.length % 4 === 1) refuse("base64-malformed");
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) refuse("base64-not-canonical");
  return bytes;
}

export function fromBase58(text) {
  if (text.length > 128 || [...text].some((sign) => !BASE58.includes(sign))) refuse("base58-malformed");
  let number = 0n;
  for (const sign of text) number = number * 58n + BigInt(BASE58.indexOf(sign));
  const hex = number === 0n ? "" : number.toString(16);
  const zeros = /^1*/.exec(text)[0].length;
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex")]);
}

export function checkKey(bytes) {
  if (bytes.length !== 32) refuse("key-size");
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`) & (2n ** 255n - 1n);
  if (y >= P) refuse("key-not-canonical");
  if (LOW_ORDER.has(y)) refuse("key-low-order");
  const square = mod((y * y - 1n) * power(mod(D * y * y + 1n), P - 2n));
  if (power(square, (P - 1n) / 2n) !== 1n) refuse("key-not-a-point");
  return bytes;
}

export function keyOfDid(did) {
  if (!did.startsWith("did:key:z")) refuse("did-malformed");
  const bytes = fromBase58(did.slice("did:key:z".length));
  if (bytes.length !== 34 || bytes[0] !== 0xed || bytes[1] !== 0x01) refuse("did-not-ed25519");
  return checkKey(bytes.subarray(2));
}

export function thumbprint(key) {
  return sha256(`{"crv":"Ed25519","kty":"OKP","x":"${key.toString("base64url")}"}`).toString("base64url");
}

export function isSignature(key, message, signature) {
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.toString("base64url") };
  return signature.length === 64 && verify(null, message, createPublicKey({ key: jwk, format: "jwk" }), signature);
}

function mod(number) {
  return ((number % P) + P) % P;
}

function power(base, exponent) {
  let result = 1n;
  for (let factor = mod(base); exponent > 0n; exponent >>= 1n, factor = mod(factor * factor)) {
    if (exponent & 1n) result = mod(result * factor);
  }
  return result;
}

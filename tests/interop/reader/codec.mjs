// Codes, base64url, base58btc, SHA-256, keys and dids (protocol.md 1, 3).
import { createHash, createPublicKey, verify } from "node:crypto";

export class Refused extends Error {
  constructor(code) { super(code); this.code = code; }
}
export const refuse = (code) => { throw new Refused(code); };
export const need = (holds, code) => { if (!holds) refuse(code); };

export const sha256 = (data) => createHash("sha256").update(data).digest();
export const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
export const nameOf = (token) => b64(sha256(Buffer.from(token, "latin1")));

export function unb64(text) {
  need(/^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1, "base64-malformed");
  const bytes = Buffer.from(text, "base64url");
  need(b64(bytes) === text, "base64-not-canonical");
  return bytes;
}

const B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
export function unb58(text) {
  need(text.length <= 128 && /^[1-9A-HJ-NP-Za-km-z]*$/.test(text), "base58-malformed");
  let n = 0n;
  for (const c of text) n = n * 58n + BigInt(B58.indexOf(c));
  let hex = n === 0n ? "" : n.toString(16);
  if (hex.length % 2) hex = "0" + hex;
  const zeros = /^1*/.exec(text)[0].length;
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex, "hex")]);
}

const P = 2n ** 255n - 19n;
const pow = (base, exp) => {
  let r = 1n;
  for (base %= P; exp > 0n; exp >>= 1n, base = base * base % P) if (exp & 1n) r = r * base % P;
  return r;
};
const mod = (n) => ((n % P) + P) % P;
const D = mod(-121665n * pow(121666n, P - 2n));
const little = (bytes) => BigInt("0x" + Buffer.from(bytes).reverse().toString("hex"));
const E8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const LOW = new Set([0n, 1n, P - 1n, E8, P - E8]);
const fit = new Set();

/** The four rules of 3; the bytes come back. */
export function fitKey(bytes) {
  const hex = bytes.toString("hex");
  if (fit.has(hex)) return bytes;
  need(bytes.length === 32, "key-size");
  const y = little(bytes) & (2n ** 255n - 1n);
  need(y < P, "key-not-canonical");
  need(!LOW.has(y), "key-low-order");
  const yy = y * y % P;
  const xx = mod(yy - 1n) * pow(mod(D * yy + 1n), P - 2n) % P;
  need(xx === 0n || pow(xx, (P - 1n) / 2n) === 1n, "key-not-a-point");
  fit.add(hex);
  return bytes;
}

export const thumbprint = (key) => b64(sha256(`{"crv":"Ed25519","kty":"OKP","x":"${b64(key)}"}`));

export function readDid(did) {
  need(did.startsWith("did:key:z"), "did-malformed");
  const bytes = unb58(did.slice(9));
  need(bytes.length === 34 && bytes[0] === 0xed && bytes[1] === 0x01, "did-not-ed25519");
  return fitKey(bytes.subarray(2));
}

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
export function signed(key, message, signature) {
  if (signature.length !== 64 || little(signature.subarray(32)) >= ORDER) return false;
  const jwk = { kty: "OKP", crv: "Ed25519", x: b64(key) };
  try { return verify(null, message, createPublicKey({ key: jwk, format: "jwk" }), signature); } catch { return false; }
}

// SHA-256, SHA-512 (FIPS 180-4), HMAC and HKDF (RFC 2104, 5869) without WebCrypto, which there is not on plain http.
// The constants are computed, as FIPS 180-4 defines them: the fractions of roots of the first primes.
import { concat } from "./bytes.mjs";

const FIRST = 80;
const primes = [];
for (let n = 2; primes.length < FIRST; n++) if (primes.every((p) => n % p)) primes.push(n);

/** The first 64 bits of the fraction of the k-th root of p: Newton's method on integers. */
const fraction = (p, k) => {
  const n = BigInt(p) << (64n * k);
  for (let x = 1n << 80n; ;) {
    const next = ((k - 1n) * x + n / x ** (k - 1n)) / k;
    if (next >= x) return BigInt.asUintN(64, x);
    x = next;
  }
};
const halves = (words) => Int32Array.from(words.flatMap((w) => [Number(w >> 32n), Number(w & 0xffffffffn)]));
const K = halves(primes.map((p) => fraction(p, 3n)));
const START = halves(primes.slice(0, 8).map((p) => fraction(p, 2n)));
const high = (pairs, count) => Int32Array.from({ length: count }, (_, i) => pairs[2 * i]);
const K256 = high(K, 64);

/** The message's end as FIPS 180-4 pads it: a one, zeros, the length in bits. At most 2^53 bytes. */
const padded = (rest, bytes, block) => {
  const out = new Uint8Array(block * Math.ceil((rest.length + 1 + block / 8) / block));
  out.set(rest);
  out[rest.length] = 128;
  const view = new DataView(out.buffer);
  view.setUint32(out.length - 8, Math.floor(bytes / 2 ** 29));
  view.setUint32(out.length - 4, (bytes * 8) >>> 0);
  return out;
};
const written = (words) => {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((w, i) => view.setInt32(4 * i, w));
  return new Uint8Array(view.buffer);
};
const viewOf = (data) => new DataView(data.buffer, data.byteOffset, data.byteLength);
/** The high half of a word turned right by n bits; of its low half, with the halves the other way round. */
const turn = (h, l, n) => n < 32 ? (h >>> n) | (l << (32 - n)) : (l >>> (n - 32)) | (h << (64 - n));
const turned = (h, l, a, b, c) => turn(h, l, a) ^ turn(h, l, b) ^ turn(h, l, c);

const W = new Int32Array(64);
/** Take in whole blocks of 64 bytes. */
function take256(state, data) {
  const view = viewOf(data);
  for (let at = 0; at < data.length; at += 64) {
    for (let i = 0; i < 16; i++) W[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const x = W[i - 15], y = W[i - 2];
      W[i] = W[i - 16] + W[i - 7] + (turn(x, x, 7) ^ turn(x, x, 18) ^ (x >>> 3)) + (turn(y, y, 17) ^ turn(y, y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const t = h + turned(e, e, 6, 11, 25) + ((e & f) ^ (~e & g)) + K256[i] + W[i];
      const u = turned(a, a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c));
      h = g; g = f; f = e; e = (d + t) | 0;
      d = c; c = b; b = a; a = (t + u) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] += x; });
  }
}

/** SHA-256 of what comes in pieces: `update(bytes)` any number of times, then `digest()` once. */
export class Sha256 {
  constructor() {
    this.state = high(START, 8);
    this.bytes = 0;
    this.rest = new Uint8Array(0);
  }
  update(data) {
    this.bytes += data.length;
    const all = concat(this.rest, data), whole = all.length - (all.length % 64);
    take256(this.state, all.subarray(0, whole));
    this.rest = all.subarray(whole);
    return this;
  }
  digest() {
    take256(this.state, padded(this.rest, this.bytes, 64));
    return written(this.state);
  }
}
/** SHA-256 of bytes: 32 bytes. */
export const sha256 = (data) => new Sha256().update(data).digest();

const X = new Int32Array(160), T = new Int32Array(2);
/** SHA-512 of bytes: 64 bytes. Words are pairs of 32 bits, the high one first. */
export function sha512(data) {
  const state = Int32Array.from(START), view = viewOf(padded(data, data.length, 128));
  // Write the sum of low halves behind a place, and there the sum of high ones with what is carried.
  const put = (to, at, highs, a, b, c = 0, d = 0, e = 0) => {
    const low = (a >>> 0) + (b >>> 0) + (c >>> 0) + (d >>> 0) + (e >>> 0);
    to[at] = highs + Math.floor(low / 2 ** 32);
    to[at + 1] = low;
  };
  for (let at = 0; at < view.byteLength; at += 128) {
    for (let i = 0; i < 32; i++) X[i] = view.getInt32(at + 4 * i);
    for (let i = 32; i < 160; i += 2) {
      const h = X[i - 30], l = X[i - 29], H = X[i - 4], L = X[i - 3];
      put(X, i, X[i - 32] + (turn(h, l, 1) ^ turn(h, l, 8) ^ (h >>> 7)) + X[i - 14] + (turn(H, L, 19) ^ turn(H, L, 61) ^ (H >>> 6)),
        X[i - 31], turned(l, h, 1, 8, 7), X[i - 13], turned(L, H, 19, 61, 6));
    }
    const v = Int32Array.from(state);
    for (let i = 0; i < 160; i += 2) {
      const ah = v[0], al = v[1], eh = v[8], el = v[9];
      put(T, 0, v[14] + turned(eh, el, 14, 18, 41) + ((eh & v[10]) ^ (~eh & v[12])) + K[i] + X[i],
        v[15], turned(el, eh, 14, 18, 41), (el & v[11]) ^ (~el & v[13]), K[i + 1], X[i + 1]);
      v.copyWithin(2, 0);
      put(v, 8, v[8] + T[0], v[9], T[1]);
      put(v, 0, T[0] + turned(ah, al, 28, 34, 39) + ((ah & v[4]) ^ (ah & v[6]) ^ (v[4] & v[6])),
        T[1], turned(al, ah, 28, 34, 39), (al & v[5]) ^ (al & v[7]) ^ (v[5] & v[7]));
    }
    for (let i = 0; i < 16; i += 2) put(state, i, state[i] + v[i], state[i + 1], v[i + 1]);
  }
  return written(state);
}

/** HMAC-SHA256 with a key of at most 64 bytes. */
function hmac(key, data) {
  const pad = (byte) => Uint8Array.from({ length: 64 }, (_, i) => key[i] ^ byte);
  return sha256(concat(pad(0x5c), sha256(concat(pad(0x36), data))));
}
/** HKDF-SHA256 of `secret` without salt, 32 bytes for `info` (bytes). */
export const hkdf = (secret, info) => hmac(hmac(new Uint8Array(32), secret), concat(info, Uint8Array.of(1)));

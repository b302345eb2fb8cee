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

const W = new Int32Array(64);
/** Take in whole blocks of 64 bytes. */
function take256(state, data) {
  const view = viewOf(data);
  for (let at = 0; at < data.length; at += 64) {
    for (let i = 0; i < 16; i++) W[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const x = W[i - 15], y = W[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t = (h + s1 + ((e & f) ^ (~e & g)) + K256[i] + W[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const u = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t) | 0;
      d = c; c = b; b = a; a = (t + u) | 0;
    }
    state[0] += a; state[1] += b; state[2] += c; state[3] += d;
    state[4] += e; state[5] += f; state[6] += g; state[7] += h;
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
    if (this.rest.length) {
      const need = 64 - this.rest.length;
      this.rest = concat(this.rest, data.subarray(0, need));
      data = data.subarray(need);
      if (this.rest.length < 64) return this;
      take256(this.state, this.rest);
    }
    const whole = data.length - (data.length % 64);
    take256(this.state, data.subarray(0, whole));
    this.rest = data.slice(whole);
    return this;
  }
  digest() {
    take256(this.state, padded(this.rest, this.bytes, 64));
    return written(this.state);
  }
}
/** SHA-256 of bytes: 32 bytes. */
export const sha256 = (data) => new Sha256().update(data).digest();

const X = new Int32Array(160);
/** SHA-512 of bytes: 64 bytes. Words are pairs of 32 bits, the high one first. */
export function sha512(data) {
  const state = Int32Array.from(START);
  const whole = data.length - (data.length % 128);
  const end = padded(data.subarray(whole), data.length, 128);
  for (const part of [data.subarray(0, whole), end]) {
    const view = viewOf(part);
    for (let at = 0; at < part.length; at += 128) {
      for (let i = 0; i < 32; i++) X[i] = view.getInt32(at + 4 * i);
      for (let i = 32; i < 160; i += 2) {
        const h = X[i - 30], l = X[i - 29], H = X[i - 4], L = X[i - 3];
        const s0h = ((h >>> 1) | (l << 31)) ^ ((h >>> 8) | (l << 24)) ^ (h >>> 7);
        const s0l = ((l >>> 1) | (h << 31)) ^ ((l >>> 8) | (h << 24)) ^ ((l >>> 7) | (h << 25));
        const s1h = ((H >>> 19) | (L << 13)) ^ ((L >>> 29) | (H << 3)) ^ (H >>> 6);
        const s1l = ((L >>> 19) | (H << 13)) ^ ((H >>> 29) | (L << 3)) ^ ((L >>> 6) | (H << 26));
        const low = (X[i - 31] >>> 0) + (s0l >>> 0) + (X[i - 13] >>> 0) + (s1l >>> 0);
        X[i] = X[i - 32] + s0h + X[i - 14] + s1h + Math.floor(low / 2 ** 32);
        X[i + 1] = low;
      }
      const v = Int32Array.from(state);
      for (let i = 0; i < 160; i += 2) {
        const ah = v[0], al = v[1], bh = v[2], bl = v[3], ch = v[4], cl = v[5];
        const eh = v[8], el = v[9], fh = v[10], fl = v[11], gh = v[12], gl = v[13], hh = v[14], hl = v[15];
        const s1h = ((eh >>> 14) | (el << 18)) ^ ((eh >>> 18) | (el << 14)) ^ ((el >>> 9) | (eh << 23));
        const s1l = ((el >>> 14) | (eh << 18)) ^ ((el >>> 18) | (eh << 14)) ^ ((eh >>> 9) | (el << 23));
        const s0h = ((ah >>> 28) | (al << 4)) ^ ((al >>> 2) | (ah << 30)) ^ ((al >>> 7) | (ah << 25));
        const s0l = ((al >>> 28) | (ah << 4)) ^ ((ah >>> 2) | (al << 30)) ^ ((ah >>> 7) | (al << 25));
        const tl = (hl >>> 0) + (s1l >>> 0) + (((el & fl) ^ (~el & gl)) >>> 0) + (K[i + 1] >>> 0) + (X[i + 1] >>> 0);
        const th = hh + s1h + ((eh & fh) ^ (~eh & gh)) + K[i] + X[i] + Math.floor(tl / 2 ** 32);
        const ul = (tl >>> 0) + (s0l >>> 0) + (((al & bl) ^ (al & cl) ^ (bl & cl)) >>> 0);
        const uh = th + s0h + ((ah & bh) ^ (ah & ch) ^ (bh & ch)) + Math.floor(ul / 2 ** 32);
        const nl = (v[7] >>> 0) + (tl >>> 0), nh = v[6] + th + Math.floor(nl / 2 ** 32);
        v[14] = gh; v[15] = gl; v[12] = fh; v[13] = fl; v[10] = eh; v[11] = el; v[8] = nh; v[9] = nl;
        v[6] = ch; v[7] = cl; v[4] = bh; v[5] = bl; v[2] = ah; v[3] = al; v[0] = uh; v[1] = ul;
      }
      for (let i = 0; i < 16; i += 2) {
        const low = (state[i + 1] >>> 0) + (v[i + 1] >>> 0);
        state[i] = state[i] + v[i] + Math.floor(low / 2 ** 32);
        state[i + 1] = low;
      }
    }
  }
  return written(state);
}

/** HMAC-SHA256 with a key of at most 64 bytes. */
export function hmac(key, data) {
  const pad = (byte) => Uint8Array.from({ length: 64 }, (_, i) => key[i] ^ byte);
  return sha256(concat(pad(0x5c), sha256(concat(pad(0x36), data))));
}
/** HKDF-SHA256 of `secret` without salt, 32 bytes for `info` (bytes). */
export const hkdf = (secret, info) => hmac(hmac(new Uint8Array(32), secret), concat(info, Uint8Array.of(1)));

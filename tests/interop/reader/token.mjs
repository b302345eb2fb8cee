// The strict front: docs/protocol.md 2.

import { read } from "./json.mjs";
import { checkKey, fromBase64url, isSignature } from "./keys.mjs";
import { refuse } from "./refusal.mjs";

const KIB = 1024;
const LIMITS = {
  "stall-manifest+jwt": [2936012, 2048 * KIB],
  "stall-receipt+jwt": [64 * KIB, 64 * KIB],
  "stall-refund+jwt": [64 * KIB, 64 * KIB],
  "stall-void+jwt": [64 * KIB, 64 * KIB],
};
const OTHERS = [8 * KIB, 4 * KIB];
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/;

// `trusted` maps thumbprints to keys. Gives the claims and the thumbprint of the key that signed.
export function open(token, typ, trusted) {
  const [longest, mostBytes] = LIMITS[typ] ?? OTHERS;
  if (token.length > longest) refuse("token-too-large");
  if (!TOKEN.test(token)) refuse("token-malformed");
  const [header, claims, signature] = token.split(".");
  const kid = readHeader(header, typ);
  const bytes = fromBase64url(claims);
  const key = trusted.get(kid) ?? refuse("token-unknown-key");
  const signed = Buffer.from(`${header}.${claims}`, "ascii");
  if (!isSignature(checkKey(key), signed, fromBase64url(signature))) refuse("token-bad-signature");
  const value = read(bytes, mostBytes);
  if (!(value instanceof Map)) refuse("token-not-claims");
  return { claims: value, kid };
}

function readHeader(segment, wanted) {
  if (segment.length > 256) refuse("token-bad-header");
  const header = read(fromBase64url(segment), 256);
  const names = header instanceof Map ? [...header.keys()].sort().join() : "";
  if (names !== "alg,kid,typ") refuse("token-bad-header");
  if (header.get("alg") !== "Ed25519") refuse("token-bad-algorithm");
  const [typ, kid] = [header.get("typ"), header.get("kid")];
  if (typeof typ !== "string" || typeof kid !== "string" || !/^[A-Za-z0-9_-]{43}$/.test(kid)) refuse("token-bad-header");
  if (typ !== wanted) refuse("token-wrong-type");
  return kid;
}

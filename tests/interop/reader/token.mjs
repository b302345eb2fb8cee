// The strict front (protocol.md 2): length, segments, header, key, signature, JSON.
import { fitKey, need, signed, unb64 } from "./codec.mjs";
import { decode, parse } from "./json.mjs";

const KIB = 1024;
export const SIZES = {
  "stall-manifest+jwt": [2936012, 2048 * KIB],
  "stall-delegation+jwt": [8 * KIB, 4 * KIB],
  "stall-receipt+jwt": [64 * KIB, 64 * KIB],
  "stall-refund+jwt": [64 * KIB, 64 * KIB],
  "stall-void+jwt": [64 * KIB, 64 * KIB],
};

/** trusted: Map of kid to key bytes. Gives {kid, claims}. */
export function open(token, typ, trusted) {
  const [chars, bytes] = SIZES[typ];
  need(token.length <= chars, "token-too-large");
  const m = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/.exec(token);
  need(m && m[0].length === token.length, "token-malformed");
  const [head, body, sig] = m.slice(1).map(unb64);
  need(m[1].length <= 256, "token-bad-header");
  const header = parse(decode(head, 256));
  need(header instanceof Map && [...header.keys()].sort().join() === "alg,kid,typ", "token-bad-header");
  need(header.get("alg") === "Ed25519", "token-bad-algorithm");
  const kid = header.get("kid");
  need(typeof header.get("typ") === "string", "token-bad-header");
  need(typeof kid === "string" && /^[A-Za-z0-9_-]{43}$/.test(kid), "token-bad-header");
  need(header.get("typ") === typ, "token-wrong-type");
  need(trusted.has(kid), "token-unknown-key");
  const key = fitKey(trusted.get(kid));
  need(signed(key, Buffer.from(`${m[1]}.${m[2]}`, "latin1"), sig), "token-bad-signature");
  const claims = parse(decode(body, bytes));
  need(claims instanceof Map, "token-not-claims");
  return { kid, claims };
}

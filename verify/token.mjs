// The strict front (protocol.md 2): length, segments, header, key, signature, JSON.
import { ascii, unb64 } from "./bytes.mjs";
import { decode, isObject, parse } from "./json.mjs";
import { fitKey, verify } from "./keys.mjs";
import { need } from "./refused.mjs";

const KIB = 1024, SMALL = [8 * KIB, 4 * KIB], LARGE = [64 * KIB, 64 * KIB];
/** Of each type the most characters of a token and bytes of its claims. */
const SIZES = {
  manifest: [2936012, 2048 * KIB], delegation: SMALL, lease: SMALL, "lease-return": SMALL,
  receipt: LARGE, refund: LARGE, void: LARGE, decline: LARGE,
  close: [5872025, 4096 * KIB],
};

/** The parts of a token of at most so many characters: as text and as bytes (2.1). */
function split(token, most) {
  need(token.length <= most, "token-too-large");
  const m = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/.exec(token);
  need(m && m[0].length === token.length, "token-malformed");
  return [m, m.slice(1).map(unb64)];
}
function header(text, bytes) {
  need(text.length <= 256, "token-bad-header");
  const head = parse(decode(bytes, 256));
  need(isObject(head) && Object.keys(head).sort().join() === "alg,kid,typ", "token-bad-header");
  need(head.alg === "Ed25519", "token-bad-algorithm");
  need(typeof head.typ === "string" && typeof head.kid === "string" && /^[A-Za-z0-9_-]{43}$/.test(head.kid), "token-bad-header");
  return head;
}

/**
 * Open a token of type stall-<name>+jwt.
 *
 * @param {string} token
 * @param {string} name   manifest, delegation, lease, lease-return, receipt, refund, void, decline or close
 * @param {Map<string, Uint8Array>} keys   those that are trusted, by kid (`trusting` of keys.mjs makes one)
 * @returns {{kid: string, claims: object}}
 */
export function open(token, name, keys) {
  const [chars, most] = SIZES[name];
  const [m, [head, body, signature]] = split(token, chars);
  const { typ, kid } = header(m[1], head);
  need(typ === `stall-${name}+jwt`, "token-wrong-type");
  need(keys.has(kid), "token-unknown-key");
  const key = fitKey(keys.get(kid));
  need(verify(key, ascii(`${m[1]}.${m[2]}`), signature), "token-bad-signature");
  const claims = parse(decode(body, most));
  need(isObject(claims), "token-not-claims");
  return { kid, claims };
}

const named = ({ typ, kid }) => ({ name: Object.keys(SIZES).find((name) => typ === `stall-${name}+jwt`), kid });
/** What the header of a token says: {name, kid}, as `peek` has them. Proves nothing. */
export function headOf(token) {
  const [m, [head]] = split(token, SIZES.close[0]);
  return named(header(m[1], head));
}

/**
 * What a token says before its signature is looked at: to tell what it is, and who says to have signed it. Proves nothing.
 *
 * @param {string} token
 * @param {string} [name]   the size that may not be exceeded is this one's, else the largest there is
 * @returns {{name: string|undefined, kid: string, claims: object}}  name as `open` wants it, undefined of a type that is not known here
 */
export function peek(token, name = "close") {
  const [m, [head, body]] = split(token, SIZES[name][0]);
  const found = named(header(m[1], head));
  const claims = parse(decode(body, SIZES[name][1]));
  need(isObject(claims), "token-not-claims");
  return { ...found, claims };
}

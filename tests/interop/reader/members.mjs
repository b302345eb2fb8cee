// The eight codes member-… (protocol.md 5) and the words of 1.
import { need, refuse } from "./codec.mjs";

export const int = (lo, hi) => (v) => {
  need(typeof v === "number", "member-type");
  need(v >= lo && v <= hi, "member-range");
};
const string = (re) => (v) => {
  need(typeof v === "string", "member-type");
  need(re.test(v), "member-form");
};
export const spelled = (pattern) => string(new RegExp(`^(?:${pattern})$`, "su"));
export const choice = (...of) => (v) => {
  need(typeof v === "string", "member-type");
  need(of.includes(v), "member-choice");
};
export const list = (lo, hi, entry) => (v) => {
  need(Array.isArray(v), "member-type");
  need(v.length >= lo && v.length <= hi, "member-count");
  v.forEach(entry);
};
export const bool = (v) => need(typeof v === "boolean", "member-type");
export const anyText = (v) => need(typeof v === "string", "member-type");
export const anyObject = (v) => need(v instanceof Map, "member-type");
export const anything = () => {};
/** Members by name; a name with "?" may be left out. */
export const object = (table) => {
  const known = new Map(Object.entries(table).map(([k, f]) => [k.replace("?", ""), [f, k.endsWith("?")]]));
  return (v) => {
    need(v instanceof Map, "member-type");
    for (const k of v.keys()) need(known.has(k), "member-unknown");
    for (const [k, [, may]] of known) if (!may && !v.has(k)) refuse("member-missing");
    for (const [k, x] of v) known.get(k)[0](x);
  };
};
/** A whole document: null is looked for first, everywhere but inside `ext`. */
export const document = (table) => {
  const check = object(table);
  return (v) => {
    for (const [k, x] of v) need(k === "ext" ? x !== null : !holdsNull(x), "member-null");
    check(v);
  };
};
const holdsNull = (v) => v === null || (Array.isArray(v) ? v : v instanceof Map ? [...v.values()] : []).some(holdsNull);

const PLAIN = "[^\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]";
export const plain = (lo, hi) => spelled(`${PLAIN}{${lo},${hi}}`);
export const text = plain(1, 200);
export const longText = spelled("[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]{0,2000}");
const B43 = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";
export const b43 = spelled(B43);
export const b43OrStar = spelled(`\\*|${B43}`);
export const shaName = spelled(`sha256-${B43}`);
export const id22 = spelled("[A-Za-z0-9_-]{21}[AQgw]");
export const hex = spelled("[0-9a-f]{64}");
export const did = spelled("did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}");
export const time = int(1577836800, 4102444800);
export const money = int(-1e9, 1e9);
export const amount = int(0, 1e9);
export const currency = spelled("[A-Z]{3}");
export const bp = int(0, 10000);
export const number = int(1, 100000);
export const count = int(0, Number.MAX_SAFE_INTEGER);
export const dropId = spelled("[a-z0-9-]{3,64}");
export const dropOrStar = spelled("\\*|[a-z0-9-]{3,64}");
export const printable = spelled("[\\x20-\\x7e]{1,64}");
export const uuid = spelled("urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
export const lang = spelled("[A-Za-z0-9-]{2,35}");

// The eight codes member-… (protocol.md 5) and the words of 1. A check takes a value and refuses it, or gives nothing.
import { isObject } from "./json.mjs";
import { need, refuse } from "./refused.mjs";

export const int = (lo, hi) => (v) => {
  need(typeof v === "number", "member-type");
  need(v >= lo && v <= hi, "member-range");
};
export const anyText = (v) => need(typeof v === "string", "member-type");
export const spelled = (pattern) => {
  const re = new RegExp(`^(?:${pattern})$`, "su");
  return (v) => {
    anyText(v);
    need(re.test(v), "member-form");
  };
};
export const choice = (...of) => (v) => {
  anyText(v);
  need(of.includes(v), "member-choice");
};
export const list = (lo, hi, entry) => (v) => {
  need(Array.isArray(v), "member-type");
  need(v.length >= lo && v.length <= hi, "member-count");
  v.forEach(entry);
};
/** A list of exactly these. */
export const exactly = (...entries) => (v) => {
  need(Array.isArray(v), "member-type");
  need(v.length === entries.length, "member-count");
  v.forEach((one, i) => entries[i](one));
};
export const bool = (v) => need(typeof v === "boolean", "member-type");
export const anyObject = (v) => need(isObject(v), "member-type");
export const anything = () => {};
/** Members by name; a name with "?" may be left out. */
export const object = (table) => {
  const known = new Map(Object.entries(table).map(([k, f]) => [k.replace("?", ""), [f, k.endsWith("?")]]));
  return (v) => {
    anyObject(v);
    for (const k in v) need(known.has(k), "member-unknown");
    for (const [k, [, may]] of known) if (!may && !(k in v)) refuse("member-missing");
    for (const k in v) known.get(k)[0](v[k]);
  };
};
const holdsNull = (v) => v === null || (typeof v === "object" && Object.values(v).some(holdsNull));
/** A whole document: null is looked for first, everywhere but inside `ext`. */
export const document = (table) => {
  const check = object(table);
  return (v) => {
    for (const k in v) need(k === "ext" ? v[k] !== null : !holdsNull(v[k]), "member-null");
    check(v);
  };
};

const SEEN = "\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]";
export const plain = (lo, hi) => spelled(`[^\\x00-\\x1f${SEEN}{${lo},${hi}}`);
export const text = plain(1, 200);
export const long = (lo) => spelled(`[^\\x00-\\x09\\x0b-\\x1f${SEEN}{${lo},2000}`);
export const longText = long(0);
const B43 = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";
export const b43 = spelled(B43);
export const b43OrStar = spelled(`\\*|${B43}`);
export const shaName = spelled(`sha256-${B43}`);
export const ID22 = "[A-Za-z0-9_-]{21}[AQgw]";
export const id22 = spelled(ID22);
export const hex = spelled("[0-9a-f]{64}");
export const DID = "did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}";
export const did = spelled(DID);
export const time = int(1577836800, 4102444800);
export const money = int(-1e9, 1e9);
export const amount = int(0, 1e9);
export const currency = spelled("[A-Z]{3}");
export const bp = int(0, 10000);
export const number = int(1, 100000);
export const count = int(0, Number.MAX_SAFE_INTEGER);
export const ordinal = int(1, Number.MAX_SAFE_INTEGER);
export const dropId = spelled("[a-z0-9-]{3,64}");
export const dropOrStar = spelled("\\*|[a-z0-9-]{3,64}");
export const printable = spelled("[\\x20-\\x7e]{1,64}");
export const uuid = spelled("urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
export const lang = spelled("[A-Za-z0-9-]{2,35}");
const CLOCKS = ["ntp", "rtc", "operator", "floor"];
export const clock = choice(...CLOCKS);
export const ranges = (lo) => list(lo, 64, exactly(number, number));
/** Whether [first, last] pairs are each in order, and all ascending and disjoint. */
export const ascending = (pairs) => pairs.every(([lo, hi], i) => lo <= hi && (i === 0 || pairs[i - 1][1] < lo));
/** Whether two rows have one key. */
export const twice = (rows, key) => new Set(rows.map(key)).size !== rows.length;

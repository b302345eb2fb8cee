// Which members a document has and how each is written: the words of docs/protocol.md 1, the codes of section 5.

import { refuse } from "./refusal.mjs";

const TEXT = /^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$/u;

export const number = (low, high) => (value) => {
  if (typeof value !== "number") refuse("member-type");
  if (value < low || value > high) refuse("member-range");
};
export const text = (pattern, shortest = 0, longest = Infinity) => (value) => {
  if (typeof value !== "string") refuse("member-type");
  const length = [...value].length;
  if (!pattern.test(value) || length < shortest || length > longest) refuse("member-form");
};
export const choice = (...words) => (value) => {
  if (typeof value !== "string") refuse("member-type");
  if (!words.includes(value)) refuse("member-choice");
};
export const list = (each, fewest, most) => (value) => {
  if (!Array.isArray(value)) refuse("member-type");
  if (value.length < fewest || value.length > most) refuse("member-count");
  value.forEach(each);
};
export const truth = (value) => {
  if (typeof value !== "boolean") refuse("member-type");
};
// A name that ends in "?" may be left out.
export const object = (members) => (value) => {
  if (!(value instanceof Map)) refuse("member-type");
  const known = new Map(Object.entries(members).map(([name, each]) => [name.replace(/\?$/, ""), [each, name.endsWith("?")]]));
  for (const [name, inside] of value) {
    if (!known.has(name)) refuse("member-unknown");
    known.get(name)[0](inside);
  }
  for (const [name, [, optional]] of known) {
    if (!optional && !value.has(name)) refuse("member-missing");
  }
};

export const b43 = text(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);
export const id22 = text(/^[A-Za-z0-9_-]{21}[AQgw]$/);
export const did = text(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/);
export const time = number(1577836800, 4102444800);
export const money = number(-1e9, 1e9);
export const amount = number(0, 1e9);
export const currency = text(/^[A-Z]{3}$/);
export const basisPoints = number(0, 10000);
export const edition = number(1, 100000);
export const count = number(0, 2 ** 53 - 1);
export const dropId = text(/^[a-z0-9-]{3,64}$/);
export const words = (longest) => text(TEXT, 1, longest);

export function check(document, shape) {
  if (hasNull(document)) refuse("member-null");
  shape(document);
}

function hasNull(value) {
  if (value instanceof Map) return [...value.values()].some(hasNull);
  return Array.isArray(value) ? value.some(hasNull) : value === null;
}

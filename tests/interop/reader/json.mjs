// JSON read as docs/protocol.md 2.4 wants it, and written as RFC 8785 does. JSON.parse cannot: it keeps the last of two
// equal names and forgets how a number was spelled.

import { refuse } from "./refusal.mjs";

const MOST = 2 ** 53 - 1;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null|NaN|-?Infinity/y;
const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

export function read(bytes, mostBytes, mostLevels = 8) {
  if (bytes.length > mostBytes) refuse("json-too-large");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse("json-not-utf8");
  }
  if (text.startsWith("\ufeff")) refuse("json-byte-order-mark");
  const reader = { text, at: 0, mostLevels };
  const value = readValue(reader, 0);
  if (reader.at !== text.length) refuse("json-malformed");
  return value;
}

function readValue(reader, level) {
  take(reader, SPACE);
  const sign = reader.text[reader.at];
  let value;
  if (sign === "{") value = readObject(reader, level + 1);
  else if (sign === "[") value = readList(reader, level + 1);
  else if (sign === '"') value = readText(reader);
  else value = readWord(reader);
  take(reader, SPACE);
  return value;
}

function readObject(reader, level) {
  enter(reader, level);
  const members = new Map(); // no prototype: a member may be called anything
  while (reader.text[reader.at] !== "}") {
    if (members.size > 0) expect(reader, ",");
    take(reader, SPACE);
    const name = readText(reader);
    take(reader, SPACE);
    expect(reader, ":");
    if (members.has(name)) refuse("json-duplicate-name");
    members.set(name, readValue(reader, level));
  }
  expect(reader, "}");
  return members;
}

function readList(reader, level) {
  enter(reader, level);
  const values = [];
  while (reader.text[reader.at] !== "]") {
    if (values.length > 0) expect(reader, ",");
    values.push(readValue(reader, level));
  }
  expect(reader, "]");
  return values;
}

function enter(reader, level) {
  if (level > reader.mostLevels) refuse("json-too-deep");
  reader.at += 1;
  take(reader, SPACE);
}

function readText(reader) {
  expect(reader, '"');
  let text = "";
  for (;;) {
    text += take(reader, PLAIN);
    const sign = reader.text[reader.at];
    reader.at += 1;
    if (sign === '"') break;
    if (sign !== "\\") refuse("json-malformed");
    text += readEscape(reader);
  }
  if (!text.isWellFormed()) refuse("json-surrogate");
  if (text.normalize("NFC") !== text) refuse("json-not-nfc");
  return text;
}

function readEscape(reader) {
  const sign = reader.text[reader.at];
  reader.at += 1;
  if (sign !== "u") return ESCAPES[sign] ?? refuse("json-malformed");
  const digits = reader.text.slice(reader.at, reader.at + 4);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) refuse("json-malformed");
  reader.at += 4;
  return String.fromCharCode(Number.parseInt(digits, 16));
}

function readWord(reader) {
  const word = take(reader, WORD);
  if (/NaN|Infinity/.test(word)) refuse("json-not-integer");
  if (word) return { true: true, false: false, null: null }[word];
  const number = take(reader, NUMBER);
  if (!number) refuse("json-malformed");
  if (/[.eE]/.test(number)) refuse("json-not-integer");
  if (number.length > 17 || Math.abs(Number(number)) > MOST) refuse("json-integer-range");
  return Number(number) + 0; // never -0
}

function take(reader, pattern) {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0] ?? "";
  reader.at += found.length;
  return found;
}

function expect(reader, sign) {
  if (reader.text[reader.at] !== sign) refuse("json-malformed");
  reader.at += 1;
}

// RFC 8785 of what `read` gives: names in the order of their UTF-16 units, numbers are integers.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  const names = [...value.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value.get(name))}`).join(",")}}`;
}

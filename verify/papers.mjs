// Papers recognised by their look: tokens, certificates, checkpoints, proofs, what a box says of its keys; and those that a PDF or
// a PNG carries. Nothing is verified here. What is no whole paper is named, and so is a secret.
import { isObject, decode, parse } from "./json.mjs";
import { need, Refused, refuse, tried } from "./refused.mjs";
import { crc32 } from "./zip.mjs";

/** The longest token there is, a closing statement, and some. */
export const MOST = 6 << 20;
const JSON_MOST = 65536, DELEGATIONS = 100;
const ORIGIN = "stall.example/box/", PROOF = "c2sp.org/tlog-proof@v1";

/** One character for each byte. Of those from 80 to 9f browsers and Node make different ones. */
const latin = (bytes) => new TextDecoder("latin1").decode(bytes);
const utf8 = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
function strip(bytes) {
  const space = (b) => b === 32 || (b > 8 && b < 14);
  let first = 0, last = bytes.length;
  while (first < last && space(bytes[first])) first++;
  while (first < last && space(bytes[last - 1])) last--;
  return bytes.subarray(first, last);
}

/**
 * The papers in some bytes: {name, token}, {name, document}, {name, note}, {name, proof}, {name, journal}; or {name, refused: code},
 * with `secret` of what should be shown to nobody.
 */
export function read(name, bytes) {
  const text = strip(bytes), open = text[0] === 123;
  const box = open ? tried(() => parse(decode(text, MOST))) : undefined;
  if (isObject(box) && "box" in box && Array.isArray(box.delegations))
    return box.delegations.filter((one) => typeof one === "string").slice(0, DELEGATIONS).map((token, n) => ({ name: `${name}/${n + 1}`, token }));
  const end = bytes.indexOf(10), line = open && tried(() => parse(decode(bytes.subarray(0, end < 0 ? undefined : end), MOST)));
  if (line?.type === "checkpoint") return [{ name, journal: true }];
  const found = tried(() => recognised(bytes, text, open));
  if (!(found instanceof Refused)) return [{ name, ...found }];
  const secret = found.code.startsWith("verify-") && secretIn(text, box);
  return [secret ? { name, refused: "verify-secret", secret } : { name, refused: found.code }];
}
function recognised(bytes, text, open) {
  if (open && text.length <= MOST) {
    const document = parse(decode(text, JSON_MOST));
    need(isObject(document) && !("d" in document) && ("credentialSubject" in document || "verifiableCredential" in document), "verify-unknown");
    return { document };
  }
  const letters = text.length <= MOST ? latin(text) : "", whole = (s) => /^[\w-]+\.[\w-]+\.[\w-]{86}$/.test(s);
  if (whole(letters)) return { token: letters };
  const start = latin(bytes.subarray(0, 64));
  if (bytes.length <= MOST && start.startsWith(ORIGIN) && utf8(bytes).includes("\u2014 ")) return { note: utf8(bytes) };
  if (bytes.length <= MOST && start.startsWith(PROOF)) return { proof: utf8(bytes) };
  // Altered as it was saved, or a part of one.
  const joined = letters.replace(/\s+/g, "");
  const part = /^eyJ[\w-]*(\.[\w-]*){0,2}$/.test(joined) || /^(\u00ef\u00bb\u00bf(\{|eyJ|stall\.example\/box\/|c2sp)|stall\.example\/box\/)/.test(joined);
  return refuse(part ? "verify-incomplete" : "verify-unknown");
}
function secretIn(text, box) {
  const letters = latin(text.subarray(0, JSON_MOST));
  if (/recovery sheet/i.test(letters)) return "sheet";
  if (isObject(box) && "d" in box && "x" in box) return "key";
  return letters.length <= 200 && /^[0-9a-tv-z]{28}$/i.test(utf8(text).replace(/[\s\-\u2010-\u2015]/g, "")) ? "owner-code" : undefined;
}

// Papers taken out; places of a PDF that are looked at, bytes around each; parts of a picture (as stall/wire/inside.py).
const CARRIED = 10, PLACES = 64, AROUND = 2000, CHUNKS = 4096;
/**
 * The papers that a PDF holds as embedded files, not compressed, or a PNG in its chunks `iTXt` (protocol.md 9.3): their bytes;
 * undefined of any other file. What is drawn on them is not looked at.
 */
export function carriedBy(bytes) {
  const start = latin(bytes.subarray(0, 8));
  return start.startsWith("%PDF-") ? inPdf(bytes, latin(bytes)) : start.slice(1) === "PNG\r\n\x1a\n" ? inPng(bytes) : undefined;
}
function inPdf(bytes, text) {
  const found = [];
  for (let at = 0, places = PLACES; places-- && found.length < CARRIED;) {
    const mark = text.indexOf("/EmbeddedFile", at);
    if (mark < 0) break;
    at = mark + 1;
    const start = Math.max(mark - AROUND, 0), near = text.slice(start, mark + AROUND), middle = mark - start;
    const begin = near.lastIndexOf(" obj", middle - 4), stream = near.indexOf("stream", middle), head = near.slice(begin, stream);
    if (begin < 0 || stream < 0 || !/>>[\t-\r ]*$/.test(head) || /endobj|\/Filter/.test(head) || !/\/Type[\t-\r ]{0,8}\/EmbeddedFile/.test(head)) continue;
    const length = /\/Length[\t-\r ]{1,8}(\d{1,8})(?!\d|[\t-\r ]{1,8}\d{1,8}[\t-\r ]{1,8}R)/.exec(head), line = /^stream\r?\n/.exec(text.slice(start + stream, start + stream + 8));
    if (!length || !line) continue;
    const first = start + stream + line[0].length, end = first + +length[1];
    if (end <= bytes.length) found.push(bytes.subarray(first, at = end));
  }
  return found;
}
function inPng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), found = [], head = "iTXtstall-certificate\0\0\0\0\0";
  for (let at = 8, chunks = CHUNKS; chunks-- && at + 12 <= bytes.length && found.length < CARRIED;) {
    const end = at + 8 + view.getUint32(at), chunk = bytes.subarray(at + 4, end);
    if (end + 4 > bytes.length) break;
    if (latin(chunk.subarray(0, head.length)) === head && (~crc32(chunk) >>> 0) === view.getUint32(end)) found.push(chunk.subarray(head.length));
    at = end + 4;
  }
  return found;
}

// Signed notes, checkpoints and cosignatures (protocol.md 7.2).
import { concat, same, unbase64, utf8 } from "./bytes.mjs";
import { hasSurrogate } from "./json.mjs";
import { thumbprint, verify } from "./keys.mjs";
import { need, Refused } from "./refused.mjs";
import { sha256 } from "./sha2.mjs";

/** Kinds of signatures: the box's own, and a cloud's with its time. */
export const SIGNATURE = 1;
export const COSIGNATURE = 4;

/** The name of a box's journal, of its key (bytes) and epoch, and of the key that signs its checkpoints. */
export const originOf = (key, epoch) => `stall.example/box/${thumbprint(key).slice(0, 12)}/${epoch}`;

/** The four bytes that name a key in a signature line. */
const keyId = ({ name, key, kind }) => sha256(concat(utf8(`${name}\n`), Uint8Array.of(kind), key)).subarray(0, 4);

function lineOf(text) {
  const m = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(text);
  need(m && m[0].length === text.length, "note-signature-line");
  const blob = unbase64(m[2]);
  need(blob, "note-base64");
  need(blob.length > 4, "note-signature-line");
  return [m[1], blob];
}
function signatureOf(verifier, body, signature) {
  const { name, key, kind } = verifier, found = { name, kind };
  let message = utf8(body);
  if (kind === COSIGNATURE) {
    const eight = signature.subarray(0, 8);
    const time = eight.reduce((n, byte) => (n << 8n) | BigInt(byte), 0n);
    message = utf8(`cosignature/v1\ntime ${time}\n${body}`);
    signature = signature.subarray(8);
    found.time = Number(time);
  }
  let holds = false;
  try { holds = verify(key, message, signature); } catch (e) { if (!(e instanceof Refused)) throw e; }   // an unfit key
  need(holds, "note-bad-signature");
  return found;
}

/**
 * Open a note.
 *
 * @param {string} text
 * @param {{name: string, key: Uint8Array, kind: number}[]} verifiers   keys that are trusted; lines of others are passed over
 * @returns {{body: string, signatures: {name: string, kind: number, time?: number}[]}}   time in seconds UTC, of cosignatures
 */
export function openNote(text, verifiers) {
  need(typeof text === "string", "note-text");
  need(Array.from(text).length <= 65536, "note-too-long");
  need(!/[\x00-\x09\x0b-\x1f]/.test(text) && !hasSurrogate(text), "note-text");
  const cut = text.lastIndexOf("\n\n"), lines = text.slice(cut + 2).split("\n");
  need(cut > 0 && lines.pop() === "" && lines.length > 0, "note-lines");
  need(lines.length <= 100, "note-signatures");
  const body = text.slice(0, cut + 1);
  const signatures = [];
  for (const [name, blob] of lines.map(lineOf)) {
    const known = verifiers.find((v) => v.name === name && same(keyId(v), blob.subarray(0, 4)));
    if (!known) continue;
    const found = signatureOf(known, body, blob.subarray(4));
    if (!signatures.some((s) => s.name === name && s.kind === found.kind)) signatures.push(found);
  }
  need(signatures.length > 0, "note-not-signed");
  return { body, signatures };
}

/** The three lines of a checkpoint's body: {origin, size (BigInt), root (bytes)}. */
export function checkpointOf(body) {
  const lines = body.split("\n");
  need(lines.length === 4 && lines[3] === "", "checkpoint-lines");
  const [origin, size] = lines;
  need(/^[^\s+]{1,255}$/u.test(origin), "checkpoint-origin");
  need(/^(0|[1-9][0-9]{0,18})$/.test(size) && BigInt(size) < 1n << 63n, "checkpoint-size");
  const root = unbase64(lines[2]);
  need(root, "note-base64");
  need(root.length === 32, "checkpoint-root");
  return { origin, size: BigInt(size), root };
}

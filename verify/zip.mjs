// ZIPs whose entries are stored, read piece by piece and never as a whole (protocol.md 9.1). Their headers and the directory at
// their end must tell one story, and nothing in them may have another program unpack something else.
// Field layout: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16. What is too large for 32 bits (ZIP64) is left to `stall verify`.
import { same } from "./bytes.mjs";
import { decode } from "./json.mjs";
import { need, refuse, tried } from "./refused.mjs";
import { Sha256 } from "./sha2.mjs";

const WINDOW = 65536, CHUNK = 1 << 20, TAIL = 8 << 20, NAME = 1024;
const HARMLESS = [0x0a, 0x5455, 0x5855, 0x7855, 0x7875, 0xcafe];   // times and owners, a mark of Java's

/** All bytes of a stretch of a file; a folder has none, nor has a file that was taken away. */
export const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer().catch(() => refuse("verify-unchecked")));
/** Reads numbers from bytes: u(offset, how many bytes), the least significant first. */
const reader = (bytes) => (at, n) => {
  need(at + n <= bytes.length, "pack-truncated");
  let value = 0;
  for (let i = n; i-- > 0;) value = value * 256 + bytes[at + i];
  return value;
};
const MARKS = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator: 0x07064b50 };

function nameIn(bytes, flags) {
  const name = tried(() => decode(bytes, NAME));
  need(typeof name === "string", "pack-damaged");
  need(flags & 0x0800 || !/[^\x00-\x7f]/.test(name), "pack-unpacks-otherwise");
  return name;
}
/** Look through the extra fields. */
function checkExtras(bytes) {
  const u = reader(bytes), found = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const id = u(at, 2);
    need(id !== 1, "verify-unchecked");
    need(HARMLESS.includes(id) && !found.includes(id), "pack-unpacks-otherwise");
    found.push(id);
    at += 4 + u(at + 2, 2);
  }
  need(at === bytes.length, "pack-damaged");
}

/** The entry of a whole local header. */
function localOf(bytes) {
  const u = reader(bytes), flags = u(6, 2), name = nameIn(bytes.subarray(30, 30 + u(26, 2)), flags);
  need(!(flags & 0x2041), "pack-encrypted");
  need(u(8, 2) === 0 && !(flags & 8), "pack-compressed");
  need(u(4, 1) < 46 && !(flags & ~0x0806), "pack-unpacks-otherwise");   // nothing that others pass over or call damaged
  checkExtras(bytes.subarray(30 + u(26, 2)));
  const size = u(22, 4);
  need(size === u(18, 4), "pack-damaged");
  return { name, size, crc: u(14, 4) };
}

/**
 * Walk from header to header; `check(entry, index)` may refuse each before more is read. The directory is compared in the end.
 *
 * @returns {Promise<{name: string, size: number, crc: number, header: number, at: number}[]>}
 */
export async function entriesOf(blob, check) {
  const entries = [];
  let window = new Uint8Array(), from = 0;
  const read = async (at, n) => {
    if (at < from || at + n > from + window.length) {
      window = await bytesOf(blob.slice(at, at + Math.max(n, WINDOW)));
      from = at;
    }
    return window.slice(at - from, at - from + n);
  };
  let at = 0;
  for (;;) {
    const fixed = await read(at, 30), u = reader(fixed);
    if (fixed.length < 4 || u(0, 4) !== MARKS.local) break;
    need(u(26, 2) <= NAME, "pack-damaged");
    const length = 30 + u(26, 2) + u(28, 2), raw = await read(at, length);
    need(raw.length === length, "pack-truncated");
    const entry = { ...localOf(raw), raw, header: at, at: at + length };
    check(entry, entries.length);
    at += length + entry.size;
    need(at <= blob.size, "pack-truncated");
    entries.push(entry);
  }
  need(entries.length, "pack-not-a-zip");
  need(blob.size - at <= TAIL, "pack-damaged");
  checkTail(await bytesOf(blob.slice(at)), at, entries);
  return entries;
}

/** All that follows the last entry lists exactly the entries and ends the file, so no other unzipper sees another file. */
function checkTail(tail, tailAt, entries) {
  const u = reader(tail), whole = (holds) => need(holds, "pack-damaged");
  const says = (at, widths, values) => whole(String(widths.map((n) => u((at += n) - n, n))) === String(values));
  let at = 0;
  for (const { raw, size, header, name: called } of entries) {
    const name = at + 46, extras = name + u(at + 28, 2), note = extras + u(at + 30, 2), end = note + u(at + 32, 2), mode = u(at + 38, 4), by = u(at + 5, 1);
    says(at, [4], [MARKS.central]);
    need(tail.length >= end, "pack-truncated");
    // Flags, method, time, CRC, sizes and the name as in the header itself.
    whole(same(tail.subarray(at + 8, at + 30), raw.subarray(6, 28)) && same(tail.subarray(name, extras), raw.subarray(30, 30 + extras - name)));
    checkExtras(tail.subarray(extras, note));
    says(at + 20, [4, 4], [size, size]);
    says(at + 34, [2], [0]);
    says(at + 42, [4], [header]);
    // The kind of file by Unix, the rights beyond reading and writing, then the bits of DOS: a folder, the name of a disk. And the
    // system it was made on: other programs read a name anew that is not Unix's or macOS's, beyond ASCII or on some systems always.
    need([0, 0x8000].includes(mode >>> 16 & 0xf000) && !(mode & 0x0e000018) && u(at + 6, 1) < 46
      && (extras - name > called.length ? [3, 19] : [0, 3, 10, 11, 14, 19]).includes(by), "pack-unpacks-otherwise");
    at = end;
  }
  const length = at, count = entries.length;
  need(u(at, 4) !== MARKS.end64, "verify-unchecked");
  whole(u(at - 20, 4) !== MARKS.locator);
  says(at, [4, 2, 2, 2, 2, 4, 4], [MARKS.end, 0, 0, count, count, length, tailAt]);
  need(tail.length >= at + 22 + u(at + 20, 2), "pack-truncated");
  whole(tail.length === at + 22 + u(at + 20, 2));
  for (let i = at + 4; i + 4 <= tail.length; i++) whole(u(i, 4) !== MARKS.end);
}

const CRC = Int32Array.from({ length: 256 }, (_, n) => {
  for (let i = 0; i < 8; i++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
/** The CRC-32 of bytes that follow those before; its bits turned over are the checksum. */
export function crc32(bytes, crc = -1) {
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ CRC[(crc ^ bytes[i]) & 255];
  return crc;
}
/** SHA-256 in bytes and CRC-32 of a stretch of a file, read in pieces; `onBytes` is told how many each had. */
export async function digestOf(blob, onBytes) {
  const hash = new Sha256();
  let crc = -1;
  for (let at = 0; at < blob.size; at += CHUNK) {
    const piece = await bytesOf(blob.slice(at, at + CHUNK));
    hash.update(piece);
    crc = crc32(piece, crc);
    onBytes(piece.length);
  }
  return { sha256: hash.digest(), crc: ~crc >>> 0 };
}

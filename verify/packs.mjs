// Packs, and the ZIP a buyer gets, against the manifest in them (protocol.md 9.1).
import { hex } from "./bytes.mjs";
import { manifestOf } from "./heap.mjs";
import { readDid } from "./keys.mjs";
import { checkPaths } from "./paths.mjs";
import { need, tried } from "./refused.mjs";
import { peek } from "./token.mjs";
import { bytesOf, digestOf, entriesOf } from "./zip.mjs";

const MANIFEST = "manifest.jws", FOLDER = "files/", OURS = "verify.html";
const MANIFEST_MOST = 2936012, ENTRIES = 5002;    // bytes; the manifest, our page and 5000 files

function checkEntry({ name, size }, index) {
  need(index < ENTRIES, "pack-too-many-files");
  need((name === MANIFEST) === (index === 0), "pack-no-manifest");
  need(index > 0 || size <= MANIFEST_MOST, "pack-manifest-too-large");
}
/** The files of a manifest, each with its entry, and the entries that are left; `code` is the first thing wrong with them. */
function matched(c, entries, prefix) {
  const left = new Map();
  let code;
  const wrong = (what) => { code ??= what; };
  for (const [i, entry] of entries.entries()) {
    if (!prefix && i === 0 && entry.name === OURS) continue;
    if (!entry.name.startsWith(prefix)) wrong("pack-unexpected-file");
    else if (tried(() => checkPaths([entry.name.slice(prefix.length)]))) wrong("pack-path");
    if (left.has(entry.name)) wrong("pack-duplicate-file");
    left.set(entry.name, entry);
  }
  const files = c.files.map(({ path, size, sha256 }) => {
    const entry = left.get(prefix + path);
    left.delete(prefix + path);
    const state = !entry ? "missing" : entry.size === size ? "same" : "changed";
    if (state !== "same") wrong(`pack-${state}-file`);
    return { path, size, sha256, entry, state };
  });
  if (left.size) wrong("pack-unexpected-file");
  return { files, left: [...left.values()], code };
}

/**
 * Check every byte of a pack against its manifest.
 *
 * @param {Blob} blob
 * @param {object} h   the heap of the other papers, whose delegations may let somebody sign for the creator
 * @param {(bytes: number) => void} onBytes
 * @returns {Promise<{token: string, manifest: object, files: object[], code?: string}>}   files as in judge.mjs
 * @throws {Refused} where the container or the manifest does not hold
 */
export async function readPack(blob, h, onBytes) {
  const [first, ...entries] = await entriesOf(blob, checkEntry), piece = blob.slice(first.at, first.at + first.size);
  const token = new TextDecoder("latin1").decode(await bytesOf(piece));
  need((await digestOf(piece, onBytes)).crc === first.crc, "pack-damaged");
  need(!/[^\x00-\x7f]/.test(token), "pack-manifest-unreadable");
  const { iss } = peek(token, "manifest").claims;
  need(typeof iss === "string", "pack-no-creator");
  readDid(iss);
  const { c } = manifestOf(h, token), inFolder = matched(c, entries, FOLDER), plain = matched(c, entries, "");
  const found = !inFolder.code || (plain.code && entries.some((e) => e.name.startsWith(FOLDER))) ? inFolder : plain;
  let { code } = found;
  const files = [];
  for (const { path, size, sha256, entry, state } of found.files) {
    files.push({ path, size, state });
    if (state !== "same") continue;
    const digest = await digestOf(blob.slice(entry.at, entry.at + size), onBytes), is = hex(digest.sha256) === sha256;
    if (!is) files[files.length - 1].state = "changed";
    if (!is || digest.crc !== entry.crc) code ??= is ? "pack-damaged" : "pack-changed-file";
  }
  for (const { name, size } of found.left) files.push({ path: name, size, state: "extra" });
  if (found === plain && entries[0]?.name === OURS) files.push({ path: OURS, size: entries[0].size, state: "ours" });
  return { token, manifest: c, files, code };
}

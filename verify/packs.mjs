// Packs, and the ZIP a buyer gets, against the manifest in them (protocol.md 9.1).
import { hex } from "./bytes.mjs";
import { manifestOf } from "./heap.mjs";
import { readDid } from "./keys.mjs";
import { need } from "./refused.mjs";
import { peek } from "./token.mjs";
import { bytesOf, digestOf, entriesOf } from "./zip.mjs";

const MANIFEST = "manifest.jws", FOLDER = "files/", OURS = "verify.html";
const MANIFEST_MOST = 2936012, ENTRIES = 5002;    // bytes; the manifest, our page and 5000 files

function checkEntry({ name, size }, index) {
  need(index < ENTRIES, "pack-too-many-files");
  need((name === MANIFEST) === (index === 0), "pack-no-manifest");
  need(index > 0 || size <= MANIFEST_MOST, "pack-manifest-too-large");
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
  const { c } = manifestOf(h, token), names = new Map(entries.map((e) => [e.name, e]));
  // A pack has its files in a folder; in the buyer's ZIP they lie beside the manifest, behind our page.
  const bare = c.files.every((f) => names.has(f.path)) || !entries.some((e) => e.name.startsWith(FOLDER)), ours = bare && entries[0]?.name === OURS;
  const twice = names.size < entries.length, states = [];
  if (ours) names.delete(OURS);
  for (const { path, size, sha256 } of c.files) {
    const name = bare ? path : FOLDER + path, entry = names.get(name);
    names.delete(name);
    states.push([{ path, size, state: !entry ? "missing" : entry.size === size ? "same" : "changed" }, entry, sha256]);
  }
  const files = states.map(([file]) => file), bad = files.find((f) => f.state !== "same");
  for (const { name, size } of names.values()) files.push({ path: name, size, state: "extra" });
  if (ours) files.push({ path: OURS, size: entries[0].size, state: "ours" });
  let code = twice ? "pack-duplicate-file" : bad ? `pack-${bad.state}-file` : names.size ? "pack-unexpected-file" : undefined;
  for (const [file, entry, sha256] of states) if (file.state === "same") {
    const digest = await digestOf(blob.slice(entry.at, entry.at + entry.size), onBytes);
    if (hex(digest.sha256) !== sha256) file.state = "changed";
    code = code ?? (file.state === "changed" ? "pack-changed-file" : digest.crc === entry.crc ? undefined : "pack-damaged");
  }
  return { token, manifest: c, files, code };
}

// Proofs that an entry stands in a box's journal (protocol.md 7.5).
import { unbase64 } from "./bytes.mjs";
import { grants } from "./delegation.mjs";
import { event } from "./event.mjs";
import { didOf } from "./keys.mjs";
import { leafHash, verifyInclusion } from "./merkle.mjs";
import { checkpointOf, COSIGNATURE, openNote, originOf, SIGNATURE } from "./note.mjs";
import { need } from "./refused.mjs";

const EXTRA = "extra ";

/** The parts of the text, which prove nothing yet: {index (BigInt), hashes, note, extra (bytes or undefined)}. */
export function readProof(text) {
  need(typeof text === "string", "tlogproof-head");
  need(Array.from(text).length <= 448 * 1024, "tlogproof-too-long");
  const cut = text.indexOf("\n\n"), [head, ...lines] = (cut < 0 ? text : text.slice(0, cut)).split("\n");
  need(head === "c2sp.org/tlog-proof@v1", "tlogproof-head");
  let extra;
  if (lines[0]?.startsWith(EXTRA)) {
    extra = unbase64(lines.shift().slice(EXTRA.length));
    need(extra?.length, "tlogproof-extra");
  }
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(lines.shift() ?? "");
  need(index, "tlogproof-index");
  const note = text.slice(cut + 2);
  need(cut >= 0 && note, "tlogproof-note");
  need(lines.length <= 63, "tlogproof-hash");
  const hashes = lines.map(unbase64);
  need(hashes.every((h) => h?.length === 32), "tlogproof-hash");
  return { index: BigInt(index[1]), hashes, note, extra };
}

/**
 * Check a proof that carries its event, in the journal of the box with this key.
 *
 * @param {ReturnType<typeof readProof>} proof
 * @param {Uint8Array} box
 * @param {{name: string, key: Uint8Array, kind: number}[]} cosigners   as for `openNote`
 * @returns {{event: object, checkpoint: object, signatures: object[]}}   signatures of known keys on the checkpoint
 */
export function logged(proof, box, cosigners = []) {
  need(proof.extra, "tlogproof-extra");
  const told = event(proof.extra);
  need(BigInt(told.seq) === proof.index, "tlogproof-other-entry");
  const name = originOf(box, told.epoch);
  const { body, signatures } = openNote(proof.note, [{ name, key: box, kind: SIGNATURE }, ...cosigners]);
  const checkpoint = checkpointOf(body);
  need(checkpoint.origin === name && signatures.some((s) => s.name === name && s.kind === SIGNATURE), "tlogproof-origin");
  verifyInclusion(proof.index, checkpoint.size, leafHash(proof.extra), proof.hashes, checkpoint.root);
  return { event: told, checkpoint, signatures };
}

/** Whether the entry says that the certificate of this name (4) was signed. */
export const tellsOf = ({ event: { kind, body } }, name) => kind === "certificate" && body.hash === name;
/** Rule 12, of a certificate's name; of a receipt's token. */
export const checkCertificate = (found, name) => need(tellsOf(found, name), "tlogproof-other-paper");
export const checkReceipt = (found, token) => need(found.event.body.receipt === token, "tlogproof-other-paper");

/** Rules 13 to 15: when this cosigner signed (seconds UTC), whom `creator` lets by this delegation (its claims) for the drop. */
export function cosignedAt({ signatures }, cosigner, delegation, creator, drop) {
  const found = signatures.find((s) => s.name === cosigner.name && s.kind === COSIGNATURE);
  need(found, "tlogproof-not-cosigned");
  need(delegation.iss === creator && delegation.sub === didOf(cosigner.key), "tlogproof-cosigner");
  grants(delegation, "cosign", drop, found.time);
  return found.time;
}

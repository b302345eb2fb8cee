// What papers and packs prove, each with the help of the others: the page's one way in.

/**
 * @typedef {{name: string, blob: Blob}} Input  a file that was dropped, or a text that was pasted (new Blob([text]))
 *
 * @typedef {object} Verdict  what was found out about one paper; every word in it is for programs, the page makes the sentences
 * @property {string} name    what it was handed in as; of a paper inside another file "papers.zip/receipt.jws", "keys.json/1"
 * @property {string} kind    manifest, delegation, lease, receipt, refund, void, lease return, decline, closing statement,
 *                            certificate, badge, presentation, checkpoint, log proof, journal, paper (a token of a type that is
 *                            not known here), file (what could not be read as a paper at all, or was only compared)
 * @property {"holds"|"fails"|"open"|"secret"} state  open: nothing speaks against it, but another paper is missing to tell;
 *                            secret: a key file, a recovery sheet or an owner code, `facts.secret` says which
 * @property {string|null} grade   VALID, VALID-FINAL, VALID-PROVISIONAL, REVOKED, INVALID; null if open or secret
 * @property {string} [code]  of the rule that is broken, or of what is missing (docs/errors.md, docs/protocol.md)
 * @property {string[]} reasons    of the grade (protocol.md 8): final-close, revoked-refund, provisional-pending … ; the first decides
 * @property {string[]} notes      what else is to be said:
 *                            manifest-beside, receipt-beside   the one it names lies beside it and fits
 *                            receipt-refused                   the receipt it names does not count itself; facts.receiptCode says why
 *                            receipt-of-another-sale, certificate-of-another-sale   these two do not belong together
 *                            closes-contradict                 two closing statements of its drop differ, so neither counts
 *                            taken-back                        of a receipt: another paper takes it back, whole or in part
 *                            not-the-named-creator             (never beside holds)
 *                            picture-unchecked                 it was inside a PDF or PNG: what is drawn around it was not checked
 * @property {object} facts   of a token its claims as protocol.md 5 has them, of a certificate or badge those of the document:
 *                            certificate   {id, name, title, edition?, editionSize?, drop, creator, issuer, issuerName, byCreator,
 *                                           owner?, settlement, licence, manifest, receipt, validFrom, created (seconds), digest (its name)}
 *                            presentation  the same, and {holder, challenge, domain, answered (seconds), transferTo?}
 *                            receipt, refund, void: its claims, and titles {H of manifest: title} of the manifests at hand
 *                            log proof     {origin, size, seq, event (its kind), at (seconds), cosigned: [{name, time}]}
 *                            checkpoint    {origin, size, root, cosigned}
 *                            file          {secret?: "key"|"sheet"|"owner-code", unchecked?: names in a ZIP that are no papers}
 * @property {{who: "creator"|"box"|"cloud"|"signer"|"owner", did: string, name?: string}[]} signedBy
 *                            from whoever signed to the creator, who comes last; empty if that is not known
 * @property {{dated?: number, until?: number}} times   seconds UTC: from when on and until when it counts
 * @property {{path: string, size: number, state: "same"|"changed"|"missing"|"extra"|"ours", given?: string}[]} [files]
 *                            of a manifest with its files beside it or around it: same, changed and missing are the manifest's own,
 *                            extra is not in it, ours the verify.html that a stall adds; given is the name of a loose file
 * @property {string[]} [seal]  of a certificate: the five names for seal() of seal.mjs, which computes digest and lines
 * @property {string} [text]   of a certificate: its JSON as it was handed in, for answer() of presentation.mjs
 */

/**
 * Judge all that was handed in together.
 *
 * @param {Input[]} inputs
 * @param {{onProgress?: (done: number, total: number) => void, expectedCreator?: string}} [options]  bytes of files read so far;
 *        with expectedCreator (a did) any other creator's papers fail with the code verify-other-creator
 * @returns {Promise<Verdict[]>}  in the order of the inputs; a ZIP or keys.json gives one for each paper in it
 * @throws {Refused} code did-… or key-… if expectedCreator is no did
 */
export async function judge(inputs, options = {}) {
  const papers = [];
  for (const input of inputs) papers.push({ name: input.name, kind: "file", state: "open", grade: null, reasons: [], notes: [], facts: {}, signedBy: [], times: {} });
  options.onProgress?.(0, 0);
  return papers;
}

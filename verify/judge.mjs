// What papers and packs prove, each with the help of the others: the page's one way in.
import { hex } from "./bytes.mjs";
import * as heaps from "./heap.mjs";
import { canonical } from "./json.mjs";
import { nameOf, readDid } from "./keys.mjs";
import { readPack } from "./packs.mjs";
import { carriedBy, MOST, read } from "./papers.mjs";
import { need, Refused, tried } from "./refused.mjs";
import * as standing from "./standing.mjs";
import { headOf, peek } from "./token.mjs";
import { shownBy, worthOf } from "./worth.mjs";
import { bytesOf, digestOf, entriesOf } from "./zip.mjs";

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
 *                            unread-beside                     it may hold: a journal, a lease or a compressed ZIP beside it is only read by `stall verify`
 *                            picture-unchecked                 it was inside a PDF or PNG: what is drawn around it was not checked
 * @property {object} facts   of a token its claims as protocol.md 5 has them, of a certificate or badge those of the document:
 *                            certificate   {id, name, title, edition?, editionSize?, drop, creator, issuer, issuerName, byCreator,
 *                                           owner?, settlement, licence, manifest, receipt, validFrom, created (seconds), digest (its name)}
 *                            receipt, refund, void: its claims, and titles {H of manifest: title} of the manifests at hand
 *                            presentation  the same as a certificate, and {holder, challenge, domain, answered (seconds), transferTo?}
 *                            checkpoint    {origin, size, root in hex}
 *                            log proof     the same, and {seq, event: its kind}
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

const ZIP_PAPERS = 250, ZIP_BYTES = 32 << 20, ZIP_ENTRIES = 5002;
const NO_PAPER = ["verify-unknown", "verify-nothing-inside"];      // it may be a file of a drop
const PAPER = /\.(jws|json|tlog-proof|pdf|png)$/, OURS = ["README.txt", "verify.html"];

/**
 * Judge all that was handed in together.
 *
 * @param {Input[]} inputs
 * @param {{onProgress?: (done: number, total: number) => void, expectedCreator?: string}} [options]  bytes of files read so far;
 *        with expectedCreator (a did) any other creator's papers fail with the code verify-other-creator
 * @returns {Promise<Verdict[]>}  in the order of the inputs; a ZIP or keys.json gives one for each paper in it
 * @throws {Refused} code did-… or key-… if expectedCreator is no did
 */
export async function judge(inputs, { onProgress = () => {}, expectedCreator } = {}) {
  if (expectedCreator !== undefined) readDid(expectedCreator);
  const found = [];
  for (const { name, blob } of inputs) {
    const read = await awaited(() => recognised(name, blob));
    found.push(read instanceof Refused ? [{ name, refused: read.code }] : read);
  }
  const hashed = found.flat().filter((p) => p.blob), total = hashed.reduce((n, p) => n + p.blob.size, 0);
  let done = 0;
  const onBytes = (n) => onProgress(Math.min(done += n, total), total);
  // Packs come last: only the other papers say whether a signer may stand in for their creator.
  const others = hashed.some((p) => p.pack) && heaps.gather(found.flat(), expectedCreator);
  const papers = [];
  for (const p of found.flat()) papers.push(p.pack ? await packed(p, others, onBytes) : p);
  const h = heaps.gather(papers, expectedCreator), verdicts = papers.map((p) => judged(h, p));
  if (papers.some((p, i) => p.unread || UNREAD.includes(verdicts[i].kind))) verdicts.forEach(doubt);
  const compared = await compare(papers, verdicts, onBytes);
  onProgress(total, total);
  return verdicts.filter((v) => !compared.has(v));
}

// --- What was handed in ------------------------------------------------------------------------------------------

async function recognised(name, blob) {
  const start = new TextDecoder("latin1").decode(await bytesOf(blob.slice(0, 42)));
  if (start.startsWith("PK")) return start.endsWith("manifest.jws") ? [{ name, pack: true, blob }] : unzipped(name, blob);
  // Photos and songs are not read to see that they are no papers: no paper begins with control characters, but for a PNG.
  if (/[\0-\x08\x0e-\x1f]/.test(start) && !/^.PNG/.test(start)) return [{ name, refused: "verify-unknown", blob }];
  return papersIn(name, await bytesOf(blob.slice(0, MOST + 1))).map((p) => NO_PAPER.includes(p.refused) ? { ...p, blob } : p);
}
function papersIn(name, bytes) {
  const carried = bytes.length <= MOST && carriedBy(bytes);
  if (!carried) return read(name, bytes);
  const found = carried.flatMap((data) => read(name, data)).map((p) => ({ ...p, notes: ["picture-unchecked"] }));
  return found.length ? found : [{ name, refused: "verify-nothing-inside" }];
}
/** What an asynchronous `f` gives, or the Refused it throws. */
async function awaited(f) {
  try { return await f(); } catch (e) { if (e instanceof Refused) return e; throw e; }
}
/** The papers in a ZIP; never more than a sale has. */
async function unzipped(name, blob) {
  const entries = await awaited(() => entriesOf(blob, (_, i) => need(i < ZIP_ENTRIES, "verify-zip-too-large")));
  // Compressed, or made by another program: nothing may be wrong with it, but it has to be unpacked first.
  if (entries instanceof Refused) return [{ name, refused: entries.code, open: !/damaged|truncated|large/.test(entries.code), unread: true }];
  const wanted = entries.filter((e) => PAPER.test(e.name)), found = [];
  if (!wanted.length) return [{ name, refused: "verify-unknown" }];
  if (wanted.length > ZIP_PAPERS || wanted.reduce((n, e) => n + e.size, 0) > ZIP_BYTES) return [{ name, refused: "verify-zip-too-large" }];
  for (const e of wanted) {
    const piece = blob.slice(e.at, e.at + e.size), inside = `${name}/${e.name}`;
    if ((await digestOf(piece, () => {})).crc !== e.crc) return [{ name, refused: "pack-damaged" }];
    found.push(...papersIn(inside, await bytesOf(piece)));
  }
  const unchecked = entries.map((e) => e.name).filter((one) => !PAPER.test(one) && !OURS.includes(one));
  return unchecked.length ? [...found, { name, refused: "verify-unchecked", open: true, facts: { unchecked } }] : found;
}
async function packed({ name, blob }, h, onBytes) {
  const found = await awaited(() => readPack(blob, h, onBytes));
  if (found instanceof Refused) return { name, refused: found.code };
  const { token, manifest, files, code } = found;
  return code ? { name, refused: code, files, facts: manifest } : { name, token, files };
}

// --- Verdicts ----------------------------------------------------------------------------------------------------

const UNREAD = ["journal", "lease", "lease return"];
const KINDS = { close: "closing statement", "lease-return": "lease return" };
function kindOf({ token, document, note, proof, journal }) {
  if (document) return heaps.isAnswer(document) ? "presentation" : heaps.isBadge(document) ? "badge" : "certificate";
  if (token === undefined) return note !== undefined ? "checkpoint" : proof !== undefined ? "log proof" : journal ? "journal" : "file";
  const head = tried(() => headOf(token)), name = head instanceof Refused ? undefined : head.name;
  return KINDS[name] ?? name ?? "paper";
}
function judged(h, paper) {
  const { name, refused, secret, open, files, notes = [], facts = {} } = paper, kind = kindOf(paper);
  const v = { name, kind, state: "open", grade: null, reasons: [], notes, facts, signedBy: [], times: {}, files };
  if (UNREAD.includes(kind)) return { ...v, code: "verify-unchecked" };
  if (secret) return { ...v, state: "secret", code: refused, facts: { secret } };
  const found = refused ? new Refused(refused) : tried(() => said(h, paper));
  if (found instanceof Refused) {
    const { code } = found, unknown = code === "token-unknown-key" && ["manifest", "file"].includes(kind);
    const lacks = open || unknown || code === "verify-unchecked" || heaps.OPEN.includes(code);
    return lacks ? { ...v, code } : { ...v, code, state: "fails", grade: "INVALID" };
  }
  const { creator, chain, owner, dated, until, seal } = found;
  // Of what holds otherwise: what its creator revoked.
  const gone = !found.grade && chain && (found.gone || heaps.isRevoked(h, chain, dated)) && `revoked-${chain.role}`;
  const grade = found.grade ?? (gone ? "REVOKED" : "VALID"), reasons = found.reasons ?? (gone ? [gone] : []);
  return {
    ...v, grade, reasons, state: grade.startsWith("VALID") ? "holds" : "fails", code: grade === "INVALID" ? reasons[0] : undefined,
    notes: [...notes, ...found.notes ?? []], facts: found.facts, seal, text: kind === "certificate" ? canonical(paper.document) : undefined, times: { dated, until },
    signedBy: [
      ...owner ? [{ who: "owner", did: owner }] : [], ...chain ? [{ who: chain.role, did: chain.sub, name: chain.name }] : [],
      { who: "creator", did: creator },
    ],
  };
}
/** What is not read here may speak against what seems to hold; to read it is for `stall verify`. */
function doubt(v) {
  if (v.state !== "holds" || ["manifest", "delegation", "closing statement", "badge"].includes(v.kind)) return;
  Object.assign(v, { state: "open", grade: null, reasons: [], code: "verify-unchecked" });
  v.notes.push("unread-beside");
}

function said(h, { token, document, note, proof }) {
  if (token !== undefined) return saidByToken(h, token);
  if (document) {
    if (heaps.isAnswer(document)) return shownBy(h, document, canonical(document));
    if (!heaps.isBadge(document)) return worthOf(h, document);
    const { doc, creator, chain, from, until } = heaps.badgeOf(h, document);
    heaps.checkCreator(h, creator);
    return told(doc, creator, chain, from, until);
  }
  const logged = proof === undefined ? undefined : heaps.logProofOf(h, proof), { checkpoint } = logged ?? heaps.signedCheckpoint(h, note);
  const { origin, size, root } = checkpoint, chain = logged?.chain ?? heaps.keeper(h, heaps.boxOf(h, origin)), { kind, seq, at } = logged?.event ?? {};
  need(!h.forked.has(heaps.placeOf(checkpoint)), "verify-forked");
  heaps.checkCreator(h, chain.iss);
  return told({ origin, size: Number(size), root: hex(root), event: kind, seq }, chain.iss, chain, logged && Math.floor(at / 1000));
}

function saidByToken(h, token) {
  const head = tried(() => headOf(token));
  if (head instanceof Refused) throw /^(json|base64)-|^token-not-claims/.test(head.code) ? new Refused("verify-altered") : head;
  need(head.name, "verify-type");
  const found = tried(() => {
    const one = TOKENS[head.name](h, token, head.name);
    heaps.checkCreator(h, one.chain ? one.chain.iss : one.creator);
    return one;
  });
  if (!(found instanceof Refused)) return found;
  const lacking = ["verify-needs-delegation", "verify-needs-creator", "token-unknown-key"].includes(found.code);
  throw found.code.startsWith("base64-") || (lacking && contradictsItself(token, head)) ? new Refused("verify-altered") : found;
}
/** Whether the claims of a token cannot be what the key its head names signed. */
function contradictsItself(token, { name, kid }) {
  const claims = tried(() => peek(token).claims);
  if (claims instanceof Refused) return true;
  if (["delegation", "close"].includes(name)) return !heaps.named(token).has(kid);
  return typeof claims.iss === "string" && !claims.iss.startsWith("did:") && claims.iss !== kid;
}

const told = (facts, creator, chain, dated, until, more) => ({ facts, creator, chain, dated, until, ...more });
const TOKENS = {
  manifest(h, token) {
    const { c, chain } = heaps.manifestOf(h, token);
    standing.checkManifest(h, c);
    return told(c, c.iss, chain, c.iat, c.exp - 1);
  },
  delegation(h, token) {
    const c = heaps.delegationOf(h, token);
    return told(c, c.iss, undefined, c.nbf, c.exp);
  },
  receipt(h, token, typ) {
    const sale = heaps.saleOf(h, token, typ), { told: c, chains: [chain] } = sale, notes = [], titles = {};
    standing.checkSale(h, sale);
    const certified = heaps.values(h.certificates).map((x) => x.receipt);
    if (typ === "receipt" && !certified.includes(sale.name) && certified.some((name) => !h.handedIn.has(name))) notes.push("certificate-of-another-sale");
    if (typ === "receipt" && standing.returned(h, c.iss, c.jti).length) notes.push("taken-back");
    for (const { man } of c.items) if (h.manifests.has(man)) titles[man] = h.manifests.get(man).c.drop.title;
    return told({ ...c, titles }, chain.iss, chain, c.iat, undefined, { notes, gone: standing.isGone(h, sale) });
  },
  decline(h, token) {
    const { c, chain } = heaps.declineOf(h, token);
    standing.checkDecline(h, c);
    return told(c, chain.iss, chain, c.iat);
  },
  close(h, token) {
    const c = heaps.closeOf(h, token);
    standing.checkClose(h, c);
    return told(c, c.iss, undefined, c.iat);
  },
};
TOKENS.refund = TOKENS.receipt;
TOKENS.void = TOKENS.receipt;

// --- Loose files -------------------------------------------------------------------------------------------------

/** Compare files that are no papers with the manifests that hold, by size and SHA-256, whatever they are called. */
async function compare(papers, verdicts, onBytes) {
  const held = verdicts.filter((v) => v.kind === "manifest" && v.state === "holds" && !v.files), compared = new Set();
  const rows = held.flatMap((v) => v.facts.files.map((f) => ({ ...f, state: "missing", of: v }))), last = (path) => path.split("/").pop();
  for (const [i, { name, blob, refused }] of papers.entries()) {
    if (!blob || !refused) continue;
    const sized = rows.filter((f) => f.size === blob.size), digest = sized.length && await awaited(() => digestOf(blob, onBytes));
    const fits = sized.filter((f) => digest.sha256 && f.sha256 === hex(digest.sha256)), near = fits.length ? fits : rows.filter((f) => f.state === "missing" && last(f.path) === last(name));
    for (const f of near) Object.assign(f, { state: fits.length ? "same" : "changed", given: name });
    if (fits.length) compared.add(verdicts[i]);
    else if (near.length) verdicts[i].code = "pack-changed-file";
  }
  for (const v of held) {
    const files = rows.filter((f) => f.of === v).map(({ path, size, state, given }) => ({ path, size, state, given }));
    if (files.some((f) => f.given)) v.files = files;
  }
  return compared;
}

// A heap of papers and what it offers to check each of them with: who may sign, what else was signed, what was taken back.
// Nothing is fetched, no clock is read, and every signature is checked once (protocol.md 6.4 to 6.6).
import { badge } from "./badge.mjs";
import { b64, unb64 } from "./bytes.mjs";
import { certificateOf } from "./certificate.mjs";
import { close } from "./close.mjs";
import { decline } from "./decline.mjs";
import { delegation, grants } from "./delegation.mjs";
import { canonical, isObject } from "./json.mjs";
import { kidOf, nameOf, readDid, trusting } from "./keys.mjs";
import { manifest } from "./manifest.mjs";
import { checkpointOf, COSIGNATURE, openNote, SIGNATURE } from "./note.mjs";
import { receipt } from "./receipt.mjs";
import { need, Refused, refuse, tried } from "./refused.mjs";
import { logged, readProof } from "./tlogproof.mjs";
import { headOf, peek } from "./token.mjs";

const BOX = "stall.example/box/";
const NAME = 12;                                  // characters of a thumbprint in the name of a log or a cloud
const SALES = ["receipt", "refund", "void"];
/** Codes that speak against no paper: another would show whose it is. */
export const OPEN = ["verify-needs-delegation", "verify-needs-creator", "verify-several-creators"];

export const holds = (f) => !(tried(f) instanceof Refused);

const below = (a, b) => { const i = a.findIndex((x, n) => x !== b[n]); return i >= 0 && a[i] < b[i]; };
export const sorted = (rows, key) => [...rows].sort((a, b) => below(key(a), key(b)) ? -1 : below(key(b), key(a)) ? 1 : 0);
/** The first of the rows whose key is the highest. */
const highest = (rows, key) => rows.reduce((m, x) => !m || below(key(m), key(x)) ? x : m, undefined);
export const values = (map) => [...map.values()];
const grouped = (map, key, empty) => { if (!map.has(key)) map.set(key, empty); return map.get(key); };

/** What was found out before, good or bad, by the name of the question. */
export function once(h, question, f) {
  if (!h.asked.has(question)) h.asked.set(question, [tried(f)]);
  const [found] = h.asked.get(question);
  if (found instanceof Refused) throw found;
  return found;
}

// --- Delegations -----------------------------------------------------------------------------------------------

export const names = (d, drop) => d.drops.includes(drop) || d.drops.includes("*");
const of = (h, kid) => h.delegations.get(kid) ?? [];
/** Of one creator's delegations of one key the one that holds at a time (6.4). */
export function holding(list, at) {
  const issued = list.filter((d) => d.iat <= at);
  return issued.length ? highest(issued, (d) => [d.seq, d.iat]) : highest(list, (d) => [-d.iat, d.seq]);
}
const naming = (chains, drop) => {
  const all = (list) => [...new Set(list.map((d) => d.iss))];
  const found = all(chains.filter((d) => drop === undefined || names(d, drop)));
  return found.length ? found : all(chains);
};
/** The one creator there can be; the one that is expected, if it can be that one (6.6). */
function pick(h, candidates) {
  if (candidates.includes(h.expected)) return h.expected;
  need(candidates.length, "verify-needs-delegation");
  if (candidates.length === 1) return candidates[0];
  return refuse(h.expected ? "verify-other-creator" : "verify-several-creators");
}
/** As `grants`; what is too early for a delegation lacks an older one. */
function use(d, cap, drop, at) {
  const no = tried(() => grants(d, cap, drop, at));
  if (no) refuse(no.code === "delegation-time" && at < d.nbf ? "verify-needs-delegation" : no.code);
}
const heldBy = (h, kid, creator, at) => holding(of(h, kid).filter((d) => d.iss === creator), at) ?? refuse("verify-needs-delegation");
function inForce(h, kid, creator, cap, drops, at) {
  const d = heldBy(h, kid, creator, at);
  for (const drop of drops) use(d, cap, drop, at);
  return d;
}
export const checkCreator = (h, did) => need(!h.expected || did === h.expected, "verify-other-creator");
export const revokedBy = (h, creator) => h.revoked.get(creator) ?? [];
/** Whether its creator revoked a delegate from before a time on. */
export const isRevoked = (h, d, at) => revokedBy(h, d.iss).some((r) => r.kind === "box" && r.ref === d.kid && r.at <= at);
/** Of one cloud's delegations those that hold at a time and let it cosign then. */
export const cosigning = (h, clouds, at, creator) => naming(clouds)
  .filter((iss) => creator === undefined || iss === creator)
  .map((iss) => holding(clouds.filter((d) => d.iss === iss), at))
  .filter((d) => d.cap.includes("cosign") && d.nbf <= at && at <= d.exp && !isRevoked(h, d, at));
export const cloudName = (d) => "stall.example/cloud/" + d.kid.slice(0, NAME);

// --- Keys ------------------------------------------------------------------------------------------------------

const keyOf = (did) => trusting(readDid(did));
/** The key of the creator a token names itself: enough to see that it is whole, never to trust it. */
export function named(token) {
  const found = tried(() => keyOf(String(peek(token).claims.iss)));
  return found instanceof Refused ? new Map() : found;
}
/** The key of a delegate, whoever trusts it. */
function neededKey(h, kid) {
  const [d] = of(h, kid);
  return d ? keyOf(d.sub) : refuse("verify-needs-delegation");
}

// --- Papers ----------------------------------------------------------------------------------------------------

/** One object for each delegation, in whichever spelling or paper it came. */
const interned = (h, c, token) => c && once(h, `d ${canonical(c)}`, () => ({ ...c, kid: kidOf(c.sub), token }));
export const delegationOf = (h, token) => once(h, `delegation ${token}`, () => interned(h, delegation(token, named(token)), token));
export const closeOf = (h, token) => once(h, `close ${token}`, () => close(token, named(token)));
export const manifestOf = (h, token) => once(h, `manifest ${token}`, () => {
  const { kid } = headOf(token), mine = named(token);
  const chains = of(h, kid).filter((d) => mine.has(kidOf(d.iss)));
  if (mine.has(kid) || !chains.length) {
    const known = h.creators.has(kid) ? [...keyOf(h.creators.get(kid)), ...mine] : mine;
    return { token, c: manifest(token, new Map(known)) };
  }
  const { claims: { iat } } = peek(token), chain = heldBy(h, kid, chains[0].iss, Number.isInteger(iat) ? iat : 0);
  const c = tried(() => manifest(token, new Map([...mine, ...keyOf(chain.sub)]), chain.token));
  if (c instanceof Refused) refuse(c.code === "delegation-time" && iat < chain.nbf ? "verify-needs-delegation" : c.code);
  return { token, c, chain };
});

const signedReceipt = (h, token, typ) => once(h, `${typ} ${token}`, () => receipt(token, typ, neededKey(h, headOf(token).kid)));
/** A receipt, refund or void with the delegations that held for it, by the creators of what it sells. */
export function saleOf(h, token, typ) {
  const told = signedReceipt(h, token, typ), sellers = new Map();
  for (const i of told.items) if (i.drop !== undefined) grouped(sellers, seller(h, told.iss, i), new Set()).add(i.drop);
  if (!sellers.size) sellers.set(pick(h, naming(of(h, told.iss))), [undefined]);
  const held = [...sellers].map(([creator, drops]) => inForce(h, told.iss, creator, "receipt", drops, told.iat));
  const chains = sorted(held, (d) => [d.iss !== h.expected, d.iss]);
  checkCreator(h, chains[0].iss);
  return { token, name: nameOf(token), typ, told, chains, creators: chains.map((d) => d.iss) };
}
/** The creator of what a line sells: by its manifest, by a certificate of the same box, or the only one there is. */
export const seller = (h, box, item) => once(h, `seller ${box} ${item.man} ${item.drop}`, () => {
  const m = h.manifests.get(item.man);
  if (m) return m.c.iss;
  const said = [...new Set(values(h.certificates).filter((x) => x.manifest === item.man && isOf(x, box)).map((x) => x.creator))];
  return pick(h, said.length ? said : naming(of(h, box), item.drop));
});
const isOf = (x, box) => !x.byCreator && x.box === box;

const signedDecline = (h, token) => once(h, `decline ${token}`, () => decline(token, neededKey(h, headOf(token).kid)));
export function declineOf(h, token) {
  const c = signedDecline(h, token), sold = h.receipts.get(c.rcpt);
  const said = [...new Set(values(h.certificates).filter((x) => x.receipt === c.rcpt && isOf(x, c.box)).map((x) => x.creator))];
  const found = sold ? sold.creators : said.length ? said : naming(of(h, c.iss), c.items?.[0].drop);
  return { c, chain: declinedFor(h, c, pick(h, found)) };
}
export const declinedFor = (h, c, creator) => inForce(h, c.iss, creator, "decline", c.items?.map((i) => i.drop) ?? [undefined], c.iat);

// --- Journals ----------------------------------------------------------------------------------------------------

export const boxOf = (h, origin) => {
  const name = origin.startsWith(BOX) ? origin.slice(BOX.length).split("/")[0] : "";
  return name.length === NAME ? [...h.delegations.keys()].find((kid) => kid.startsWith(name)) : undefined;
};
export function signedCheckpoint(h, text) {
  const origin = text.split("\n", 1)[0], [key] = neededKey(h, boxOf(h, origin)).values();
  return once(h, `checkpoint ${text}`, () => {
    const { body, signatures } = openNote(text, [{ name: origin, key, kind: SIGNATURE }, ...h.cosigners]), checkpoint = checkpointOf(body);
    need(signatures.some((s) => s.name === origin && s.kind === SIGNATURE) && checkpoint.origin === origin, "note-not-signed");
    return { checkpoint, signatures };
  });
}
function signedLogProof(h, text) {
  const proof = readProof(text), [key] = neededKey(h, boxOf(h, proof.note.split("\n", 1)[0])).values();
  return once(h, `proof ${text}`, () => logged(proof, key, h.cosigners));
}
/** The delegation by which a box keeps a journal: the newest that says so, or the one that holds at a time. */
export function keeper(h, box, among = [], at = undefined) {
  const creator = pick(h, among.length ? among : naming(of(h, box)));
  const own = of(h, box).filter((d) => d.iss === creator), log = (d) => d.cap.includes("log");
  const found = at === undefined ? own.filter(log) : [heldBy(h, box, creator, at)];
  const chain = highest(found.length ? found : own, (d) => [d.seq]);
  need(chain, "verify-needs-delegation");
  need(log(chain), "delegation-cap");
  return chain;
}
export function logProofOf(h, text) {
  const found = signedLogProof(h, text), { kind, body, at } = found.event;
  const held = kind === "certificate" && h.certificates.get(body.hash), token = body.receipt;
  const sale = typeof token === "string" && h.receipts.get(nameOf(token));
  const creators = sale ? sale.creators : held ? [held.creator] : [];
  const told = sorted(creators, (did) => [did !== h.expected, did]).slice(0, 1);
  return { ...found, chain: keeper(h, boxOf(h, found.checkpoint.origin), told, Math.floor(at / 1000)) };
}

// --- Documents ---------------------------------------------------------------------------------------------------

const chainIn = (h, { token, delegation }) => interned(h, delegation, token);
/** A certificate by itself, from what `parse` gave; with what is asked of it most. */
export const heldOf = (h, document) => once(h, `certificate ${canonical(document)}`, () => {
  const found = certificateOf(document), { subject } = found;
  return {
    ...found, digest: found.name, box: kidOf(found.issuer), chain: chainIn(h, found), drop: subject.drop, edition: subject.edition,
    settlement: subject.settlement, manifest: subject.manifest.slice(7), receipt: subject.receipt.slice(7),
  };
});
export const badgeOf = (h, document) => once(h, `badge ${canonical(document)}`, () => {
  const found = badge(canonical(document));
  return { ...found, chain: chainIn(h, found) };
});
export const isBadge = (document) => canonical(document.type ?? null) === '["VerifiableCredential","OpenBadgeCredential"]';
export const isAnswer = (document) => "verifiableCredential" in document;
/** The certificate an owner's answer shows, or the document itself. */
const certificateIn = (document) => {
  const shown = document.verifiableCredential;
  return Array.isArray(shown) && isObject(shown[0]) ? shown[0] : document;
};

// --- Gathering ---------------------------------------------------------------------------------------------------

/**
 * Take in what each paper proves; one that proves nothing is passed over, and said when it is judged itself. Papers are
 * {token}, {document}, {note} or {proof}. In this order, for each needs those before it.
 */
export function gather(papers, expected) {
  const map = () => new Map();
  const h = {
    expected, asked: map(), cosigners: [], delegations: map(), manifests: map(), creators: map(), receipts: map(), returns: [], declines: [],
    closes: [], revoked: map(), shown: [], certificates: map(), handedIn: map(), history: map(),
    roots: map(), forked: new Set(),
  };
  if (expected !== undefined) h.creators.set(kidOf(expected), expected);
  for (const take of [takeDelegation, takeManifest, takeJournal, takeSale, takeToken]) {
    for (const paper of papers) tried(() => take(h, paper, paper.token && headOf(paper.token).name));
    if (take === takeManifest) revoke(h);
  }
  return h;
}

function takeDelegation(h, { token, document }, name) {
  if (name === "delegation") keep(h, delegationOf(h, token));
  if (!document) return;
  const held = certificateIn(document), found = isBadge(held) ? badgeOf(h, held) : heldOf(h, held);
  if (found.digest) h.certificates.set(found.digest, found);
  if (found.chain) keep(h, found.chain);
}
function keep(h, d) {
  const known = grouped(h.delegations, d.kid, []);
  if (known.includes(d)) return;
  known.push(d);
  h.creators.set(kidOf(d.iss), d.iss);
  if (d.role === "cloud" && d.cap.includes("cosign") && (!h.expected || h.expected === d.iss))
    h.cosigners.push({ name: cloudName(d), key: readDid(d.sub), kind: COSIGNATURE });
}
function takeManifest(h, { token }, name) {
  if (name !== "manifest") return;
  const m = manifestOf(h, token);
  h.manifests.set(nameOf(token), m);
  h.creators.set(kidOf(m.c.iss), m.c.iss);
}
/** What a signer signed who was revoked before by its creator revokes nothing, and is none. */
function revoke(h) {
  for (const [name, m] of sorted(h.manifests, ([name, m]) => [Boolean(m.chain), m.c.iat, name]))
    if (m.chain && isRevoked(h, m.chain, m.c.iat)) h.manifests.delete(name);
    else grouped(h.revoked, m.c.iss, []).push(...(m.c.revoked ?? []));
}
function takeJournal(h, { note, proof }) {
  if (note !== undefined) keepRoot(h, signedCheckpoint(h, note).checkpoint);
  if (proof === undefined) return;
  const found = signedLogProof(h, proof);
  h.shown.push(found);
  keepRoot(h, found.checkpoint);
}
export const placeOf = ({ origin, size }) => `${origin} ${size}`;
function keepRoot(h, checkpoint) {
  const place = placeOf(checkpoint), root = b64(checkpoint.root);
  if (grouped(h.roots, place, root) !== root) h.forked.add(place);
}
/** Two receipts in one place of one journal, or of one name, are two histories. */
export const historyOf = ({ iss, epoch, seq, jti }) => [`${iss} ${epoch} ${seq}`, `${iss} ${jti}`];
function takeSale(h, { token }, typ) {
  const name = SALES.includes(typ) && nameOf(token);
  if (!name || h.handedIn.has(name)) return;
  h.handedIn.set(name, [token, typ]);
  const told = signedReceipt(h, token, typ);
  for (const place of historyOf(told)) grouped(h.history, place, []).push(name);
  const sale = saleOf(h, token, typ);
  if (typ === "receipt") h.receipts.set(name, sale);
  if (told.ref !== undefined) h.returns.push(sale);
}
function takeToken(h, { token }, name) {
  if (name === "decline") h.declines.push(signedDecline(h, token));
  else if (name === "close") h.closes.push(closeOf(h, token));
}

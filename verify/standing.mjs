// Which papers stand: they hold by themselves and beside the others, and were not revoked. Only these count for others: what is
// INVALID or REVOKED itself takes nothing back, frees no number and makes nothing final (protocol.md 8).
import { closeBesideManifest } from "./close.mjs";
import * as heaps from "./heap.mjs";
import { isBy, lessor, OPEN, ofEpoch, once, revokedSince, sorted } from "./heap.mjs";
import { kidOf, nameOf } from "./keys.mjs";
import * as numbers from "./numbers.mjs";
import { need, Refused, tried } from "./refused.mjs";

const values = (map) => [...map.values()];
const stands = (h, what, f) => heaps.holds(() => once(h, `stands ${what}`, f));
const all = (h) => values(h.delegations).flat();

// --- Manifests and leases ----------------------------------------------------------------------------------------

const versions = (h, c) => values(h.manifests).filter((m) => m.c.iss === c.iss && m.c.drop.id === c.drop.id);
export function checkManifest(h, c) {
  const held = versions(h, c), older = held.map((m) => m.c).filter((one) => one.ver < c.ver);
  numbers.checkVersions(held, nameOf);
  if (older.length && numbers.poolOf(c, all(h), c.iat) !== kidOf(c.iss))
    numbers.checkAllocKept(heaps.highest(older, (one) => [one.ver]), c);
}
export function checkLease(h, l, returns = lastingReturns(h)) {
  const m = h.manifests.get(l.man);
  if (m) {
    const held = versions(h, m.c), names = [...h.manifests].filter(([, one]) => held.includes(one)).map(([name]) => name);
    numbers.checkLease(l, heaps.highest(held, (one) => [one.c.ver]).c, names, all(h));
  }
  const creator = lessor(h, l);
  for (const other of h.leases.values()) if (other.drop === l.drop && isBy(h, other, creator)) numbers.checkDisjoint(l, other, returns);
}
export function checkReturn(h, back) {
  const leases = values(h.leases).filter((l) => ofEpoch(l, back));
  if (leases.length) numbers.checkReturned(back, leases, values(h.receipts).filter((s) => !gone(h, s)).map((s) => s.told));
}
const lastingReturns = (h) => h.leaseReturns.filter((back) => stands(h, `return ${back.jti} ${JSON.stringify(back)}`, () => checkReturn(h, back)));

// --- Sales -------------------------------------------------------------------------------------------------------

/** A receipt, refund or void against all that stands beside it. */
export function checkSale(h, sale) {
  checkBeside(h, sale);
  if (gone(h, sale)) return;
  for (const [key, drop, ed] of copies(h, sale)) for (const one of byNumber(h).get(key) ?? [])
    if (one.token !== sale.token) numbers.checkSoldOnce(one.told, sale.told, [...freeing(h, one, drop, ed), ...freeing(h, sale, drop, ed)]);
}
const checkBeside = (h, sale) => once(h, `beside ${sale.token}`, () => {
  checkOneHistory(h, sale);
  beside(h, sale, originalOf(h, sale), returned(h, sale.told.iss, sale.told.ref).filter((one) => isEarlier(one, sale)));
});
const isEarlier = ({ told: a }, { told: b }) => (a.iat < b.iat || (a.iat === b.iat && a.seq < b.seq)) && a.jti !== b.jti;
function checkOneHistory(h, { told, name }) {
  const alone = (names) => !names || (names.size === 1 && names.has(name));
  need(alone(h.entries.get(`${told.iss} ${told.epoch} ${told.seq}`)) && alone(h.called.get(`${told.iss} ${told.jti}`)), "verify-forked");
}
function beside(h, sale, original, earlier) {
  const { told, typ, chains: [chain] } = sale;
  numbers.checkCaps(chain, told);
  numbers.checkSold(told, h.manifests, leasesOf(h, sale));
  if (original) numbers.checkTakeback(original.told, typ, told, earlier);
}
/** The leases of its box that stand, by `jti`: of two with the same the one that grants what a line sells. */
function leasesOf(h, sale) {
  const found = new Map();
  for (const [name, l] of h.leases) {
    if (l.sub !== sale.told.iss || !stands(h, `lease ${name}`, () => checkLease(h, l)) || !sale.creators.some((did) => isBy(h, l, did))) continue;
    const fits = sale.told.items.some((i) => i.lease === l.jti && i.ed !== undefined && l.ranges.some(([lo, hi]) => lo <= i.ed && i.ed <= hi));
    if (fits || !found.has(l.jti)) found.set(l.jti, l);
  }
  return found;
}
/** What takes back the receipt of that box and `jti`, and stands: oldest first, each after those before it. */
export const returned = (h, box, name) => once(h, `returned ${box} ${name}`, () => {
  const counted = [], known = h.returns.filter(({ told }) => told.iss === box && told.ref === name);
  for (const sale of sorted(known, (s) => [s.told.iat, s.told.seq, s.token])) if (takesBack(h, sale, counted)) counted.push(sale);
  return counted;
});
function takesBack(h, sale, before) {
  const original = originalOf(h, sale);
  if (!original || !sale.creators.every((did) => original.creators.includes(did)) || gone(h, sale)) return false;
  return heaps.holds(() => {
    checkOneHistory(h, sale);
    beside(h, sale, original, before.filter((one) => isEarlier(one, sale)));
  });
}
const originalOf = (h, { told }) => once(h, "receipts by name", () =>
  new Map(sorted(values(h.receipts), (s) => [s.token]).map((s) => [`${s.told.iss} ${s.told.jti}`, s]))).get(`${told.iss} ${told.ref}`);

/** Why a receipt counts no more by what its creators revoked: a word, or undefined. */
export function gone(h, { typ, told, chains }) {
  if (chains.some((d) => heaps.isRevoked(h, d, told.iat))) return "revoked-box";
  const under = (l) => l.sub === told.iss && told.items.some((i) => i.lease === l.jti && i.minor >= 0);
  const out = typ === "receipt" && [...h.leases].some(([name, l]) => under(l) && leaseRevoked(h, name, l) <= told.iat);
  return out ? "revoked-lease" : undefined;
}
function leaseRevoked(h, name, l) {
  const creator = tried(() => lessor(h, l));
  return creator instanceof Refused ? undefined : revokedSince(h, "lease", name, creator);
}
/** The numbers a receipt sells, each with its creator: [key, drop, number]. */
function copies(h, { typ, told }) {
  if (typ !== "receipt") return [];
  return numbers.numbered(told).flatMap((i) => {
    const creator = tried(() => heaps.seller(h, told.iss, i));
    return creator instanceof Refused ? [] : [[`${creator} ${i.drop} ${i.ed}`, i.drop, i.ed]];
  });
}
/** What frees a number a receipt sold: nothing once a certificate named it, for then it stays void for ever. */
function freeing(h, { name, told: { iss, jti } }, drop, ed) {
  if (values(h.certificates).some((x) => x.receipt === name && x.drop === drop && x.edition === ed)) return [];
  return returned(h, iss, jti).filter((s) => numbers.returned(s.typ, s.told).some((i) => i.drop === drop && i.ed === ed)).map((s) => s.told);
}
const byNumber = (h) => once(h, "receipts by number", () => {
  const found = new Map();
  for (const sale of h.receipts.values())
    if (!gone(h, sale) && heaps.holds(() => checkBeside(h, sale)))
      for (const [key] of copies(h, sale)) heaps.grouped(found, key, []).push(sale);
  return found;
});
/** Why the receipt of that name, if it is at hand, is INVALID: a code. Not if nobody can tell whose it is. */
export function refusalOf(h, name) {
  if (!h.handedIn.has(name)) return undefined;
  const no = tried(() => checkSale(h, h.receipts.get(name) ?? heaps.saleOf(h, ...h.handedIn.get(name))));
  return no && !OPEN.includes(no.code) ? no.code : undefined;
}

// --- Declines and closings ---------------------------------------------------------------------------------------

export function checkDecline(h, c) {
  const sale = h.receipts.get(c.rcpt);
  if (sale) numbers.checkDecline(sale.told, sale.name, c);
}
/** The declines of a receipt that stand, by clouds of the creator who sold it. */
export const declines = (h, name, creator) => h.declines.filter((c) => c.rcpt === name && heaps.holds(() => {
  const chain = heaps.declinedFor(h, c, creator);
  checkDecline(h, c);
  need(!heaps.isRevoked(h, chain, c.iat), "revoked-cloud");
}));

const besideManifest = (h, c) => { const m = h.manifests.get(c.man); if (m) closeBesideManifest(c, m.token, m.c); };
const said = (c) => JSON.stringify([c.man, c.editions?.map((e) => [e.st, e.ed, e.cert]), c.root, c.count]);
const closes = (h, creator, drop) => h.closes.filter((c) => c.iss === creator && c.drop === drop && heaps.holds(() => besideManifest(h, c)));
export function checkClose(h, c) {
  besideManifest(h, c);
  need(closes(h, c.iss, c.drop).every((one) => said(one) === said(c)), "close-twice");
}
/** The creator's closing statement of a drop that stands; null where two contradict each other. */
export function closingOf(h, creator, drop) {
  const [first, ...others] = closes(h, creator, drop);
  return others.some((c) => said(c) !== said(first)) ? null : first;
}

// Which papers stand: they hold by themselves and beside the others, and were not revoked. Only these count for others: what is
// INVALID or REVOKED itself takes nothing back, frees no number and makes nothing final (protocol.md 8).
import { closeBesideManifest } from "./close.mjs";
import { declinedFor, historyOf, holds, isRevoked, once, OPEN, saleOf, seller, sorted, values } from "./heap.mjs";
import { canonical } from "./json.mjs";
import { nameOf } from "./keys.mjs";
import * as numbers from "./numbers.mjs";
import { need, Refused, tried } from "./refused.mjs";

/** A version of a drop against the others. Whether boxes kept their numbers while a cloud leases the others is not looked at here. */
export function checkManifest(h, c) {
  const held = values(h.manifests).filter((m) => m.c.iss === c.iss && m.c.drop.id === c.drop.id), clouds = values(h.delegations).flat();
  numbers.checkVersions(held, nameOf);
  need(!held.some((m) => m.c.ver < c.ver) || !clouds.some((d) => d.iss === c.iss && d.cap.includes("lease")), "verify-unchecked");
}

/** A receipt, refund or void against all that stands beside it. */
export function checkSale(h, sale) {
  checkBeside(h, sale);
  if (isGone(h, sale)) return;
  for (const copy of copies(h, sale)) for (const one of values(h.receipts))
    if (one.token !== sale.token && !isGone(h, one) && copies(h, one).includes(copy) && holds(() => checkBeside(h, one)))
      numbers.checkSoldOnce(one.told, sale.told, [...freeing(h, one, copy), ...freeing(h, sale, copy)]);
}
const checkBeside = (h, sale) => once(h, `beside ${sale.token}`, () => {
  beside(h, sale, originalOf(h, sale), returned(h, sale.told.iss, sale.told.ref));
});
function beside(h, sale, original, before) {
  const { told, typ, name, chains: [chain] } = sale;
  for (const place of historyOf(told)) for (const other of h.history.get(place) ?? []) need(other === name, "verify-forked");
  numbers.checkCaps(chain, told);
  numbers.checkSold(told, h.manifests);
  const isEarlier = ({ told: { iat, seq, jti } }) => (iat < told.iat || (iat === told.iat && seq < told.seq)) && jti !== told.jti;
  if (original) numbers.checkTakeback(original.told, typ, told, before.filter(isEarlier));
}
/** What takes back the receipt of that box and `jti`, and stands: oldest first, each after those before it. */
export const returned = (h, box, name) => once(h, `returned ${box} ${name}`, () => {
  const counted = [], known = h.returns.filter(({ told }) => told.iss === box && told.ref === name);
  for (const sale of sorted(known, (s) => [s.told.iat, s.told.seq, s.token])) {
    const original = originalOf(h, sale), theirs = original && sale.creators.every((did) => original.creators.includes(did));
    if (theirs && !isGone(h, sale) && holds(() => beside(h, sale, original, counted))) counted.push(sale);
  }
  return counted;
});
/** The receipt it refers to; of two that contradict each other always the same one. */
const originalOf = (h, { told }) => sorted(values(h.receipts), (s) => [s.token]).filter((s) => s.told.iss === told.iss && s.told.jti === told.ref).pop();
/** Whether a receipt counts no more because its creators revoked its box. */
export const isGone = (h, { told, chains }) => chains.some((d) => isRevoked(h, d, told.iat));
/** The numbers a receipt sells, each with its creator. */
const copies = (h, { typ, told }) => typ !== "receipt" ? [] : numbers.numbered(told)
  .map((i) => [tried(() => seller(h, told.iss, i)), i]).filter(([did]) => !(did instanceof Refused)).map(([did, i]) => `${did} ${i.drop} ${i.ed}`);
/** What frees a number a receipt sold: nothing once a certificate named it, for then it stays void for ever. */
function freeing(h, { name, told: { iss, jti } }, copy) {
  const isOf = (drop, ed) => copy.endsWith(` ${drop} ${ed}`);
  if (values(h.certificates).some((x) => x.receipt === name && isOf(x.drop, x.edition))) return [];
  return returned(h, iss, jti).filter((s) => numbers.returned(s.typ, s.told).some((i) => isOf(i.drop, i.ed))).map((s) => s.told);
}
/** Why the receipt of that name, if it is at hand, is INVALID: a code. Not if nobody can tell whose it is. */
export function refusalOf(h, name) {
  if (!h.handedIn.has(name)) return undefined;
  const no = tried(() => checkSale(h, h.receipts.get(name) ?? saleOf(h, ...h.handedIn.get(name))));
  return no && !OPEN.includes(no.code) ? no.code : undefined;
}

export function checkDecline(h, c) {
  const sale = h.receipts.get(c.rcpt);
  if (sale) numbers.checkDecline(sale.told, sale.name, c);
}
/** The declines of a receipt that stand, by clouds of the creator who sold it. */
export const declines = (h, name, creator) => h.declines.filter((c) => c.rcpt === name && holds(() => {
  need(!isRevoked(h, declinedFor(h, c, creator), c.iat), "revoked-cloud");
  checkDecline(h, c);
}));

function besideManifest(h, c) {
  const m = h.manifests.get(c.man);
  if (m) closeBesideManifest(c, m.token, m.c);
}
/** What a closing statement says of copies: all but its own name, its time, and the journals. */
const saidIn = ({ jti, iat, log, ...rest }) => canonical(rest);
const closes = (h, creator, drop) => h.closes.filter((c) => c.iss === creator && c.drop === drop && holds(() => besideManifest(h, c)));
export function checkClose(h, c) {
  besideManifest(h, c);
  need(closes(h, c.iss, c.drop).every((one) => saidIn(one) === saidIn(c)), "close-twice");
}
/** The creator's closing statement of a drop that stands; null where two contradict each other. */
export function closingOf(h, creator, drop) {
  const [first, ...others] = closes(h, creator, drop);
  return others.some((c) => saidIn(c) !== saidIn(first)) ? null : first;
}

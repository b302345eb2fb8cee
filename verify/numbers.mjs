// Papers against each other: edition numbers, versions, what takes a sale back (protocol.md 6.1 to 6.4). Each function refuses
// what the others contradict; they are claims that were checked by themselves before.
import { sorted } from "./heap.mjs";
import { need } from "./refused.mjs";

/** The payments of a receipt against the limits of its box for cards read offline. */
export function checkCaps({ max }, told) {
  for (const p of max ? told.pay : []) {
    need(p.cur === max.cur, "delegation-currency");
    need(p.st !== "stored" || p.minor <= max.sale, "delegation-over-limit");
  }
}
/** What a receipt sells against the manifests by name. */
export function checkSold(told, manifests) {
  for (const { man, drop: id, ed } of told.items) {
    const drop = manifests.get(man)?.c.drop;
    if (!drop) continue;
    const { edition } = drop;
    need(id === drop.id, "receipt-other-manifest");
    need(edition !== undefined || ed === undefined, "receipt-number-in-open-drop");
    need(edition === undefined || ed !== undefined, "receipt-number-missing");
    need(edition === undefined || ed <= edition, "receipt-beyond-edition");
  }
}
/** The lines that sell a number; a test sells none. */
export const numbered = (told) => told.test ? [] : told.items.filter((i) => i.ed !== undefined && i.minor >= 0);
const comesBefore = (a, b) => a.iss === b.iss && a.epoch === b.epoch ? a.seq < b.seq
  : sorted([b, a], (r) => [r.iat, r.iss, r.jti])[0] === a;
/** Two receipts that both sell a number; `returns` are what takes it back. */
export function checkSoldOnce(some, other, returns) {
  const [first, second] = comesBefore(some, other) ? [some, other] : [other, some];
  need(returns.some((r) => r.iss === first.iss && r.ref === first.jti && comesBefore(r, second)), "receipt-sold-twice");
}

/** All versions of one drop, as [{token, c}]; `name` names a token. */
export function checkVersions(all, name) {
  let older;
  for (const m of sorted(all, (m) => [m.c.ver, m.token])) {
    if (older && older.token !== m.token) {
      need(older.c.ver !== m.c.ver, "manifest-version-twice");
      need(m.c.ver !== older.c.ver + 1 || m.c.prev === name(older.token), "manifest-wrong-prev");
      need(older.c.drop.edition === undefined || m.c.drop.edition <= older.c.drop.edition, "manifest-edition-grew");
    }
    older = m;
  }
}

/** The lines that take something back: all of a refund or void, those below 0 of a drop in an exchange. */
export const returned = (typ, told) => told.items.filter((i) => typ !== "receipt" || (i.minor < 0 && i.drop !== undefined));
/** A refund, void or exchange against its receipt; `earlier` are sales {typ, told} that took back before. */
export function checkTakeback(original, typ, told, earlier) {
  need(told.jti !== original.jti, "receipt-refers-itself");
  need(told.iss === original.iss, "takeback-other-box");
  need(told.ref === original.jti, "takeback-other-receipt");
  need(told.pay[0].cur === original.pay[0].cur, "takeback-currency");
  need(told.epoch !== original.epoch || told.seq > original.seq, "takeback-before");
  const parts = new Map(), part = (i) => JSON.stringify([i.drop, i.ed, i.sku]);
  for (const i of original.items) if (i.minor >= 0) {
    const p = parts.get(part(i)) ?? { left: 0, worth: 0 };
    parts.set(part(i), { left: p.left + i.qty, worth: p.worth + i.minor });
  }
  const theirs = earlier.filter((one) => one.told.iss === original.iss && one.told.ref === original.jti);
  for (const one of theirs) for (const i of returned(one.typ, one.told)) {
    const p = parts.get(part(i));
    if (p) { p.left -= i.qty; p.worth += i.minor; }
  }
  for (const i of returned(typ, told)) {
    const p = parts.get(part(i));
    need(p, "takeback-not-bought");
    p.left -= i.qty;
    p.worth += i.minor;
    need(p.left >= 0, "takeback-twice");
    need(p.worth >= 0, "takeback-too-much");
  }
  const tips = [...earlier.map((one) => one.told), told].reduce((n, one) => n - Math.min(one.tip ?? 0, 0), 0);
  need(tips <= Math.max(original.tip ?? 0, 0), "takeback-tip");
  need(typ !== "void" || [...parts.values()].every((p) => p.left === 0), "takeback-part");
}
/** A decline against the receipt it names. */
export function checkDecline(original, name, c) {
  need(c.box === original.iss && c.ref === original.jti && c.rcpt === name, "decline-other-receipt");
  const tender = original.pay[c.pay];
  need(tender?.st === "stored", "decline-not-stored");
  need(c.cur === tender.cur && c.minor === tender.minor, "decline-amount");
  for (const one of c.items ?? [])
    need(original.items.some((i) => i.minor >= 0 && i.drop === one.drop && i.ed === one.ed), "decline-not-bought");
}

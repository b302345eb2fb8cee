// Papers against each other: edition numbers, versions, what takes a sale back (protocol.md 6.1 to 6.4). Each function refuses
// what the others contradict; they are claims that were checked by themselves before.
import { highest, holding, names, sorted } from "./heap.mjs";
import { grants } from "./delegation.mjs";
import { kidOf } from "./keys.mjs";
import { need } from "./refused.mjs";

const LATE = 86400;                               // seconds a number may still be sold after its lease ended
const inOrder = (ranges) => sorted(ranges, (r) => r);
function covers(ranges, [lo, hi]) {
  for (const [a, b] of inOrder(ranges)) if (a <= lo && lo <= b) lo = b + 1;
  return lo > hi;
}
const overlap = (some, others) => some.some(([lo, hi]) => others.some(([a, b]) => lo <= b && a <= hi));
const setAside = (m, box) => inOrder((m.alloc ?? []).filter((a) => a.box === box).map((a) => [a.lo, a.hi]));

/** Who leases at a time what no box has for itself: once a cloud does, never the creator again. `all` are delegations. */
export function poolOf(m, all, at) {
  const clouds = all.filter((d) => d.iss === m.iss && d.cap.includes("lease") && d.iat <= at && names(d, m.drop.id));
  return highest(clouds, (d) => [d.iat, d.seq, d.sub])?.kid ?? kidOf(m.iss);
}
/** A lease against the newest version of its drop; `chain` are the names of all versions. */
export function checkLease(l, m, chain, all) {
  const edition = m.drop.edition, creator = kidOf(m.iss), own = setAside(m, l.sub), given = all.filter((d) => d.iss === m.iss);
  need(edition !== undefined, "lease-open-edition");
  need(l.drop === m.drop.id && chain.includes(l.man), "lease-manifest");
  need(l.ranges.every(([, hi]) => hi <= edition), "lease-beyond-edition");
  for (const a of m.alloc ?? []) need(a.box === "*" || a.box === l.sub || !overlap(l.ranges, [[a.lo, a.hi]]), "lease-allocated");
  const mine = l.iss === creator && l.ranges.every((r) => covers(own, r));
  need(l.iss === (mine ? creator : poolOf(m, given, l.iat)), "lease-not-allocator");
  if (l.iss === creator) return;
  need(!overlap(l.ranges, own), "lease-not-allocator");
  const newest = holding(given.filter((d) => d.kid === l.iss), l.iat);
  if (newest) grants(newest, "lease", l.drop, l.iat);
}
/** Two leases of one drop; `returns` are lease returns that count. */
export function checkDisjoint(x, y, returns) {
  need(x.sub !== y.sub || x.lease_seq !== y.lease_seq || x.jti === y.jti, "lease-seq-twice");
  if (x.sub === y.sub) return;
  for (const a of x.ranges) for (const b of y.ranges) {
    if (!overlap([a], [b])) continue;
    const [[l, [, end]], [k, [lo, hi]]] = sorted([[x, a], [y, b]], ([, r]) => r), [first, second] = l.iat <= k.iat ? [l, k] : [k, l];
    const back = returns.filter((r) => r.iss === first.sub && r.epoch === first.epoch && r.drop === first.drop && r.iat <= second.iat);
    need(covers(back.flatMap((r) => r.ranges), [lo, Math.min(hi, end)]), "lease-numbers-twice");
  }
}
/** The payments of a receipt against the limits of its box for cards read offline. */
export function checkCaps({ max }, told) {
  for (const p of max ? told.pay : []) {
    need(p.cur === max.cur, "delegation-currency");
    need(p.st !== "stored" || p.minor <= max.sale, "delegation-over-limit");
  }
}
/** What a receipt sells against the manifests by name and the leases by `jti`. */
export function checkSold(told, manifests, leases) {
  for (const i of told.items) {
    const drop = manifests.get(i.man)?.c.drop, l = leases.get(i.lease), ed = i.ed;
    if (drop) {
      need(i.drop === drop.id, "receipt-other-manifest");
      need(drop.edition !== undefined || ed === undefined, "receipt-number-in-open-drop");
      need(drop.edition === undefined || ed !== undefined, "receipt-number-missing");
      need(drop.edition === undefined || ed <= drop.edition, "receipt-beyond-edition");
    }
    if (l && i.minor >= 0)
      need(l.sub === told.iss && l.epoch === told.epoch && l.drop === i.drop && told.iat <= l.exp + LATE && covers(l.ranges, [ed, ed]), "receipt-not-leased");
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
/** What a box gives back against its leases of that epoch and drop, and what it sold. */
export function checkReturned(back, leases, receipts) {
  const leased = leases.flatMap((l) => l.ranges);
  need(back.ranges.every((r) => covers(leased, r)), "lease-return-not-leased");
  for (const told of receipts)
    need(told.iss !== back.iss || told.epoch !== back.epoch
      || !told.items.some((i) => i.drop === back.drop && i.ed !== undefined && covers(back.ranges, [i.ed, i.ed])), "lease-return-sold");
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
/** No number moved between boxes and pool. */
export function checkAllocKept(old, m) {
  const edition = m.drop.edition ?? 0;
  const numbersOf = (one, box) => {
    const joined = [];
    for (const [lo, hi] of setAside(one, box)) {
      if (lo > edition) break;
      const [begins] = joined[joined.length - 1]?.[1] === lo - 1 ? joined.pop() : [lo];
      joined.push([begins, Math.min(hi, edition)]);
    }
    return String(joined);
  };
  for (const { box } of [...(old.alloc ?? []), ...(m.alloc ?? [])])
    need(box === "*" || numbersOf(old, box) === numbersOf(m, box), "manifest-alloc-moved");
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

// Receipt, refund, void (protocol.md 5.4).
import { readDid } from "./keys.mjs";
import * as m from "./members.mjs";
import { need } from "./refused.mjs";
import { open } from "./token.mjs";

const members = m.document({
  iss: m.b43, jti: m.id22, iat: m.time, clk: m.clock, epoch: m.id22, seq: m.count,
  items: m.list(0, 200, m.object({
    "drop?": m.dropId, "sku?": m.text, "ed?": m.number, qty: m.int(1, 1000000), cur: m.currency, minor: m.money,
    vat: m.bp, "disc?": m.money, "man?": m.b43, "lease?": m.id22,
  })),
  tax: m.list(0, 20, m.object({ rate: m.bp, net: m.money, vat: m.money })),
  pay: m.list(1, 4, m.object({
    m: m.choice("card", "cash", "comp", "voucher", "operator"),
    st: m.choice("online", "stored", "cash", "free", "voucher", "confirmed"),
    cur: m.currency, minor: m.money, "ref?": m.printable,
  })),
  "tip?": m.money, "round?": m.money, "ref?": m.id22, "code?": m.b43, "owner?": m.did, "test?": m.bool,
});
const STATES = { card: ["online", "stored"], cash: ["cash"], comp: ["free"], voucher: ["voucher"], operator: ["confirmed"] };

const luhn = (digits) => Array.from(digits).reverse().reduce((sum, c, i) => {
  const d = Number(c) * (i % 2 ? 2 : 1);
  return sum + (d > 9 ? d - 9 : d);
}, 0) % 10 === 0;
// No lookbehind, which phones learnt late: what stands in front is taken along.
const CARD = /(?:^|[^0-9])([0-9]{13,19}|[0-9]{4}(?:[ -][0-9]{4}){3})(?![0-9])/g;
const total = (rows, of) => rows.reduce((n, r) => n + of(r), 0);
const { sign, abs } = Math;

/** The claims of what `kind` says: receipt, refund or void. */
export function receipt(token, kind, keys) {
  const { kid, claims: c } = open(token, kind, keys);
  members(c);
  const sale = kind === "receipt", { items, tax, pay, ref, tip = 0, round = 0 } = c;
  need(sale || ref !== undefined, "receipt-no-ref");
  need(ref !== c.jti, "receipt-refers-itself");
  const paid = total(pay, (p) => p.minor);
  if (!sale) {
    need(tip <= 0 && [...items, ...pay].every((x) => x.minor <= 0), "refund-sign");
    need(kind === "void" || paid < 0, "refund-nothing");
  }
  if (c.owner) readDid(c.owner);
  for (const i of items) {
    const { minor, disc = 0 } = i;
    need("drop" in i || "sku" in i, "receipt-item");
    need("man" in i === "drop" in i, "receipt-manifest");
    need(!i.ed || ("drop" in i && "lease" in i && i.qty === 1), "receipt-numbered");
    need(!("lease" in i) || i.ed, "receipt-lease");
    const wanted = minor !== 0 ? sign(minor) : !sale ? -1 : ref === undefined ? 1 : sign(disc);
    need(disc === 0 || sign(disc) === wanted, "receipt-discount");
    need(!sale || ref !== undefined || !("drop" in i) || minor >= 0, "receipt-negative");
  }
  need(!m.twice(items.filter((i) => i.ed), (i) => `${i.drop} ${i.ed}`), "receipt-number-twice");
  need(new Set([...items, ...pay].map((x) => x.cur)).size === 1, "receipt-currency");
  need(!sale || tip >= 0, "receipt-tip");
  for (const p of pay) need(STATES[p.m].includes(p.st), "receipt-pay-state");
  for (const p of pay)
    for (const [, run] of (p.ref ?? "").matchAll(CARD)) need(!luhn(run.replace(/[ -]/g, "")), "receipt-card-number");
  const free = pay.some((p) => p.m === "comp");
  need((paid === 0) === free && (!free || pay.length === 1), "receipt-free");
  const sum = total(items, (i) => i.minor);
  need(sum === total(tax, (t) => t.net + t.vat) && !m.twice(tax, (t) => t.rate), "receipt-tax-sum");
  need(sum + tip + round === paid && abs(paid) <= 1e9, "receipt-pay-sum");
  for (const i of items) need(tax.some((t) => t.rate === i.vat), "receipt-tax-rate");
  const rows = tax.map((t) => [t, items.filter((i) => i.vat === t.rate)]);
  for (const [t, lines] of rows)
    need(lines.length > 0 && total(lines, (i) => i.minor) === t.net + t.vat, "receipt-tax-rate");
  for (const [{ rate, net, vat }, lines] of rows) {    // the products do not fit 2^53
    const whole = BigInt(10000 + rate), off = BigInt(vat) * whole - BigInt(net + vat) * BigInt(rate);
    need((off < 0n ? -off : off) <= BigInt(lines.length) * whole, "receipt-tax-amount");
  }
  need(kid === c.iss, "receipt-wrong-signer");
  return c;
}

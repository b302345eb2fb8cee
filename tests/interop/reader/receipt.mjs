// Receipt, refund, void (protocol.md 5.4).
import { need, readDid } from "./codec.mjs";
import { open } from "./token.mjs";
import * as m from "./members.mjs";

const members = m.document({
  iss: m.b43, jti: m.id22, iat: m.time, clk: m.choice("ntp", "rtc", "operator", "floor"), epoch: m.id22, seq: m.count,
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

const luhn = (digits) => [...digits].reverse().reduce((sum, c, i) => {
  const d = Number(c) * (i % 2 ? 2 : 1);
  return sum + (d > 9 ? d - 9 : d);
}, 0) % 10 === 0;
const CARD = /(?<![0-9])(?:[0-9]{13,19}|[0-9]{4}(?:[ -][0-9]{4}){3})(?![0-9])/g;
const total = (rows, of) => rows.reduce((n, r) => n + of(r), 0);
const sign = Math.sign;

/** kind: receipt, refund or void. */
export function receipt(token, kind, trusted) {
  const { kid, claims: c } = open(token, `stall-${kind}+jwt`, trusted);
  members(c);
  const sale = kind === "receipt", items = c.get("items"), tax = c.get("tax"), pay = c.get("pay");
  const tip = c.get("tip") ?? 0, ref = c.get("ref");
  need(sale || ref !== undefined, "receipt-no-ref");
  need(ref === undefined || ref !== c.get("jti"), "receipt-refers-itself");
  const paid = total(pay, (p) => p.get("minor"));
  if (!sale) {
    need(tip <= 0 && [...items, ...pay].every((x) => x.get("minor") <= 0), "refund-sign");
    need(kind === "void" || paid < 0, "refund-nothing");
  }
  if (c.has("owner")) readDid(c.get("owner"));
  for (const i of items) {
    const has = (k) => i.has(k), minor = i.get("minor"), disc = i.get("disc") ?? 0;
    need(has("drop") || has("sku"), "receipt-item");
    need(has("man") === has("drop"), "receipt-manifest");
    need(!has("ed") || (has("drop") && has("lease") && i.get("qty") === 1), "receipt-numbered");
    need(!has("lease") || has("ed"), "receipt-lease");
    const wanted = minor !== 0 ? sign(minor) : !sale ? -1 : ref === undefined ? 1 : sign(disc);
    need(disc === 0 || sign(disc) === wanted, "receipt-discount");
    need(!sale || ref !== undefined || !has("drop") || minor >= 0, "receipt-negative");
  }
  const numbered = items.filter((i) => i.has("ed")).map((i) => `${i.get("drop")} ${i.get("ed")}`);
  need(new Set(numbered).size === numbered.length, "receipt-number-twice");
  need(new Set([...items, ...pay].map((x) => x.get("cur"))).size === 1, "receipt-currency");
  need(!sale || tip >= 0, "receipt-tip");
  for (const p of pay) need(STATES[p.get("m")].includes(p.get("st")), "receipt-pay-state");
  for (const p of pay)
    for (const [run] of (p.get("ref") ?? "").matchAll(CARD)) need(!luhn(run.replace(/[ -]/g, "")), "receipt-card-number");
  const free = pay.some((p) => p.get("m") === "comp");     // alone, which only a vector says
  need((paid === 0) === free && (!free || pay.length === 1), "receipt-free");
  const sum = total(items, (i) => i.get("minor"));
  need(sum === total(tax, (t) => t.get("net") + t.get("vat")), "receipt-tax-sum");
  const rates = new Map(tax.map((t) => [t.get("rate"), t]));
  need(rates.size === tax.length, "receipt-tax-sum");
  need(sum + tip + (c.get("round") ?? 0) === paid && Math.abs(paid) <= 1e9, "receipt-pay-sum");
  for (const i of items) need(rates.has(i.get("vat")), "receipt-tax-rate");
  for (const [rate, t] of rates) {
    const lines = items.filter((i) => i.get("vat") === rate), minor = total(lines, (i) => i.get("minor"));
    need(lines.length > 0 && minor === t.get("net") + t.get("vat"), "receipt-tax-rate");
  }
  for (const [rate, t] of rates) {
    const lines = items.filter((i) => i.get("vat") === rate), minor = BigInt(total(lines, (i) => i.get("minor")));
    const whole = BigInt(10000 + rate), off = BigInt(t.get("vat")) * whole - minor * BigInt(rate);
    need((off < 0n ? -off : off) <= BigInt(lines.length) * whole, "receipt-tax-amount");
  }
  need(kid === c.get("iss"), "receipt-wrong-signer");
  return c;
}

// The receipt and its siblings, refund and void: docs/protocol.md 5.4, by the numbers of its table.

import { keyOfDid } from "./keys.mjs";
import * as m from "./members.mjs";
import { refuse } from "./refusal.mjs";
import { open } from "./token.mjs";

const RECEIPT = "stall-receipt+jwt";
const REFUND = "stall-refund+jwt";
const STATES = {
  card: ["online", "stored"],
  cash: ["cash"],
  comp: ["free"],
  voucher: ["voucher"],
  operator: ["confirmed"],
};
const ITEM = m.object({
  "drop?": m.dropId,
  "sku?": m.words(200),
  "ed?": m.edition,
  qty: m.number(1, 1000000),
  cur: m.currency,
  minor: m.money,
  vat: m.basisPoints,
  "disc?": m.money,
  "man?": m.b43,
  "lease?": m.id22,
});
const PAY = m.object({
  m: m.choice(...Object.keys(STATES)),
  st: m.choice(...Object.values(STATES).flat()),
  cur: m.currency,
  minor: m.money,
  "ref?": m.text(/^[\x20-\x7e]{1,64}$/),
});
const SHAPE = m.object({
  iss: m.b43,
  jti: m.id22,
  iat: m.time,
  clk: m.choice("ntp", "rtc", "operator", "floor"),
  epoch: m.id22,
  seq: m.count,
  items: m.list(ITEM, 0, 200),
  tax: m.list(m.object({ rate: m.basisPoints, net: m.money, vat: m.money }), 0, 20),
  pay: m.list(PAY, 1, 4),
  "tip?": m.money,
  "round?": m.money,
  "ref?": m.id22,
  "code?": m.b43,
  "owner?": m.did,
  "test?": m.truth,
});

export function verify(token, typ, trusted) {
  const { claims, kid } = open(token, typ, trusted);
  m.check(claims, SHAPE);
  const told = plain(claims);
  const kind = { takesBack: typ !== RECEIPT, exchange: typ === RECEIPT && told.ref !== undefined };
  checkReference(told, typ, kind);
  if (told.owner !== undefined) keyOfDid(told.owner);
  told.items.forEach((item) => checkItem(item, kind));
  checkTogether(told, typ);
  checkPayments(told);
  checkSums(told);
  checkTax(told);
  if (kid !== told.iss) refuse("receipt-wrong-signer"); // 22
  return told;
}

function checkReference(told, typ, kind) {
  if (!kind.takesBack) return;
  if (told.ref === undefined) refuse("receipt-no-ref"); // 1
  if (told.ref === told.jti) refuse("receipt-refers-itself"); // 2
  const amounts = [...told.items, ...told.pay].map((each) => each.minor);
  if ([...amounts, told.tip ?? 0].some((minor) => minor > 0)) refuse("refund-sign"); // 3
  if (typ === REFUND && sum(told.pay, "minor") === 0) refuse("refund-nothing"); // 4
}

function checkItem(item, kind) {
  const has = (name) => item[name] !== undefined;
  if (!has("drop") && !has("sku")) refuse("receipt-item"); // 6
  if (has("man") !== has("drop")) refuse("receipt-manifest"); // 7
  if (has("ed") && !(has("drop") && has("lease") && item.qty === 1)) refuse("receipt-numbered"); // 8
  if (has("lease") && !has("ed")) refuse("receipt-lease"); // 9
  if (!isDiscount(item.disc ?? 0, item.minor, kind)) refuse("receipt-discount"); // 10
  if (!kind.takesBack && !kind.exchange && item.minor < 0 && has("drop")) refuse("receipt-negative"); // 11
}

function isDiscount(disc, minor, kind) {
  if (disc === 0) return true;
  if (minor !== 0) return Math.sign(disc) === Math.sign(minor);
  return kind.exchange || Math.sign(disc) === (kind.takesBack ? -1 : 1);
}

function checkTogether(told, typ) {
  const copies = told.items.filter((item) => item.ed !== undefined).map((item) => `${item.drop}/${item.ed}`);
  if (new Set(copies).size !== copies.length) refuse("receipt-number-twice"); // 12
  if (new Set([...told.items, ...told.pay].map((each) => each.cur)).size > 1) refuse("receipt-currency"); // 13
  if (typ === RECEIPT && (told.tip ?? 0) < 0) refuse("receipt-tip"); // 14
}

function checkPayments(told) {
  if (told.pay.some((part) => !STATES[part.m].includes(part.st))) refuse("receipt-pay-state"); // 15
  if (told.pay.some((part) => isCard(part.ref ?? ""))) refuse("receipt-card-number"); // 16
  const free = told.pay.length === 1 && told.pay[0].m === "comp";
  const comp = told.pay.some((part) => part.m === "comp");
  if ((sum(told.pay, "minor") === 0) !== free || comp !== free) refuse("receipt-free"); // 17
}

function isCard(reference) {
  const runs = reference.match(/[0-9]+/g)?.filter((run) => run.length >= 13 && run.length <= 19) ?? [];
  const groups = reference.match(/[0-9]{4}(?:[ -][0-9]{4}){3}/g) ?? [];
  return [...runs, ...groups.map((group) => group.replace(/[ -]/g, ""))].some(luhn);
}

function luhn(digits) {
  const weighed = [...digits].reverse().map((digit, at) => (at % 2 ? (Number(digit) * 2 > 9 ? digit * 2 - 9 : digit * 2) : Number(digit)));
  return weighed.reduce((total, each) => total + each, 0) % 10 === 0;
}

function checkSums(told) {
  const goods = sum(told.items, "minor");
  const rates = told.tax.map((row) => row.rate);
  if (goods !== sum(told.tax, "net") + sum(told.tax, "vat") || new Set(rates).size !== rates.length) {
    refuse("receipt-tax-sum"); // 18
  }
  const total = goods + (told.tip ?? 0) + (told.round ?? 0);
  if (total !== sum(told.pay, "minor") || Math.abs(total) > 1e9) refuse("receipt-pay-sum"); // 19
}

function checkTax(told) {
  const rates = new Set(told.items.map((item) => item.vat));
  const rows = new Map(told.tax.map((row) => [row.rate, row]));
  if (rates.size !== rows.size || [...rates].some((rate) => !rows.has(rate))) refuse("receipt-tax-rate"); // 20
  for (const [rate, row] of rows) {
    const lines = told.items.filter((item) => item.vat === rate);
    const gross = sum(lines, "minor");
    if (row.net + row.vat !== gross) refuse("receipt-tax-rate"); // 20
    const off = BigInt(row.vat) * BigInt(10000 + rate) - BigInt(gross) * BigInt(rate);
    const most = BigInt(lines.length) * BigInt(10000 + rate);
    if (off > most || off < -most) refuse("receipt-tax-amount"); // 21
  }
}

function sum(rows, name) {
  return rows.reduce((total, row) => total + row[name], 0);
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof Map ? Object.fromEntries([...value].map(([name, each]) => [name, plain(each)])) : value;
}

// Words of the page in the person's language: sentences of texts.json, dates, sizes, money; and which sentence a code is told by.
import * as PACKED from "./texts.json";

export const TONGUES = { en: "English", de: "Deutsch", fr: "Français", es: "Español" };
/** What the address says behind its #: lang, creator, and papers that were handed over with it. */
export const asked = () => new URLSearchParams(location.hash.slice(1));

// texts.json as build.py packs it: the names of all sentences, and for each language its sentences in the same order.
const NAMES = PACKED.names.split("|"), TEXTS = {};
for (const tag in TONGUES) TEXTS[tag] = PACKED[tag].split("|");

let tongue = "en";
export const spoken = () => tongue;
/** Speak the first of these languages that there is. */
export const speak = (...tags) => {
  tongue = tags.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => TONGUES[tag]) ?? "en";
  document.documentElement.lang = tongue;
};
/** A sentence, {0} and {1} filled in. */
export const t = (key, ...values) => (TEXTS[tongue][NAMES.indexOf(key)] ?? key).replace(/{(\d)}/g, (_, i) => values[i]);

/** What stands between a word and what explains it. */
export const colon = () => (tongue === "fr" ? "\u00a0: " : ": ");
export const day = (seconds) => new Intl.DateTimeFormat(tongue, { dateStyle: "long" }).format(seconds * 1e3);
export const number = (n) => new Intl.NumberFormat(tongue).format(n);
export const percent = (basisPoints) => number(basisPoints / 100) + "\u00a0%";
export const money = (minor, cur) => {
  const format = new Intl.NumberFormat(tongue, { style: "currency", currency: cur });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
};
export const size = (bytes) => number(Math.ceil(bytes / 1e3)) + " kB";

// The first that fits a code says it; a code that has a sentence of its own has that.
const FAMILIES = [
  [/^revoked-ex|taken-back/, "revoked-refund"],
  [/^revoked-/, "revoked-box"],
  [/^prov/, "provisional-unconfirmed"],
  [/^verify-other-creator/, "e.other"],
  [/^verify-(needs|no-)|unknown-key/, "e.needs"],
  [/^verify-several/, "e.several"],
  [/forked/, "e.clash"],
  [/^(verify-al|pack|json|member|token|timestamp|base|proof|key|note|tlogproof|event)/, "e.altered"],
  [/^verify-|not-ours|-type$/, "e.paper"],
  [/^delegation-|wrong-delegate/, "e.allowed"],
  [/^presentation-(ch|do|st)/, "e.asked"],
  [/^presentation-(h|t)/, "e.holder"],
  [/^(owner-code|did)-/, "bad"],
  [/./, "e.clash"],
];
export const why = (code) => t(NAMES.includes(code) ? code : FAMILIES.find(([form]) => form.test(code))[1]);

// One card for each paper: its grade in words first, then why, what it proves and what not, then its facts.
import { fingerprint } from "./fingerprint.mjs";
import { drawnSeal, el, glyph } from "./draw.mjs";
import { colon, day, money, number, percent, size, t, why } from "./words.mjs";

/** Worst first: the order of cards. */
export const ORDER = ["invalid", "revoked", "open", "provisional", "final", "valid"];
const colour = (name) => ["bad", "bad", "warn"][ORDER.indexOf(name)] ?? "good";
const KINDS = {
  lease: "delegation", "lease return": "delegation", "closing statement": "close", checkpoint: "journal", "log proof": "journal", paper: "file",
};
const ROLES = { creator: "key", box: "w.box", owner: "owner" };
const WORK = ["certificate", "presentation", "receipt", "refund", "void", "pack", "manifest", "badge"];

/** A grade in one word: a key of ORDER. */
export const grade = (paper) => (paper.grade ? paper.grade.replace("VALID-", "").toLowerCase() : "open");
/** Files that are not as they were signed, or not there. */
const harmed = (paper) => (paper.files ?? []).filter((file) => file.state !== "same" && file.state !== "ours");
const kind = (paper) => (paper.files ? "pack" : KINDS[paper.kind] ?? paper.kind.replace(/ .*/, ""));
const called = (what) => t({ presentation: "answer", decline: "revoked-decline" }[what] ?? "k." + what);
const holds = (paper) => ORDER.indexOf(grade(paper)) > 2;

/** Of two papers the worse first, then what people bring before what only explains it. */
export const byWeight = (a, b) => ORDER.indexOf(grade(a)) - ORDER.indexOf(grade(b)) || WORK.includes(kind(b)) - WORK.includes(kind(a)) || WORK.indexOf(kind(a)) - WORK.indexOf(kind(b));

export const state = (name, text, tag = "p") => el(tag + ".state." + colour(name), {}, glyph(name), el("span", {}, text));
const facts = (...rows) => {
  const told = rows.filter(([, ...said]) => said.flat(9).some(Boolean));
  return told.length > 0 && el("dl", {}, told.map(([name, ...said]) => el("div", {}, el("dt", {}, name), el("dd", {}, said))));
};
const two = (head, lines) => lines.some(Boolean) && [el("h4", {}, head), el("ul", {}, lines.map((line) => line && el("li", {}, line)))];
const print = (did) => el("span.key", { title: did }, fingerprint(did));

function reasons(paper) {
  const told = [...new Set([...(paper.code ? [paper.code] : paper.reasons), ...paper.notes.filter((note) => /taken|another|refused|contra/.test(note))].map(why))];
  if (paper.state === "secret") return t("e.secret");
  const states = harmed(paper).map((file) => file.state);
  return ([...new Set(states)].map((name) => number(states.filter((other) => other === name).length) + " " + t("f." + name)).join(", ") || told.join(" ")) || (kind(paper) === "file" && t("e.paper"));
}
function proofs(paper, expected, answered) {
  const f = paper.facts, what = kind(paper);
  const proved = {
    certificate: t("p.number", f.edition ? t("no") + " " + f.edition + " " + t("of", f.editionSize) : f.title),
    receipt: t("p.receipt"), refund: t("p.receipt"), void: t("p.receipt"), manifest: t("p.manifest"), pack: t("p.manifest"),
  };
  return [
    two(t("proves"), [proved[what], what === "pack" && !harmed(paper).length && t("p.pack")]),
    two(t("not"), [!answered && /cert|receipt/.test(what) && t("n.holds"), !expected && t("n.who"), paper.notes.includes("picture-unchecked") && t("n.picture"), paper.files?.find((file) => file.state === "ours")?.path]),
  ];
}
/** Who signed it, but the creator behind a stall, who has a row of their own. */
const signers = (paper) => paper.signedBy.filter((one, i) => !i || one.who !== "creator").map((one) => el("div", {}, [one.name, ROLES[one.who] && t(ROLES[one.who])].filter(Boolean).join(", "), one.who !== "creator" && print(one.did)));

function money_of(f) {
  const cur = f.pay[0].cur, row = (name, minor) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, money(minor, cur)));
  return el("table", {}, el("tbody", {},
    f.items.map((item) => row([f.titles?.[item.man] ?? item.sku ?? item.drop, item.qty > 1 && " × " + item.qty, item.ed && el("b", {}, " " + t("no") + " " + item.ed)], item.minor)),
    !!f.tip && row(t("tip"), f.tip), !!f.round && row(t("round"), f.round)),
    el("tbody.sum", {}, row(t("total"), f.pay.reduce((sum, pay) => sum + pay.minor, 0)),
      f.pay.map((pay) => row([pay.m === "operator" ? t("m.card") + ", " + t("w.box") : t("m." + pay.m), " ", pay.ref], pay.minor)),
      (f.tax ?? []).map((tax) => row(t("vat") + " " + percent(tax.rate), tax.vat))));
}
function files(paper) {
  const bad = harmed(paper), all = paper.files ?? paper.facts.files ?? paper.facts.unchecked?.map((path) => ({ path })) ?? [];
  const line = (file, sign) => el("li", {}, sign, el("span", {}, file.path), el("span.quiet", {}, sign ? t("f." + file.state) : file.size && size(file.size)));
  return all.length > 0 && [el("ul.files", {}, bad.map((file) => line(file, glyph("invalid")))),
    el("details", {}, el("summary", {}, t("files") + colon() + number(all.filter((file) => file.state !== "extra").length) + ", " + size(all.reduce((sum, file) => sum + (file.size ?? 0), 0))), el("ul.files", {}, all.filter((file) => !bad.includes(file)).map((file) => line(file))))];
}

/** The card of a paper. `expected` is the did the reader trusts, if there is one; `answered`: its owner has just proved to be that. */
export function card(paper, expected, answered) {
  const name = grade(paper), f = paper.facts, what = kind(paper), ok = holds(paper), title = f.title ?? f.drop?.title ?? f.name;
  const creator = paper.signedBy.find((one) => one.who === "creator")?.did;
  const dated = paper.times.dated ?? f.validFrom ?? f.iat, code = paper.code && el("code", {}, paper.code);
  const beside = (note, label) => [el("br"), label, " ", paper.notes.includes(note) ? "✓" : t("f.missing")];
  const inside = [
    what === "certificate" && paper.seal && el("div.face", {}, drawnSeal(paper.seal), f.edition && el("p.number", {}, el("b", {}, el("span", {}, t("no")), f.edition), el("span.quiet", {}, t("of", number(f.editionSize))))),
    title && el("h4.title", {}, title),
    ok && WORK.includes(what) && proofs(paper, expected, answered),
    f.pay && f.items && money_of(f),
    files(paper),
    name !== "invalid" && facts(
      [t("date"), dated && day(dated)],
      [t("price"), f.price && f.price.map((one) => money(one.minor, one.cur)).join(" / ")],
      [t("licence"), f.licence ?? f.drop?.licence],
      [t("key"), creator && [print(creator), expected === creator && " ✓ " + t("want")]],
      [t("signed"), signers(paper)],
      [t("owner"), what === "certificate" && (f.owner ? print(f.owner) : t("none"))],
      [t("rests"), what === "certificate" && [beside("manifest-beside", t("k.manifest")), beside("receipt-beside", t("k.receipt"))].flat().slice(1)],
    ),
  ];
  const head = [state(name, [t("g." + name), reasons(paper) && colon(), reasons(paper)], "h3"), el("p.quiet", {}, called(what) + " · ", el("span", {}, paper.name), " ", code)];
  return ok && !WORK.includes(what)
    ? el("details.card", {}, el("summary", {}, el("h3." + colour(name), {}, glyph(name), called(what) + colon() + t("g." + name))), el("p.quiet", {}, paper.name), inside)
    : el("article.card", {}, head, inside);
}

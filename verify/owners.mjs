// Whose certificate it is: answering somebody's question with the owner code, and asking one. The code is wiped once it was used.
import { b64 } from "./bytes.mjs";
import { state } from "./cards.mjs";
import { el } from "./draw.mjs";
import { fingerprint } from "./fingerprint.mjs";
import { readOwnerCode, seedOf } from "./ownercode.mjs";
import { answer, check } from "./presentation.mjs";
import { colon, t, why } from "./words.mjs";

const now = () => Math.floor(Date.now() / 1000);
/** How askers call themselves in what is signed: signs from ! to ~ (5.11), the same on both sides. */
const called = (text) => text.trim().normalize("NFKD").replace(/\s+/g, "-").replace(/[^!-~]/g, "");
// Over plain http anybody in the same Wi-Fi could have altered this very page; a file of one's own and https are safe from that.
const SAFE = isSecureContext || location.protocol !== "http:";

const field = (id, label, attributes, tag = "input") => [el("label", { for: id }, label), el(tag, { id, spellcheck: "false", autocomplete: "off", autocapitalize: "off", ...attributes })];
const value = (id) => document.getElementById(id).value;
const copy = (text) => el("button.plain", { type: "button", onclick: (event) => {
  text.select();
  document.execCommand("copy");                   // there is no other way on plain http
  event.target.textContent = "✓ " + t("copy");
} }, t("copy"));
/** Do what may be refused, and say so in `out`. */
const attempt = (out, action) => {
  try { out.replaceChildren(...action()); } catch (error) {
    if (!error.code) throw error;
    out.replaceChildren(state("invalid", why(error.code)), el("code", {}, error.code));
  }
};

const inside = (id, ...children) => document.querySelector(`#${id} > div`).replaceChildren(...children.flat());
/** Draw what the owner of one of these certificates needs. */
export function drawMine(judged) {
  const all = judged.filter((paper) => paper.kind === "certificate"), held = all.filter((paper) => paper.facts.owner && paper.text);
  if (!SAFE) inside("mine", el("p", {}, t("mine.http")), el("a", { href: location.pathname, download: "verify.html" }, t("save")));
  else inside("mine", held.length ? form(held) : all.length ? t("owner") + colon() + t("none") : t("k.certificate") + colon() + t("f.missing"));
}
/** Draw what asks for an owner; `judged` gives the card of what was answered for. */
export const drawTheirs = (judged) => inside("theirs", asking(judged));

function form(held) {
  const out = el("div", { role: "status" });
  const which = el("select", { id: "which" }, held.map((paper, i) => el("option", { value: i }, paper.facts.name)));
  const reply = (event) => {
    event.preventDefault();
    const code = document.getElementById("code"), asker = called(value("asker"));
    attempt(out, () => {
      const seed = seedOf(readOwnerCode(code.value));
      const transferTo = value("to").trim() || undefined;
      const text = answer(seed, held[which.value].text, { challenge: value("question").trim(), domain: asker, now: now(), transferTo });
      seed.fill(0);
      code.value = "";
      return answered(text, asker);
    });
  };
  return [el("form", { onsubmit: reply },
    el("label", { for: "which" }, t("k.certificate")), which,
    field("question", t("question"), { required: "" }), field("asker", t("asker"), { required: "" }),
    field("code", t("code"), { required: "" }),
    field("to", t("to"), { placeholder: "did:key:z6Mk…" }), el("button", {}, t("answer"))), out];
}
function answered(text, asker) {
  const shown = el("textarea", { readonly: "", rows: 6, "aria-label": t("answer") });
  shown.value = text;
  const file = new File([text], "answer.json", { type: "application/json" });
  return [el("p", {}, t("made", asker)), shown, el("p.row", {}, copy(shown), el("a.button.plain", { href: URL.createObjectURL(file), download: file.name }, t("save")),
    navigator.canShare?.({ files: [file] }) && el("button.plain", { type: "button", onclick: () => navigator.share({ files: [file] }).catch(() => {}) }, t("share")))].flat();
}

function asking(judged) {
  const out = el("div", { role: "status" });
  const draw = () => b64(crypto.getRandomValues(new Uint8Array(24)));
  const [label, question] = field("ask", t("question"), { value: draw(), required: "" });
  const judgeAnswer = (event) => {
    event.preventDefault();
    const text = value("reply");
    attempt(out, () => {
      const told = check(text, { challenge: question.value.trim(), domain: called(value("me")), now: now() });
      question.value = draw();
      judged({ name: t("answer"), blob: new Blob([told.certificate]) }).then((card) => out.append(card));
      return [state("valid", t("answered")), told.transferTo && el("p", {}, t("wish", fingerprint(told.transferTo)))].filter(Boolean);
    });
  };
  return [el("form", { onsubmit: judgeAnswer }, el("p", {}, t("theirs.do")),
    label, question, el("p.row", {}, copy(question)),
    field("me", t("asker"), { value: location.protocol === "https:" ? location.hostname : "", required: "" }), field("reply", t("answer"), { rows: 5, required: "" }, "textarea"), el("button", {}, t("check"))), out];
}

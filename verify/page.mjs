// The page: takes papers that are dropped, chosen, pasted or handed over in the address, has them judged together, and shows what came out.
import { byWeight, card, grade, ORDER, state } from "./cards.mjs";
import { utf8 } from "./bytes.mjs";
import { spell, values } from "./crockford.mjs";
import { el } from "./draw.mjs";
import { fingerprint } from "./fingerprint.mjs";
import { sha256 } from "./sha2.mjs";
import { judge } from "./judge.mjs";
import { didOf, publicOf } from "./keys.mjs";
import { drawMine, drawTheirs } from "./owners.mjs";
import { reader } from "./reader.mjs";
import { need } from "./refused.mjs";
import { asked, number, speak, spoken, t, TONGUES, why } from "./words.mjs";

const $ = (id) => document.getElementById(id);
let taken = [], judged = [], expected, turn = 0;

/** Judge all that was taken so far; a later turn makes an earlier one hold its tongue. */
async function look() {
  const mine = ++turn;
  let drawn = 0;
  $("busy").textContent = t("check") + " …";
  const onProgress = (done, total) => {
    if (mine !== turn || total < 4e6 || performance.now() - drawn < 200) return;
    drawn = performance.now();
    $("bar").hidden = false;
    $("bar").max = total;
    $("bar").value = done;
  };
  const ask = (expectedCreator) => judge(taken, { onProgress, expectedCreator });
  let found, trouble;
  try {
    const text = $("want").value.trim();
    expected = text.startsWith("did:") ? text : undefined;
    found = await ask(expected);
    if (text && !expected) {
      const print = spell(values(text) ?? []);
      need(print.length === 32, "did-malformed");
      // Nobody's key where no paper is by the creator with that fingerprint: so all are another's.
      expected = creators(found).find((did) => fingerprint(did).replace(/ /g, "") === print) ?? didOf(publicOf(sha256(utf8(print))));
      found = await ask(expected);
    }
  } catch (error) {
    if (!error.code) throw error;
    trouble = error.code;
  }
  if (mine !== turn) return;
  $("busy").textContent = "";
  $("bar").hidden = true;
  $("want").setAttribute("aria-invalid", !!trouble);
  if (trouble) $("wanted").open = true;
  judged = trouble ? [] : merged(found);
  show(trouble);
  $("sum")?.focus();
}
/** One paper that came in twice, as a file and inside its picture or a pack, is told once, whichever came first. */
function merged(found) {
  const seen = new Map();
  for (const paper of found) {
    const key = paper.grade ? JSON.stringify([paper.kind, paper.grade, paper.code, paper.facts]) : paper, first = seen.get(key);
    if (!first) seen.set(key, paper);
    else Object.assign(first, { name: first.name + ", " + paper.name, files: first.files ?? paper.files, notes: first.notes.filter((note) => paper.notes.includes(note)) });
  }
  return [...seen.values()];
}
const creators = (found) => found.flatMap((paper) => [paper.facts.creator, ...paper.signedBy.map((one) => one.did)]).filter((did) => String(did).startsWith("did:"));

function show(trouble) {
  const counts = ORDER.map((name) => [name, judged.filter((paper) => grade(paper) === name).length]).filter(([, n]) => n);
  $("found").replaceChildren(...(trouble || judged.length ? [
    el("div.head", {}, el("h2", { id: "sum", tabindex: -1 }, trouble ? state("invalid", why(trouble), "span") : counts.map(([name, n]) => state(name, t("g." + name) + " " + number(n), "span"))),
      el("button.plain", { type: "button", onclick: clear }, t("again"))),
    ...[...judged].sort(byWeight).map((paper) => card(paper, expected)),
  ] : []));
  drawMine(judged);
}
function clear() {
  taken = [];
  judged = [];
  turn++;
  $("take").reset();
  show();
  $("files").focus();
}
/** Add papers to those there are: each explains the others. */
const take = (inputs) => {
  taken.push(...inputs);
  return look();
};
const takeFiles = (files) => files.length && take(Array.from(files, (file) => ({ name: file.name, blob: file })));
const takeText = (text) => text.trim() && take([{ name: t("paste").replace(/^\S+ /, ""), blob: new Blob([text]) }]);

function words() {
  document.title = t("title");
  for (const each of document.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
  drawTheirs(async (input) => card((await judge([input, ...taken], { expectedCreator: expected }))[0], expected, true));
  show();
}

/** For other programs, and tests: what reads and judges here. */
globalThis.stall = Object.freeze({ judge, reader });

$("off").remove();
speak(asked().get("lang") ?? "", ...navigator.languages);
$("tongue").append(...Object.entries(TONGUES).map(([tag, name]) => el("option", { value: tag, lang: tag }, name)));
$("tongue").value = spoken();
$("tongue").onchange = () => { speak($("tongue").value); words(); };
// Whoever hands over a paper does not say as well whose it ought to be.
$("want").value = !asked().has("paper") && asked().get("creator") || "";
$("wanted").open = !!$("want").value;
$("files").onchange = () => { takeFiles($("files").files); $("files").value = ""; };
$("take").onsubmit = (event) => {
  event.preventDefault();
  if ($("text").value.trim()) { takeText($("text").value); $("text").value = ""; } else look();
};
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => { event.preventDefault(); takeFiles(event.dataTransfer.files); });
addEventListener("paste", (event) => {
  if (event.target.closest?.("input, textarea")) return;
  takeFiles(event.clipboardData.files) || takeText(event.clipboardData.getData("text"));
});
words();
const handed = asked().getAll("paper");
if (handed.length) take(handed.map((text, i) => ({ name: "#" + (i + 1), blob: new Blob([text]) })));

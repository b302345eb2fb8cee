// What a certificate is worth beside the other papers, and an owner's answer that shows one (protocol.md 5.11, 8).
import { besideManifest, besideReceipt } from "./certificate.mjs";
import { graded, isEarly } from "./grade.mjs";
import { checkCreator, cloudName, cosigning, heldOf, holding, holds, once, placeOf, revokedBy, values } from "./heap.mjs";
import { readDid } from "./keys.mjs";
import { check } from "./presentation.mjs";
import { seconds } from "./proof.mjs";
import { need, Refused, tried } from "./refused.mjs";
import { closingOf, declines, refusalOf, returned } from "./standing.mjs";
import { cosignedAt, tellsOf } from "./tlogproof.mjs";

/** Hold it against the other delegations of its box, the manifest and the receipt it names: what is to be said of that. */
function beside(h, x) {
  const notes = [], facts = {};
  if (x.chain) {
    const same = h.delegations.get(x.chain.kid)?.filter((d) => d.iss === x.chain.iss) ?? [];
    need(holding([x.chain, ...same], x.from) === x.chain, "delegation-replaced");
  }
  const m = h.manifests.get(x.manifest), sale = h.receipts.get(x.receipt), refused = refusalOf(h, x.receipt);
  if (m) { besideManifest(x, m.token, m.c); notes.push("manifest-beside"); }
  if (sale) { besideReceipt(x, sale.token, sale.told); if (!refused) notes.push("receipt-beside"); }
  else if (h.handedIn.size && !h.handedIn.has(x.receipt)) notes.push("receipt-of-another-sale");
  if (refused) { notes.push("receipt-refused"); facts.receiptCode = refused; }
  if (closingOf(h, x.creator, x.drop) === null) notes.push("closes-contradict");
  return { notes, facts };
}
/** Everything at hand that touches a certificate, and counts. */
function known(h, x) {
  const told = h.receipts.get(x.receipt)?.told;
  return {
    receipt: told, refused: refusalOf(h, x.receipt), revoked: revokedBy(h, x.creator),
    returns: told ? returned(h, told.iss, told.jti) : [], declined: declines(h, x.receipt, x.creator),
    closed: closingOf(h, x.creator, x.drop)?.editions, logged: cosigned(h, x),
  };
}
/** When the first cloud of the creator cosigned a journal of its box that has it; the box may keep one, and it is no fork. */
function cosigned(h, x) {
  if (!x.chain?.cap.includes("log")) return undefined;
  const times = [], own = `stall.example/box/${x.box.slice(0, 12)}/`;
  for (const logged of h.shown) {
    if (!tellsOf(logged, x.digest) || !logged.checkpoint.origin.startsWith(own) || h.forked.has(placeOf(logged.checkpoint))) continue;
    for (const clouds of h.delegations.values()) for (const d of clouds) if (d.iss === x.creator) {
      const at = tried(() => cosignedAt(logged, { name: cloudName(d), key: readDid(d.sub) }, d, x.creator, x.drop));
      if (!(at instanceof Refused) && cosigning(h, clouds, at, x.creator).includes(d) && !isEarly(x, at)) times.push(at);
    }
  }
  return times.length ? Math.min(...times) : undefined;
}
/** Whether a box signed another certificate of its number that stands as well. */
const isTwice = (h, x) => x.edition !== undefined && !x.byCreator && values(h.certificates).some((one) => one.digest !== x.digest
  && !one.byCreator && one.creator === x.creator && one.drop === x.drop && one.edition === x.edition && stands(h, one));
const stands = (h, x) => holds(() => once(h, `stands ${x.digest}`, () => {
  beside(h, x);
  need(graded(x, known(h, x)).grade.startsWith("VALID"), "certificate-number-twice");
}));

/** A certificate graded by the other papers. */
export function worthOf(h, document) {
  const x = heldOf(h, document);
  checkCreator(h, x.creator);
  const { notes, facts } = beside(h, x), { doc, subject } = x;
  const { id: owner, type, ...rest } = subject;
  return {
    ...graded(x, { ...known(h, x), twice: isTwice(h, x) }), notes, creator: x.creator, chain: x.byCreator ? undefined : x.chain, dated: x.from,
    facts: {
      ...rest, ...facts, owner, id: doc.id, name: doc.name, title: doc.name.slice(0, doc.name.length - x.ending.length), issuer: x.issuer,
      issuerName: doc.issuer.name, byCreator: x.byCreator, validFrom: x.from, created: x.created, digest: x.digest,
    },
    seal: [subject.creator, subject.drop, subject.manifest, subject.edition ?? null, subject.receipt],
  };
}
/** What an owner's answer shows; the question and its time are taken from the answer itself. */
export function shownBy(h, document, text) {
  const { challenge = "", domain = "", created = "" } = document.proof ?? {}, now = seconds(String(created));
  const { holder, answered, transferTo } = check(text, { challenge, domain, now });
  const worth = worthOf(h, document.verifiableCredential[0]);
  return { ...worth, owner: holder, dated: answered, facts: { ...worth.facts, holder, challenge, domain, answered, transferTo } };
}

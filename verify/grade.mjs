// How far a certificate may be trusted, and why (protocol.md 8): never valid without a grade.
import { returned } from "./numbers.mjs";

const GRACE = 7 * 86400, EARLY = 86400;           // seconds: a box may have been offline, its clock ahead

/** Whether a cosignature is from before there was such a certificate. */
export const isEarly = (x, logged) => logged < x.from - EARLY;

/**
 * Grade a certificate that holds. All that is known was verified and chosen to matter:
 * {receipt: claims, refused: code, twice: boolean, revoked: [{kind, ref, at}],
 * returns: [{typ, told}], declined: [{rcpt, items?}], closed: entries of the closing statement, logged: seconds}.
 *
 * @returns {{grade: string, reasons: string[]}}
 */
export function graded(x, known) {
  const gone = [...revoked(x, known), ...takenBack(x, known)];
  if (gone.length) return { grade: "REVOKED", reasons: gone };
  const invalid = (code) => ({ grade: "INVALID", reasons: [code] });
  const listed = x.byCreator ? undefined : inClosing(x, known.closed);
  if (listed === false) return invalid("certificate-not-in-close");
  if (!listed && !x.byCreator && known.refused) return invalid(known.refused);
  if (!listed && !x.byCreator && known.twice) return invalid("certificate-number-twice");
  const settled = x.settlement === "settled", { logged } = known, since = boxRevoked(x, known), when = (so, word) => so ? [word] : [];
  const late = logged !== undefined && x.chain && logged > x.chain.exp + GRACE;
  const inTime = logged !== undefined && !late && !isEarly(x, logged) && (since === undefined || logged < since);
  const final = [...when(settled && x.byCreator, "final-creator"), ...when(listed, "final-close"), ...when(settled && inTime, "final-log")];
  if (final.length) return { grade: "VALID-FINAL", reasons: final };
  const open = [...when(!settled, "provisional-pending"), ...when(late, "provisional-late"), ...when(since !== undefined, "provisional-box-revoked")];
  return { grade: "VALID-PROVISIONAL", reasons: open.length ? open : ["provisional-unconfirmed"] };
}

const isCopy = (x) => (i) => i.drop === x.drop && i.ed === x.edition;
/** From when on the box counts no more; what the creator signed does not depend on it. */
function boxRevoked(x, { revoked = [] }) {
  const at = revoked.filter((r) => !x.byCreator && r.kind === "box" && r.ref === x.box).map((r) => r.at);
  return at.length ? Math.min(...at) : undefined;
}
function revoked(x, known) {
  const gone = boxRevoked(x, known) <= x.from ? ["revoked-box"] : [];
  return (known.revoked ?? []).some((r) => r.kind === "cert" && r.ref === x.digest) ? ["revoked-certificate", ...gone] : gone;
}
function takenBack(x, { receipt, returns = [], declined = [] }) {
  const gone = [];
  if (receipt) {
    const theirs = returns.filter(({ told }) => told.iss === receipt.iss && told.ref === receipt.jti);
    const count = (items) => items.filter(isCopy(x)).reduce((n, i) => n + i.qty, 0);
    const back = (typ) => count(theirs.filter((s) => s.typ === typ).flatMap((s) => returned(typ, s.told)));
    const refunded = back("refund"), exchanged = back("receipt");
    // Without numbers one certificate is like the other, until all are back.
    const allBack = refunded + exchanged >= Math.max(1, count(receipt.items.filter((i) => i.minor >= 0)));
    if (theirs.some((s) => s.typ === "void")) gone.push("revoked-void");
    if (allBack && refunded) gone.push("revoked-refund");
    if (allBack && exchanged) gone.push("revoked-exchange");
  }
  if (declined.some((c) => c.rcpt === x.receipt && (!c.items || c.items.some(isCopy(x))))) gone.push("revoked-decline");
  return gone;
}
/** Whether the closing statement lists it; undefined where it says nothing of it. */
function inClosing(x, closed) {
  if (!closed) return undefined;
  const here = closed.filter((e) => e.ed === x.edition);
  if (here.some((e) => e.cert === x.digest)) return true;
  if (x.edition === undefined) return false;
  return here.some((e) => e.cert !== undefined || ["burned", "unsold"].includes(e.st)) ? false : undefined;
}

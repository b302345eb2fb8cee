"""How far a certificate may be trusted, and why: never valid without a grade (formats 6, design 7).

Decides from papers that others have verified and chosen; reads no clock. What does not hold is refused by
`wire.credential` before there is anything to grade; `invalid` puts that into the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from stall.errors import Hostile, StallError
from stall.wire import certificate, keys, receipt, takeback
from stall.wire.credential import VerifiedCredential
from stall.wire.manifest import Revoked
from stall.wire.receipt import Receipt

GRACE_S = 7 * 86_400
"""How long after its delegation ended what a box signed may still be cosigned: it may have been offline."""

EARLY_S = 86_400
"""How much earlier than a certificate says a cosignature of it may be: the box's clock may be ahead, though not by more."""

Copy = tuple[str, int | None]
"""A drop, and the number in it if it has numbers."""


class Grade(StrEnum):
    """What a certificate is worth: from what nothing changes any more, to nothing at all."""

    FINAL = "VALID-FINAL"
    PROVISIONAL = "VALID-PROVISIONAL"
    REVOKED = "REVOKED"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a grade was given: a stable word (docs/protocol.md section 8), and a sentence for a person."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade with at least one reason. `refusal` is the first of them as an error, of what does not count."""

    grade: Grade
    reasons: tuple[Reason, ...]
    refusal: StallError | None = None

    def check(self) -> None:
        """Raise the reason why the certificate does not count, if it does not."""
        if self.refusal is not None:
            raise self.refusal


@dataclass(frozen=True, slots=True)
class Declined:
    """A payment refused later: the receipt's hash, and the copies that fall with it; none named means all."""

    receipt: str
    copies: frozenset[Copy] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a closing statement says of one copy: its number, what became of it, the digest of its certificate."""

    ed: int | None
    st: str
    cert: str | None


@dataclass(frozen=True, slots=True)
class Closed:
    """A closing statement of the certificate's creator and drop: all its entries, or those proven to be in it."""

    entries: tuple[Entry, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known besides the certificate, every paper of it verified with its delegation.

    `receipt` is the one the certificate names. `revoked` is what manifests of its creator revoke, `leases` maps the
    hashes of lease tokens to their `jti`. `returns` are refunds, voids and exchanges with their types. `declined` comes
    from clouds that may decline for the drop; `logged_s` says when one that may cosign did so with a log that has it.
    `refused` is why the receipt it names does not count, if that is at hand and does not; `twice` that a box signed
    another certificate of the same number.
    """

    receipt: Receipt | None = None
    revoked: Sequence[Revoked] = ()
    leases: Mapping[str, str] = field(default_factory=dict)
    returns: Sequence[tuple[str, Receipt]] = ()
    declined: Sequence[Declined] = ()
    closed: Closed | None = None
    logged_s: int | None = None
    refused: StallError | None = None
    twice: bool = False


def judge(held: VerifiedCredential, known: Known) -> Graded:
    """Grade a certificate that holds: taken back, ruled out by the closing or by other papers, final, or provisional, in this order."""
    digest = certificate.digest(held.document)
    if gone := [*_revoked(held, known, digest), *_taken_back(held, known)]:
        return _refused(Grade.REVOKED, gone)
    listed = _in_closing(held, known.closed, digest)
    if listed is False:
        return invalid(
            Hostile(
                "certificate-not-in-close",
                "The creator's closing statement gives this copy to another certificate or to nobody. Ask the creator.",
            )
        )
    if not listed and not held.by_creator and (doubt := _doubt(held, known)) is not None:
        return invalid(doubt)
    if final := [word for word, so in _final(held, known, bool(listed)) if so]:
        return Graded(Grade.FINAL, tuple(map(_reason, final)))
    open_questions = [word for word, so in _open_questions(held, known) if so] or ["provisional-unconfirmed"]
    return Graded(Grade.PROVISIONAL, tuple(map(_reason, open_questions)))


def _doubt(held: VerifiedCredential, known: Known) -> StallError | None:
    """What speaks against a box's certificate as long as its creator does not decide."""
    if known.refused is not None:
        return known.refused
    if not known.twice:
        return None
    return Hostile(
        "certificate-number-twice",
        f"A box signed another certificate of number {held.edition}, too. Trust neither; ask the creator which one holds.",
    )


def is_early(held: VerifiedCredential, logged_s: int) -> bool:
    """Say whether a cosignature is from before there was such a certificate."""
    return logged_s < held.valid_from_s - EARLY_S


def invalid(error: StallError) -> Graded:
    """Grade what was refused, with the error's own code and sentence."""
    return _refused(Grade.INVALID, [error])


SENTENCES: Mapping[str, str] = {
    "final-creator": "Its creator signed it. Nothing is left to wait for.",
    "final-close": "Its creator's closing statement lists it. Nothing is left to wait for.",
    "final-log": "It stood in the box's journal when the creator's cloud countersigned that. Nothing is left to wait for.",
    "provisional-unconfirmed": "So far only the box vouches for it. Its creator or their cloud may still confirm it.",
    "provisional-pending": "The payment behind it was still on its way when it was signed. Its creator may still confirm it.",
    "provisional-late": "The cloud countersigned the journal later than seven days after the box's delegation ended. Ask its creator.",
    "provisional-box-revoked": "Its creator revoked the box later, and nothing here shows that it was signed before. Ask its creator.",
}
"""Of each reason why a certificate is final or not yet."""


def _reason(word: str) -> Reason:
    return Reason(word, SENTENCES[word])


def _refused(grade: Grade, errors: Sequence[StallError]) -> Graded:
    return Graded(grade, tuple(Reason(error.code, error.sentence) for error in errors), errors[0])


def _revoked(held: VerifiedCredential, known: Known, digest: str) -> Iterable[StallError]:
    """What the creator's manifests revoke: a certificate always, a box and a lease from a time on."""
    if ("cert", digest) in {(one.kind, one.ref) for one in known.revoked}:
        yield Hostile("revoked-certificate", "The creator revoked this certificate. Ask them why; it counts no more.")
    if (since := _box_revoked_s(held, known)) is not None and since <= held.valid_from_s:
        yield Hostile("revoked-box", "The creator had revoked the box that signed before. Ask them for another paper.")
    sold = known.receipt
    if sold is None:
        return
    leases = {item.lease for item in sold.items if item.lease and (item.drop, item.ed) == (held.drop, held.edition)}
    gone = {known.leases.get(one.ref) for one in known.revoked if one.kind == "lease" and one.at <= sold.iat}
    if leases & gone:
        yield Hostile("revoked-lease", "The creator had revoked the lease that this number was sold under. Ask them.")


def _box_revoked_s(held: VerifiedCredential, known: Known) -> int | None:
    """From when on the box counts no more; what the creator signed does not depend on it."""
    if held.by_creator:
        return None
    box = keys.thumbprint(held.issuer)
    return min((one.at for one in known.revoked if (one.kind, one.ref) == ("box", box)), default=None)


def _taken_back(held: VerifiedCredential, known: Known) -> Iterable[StallError]:
    """What became of the sale: a void takes all of it back, the others what they name."""
    copy, sold = (held.drop, held.edition), known.receipt
    if sold is not None:
        theirs = [(typ, one) for typ, one in known.returns if (one.iss, one.ref) == (sold.iss, sold.jti)]
        refunded, exchanged = _returned(copy, theirs, receipt.REFUND), _returned(copy, theirs, receipt.RECEIPT)
        all_back = refunded + exchanged >= _bought(copy, sold)
        if any(typ == receipt.VOID for typ, _ in theirs):
            yield Hostile("revoked-void", "The sale was made void. Ask at the stall; the certificate counts no more.")
        if all_back and refunded:
            yield Hostile("revoked-refund", "The copy was refunded. Ask at the stall; the certificate counts no more.")
        if all_back and exchanged:
            yield Hostile(
                "revoked-exchange", "The copy was exchanged for another. Ask for the certificate of that one."
            )
    if any(one.receipt == held.receipt and (copy in one.copies or not one.copies) for one in known.declined):
        yield Hostile("revoked-decline", "The payment was declined later. Pay at the stall for another certificate.")


def _bought(copy: Copy, sold: Receipt) -> int:
    """How many such copies were bought: without numbers one certificate is like the other, until all are back."""
    return max(1, sum(item.qty for item in sold.items if (item.drop, item.ed) == copy and item.minor >= 0))


def _returned(copy: Copy, returns: Iterable[tuple[str, Receipt]], kind: str) -> int:
    """How many such copies go back by papers of one type."""
    lines = [item for typ, one in returns if typ == kind for item in takeback.returned(typ, one)]
    return sum(item.qty for item in lines if (item.drop, item.ed) == copy)


def _in_closing(held: VerifiedCredential, closed: Closed | None, digest: str) -> bool | None:
    """Whether the closing statement lists the certificate; None where it says nothing of it.

    It lists what boxes signed, as their journals have it. A creator's own signature stands above that.
    """
    if closed is None or held.by_creator:
        return None
    if any((entry.ed, entry.cert) == (held.edition, digest) for entry in closed.entries):
        return True
    if held.edition is None:
        return False if closed.whole else None
    said = [entry for entry in closed.entries if entry.ed == held.edition]
    return False if any(entry.cert is not None or entry.st in {"burned", "unsold"} for entry in said) else None


def _final(held: VerifiedCredential, known: Known, listed: bool) -> Iterable[tuple[str, bool]]:
    """What makes it final. While money is on its way only the closing does, which comes when it has arrived."""
    settled, since = held.settlement == "settled", _box_revoked_s(held, known)
    in_time = known.logged_s is not None and not (_is_late(held, known.logged_s) or is_early(held, known.logged_s))
    before = since is None or (known.logged_s is not None and known.logged_s < since)
    yield "final-creator", settled and held.by_creator
    yield "final-close", listed
    yield "final-log", settled and in_time and before


def _is_late(held: VerifiedCredential, logged_s: int) -> bool:
    return held.delegation is not None and logged_s > held.delegation.exp + GRACE_S


def _open_questions(held: VerifiedCredential, known: Known) -> Iterable[tuple[str, bool]]:
    yield "provisional-pending", held.settlement == "pending"
    yield "provisional-late", known.logged_s is not None and _is_late(held, known.logged_s)
    yield "provisional-box-revoked", _box_revoked_s(held, known) is not None

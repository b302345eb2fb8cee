"""What a certificate is worth, in words: a glyph, a tone, and the keys of what is said (texts/papers.json)."""

from __future__ import annotations

from dataclasses import dataclass

from stall.wire.grade import Grade, Graded

#: The sign beside each grade, and its colour.
_SIGNS = {
    Grade.FINAL: ("ok", "good"),
    Grade.PROVISIONAL: ("part", "good"),
    Grade.REVOKED: ("cross", "bad"),
    Grade.INVALID: ("stop", "bad"),
}
_HEADS = {
    Grade.FINAL: "papers.head.final",
    Grade.PROVISIONAL: "papers.head.provisional",
    Grade.REVOKED: "papers.head.revoked",
    Grade.INVALID: "papers.head.invalid",
}
_PENDING = "provisional-pending"
#: The reasons a box can come to; what else there is, an error of its certificate, is told as one.
_REASONS = frozenset({
    "final-creator", "final-close", "final-log", "certificate-not-in-close", "provisional-unconfirmed", _PENDING, "provisional-late", "provisional-box-revoked", "revoked-void", "revoked-refund",
    "revoked-exchange", "revoked-decline", "revoked-certificate", "revoked-box", "revoked-lease",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """How a page says a grade. `counts` is whether the certificate does."""

    glyph: str
    tone: str
    head: str
    why: tuple[str, ...]
    counts: bool


def told(graded: Graded, *, arrived: bool) -> Told:
    """Say a grade. `arrived`: whether money that was on its way when it was signed has been sent in since."""
    glyph, tone = _SIGNS[graded.grade]
    codes = [one.code for one in graded.reasons]
    if _PENDING in codes and not arrived:
        glyph, tone = "wait", "warn"
    why = [f"papers.why.{code}" if code in _REASONS else "papers.why.invalid" for code in codes]
    if _PENDING in codes and arrived:
        why.insert(codes.index(_PENDING) + 1, "papers.why.arrived")
    return Told(glyph, tone, _HEADS[graded.grade], tuple(dict.fromkeys(why)), graded.refusal is None)

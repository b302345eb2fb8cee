"""What signed papers prove: what each is, who signed it, by what chain, and how far that goes.

Papers handed in together explain each other: a receipt needs the delegation of the box that signed it, a certificate is
compared with the manifest and the receipt that lie beside it. Never says valid without saying how far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stall.creator import certificates, chains, gathering, logs, sayings
from stall.creator.chains import Link, Said
from stall.creator.evidence import Evidence
from stall.creator.papers import Export, LogProof, Paper, Text
from stall.errors import Hostile, Refused, StallError
from stall.wire import jws
from stall.wire.grade import Grade
from stall.wire.note import Verifier

VALID = "VALID"
INVALID = Grade.INVALID.value
REVOKED = Grade.REVOKED.value
_WORDS = {Text: "checkpoint", Export: "journal", LogProof: "log proof"}


@dataclass(frozen=True)
class Verdict:
    """What was found out about one paper. `code` is that of the error, if one was raised; `reason` explains the grade."""

    name: str
    what: str
    ok: bool
    says: tuple[str, ...]
    grade: str = INVALID
    code: str | None = None
    chain: tuple[Link, ...] = ()
    reason: str | None = None


def judge(
    papers: Sequence[Paper],
    creator_did: str | None = None,
    as_of_s: int | None = None,
    cosigners: Iterable[Verifier] = (),
) -> list[Verdict]:
    """Check every paper, each with the help of the others; with `creator_did`, only that creator counts.

    With `as_of_s` (seconds UTC) a paper must also be in force then; else no time is asked for. Raises WireError when
    `creator_did` is not a did; what is wrong with a paper stands in its verdict.
    """
    heap = gathering.gather(papers, creator_did, cosigners)
    return [_judged(paper, heap, as_of_s) for paper in papers]


def _judged(paper: Paper, heap: Evidence, as_of_s: int | None) -> Verdict:
    what = _word(paper)
    try:
        if isinstance(paper.content, dict) and what != "badge":
            return _graded(paper, what, heap, as_of_s)
        said = _said(paper, heap)
        _check_time(said, as_of_s)
        says = (*said.says, *paper.seen)
        if said.delegate is not None and said.dated is not None and heap.is_revoked(said.delegate, said.dated):
            says = (*says, f"The creator revoked the {said.delegate.role} that signed it, from before that day on.")
            reason = f"revoked-{said.delegate.role}"
            return Verdict(paper.name, what, ok=False, says=says, grade=REVOKED, chain=said.chain, reason=reason)
        return Verdict(paper.name, what, ok=True, says=says, grade=VALID, chain=said.chain)
    except StallError as error:
        return Verdict(paper.name, what, ok=False, says=(error.sentence,), code=error.code)


def _word(paper: Paper) -> str:
    """What the paper is called to people."""
    if isinstance(paper.content, dict):
        if "verifiableCredential" in paper.content:
            return "presentation"
        return "badge" if gathering.is_badge(paper.content) else "certificate"
    if not isinstance(paper.content, str):
        return _WORDS[type(paper.content)]
    try:
        known = sayings.TOKENS.get(jws.unverified_typ(paper.content))
    except StallError:
        known = None
    return known[0] if known else "paper"


def _said(paper: Paper, heap: Evidence) -> Said:
    match paper.content:
        case dict():
            return certificates.badge(paper.content, heap)
        case Text():
            return logs.checkpoint(paper.content, heap)
        case LogProof():
            return logs.log_proof(paper.content, heap)
        case Export():
            return logs.export(paper.content, heap)
    token = paper.content
    typ = jws.unverified_typ(token)
    if typ not in sayings.TOKENS:
        raise Refused("verify-type", f"This is a “{typ}”, which is not checked here. Hand in the other papers.")
    return sayings.TOKENS[typ][1](token, heap)


def _graded(paper: Paper, what: str, heap: Evidence, as_of_s: int | None) -> Verdict:
    document = paper.content if isinstance(paper.content, dict) else {}
    worth = certificates.shown(document, heap) if what == "presentation" else certificates.certificate(document, heap)
    _check_time(worth.said, as_of_s)
    found = worth.graded
    return Verdict(
        paper.name,
        what,
        ok=found.refusal is None,
        says=worth.said.says,
        grade=found.grade.value,
        code=found.refusal.code if found.refusal is not None and found.grade is Grade.INVALID else None,
        chain=worth.said.chain,
        reason=found.reasons[0].code,
    )


def _check_time(said: Said, as_of_s: int | None) -> None:
    if as_of_s is None:
        return
    if said.dated is not None and as_of_s < said.dated:
        raise Hostile(
            "verify-not-yet", f"This counts from {chains.day(said.dated)} on, later than the day asked about. Wait."
        )
    if said.until is not None and said.until < as_of_s:
        raise Hostile(
            "verify-over",
            f"This counted until {chains.day(said.until)}, before the day asked about. Ask for a newer one.",
        )

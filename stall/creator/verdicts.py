"""What signed papers prove: what each is, who signed it, by what chain, and how far that goes.

Papers handed in together explain each other: a receipt needs the delegation of the box that signed it, a certificate is
compared with the manifest and the receipt that lie beside it. Never says valid without saying how far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stall.creator import evidence, sayings
from stall.creator.evidence import Evidence
from stall.creator.papers import Export, Paper, Text
from stall.creator.sayings import Link, Said
from stall.errors import Hostile, Refused, StallError
from stall.wire import credential, jws
from stall.wire.note import Verifier

VALID = "VALID"
INVALID = "INVALID"
REVOKED = "REVOKED"


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
    heap = evidence.gather(papers, creator_did, cosigners)
    return [_judged(paper, heap, as_of_s) for paper in papers]


def _judged(paper: Paper, heap: Evidence, as_of_s: int | None) -> Verdict:
    what = _word(paper)
    try:
        if isinstance(paper.content, dict):
            return _certificate(paper.name, paper.content, heap, as_of_s)
        said = _said(paper, heap)
        _check_time(said, as_of_s)
        says = (*said.says, *paper.seen)
        if said.delegate is not None and said.dated is not None and heap.is_revoked(said.delegate, said.dated):
            says = (*says, f"The creator revoked the {said.delegate.role} that signed it, from before that day on.")
            return Verdict(
                paper.name, what, False, says, REVOKED, chain=said.chain, reason=_revoked(said.delegate.role)
            )
        return Verdict(paper.name, what, True, says, VALID, chain=said.chain)
    except StallError as error:
        return Verdict(paper.name, what, ok=False, says=(error.sentence,), code=error.code)


def _revoked(role: str) -> str:
    return f"revoked-{role}"


def _word(paper: Paper) -> str:
    """What the paper is called to people."""
    match paper.content:
        case dict():
            return "certificate"
        case Text():
            return "checkpoint"
        case Export():
            return "journal"
    try:
        known = sayings.TOKENS.get(jws.unverified_typ(paper.content))
    except StallError:
        known = None
    return known[0] if known else "paper"


def _said(paper: Paper, heap: Evidence) -> Said:
    if isinstance(paper.content, Text):
        return sayings.checkpoint(paper.content, heap)
    if isinstance(paper.content, Export):
        return sayings.export(paper.content, heap)
    token = paper.content if isinstance(paper.content, str) else ""
    typ = jws.unverified_typ(token)
    if typ not in sayings.TOKENS:
        raise Refused("verify-type", f"This is a “{typ}”, which is not checked here. Hand in the other papers.")
    return sayings.TOKENS[typ][1](token, heap)


def _check_time(said: Said, as_of_s: int | None) -> None:
    if as_of_s is None:
        return
    if said.dated is not None and as_of_s < said.dated:
        raise Hostile(
            "verify-not-yet", f"This counts from {sayings.day(said.dated)} on, later than the day asked about. Wait."
        )
    if said.until is not None and said.until < as_of_s:
        raise Hostile(
            "verify-over",
            f"This counted until {sayings.day(said.until)}, before the day asked about. Ask for a newer one.",
        )


def _certificate(name: str, document: dict[str, Any], heap: Evidence, as_of_s: int | None) -> Verdict:
    held = credential.verify(document)
    heap.check_creator(held.creator)
    number = f"Number {held.edition} of {held.edition_size} of" if held.edition else "A copy of"
    says = [f"{number} {held.drop}, since {sayings.day(held.valid_from_s)}."]
    says.append("It belongs to whoever holds the owner code." if held.owner else "It names no owner key.")
    if held.manifest in heap.manifests:
        token, signed = heap.manifests[held.manifest]
        credential.check_manifest(held, signed, token)
        says.append(f"The manifest it names lies beside it: “{signed.drop.title}”.")
    if held.receipt in heap.receipts:
        says.append("The receipt it names lies beside it.")
    by_creator = held.grade == credential.FINAL or held.delegation is None
    chain = sayings.links(held.creator, None if by_creator else held.delegation)
    _check_time(Said((), chain, held.valid_from_s), as_of_s)
    if (reason := heap.is_withdrawn(held)) is not None:
        says.append("It was taken back and counts no more.")
        return Verdict(name, "certificate", False, tuple(says), REVOKED, chain=chain, reason=reason)
    if by_creator or held.delegation is None:
        says += ["Final: signed by the creator.", *sayings.by_creator(held.creator, heap)]
        return Verdict(name, "certificate", True, tuple(says), held.grade, chain=chain, reason="final-creator")
    says += ["Provisional: signed by the box at the sale, not yet confirmed by the creator."]
    says += sayings.by_delegate(held.delegation, heap)
    return Verdict(name, "certificate", True, tuple(says), held.grade, chain=chain, reason="provisional-unconfirmed")

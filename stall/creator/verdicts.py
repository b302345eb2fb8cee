"""What signed papers prove: what each is, who signed it, by what chain, and how far that goes.

Papers handed in together explain each other: a receipt needs the delegation of the box that signed it, a certificate is
compared with the manifest and the receipt that lie beside it. Never says valid without saying how far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stall.creator import altered, certificates, gathering, logs, owners, sayings, terms
from stall.creator.chains import Link, Said
from stall.creator.evidence import Evidence
from stall.creator.once import Refusal
from stall.creator.papers import Export, LogProof, Paper, Text
from stall.creator.terms import Needs, Span
from stall.errors import Refused, StallError
from stall.wire import jws
from stall.wire.grade import Grade, Graded
from stall.wire.note import Verifier

VALID = "VALID"
INVALID = Grade.INVALID.value
REVOKED = Grade.REVOKED.value
_WORDS = {Text: "checkpoint", Export: "journal", LogProof: "log proof"}


@dataclass(frozen=True)
class Verdict:
    """What was found out about one paper. `code` is that of the error, if one was raised; `reason` explains the grade.

    Without a `grade` nothing is known against the paper, and another that would prove it is not at hand.
    """

    name: str
    what: str
    ok: bool
    says: tuple[str, ...]
    grade: str | None = INVALID
    code: str | None = None
    chain: tuple[Link, ...] = ()
    reason: str | None = None

    @property
    def verdict(self) -> str:
        """The verdict in one of three words."""
        return "valid" if self.ok else "unknown" if self.grade is None else "invalid"


def refused(name: str, what: str, error: StallError) -> Verdict:
    """The verdict on a paper that an error speaks against, or that lacks another to be told by."""
    open_question = error.code in owners.OPEN or (error.code == "token-unknown-key" and what in {"manifest", "file"})
    grade = None if open_question else INVALID
    return Verdict(name, what, ok=False, says=(error.sentence,), grade=grade, code=error.code)


@dataclass(frozen=True)
class _Found:
    """A paper that holds by itself and beside the others: what it says, and its grade if it has one."""

    said: Said
    graded: Graded | None = None


def judge(
    papers: Sequence[Paper],
    creator_did: str | None = None,
    asked: Span | None = None,
    cosigners: Iterable[Verifier] = (),
) -> list[Verdict]:
    """Check every paper, each with the help of the others; with `creator_did`, only that creator counts.

    With `asked` a paper must also be in force at some moment of that time; else no time is asked for. Raises WireError
    when `creator_did` is not a did; what is wrong with a paper stands in its verdict.
    """
    heap = gathering.gather(papers, creator_did, cosigners)
    found = [_found(paper, heap) for paper in papers]
    known = terms.needs(one.said for one in found if isinstance(one, _Found))
    return [_judged(paper, one, asked, known, heap) for paper, one in zip(papers, found, strict=True)]


def _found(paper: Paper, heap: Evidence) -> _Found | StallError:
    try:
        if not isinstance(paper.content, dict) or gathering.is_badge(paper.content):
            return _Found(_said(paper, heap))
        judged = certificates.shown if "verifiableCredential" in paper.content else certificates.certificate
        worth = judged(paper.content, heap)
        return _Found(worth.said, worth.graded)
    except StallError as error:
        return Refusal.of(error).error()


def _judged(paper: Paper, found: _Found | StallError, asked: Span | None, known: Needs, heap: Evidence) -> Verdict:
    what = _word(paper)
    if isinstance(found, StallError):
        return refused(paper.name, what, found)
    said = found.said
    try:
        says = (*said.says, *terms.check(said, asked, known), *paper.seen)
    except StallError as error:
        return refused(paper.name, what, error)
    if found.graded is not None:
        return _graded(paper.name, what, says, said.chain, found.graded)
    if said.lacks is not None:
        code, sentence = said.lacks
        return Verdict(paper.name, what, ok=False, says=(*says, sentence), grade=None, code=code, chain=said.chain)
    if (gone := said.gone or _revoked(said, heap)) is not None:
        reason, sentence = gone
        says = (*says, sentence)
        return Verdict(paper.name, what, ok=False, says=says, grade=REVOKED, chain=said.chain, reason=reason)
    return Verdict(paper.name, what, ok=True, says=says, grade=VALID, chain=said.chain)


def _revoked(said: Said, heap: Evidence) -> tuple[str, str] | None:
    """Why a paper counts no more whose signer its creator revoked from before its own time on."""
    if said.delegate is None or said.dated is None or not heap.is_revoked(said.delegate, said.dated):
        return None
    role = said.delegate.role
    return f"revoked-{role}", f"The creator revoked the {role} that signed it, from before that day on."


def _graded(name: str, what: str, says: tuple[str, ...], chain: tuple[Link, ...], found: Graded) -> Verdict:
    return Verdict(
        name,
        what,
        ok=found.refusal is None,
        says=says,
        grade=found.grade.value,
        code=found.refusal.code if found.refusal is not None and found.grade is Grade.INVALID else None,
        chain=chain,
        reason=found.reasons[0].code,
    )


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
    typ = altered.type_of(token)
    if typ not in sayings.TOKENS:
        altered.check_signature(token, typ, heap)
        raise Refused("verify-type", f"This is a “{typ}”, which is not checked here. Hand in the other papers.")
    try:
        return sayings.TOKENS[typ][1](token, heap)
    except StallError as error:
        raise altered.explained(token, error) from None

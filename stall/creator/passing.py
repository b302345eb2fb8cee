"""A certificate is passed on: its owner asks, the creator signs it anew for the next owner, and the old one counts no more.

The ledger keeps the questions that were asked, so that an answer is one to a question of one's own, and what was passed on, so
that nothing is passed on twice. What makes the old certificate stop counting is the drop's next version, which revokes it
(`revoking`), and the closing statement, if it is signed later (docs/closing.md).
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stall.creator import countersigning, ledger, verdicts
from stall.creator.keyring import Creator
from stall.creator.ledger import Ledger, PassedRow, QuestionRow
from stall.creator.papers import Paper, of_ledger
from stall.errors import Refused
from stall.wire import b64, certificate, closing, jws, manifest, presentation
from stall.wire.grade import Grade
from stall.wire.presentation import Shown

_NAMED = "stall passed on"
MAX_AGE_S = 7 * 86_400
"""How old an answer may be: it travels by mail, and the question was asked once."""


@dataclass(frozen=True)
class PassedOn:
    """The certificate for the next owner, and the names of the one before and of this one."""

    document: dict[str, Any]
    old: str
    new: str


def ask(folder: Path, domain: str, *, now_s: int) -> str:
    """Draw a challenge for an owner, and keep it. Raises WireError as a presentation would, and the errors of the ledger."""
    challenge = b64.encode(secrets.token_bytes(24))
    presentation.check_asked(challenge, domain)
    with ledger.opened(folder) as book:
        book.append(QuestionRow(now_s, challenge, domain))
    return challenge


def pass_on(
    creator: Creator,
    manifest_token: str,
    answer: dict[str, Any],
    papers: Sequence[Paper] = (),
    *,
    now_s: int,
    max_age_s: int = MAX_AGE_S,
) -> PassedOn:
    """Sign a certificate anew for the next owner that its owner's answer names; `papers` may tell that it counts no more.

    The same answer again gives the same certificate again: the first may never have reached the disk.

    Raises Refused `pass-challenge`, `pass-no-owner`, `pass-not-yours`, `pass-again`, `pass-needs-close`, `pass-does-not-count`,
    `pass-pending`, what `presentation.verify` and `manifest.verify` raise, and the errors of the ledger.
    """
    signed = manifest.verify(manifest_token, {creator.thumbprint: creator.public})
    with ledger.opened(creator.folder) as book:
        shown = _answered(book, answer, now_s, max_age_s)
        held = shown.certificate
        if (held.creator, held.drop) != (creator.did, signed.drop.id):
            raise Refused(
                "pass-not-yours",
                "The certificate is not of the drop whose pack you gave. Give the newest pack of its own drop.",
            )
        old, challenge = certificate.digest(held.document), answer["proof"]["challenge"]
        before = book.passed(held.drop).get(old)
        if before is not None:
            passed = _signed(creator, shown, old, challenge, before.at)
            if (before.challenge, before.new) != (challenge, passed.new):
                raise _again()
        else:
            _check_once(book, held.drop, challenge)
            _check_counts(
                book, creator, [Paper("answer", answer), Paper("manifest", manifest_token), *papers], held.drop
            )
            passed = _signed(creator, shown, old, challenge, now_s)
        known = book.passed(held.drop)
        for name in book.forms(held.drop, old):  # as the box signed it, and as the creator did
            if name not in known:
                book.append(PassedRow(now_s, held.drop, name, passed.new, challenge))
    return passed


def _signed(creator: Creator, shown: Shown, old: str, challenge: str, at_s: int) -> PassedOn:
    """Sign it for the next owner; the same answer at the same time gives the same to the byte."""
    held = shown.certificate
    chosen = hashlib.sha256(f"{_NAMED} {old} {challenge}".encode()).digest()[:16]
    document = {**held.document, "id": f"urn:uuid:{uuid.UUID(bytes=chosen, version=4)}"}
    new = countersigning.anew(creator, document, max(at_s, held.valid_from_s), id=shown.transfer_to or "")
    return PassedOn(new, old, certificate.digest(new))


def _answered(book: Ledger, answer: dict[str, Any], now_s: int, max_age_s: int) -> Shown:
    signed = answer.get("proof")
    asked = signed if isinstance(signed, dict) else {}
    own = next((one for one in book.questions if one.challenge == asked.get("challenge")), None)
    if own is None:
        raise Refused(
            "pass-challenge",
            "This answers no question of yours. Draw one with `stall certificate ask`, and send that to the owner.",
        )
    shown = presentation.verify(answer, own.challenge, own.domain, now_s, max_age_s)
    if shown.transfer_to is None:
        raise Refused(
            "pass-no-owner",
            "The owner names nobody to pass the certificate on to. They answer with `stall owner prove --to DID`.",
        )
    return shown


def _check_once(book: Ledger, drop: str, challenge: str) -> None:
    if any(row.challenge == challenge for row in book.passed(drop).values()):
        raise _again()


def _again() -> Refused:
    return Refused(
        "pass-again",
        "This certificate was passed on already, so it counts no more. Only the newest one can be passed on.",
    )


def _check_counts(book: Ledger, creator: Creator, papers: Sequence[Paper], drop: str) -> None:
    """The certificate counts, by all papers given and, of a closed drop, by its closing statement."""
    closed = book.close(drop)
    statements = {
        jws.token_hash(one.content)
        for one in papers
        if isinstance(one.content, str) and jws.unverified_typ(one.content) == closing.TYP
    }
    if closed is not None and closed.hash not in statements:
        raise Refused(
            "pass-needs-close",
            "You closed this drop. Add your closing statement, which says whether the certificate counts.",
        )
    known = [*papers, *of_ledger([*book.delegations, *book.all_leases])]
    found = verdicts.judge(known, creator.did)[0]
    if found.grade not in {Grade.FINAL.value, Grade.PROVISIONAL.value}:
        raise Refused(
            "pass-does-not-count", f"This certificate does not count, so nobody can pass it on: {_why(found)}"
        )
    if found.reason == "provisional-pending":
        raise Refused(
            "pass-pending",
            "The payment behind this certificate was still on its way. Close the drop first, or sign it with `stall close certificates`.",
        )


def _why(found: verdicts.Verdict) -> str:
    return (
        found.says[-1]
        if found.code
        else next((line for line in found.says if "counts no more" in line), found.says[-1])
    )

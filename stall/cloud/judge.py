"""Says what the cloud makes of one event. Pure: it reads no row and never refuses a fact.

An event that cannot stand at its place is `bad`; one whose content is in doubt keeps its place and
is `quarantined` with a reason for the owner (design.md 11).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from stall.errors import StallError
from stall.wire import event, jws, receipt


class Verdict(enum.StrEnum):
    """What became of one uploaded event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    GAP = "gap"
    BAD = "bad"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class Judged:
    """One event of a batch: where it claims to stand, its bytes, and what was found.

    `receipt` is there only if its signature and sums hold.
    """

    seq: int
    data: bytes
    verdict: Verdict
    reason: str | None = None
    kind: str = ""
    receipt: receipt.Receipt | None = None
    receipt_typ: str = ""


def judge(data: bytes, seq: int, box: str, public: bytes, epoch: str) -> Judged:
    """Judge bytes that would take place `seq`: accepted, quarantined or bad."""
    try:
        found = event.decode(data)
    except StallError as error:
        return Judged(seq, data, Verdict.BAD, error.code)
    if found.epoch != epoch:
        return Judged(seq, data, Verdict.BAD, "event-of-other-epoch")
    if found.seq != seq:
        return Judged(seq, data, Verdict.BAD, "event-out-of-order")
    token = found.body.get("receipt")
    if token is None:
        return Judged(seq, data, Verdict.ACCEPTED, None, found.kind)
    return _with_receipt(found, data, token, box, public)


def _with_receipt(found: event.Event, data: bytes, token: object, box: str, public: bytes) -> Judged:
    def doubt(reason: str) -> Judged:
        return Judged(found.seq, data, Verdict.QUARANTINED, reason, found.kind)

    if not isinstance(token, str):
        return doubt("token-malformed")
    try:
        typ = jws.unverified_typ(token)
        if typ not in receipt.TYPES:
            return doubt("receipt-of-unknown-type")
        signed = receipt.verify(token, {box: public}, typ)
    except StallError as error:
        return doubt(error.code)
    if (signed.iss, signed.epoch, signed.seq) != (box, found.epoch, found.seq):
        return doubt("receipt-of-other-event")
    return Judged(found.seq, data, Verdict.ACCEPTED, None, found.kind, signed, typ)

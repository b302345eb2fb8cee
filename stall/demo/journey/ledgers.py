"""Three sets of books compared: the box's journal as exported, the cloud's, and the terminal's day end. Pure.

Every number is recomputed here from bytes: the root from the exported events, the receipts from their signatures.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from stall.demo.journey.findings import Findings
from stall.errors import StallError, WireError
from stall.wire import b64, event, keys, merkle, note, receipt
from stall.wire.event import Event


@dataclass(frozen=True)
class JournalExport:
    """The exported journal of one epoch, read from its JSON Lines."""

    note_text: str
    box_did: str
    epoch: str
    events: list[bytes]
    facts: list[Event] = field(repr=False)

    @classmethod
    def read(cls, lines: str) -> JournalExport:
        """Read an export. Raises WireError `journal-export-malformed`, and the errors of `event.decode`."""
        try:
            head, *rows = [json.loads(line) for line in lines.splitlines()]
            events = [b64.decode(row["bytes"]) for row in rows]
            facts = [event.decode(data) for data in events]
            return cls(head["note"], head["box"], head["epoch"], events, facts)
        except (ValueError, KeyError, TypeError) as error:
            raise WireError(
                "journal-export-malformed", "The exported journal cannot be read. Look into the demo's logs."
            ) from error

    @property
    def root(self) -> str:
        """The Merkle root of the exported bytes."""
        return b64.encode(merkle.root_of([merkle.leaf_hash(data) for data in self.events]))

    @property
    def thumbprint(self) -> str:
        """The name of the box's key."""
        return keys.thumbprint(keys.public_from_did(self.box_did))

    def checkpoint(self, more: Iterable[note.Verifier] = (), text: str | None = None) -> note.Checkpoint:
        """The checkpoint the box signed, or `text`, one that others signed too. Raises WireError."""
        public = keys.public_from_did(self.box_did)
        own = note.Verifier(note.origin(self.thumbprint, b64.decode(self.epoch)), public)
        return note.Checkpoint.parse(note.open(text or self.note_text, [own, *more]).body)

    def states(self, sale: int) -> list[str]:
        """The states the attempts of a sale passed through, in order, as the journal tells."""
        return [
            str(fact.body["state"]) for fact in self.facts if fact.kind == "attempt" and fact.body.get("sale") == sale
        ]

    def receipts(self) -> list[tuple[int, receipt.Receipt]]:
        """Every receipt with the number of its event, each verified with the box's key. Raises WireError."""
        public = keys.public_from_did(self.box_did)
        trusted = {keys.thumbprint(public): public}
        tokens = [(fact.seq, fact.body["receipt"]) for fact in self.facts if "receipt" in fact.body]
        return [(seq, receipt.verify(str(token), trusted)) for seq, token in tokens]


@dataclass(frozen=True)
class CloudBooks:
    """What the cloud told its owner: root and size, sums, and the verdict on every event."""

    journal: dict[str, Any]
    totals: dict[str, Any]
    verdicts: Counter[str]
    cosigner: note.Verifier


def check_journal(found: Findings, here: JournalExport, cloud: CloudBooks) -> None:
    """Root here and there, and both signatures over it; fills `journal` and `verdicts`."""
    there = cloud.journal
    equal = (there["size"], there["root"]) == (len(here.events), here.root)
    found.check("journal", holds=equal, otherwise="The cloud's journal is not the box's.")
    signed = cosigned = False
    try:
        signed = _is(here.checkpoint(), here)
        text = str(there["cosigned"])
        named = note.open(text, [cloud.cosigner]).signed_by(cloud.cosigner.name, note.COSIGNATURE_KIND)
        cosigned = named is not None and _is(here.checkpoint([cloud.cosigner], text), here)
    except StallError as error:
        found.check("journal", holds=False, otherwise=error.sentence)
    found.check("journal", holds=signed, otherwise="The box's checkpoint is not over the exported journal.")
    found.check("journal", holds=cosigned, otherwise="The cloud has not countersigned the exported journal.")
    found.facts["journal"] = {
        "epoch": here.epoch,
        "size": len(here.events),
        "root_here": here.root,
        "root_there": there["root"],
        "size_there": there["size"],
        "equal": equal,
        "signed_by_box": signed,
        "cosigned_by_cloud": cosigned,
    }
    stands = sum(cloud.verdicts.values()) == len(here.events) and set(cloud.verdicts) == {"accepted"}
    stands = stands and not cloud.totals["doubtful"]
    found.check("verdicts", holds=stands, otherwise=f"The cloud doubts some events: {dict(cloud.verdicts)}")
    found.facts["verdicts"] = dict(cloud.verdicts)


def reconcile(
    found: Findings, here: JournalExport, cloud: CloudBooks, terminal: dict[str, Any], report: object
) -> None:
    """Receipts, the terminal's totals as they came over the wire, its own books, and the cloud; fills `reconciliation`."""
    ours = _by_tender(here)
    theirs = {(row["m"], row["cur"]): (row["count"], row["minor"]) for row in cloud.totals["tenders"]}
    ends, last = _last_day_end(here)
    card = _card_since(here, ends)
    told = (last.get("count"), last.get("total"))
    booked = [row for row in terminal["entries"] if row["kind"] == "payment" and row["state"] == "booked"]
    closed = max((row["day_end"] or 0 for row in booked), default=0)
    own = [row["amount"] for row in booked if row["day_end"] == closed and row["day_end"] == terminal["day"] - 1]
    ties = {
        "receipts and cloud": ours == theirs,
        "receipts and terminal": told == card,
        "terminal and its own books": told == (len(own), sum(own)),
        "terminal's number": last.get("tid") == terminal["tid"],
        "the stall's own report": isinstance(report, dict) and report.get("ok") is True,
    }
    for name, holds in ties.items():
        found.check("reconciliation", holds=holds, otherwise=f"It does not tie: {name}.")
    found.facts["reconciliation"] = {
        "receipts": [_row(key, value) for key, value in sorted(ours.items())],
        "cloud": [_row(key, value) for key, value in sorted(theirs.items())],
        "terminal": {
            "by": "06 50",
            "tid": last.get("tid"),
            "cur": last.get("cur"),
            "count": last.get("count"),
            "minor": last.get("total"),
        },
        "card_receipts_of_that_day": {"count": card[0], "minor": card[1]},
        "terminal_books_of_that_day": {"count": len(own), "minor": sum(own)},
        "ties": {name: bool(holds) for name, holds in ties.items()},
    }


def _is(signed: note.Checkpoint, here: JournalExport) -> bool:
    return (signed.size, b64.encode(signed.root)) == (len(here.events), here.root)


def _by_tender(here: JournalExport) -> dict[tuple[str, str], tuple[int, int]]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for _, told in here.receipts():
        for part in told.pay:
            count, minor = sums.get((part.m, part.cur), (0, 0))
            sums[part.m, part.cur] = count + 1, minor + part.minor
    return sums


def _last_day_end(here: JournalExport) -> tuple[tuple[int, int], dict[str, Any]]:
    """The stretch of events the last end of day closes, and what it said."""
    ends = [fact for fact in here.facts if fact.kind == "day_end"]
    if not ends:
        raise WireError(
            "journal-no-day-end", "The journal has no end of day of the terminal. Look into the demo's logs."
        )
    before = ends[-2].seq if len(ends) > 1 else -1
    return (before, ends[-1].seq), dict(ends[-1].body)


def _card_since(here: JournalExport, stretch: tuple[int, int]) -> tuple[int, int]:
    parts = [
        part.minor
        for seq, told in here.receipts()
        if stretch[0] < seq < stretch[1]
        for part in told.pay
        if part.m == "card"
    ]
    return len(parts), sum(parts)


def _row(key: tuple[str, str], value: tuple[int, int]) -> dict[str, object]:
    return {"tender": key[0], "cur": key[1], "count": value[0], "minor": value[1]}

"""The terminal's own books against ours: what it booked is what we say was paid, each payment once."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from stall.domain.payment import OPEN, State

#: States of ours that may stand beside a payment the terminal has booked: it was told so, or it is still asked about.
MAY_BE_BOOKED = OPEN | {State.PAID}
#: The line that new books begin with; nobody bought it.
_INSTALLERS_TEST = 1


@dataclass(frozen=True)
class Booked:
    """One payment in the terminal's books."""

    receipt: int
    minor: int
    state: str
    tid: str


def payments(path: Path) -> list[Booked]:
    """Read the payments out of the terminal's books, which a running terminal may be writing."""
    with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=10)) as books:
        rows = books.execute(
            "SELECT e.receipt, e.amount, e.state, t.tid FROM entry e, terminal t WHERE e.kind = 'payment' AND e.id > ?",
            (_INSTALLERS_TEST,),
        )
        return [Booked(*row) for row in rows]


def booked(path: Path) -> dict[int, int]:
    """Receipt number and amount of every payment that stands in the terminal's books."""
    return {each.receipt: each.minor for each in payments(path) if each.state == "booked"}


def compare(conn: sqlite3.Connection, before: list[Booked], after: list[Booked]) -> list[str]:
    """Compare our card attempts with the books as they were before and after ours were read."""
    ours = conn.execute(
        "SELECT no, sale, state, amount_minor, tid, receipt_no FROM attempts WHERE tender = 'card' AND kind = 'pay'"
    ).fetchall()
    return [*_theirs_in_ours(before, ours), *_ours_in_theirs(after, ours)]


def _theirs_in_ours(before: list[Booked], ours: list[sqlite3.Row]) -> list[str]:
    found = []
    per_sale: Counter[int] = Counter()
    for each in (entry for entry in before if entry.state == "booked"):
        matches = [
            a for a in ours if (a["tid"], a["receipt_no"], a["amount_minor"]) == (each.tid, each.receipt, each.minor)
        ]
        standing = [a for a in matches if a["state"] in MAY_BE_BOOKED]
        if len(standing) != 1:
            states = ", ".join(f"attempt {a['no']} {a['state']}" for a in matches) or "no attempt"
            found.append(f"The terminal booked {each.minor} under receipt {each.receipt}; we have {states}.")
        else:
            per_sale[standing[0]["sale"]] += 1
    return found + [f"Sale {sale} was charged {n} times by card." for sale, n in per_sale.items() if n > 1]


def _ours_in_theirs(after: list[Booked], ours: list[sqlite3.Row]) -> list[str]:
    found = []
    stands = Counter((each.tid, each.receipt, each.minor) for each in after if each.state == "booked")
    for attempt in (a for a in ours if a["state"] == State.PAID):
        times = stands[attempt["tid"], attempt["receipt_no"], attempt["amount_minor"]]
        if times != 1:
            found.append(
                f"Attempt {attempt['no']} of sale {attempt['sale']} is paid here and stands {times} times in the terminal's books."
            )
    claimed = Counter(a["receipt_no"] for a in ours if a["state"] == State.PAID)
    return found + [f"{n} paid attempts share the terminal's receipt {no}." for no, n in claimed.items() if n > 1]

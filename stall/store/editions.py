"""What a shift did to each drop: copies sold and taken back in it, and how its numbers stand at the end. Reads only."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from stall.domain.zreport import Edition
from stall.store import returns
from stall.store.schema import FREE, FROZEN, HELD, SOLD, VOID

#: Lines of drops on papers of a period. A line of a return names the line it takes back; a void by the card terminal takes back all.
_LINES = (
    "SELECT p.drop_no, l.ed, l.qty, {taken} FROM sales s JOIN lines l ON l.id >= s.no << 8 AND l.id < (s.no + 1) << 8"
    " JOIN packs p ON p.no = l.pack WHERE s.{event} BETWEEN ? AND ? AND {which}"
)


@dataclass(slots=True)
class _Drop:
    sold: int = 0
    returned: int = 0
    numbers: list[int] = field(default_factory=list)
    states: Counter[int] = field(default_factory=Counter)


def of_period(conn: sqlite3.Connection, first: int, last: int) -> tuple[Edition, ...]:
    """Every drop that sold or came back from one event to another, or has numbers left, by its id."""
    drops: dict[int, _Drop] = {}
    for event, taken, which in (
        ("receipt_event", "l.of_line IS NOT NULL", "1"),
        ("void_event", "1", returns.VOID_ALONE),
    ):
        query = _LINES.format(event=event, taken=taken, which=which)
        for drop, ed, qty, back in conn.execute(query, (first, last)).fetchall():
            each = drops.setdefault(drop, _Drop())
            if back:
                each.returned += qty
            else:
                each.sold += qty
                each.numbers += [] if ed is None else [ed]
    for drop, state, count in conn.execute("SELECT id >> 20, state, count(*) FROM numbers GROUP BY 1, 2").fetchall():
        drops.setdefault(drop, _Drop()).states[state] = count
    names = dict(conn.execute("SELECT no, drop_id FROM drops").fetchall())
    found = (_edition(names[drop], each) for drop, each in drops.items())
    return tuple(sorted((e for e in found if e.sold or e.returned or e.remaining or e.frozen), key=lambda e: e.drop))


def _edition(drop: str, each: _Drop) -> Edition:
    states = each.states
    return Edition(
        drop, each.sold, each.returned, ranges(each.numbers), granted=sum(states.values()), standing=states[SOLD],
        void=states[VOID], frozen=states[FROZEN], remaining=states[FREE] + states[HELD],
    )  # fmt: skip


def ranges(numbers: Iterable[int]) -> str:
    """Write numbers as people do: `1-4,7`."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)

"""The editions that were sold last, for a screen at the stall: titles, numbers and moments, and nothing about anybody. Reads only."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from stall.store.schema import SOLD, line_id

#: Among how many of the newest sales they are looked for: a stall that sells no numbered thing all day costs no more.
_SALES = 200

_LAST = """
SELECT p.title, n.id & 1048575 AS ed, s.paid_ms
FROM (SELECT no, paid_ms FROM sales WHERE state = 'paid' AND void_event IS NULL ORDER BY no DESC LIMIT ?) s
JOIN lines l ON l.id BETWEEN s.no * ? AND s.no * ? + 255
JOIN packs p ON p.no = l.pack
JOIN numbers n ON n.id = p.drop_no * 1048576 + l.ed
WHERE l.ed IS NOT NULL AND l.of_line IS NULL AND n.state = ? AND n.sale = s.no
ORDER BY s.paid_ms DESC, n.id DESC LIMIT ?
"""


class Sold(NamedTuple):
    """One edition that was sold: its title, its number, and when it was paid (ms UTC)."""

    title: str
    ed: int
    paid_ms: int


def latest(conn: sqlite3.Connection, most: int) -> list[Sold]:
    """The newest sold editions, at most `most`; what was given back or taken back is none."""
    step = line_id(1, 0)
    return [Sold(*row) for row in conn.execute(_LAST, (_SALES, step, step, SOLD, most)).fetchall()]

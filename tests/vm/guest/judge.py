"""In the virtual machine, after the power came back: does the box keep what it promised?

`python -m tests.vm.guest.judge DATA states|reader|settle|judge|sell`, as the user of the stall, while the stall runs. What was promised, and
the terminal's own books, are JSON on standard input; findings are JSON on standard output.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stall import app
from stall.domain.payment import OPEN, State
from stall.store import readers
from stall.store.box import Box
from tests.faults import terminal_books, verdict
from tests.faults.promised import Promised
from tests.faults.terminal_books import Booked

#: How long payments that nobody could tell of may take to be told (s): the terminal is asked again and again.
TOLD_WITHIN_S = 240.0


def settle(box: Box) -> dict[str, Any]:
    """Wait until no card payment is open; how they stood before and after."""
    at_first = states(box)
    began = time.monotonic()
    while open_ones(box) and time.monotonic() < began + TOLD_WITHIN_S:
        time.sleep(1.0)
    return {
        "at_first": at_first,
        "in_the_end": states(box),
        "left": open_ones(box),
        "seconds": round(time.monotonic() - began),
    }


def judge(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Everything that `tests.faults.verdict` asks, SQLite's own look, and the terminal's books against ours."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(told["promised"], file)
        file.flush()
        promised = Promised.load(Path(file.name))
    found = verdict.judge_box(box, promised)
    conn = box.db.read()
    books = [Booked(*row) for row in told["books"]]
    found += terminal_books.compare(conn, books, books)
    found += sound(conn)
    events = conn.execute("SELECT count(*) FROM events").fetchone()[0]
    return {"found": found, "promised": promised.count, "events": events}


def states(box: Box) -> dict[str, Any]:
    """How many card payments are in which state."""
    rows = box.db.read().execute("SELECT state FROM attempts WHERE tender = 'card'").fetchall()
    return dict(Counter(str(row[0]) for row in rows))


def open_ones(box: Box) -> list[str]:
    """Card payments that are in no final state."""
    rows = box.db.read().execute("SELECT no, sale, state, display FROM attempts WHERE tender = 'card'").fetchall()
    return [f"{no} of sale {sale}: {state}, {shown}" for no, sale, state, shown in rows if State(state) in OPEN]


def sound(conn: sqlite3.Connection) -> list[str]:
    """SQLite's own look at its file."""
    said = [str(row[0]) for row in conn.execute("PRAGMA integrity_check").fetchall()]
    broken = [tuple(row) for row in conn.execute("PRAGMA foreign_key_check").fetchall()]
    return [
        *(f"SQLite: {words}" for words in said if words != "ok"),
        *(f"A row points nowhere: {row}" for row in broken),
    ]


def reader(box: Box) -> dict[str, Any]:
    """How the card reader's process says it stands."""
    found = readers.find(box.db.read(), 1)
    return {} if found is None else {"link": found.link, "display": found.display}


LOOKS: dict[str, Callable[[Box], dict[str, Any]]] = {"settle": settle, "states": states, "reader": reader}


def main(data: Path, what: str) -> None:
    """Do one of them."""
    if what == "sell":
        answer: dict[str, Any] = {"found": verdict.sells_again(data)}
    else:
        box = app.open_box(data, looking=True)
        try:
            answer = judge(box, json.loads(sys.stdin.read())) if what == "judge" else LOOKS[what](box)
        finally:
            box.close()
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

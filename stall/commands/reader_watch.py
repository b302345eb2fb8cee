"""`stall reader watch`: follow how a reader stands, from the box's database alone; the port belongs to its own process."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import DATA_VARIABLE, say
from stall.commands.reader_probe import NUMBER

if TYPE_CHECKING:
    from stall.store.box import Box

#: How often to look whether to stop (s); a change is told at once.
GLANCE_S = 0.5


@click.command("watch")
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, readable=False),
    required=True,
    help="Data folder of the box.",
)
@NUMBER
def watch(data: Path, number: int) -> None:
    """Print a line whenever a reader or its running payment changes, until stopped. Nothing is asked and nothing written."""
    from stall import app
    from stall.store.watch import Watcher

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    box = app.open_box(data, looking=True)
    watcher = Watcher(box.db.path)
    try:
        seen, told, running = -1, "", None
        while not stop.is_set():
            now, running = _stands(box, number, running)
            if now != told:
                say.line(f"{_time(box)}  {now}")
                told = now
            seen = watcher.wait(seen, GLANCE_S)
    finally:
        watcher.stop()
        box.close()


def _stands(box: Box, number: int, before: int | None) -> tuple[str, int | None]:
    """How the reader stands in one line, and the number of the payment that runs; `before` is told once more when it ended."""
    from stall.domain import money
    from stall.store import attempts, readers

    conn = box.db.read()
    row = readers.find(conn, number)
    if row is None:
        return f"reader {number}: nothing yet. Start it: stall reader --data {box.folder}", None
    line = f"{row.name}: {row.link}, {row.display}"
    running = next(iter(attempts.open_on_reader(conn, number)), None)
    shown = running or (None if before is None else attempts.find(conn, before))
    if shown is None:
        return line, None
    about = f"payment {shown.no} of {money.text(shown.amount_minor, shown.cur)}: {shown.state.value}"
    words = ", ".join(filter(None, [shown.display if running else "", shown.reason or ""]))
    return f"{line} | {about}{', ' if words else ''}{words}", None if running is None else running.no


def _time(box: Box) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(box.now_ms() / 1000, UTC).astimezone().strftime("%H:%M:%S")

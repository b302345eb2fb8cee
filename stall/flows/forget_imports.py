"""Let one import run at a time, and take away what earlier ones left: half files at once, whole ones that nobody went on with later.

Outside the door: no row speaks of these files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stall import disk
from stall.errors import Refused
from stall.store import begun, locks
from stall.store.db import Database


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one import run at a time, and clear away what was half done when an earlier one was cut off.

    Raises Refused `already-running`.
    """
    held = locks.own_name(folder, "import")
    try:
        for name in begun.FILLED:
            (folder / name).mkdir(mode=0o700, exist_ok=True)  # a box from before has not all of them
            disk.clear_leftovers(folder / name)
        yield
    finally:
        held.release()


def forget_imports(database: Database) -> int:
    """Take away all that imports left that were begun and not finished; return how many bytes that were. Raises as `alone`."""
    folder = database.path.parent
    with alone(folder):
        return begun.forget(folder, database.read())


def forget_old_imports(database: Database, now_ms: int) -> None:
    """Take away what was left more than some days ago, unless an import runs. Looks at a folder, and at no more where that is empty."""
    folder = database.path.parent
    if any((folder / begun.FOLDER).glob("*.jws")):
        with suppress(Refused), alone(folder):
            begun.forget(folder, database.read(), before_s=begun.too_old(now_ms / 1000))

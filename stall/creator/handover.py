"""Papers the creator hands over: each is written to a file of its own, never over another.

A paper that was signed may have left this machine; what lies in its place afterwards must not contradict it.
"""

from __future__ import annotations

from pathlib import Path

from stall import disk
from stall.errors import Refused


def check_free(out: Path) -> None:
    """Refuse a name that is taken, before anything is signed. Raises Refused `out-exists`."""
    with disk.sentences(out):
        taken = out.is_symlink() or out.exists()
    if taken:
        raise Refused("out-exists", f"“{out}” is there already, and nothing is overwritten. Give --out another name.")


def write(out: Path, token: str) -> None:
    """Write one token as a line of text. Raises Refused `out-exists` and the errors of `disk.whole_file`."""
    check_free(out)
    with disk.whole_file(out) as file:
        file.write(token.encode("ascii") + b"\n")

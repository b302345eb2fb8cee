"""The process that draws papers beside `stall web`: reads one job a line, draws it into its folder, answers a line. Ends with its input.

It is the first to go when memory is short, it gives way to everybody else's work, and it opens no network, no database and no key.
Usage: `python -m stall.box.papers.beside FOLDER`.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from stall import disk
from stall.box.papers import drawing
from stall.domain.papersheet import CertificateSheet, Form, ReceiptSheet
from stall.errors import StallError
from stall.store.room import free_bytes

#: What it may take: memory it maps (fonts are 20 MB, its libraries some hundred), and one file (bytes).
MOST_MEMORY, MOST_FILE = 1 << 30, 16 << 20
#: What the folder may hold, after which the oldest go, and what it leaves free on the disk (bytes).
MOST_KEPT, LEAST_FREE = 64 << 20, 256 << 20
NICENESS = 10
_LOOK_EVERY = 50
_FILE = re.compile(r"[0-9a-f]{40}\.(pdf|png)")
_LONGEST_LINE = 4 << 20


class Job(msgspec.Struct, frozen=True):
    """One file to be drawn: its name, pdf or png, and the sheet of one of two kinds."""

    file: str
    form: Form
    certificate: CertificateSheet | None = None
    receipt: ReceiptSheet | None = None


def main(folder: Path, jobs: BinaryIO, answers: BinaryIO) -> None:
    """Draw until there are no more jobs."""
    disk.clear_leftovers(folder)
    count = 0
    while line := jobs.readline(_LONGEST_LINE):
        if count % _LOOK_EVERY == 0:
            make_room(folder, MOST_KEPT)
        count += 1
        answers.write(f"{answer(folder, line)}\n".encode())
        answers.flush()


def answer(folder: Path, line: bytes) -> str:
    """Draw one file; say ok, or why not in one line. The process goes on: whoever asked ends it where that is better."""
    try:
        job = msgspec.json.decode(line, type=Job)
        sheet = job.certificate or job.receipt
        if sheet is None or not _FILE.fullmatch(job.file):
            return "no job"
        free = free_bytes(folder)
        if free is not None and free < LEAST_FREE:
            return "the disk is nearly full"
        data = drawing.draw(sheet, job.form)
        with disk.whole_file(folder / job.file, 0o600) as file:  # whatever has its name is handed out
            file.write(data)
    except (StallError, OSError, MemoryError, msgspec.DecodeError) as error:
        return f"{type(error).__name__} {getattr(error, 'code', '')}".strip()
    return "ok"


def make_room(folder: Path, most: int) -> None:
    """Remove the oldest files until no more than `most` bytes are kept; what is wanted again is drawn again."""
    found = sorted(((one.stat().st_mtime_ns, one.stat().st_size, one) for one in folder.iterdir() if one.is_file()), reverse=True)  # fmt: skip
    held = 0
    for _, size, path in found:
        held += size
        if held > most:
            path.unlink(missing_ok=True)


def give_way() -> None:
    """Let everybody else go first, and be the one to end when memory is short."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE, MOST_FILE))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")


if __name__ == "__main__":
    give_way()
    main(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)

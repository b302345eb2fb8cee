"""The limit of the disk: append 4 KiB to a file and sync it, again and again. Run in a process of its own,
so that the library that delays syncs delays these as well: `python -m tests.bench.raw FOLDER SECONDS`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

PAGE = 4096


def raw_rate(folder: Path, seconds: float) -> float:
    """Appends of 4 KiB, each with its fdatasync, per second."""
    path, page, count = folder / "raw.bench", os.urandom(PAGE), 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        begun = time.perf_counter()
        while (now := time.perf_counter()) < begun + seconds:
            os.write(file, page)
            os.fdatasync(file)
            count += 1
        return count / (now - begun)
    finally:
        os.close(file)
        path.unlink()


if __name__ == "__main__":
    sys.stdout.write(f"{raw_rate(Path(sys.argv[1]), float(sys.argv[2]))}\n")

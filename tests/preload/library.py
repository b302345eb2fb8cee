"""Builds the library and gives the environment a process needs to run behind it. Starts nothing itself."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("disk.c")
FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread")
#: What a machine needs that cannot build it.
MISSING = "no C compiler here; on Debian: apt-get install gcc libc6-dev"


def compiler() -> str | None:
    """Path of the C compiler, or None."""
    return shutil.which("cc") or shutil.which("gcc")


def library() -> Path:
    """Path of the built library, built at most once per content of the source. Any number may ask at once."""
    own = compiler()
    assert own, MISSING
    key = hashlib.sha256(SOURCE.read_bytes() + " ".join(FLAGS).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"stall-preload-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    assert folder.stat().st_uid == os.getuid(), f"{folder} belongs to somebody else"
    built = folder / f"disk-{key}.so"
    if not built.exists():
        made = folder / f"making-{os.getpid()}-{key}.so"
        subprocess.run([own, *FLAGS, "-o", str(made), str(SOURCE)], check=True, timeout=120)
        made.replace(built)
    return built


def environment(
    *,
    under: Path,
    delay_us: int = 0,
    counts: Path | None = None,
    log: Path | None = None,
    faults: Path | None = None,
) -> dict[str, str]:
    """Variables to add to a process's environment. `under` must exist; the other files too (Counts.make, Faults.make).

    `delay_us` is slept in every sync of a file below `under`; each process started with these shares counts and log.
    """
    told = {"LD_PRELOAD": str(library()), "STALL_DISK_UNDER": str(under.resolve())}
    if delay_us:
        told["STALL_DISK_DELAY_US"] = str(delay_us)
    for name, path in (("COUNTS", counts), ("LOG", log), ("FAULTS", faults)):
        if path is not None:
            told[f"STALL_DISK_{name}"] = str(path)
    return told

"""A program run behind the library, in a process of its own, on files below one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.preload import library
from tests.preload.counts import Counts, Tally
from tests.preload.faults import Faults
from tests.preload.records import Record, read

ENOUGH_S = 50.0


class Watched:
    """`folder` is watched; counts, log and faults lie beside it."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "box"
        self.folder.mkdir()
        self.log = home / "log"
        self.faults = Faults.make(home / "faults")
        self._counts = Counts.make(home / "counts")

    def environment(self, delay_us: int = 0) -> dict[str, str]:
        told = library.environment(
            under=self.folder,
            delay_us=delay_us,
            counts=self._counts.path,
            log=self.log,
            faults=self._counts.path.with_name("faults"),
        )
        return {**os.environ, **told}

    def run(self, code: str, *, delay_us: int = 0) -> str:
        """Run Python code in the folder; give what it printed."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env=self.environment(delay_us),
            capture_output=True,
            text=True,
            timeout=ENOUGH_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def tally(self) -> Tally:
        return self._counts.read()

    @property
    def records(self) -> list[Record]:
        return read(self.log)

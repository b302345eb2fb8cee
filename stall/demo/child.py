"""One command kept running as a process: its start, its log, its restarts, its end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

#: The exit code of a process that stopped itself because a write has an unknown outcome: start it anew at once.
UNKNOWN_OUTCOME = 75
FIRST_WAIT_S, LAST_WAIT_S = 0.5, 5.0
#: A process that lived this long was well; its next restart waits the shortest time again (s).
WELL_AFTER_S = 10.0
#: A log longer than this (bytes) is put aside as NAME.log.1, in place of an older one.
LOG_BYTES = 1024 * 1024


class Child:
    """A `stall` command, or another program, as a process. One thread uses it."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path, *, ours: bool = True) -> None:
        """Nothing is started yet; `name` is what people read, `log` takes both outputs of the process.

        Unless it is `ours`, the first of `arguments` is the program's path.
        """
        self.name, self._arguments, self.log = name, tuple(arguments), log
        self._by = "stall.demo.leash" if ours else "stall.demo.tether"
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due: float | None = None
        self._wait_s = FIRST_WAIT_S

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def start(self) -> None:
        """Start it, in a process group of its own: Ctrl-C reaches the supervisor alone, which stops the rest in order."""
        self.shorten_log()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", self._by, *self._arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._started, self._due = time.monotonic(), None

    def look(self) -> int | None:
        """Start it again if it ended and its wait is over; give the exit code the moment its end is noticed."""
        now = time.monotonic()
        if self._due is not None:
            if now >= self._due:
                self.restarts += 1
                self.start()
            return None
        code = None if self._process is None else self._process.poll()
        if code is None:
            return None
        self._let_go()
        if now - self._started >= WELL_AFTER_S:
            self._wait_s = FIRST_WAIT_S
        self._due = now if code == UNKNOWN_OUTCOME else now + self._wait_s
        self._wait_s = min(LAST_WAIT_S, self._wait_s * 2)
        return code

    def ask_to_stop(self) -> None:
        """Send SIGTERM and start it no more."""
        self._due = None
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def end(self, by: float) -> None:
        """Wait for its end until the moment `by` (monotonic s), then kill it."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, by - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._let_go()
        self._process = None

    def shorten_log(self) -> None:
        """Put a long log aside. The process appends, so it goes on at the beginning of the emptied file."""
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)

    def last_words(self) -> str:
        """The last line of its log, or a word that there is none."""
        with contextlib.suppress(OSError):
            lines = self.log.read_text("utf-8", "replace").split("\n")
            return next((line for line in reversed(lines) if line.strip()), "no word in its log")
        return "no log"

    def _let_go(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

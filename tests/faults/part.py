"""One stall command as a process that may be killed at any instant and is started again, as systemd would."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import stall
from stall.demo.child import UNKNOWN_OUTCOME

#: The tree these tests work with; the processes import from there and nowhere else, whatever is installed.
TREE = Path(stall.__file__).absolute().parents[1]
END_WITHIN_S = 5.0
#: A process that ends by itself is started again after this (s), so that one that cannot start does not spin.
PAUSE_S = 0.3


def environment(**more: str) -> dict[str, str]:
    """The environment of a process under test: this one's, without settings of a person, with our tree first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STALL_")}
    return {**kept, "PYTHONPATH": str(TREE), **more}


class Part:
    """A command. `ends` holds how it ended each time nobody had asked it to: exit codes, signals negative."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        """Nothing is started yet. `log` takes both outputs."""
        self.name, self.log = name, log
        self._arguments = tuple(arguments)
        self._process: subprocess.Popen[bytes] | None = None
        self._expected = False
        self._due = 0.0
        self._always: dict[str, str] = {}
        self.ends: list[int] = []

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def always(self, environment: Mapping[str, str]) -> None:
        """Set these variables at every start from now on."""
        self._always.update(environment)

    def start(self, once: Mapping[str, str] | None = None) -> None:
        """Start it on a leash: when this process is gone, the kernel closes its standard input and it ends.

        What it is told `once`, in variables, is when to die: then SIGKILL is no surprise.
        """
        self._let_go()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.faults.child", *self._arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(**{**self._always, **(once or {})}),
                process_group=0,
            )
        self._expected = once is not None

    def kill(self) -> bool:
        """SIGKILL. False when it was not running."""
        self._expected = True
        if self._process is None or self._process.poll() is not None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return True

    def wait(self, within_s: float) -> int | None:
        """Wait for its end; give how it ended, or None when it did not."""
        if self._process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(within_s)
        return None

    def look(self) -> None:
        """Start it again if it ended."""
        if self._process is None or (code := self._process.poll()) is None:
            return
        if not self._due and not (self._expected and code == -signal.SIGKILL):
            self.ends.append(code)
            self._due = time.monotonic() + (0 if code == UNKNOWN_OUTCOME else PAUSE_S)
        if time.monotonic() >= self._due:
            self._due = 0.0
            self.start()

    def end(self) -> None:
        """Ask it to end in good order, and kill it if it does not."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            if self.wait(END_WITHIN_S) is None:
                self.kill()
        self._let_go()
        self._process = None

    def last_words(self) -> str:
        """The end of its log."""
        with contextlib.suppress(OSError):
            return " / ".join(self.log.read_text("utf-8", "replace").strip().split("\n")[-3:])[-600:]
        return "no log"

    def _let_go(self) -> None:
        if self._process is not None:
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()

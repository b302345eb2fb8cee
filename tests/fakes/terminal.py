"""A person at a pseudo-terminal: starts a command, waits for words to appear, types, and reads what stood there at the end."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

PATIENCE_S = 30
# Ctrl-C reaches only whoever has the terminal as their own.
_START = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from stall.cli import main; main()"


class Terminal:
    """One `stall …` at a terminal of so many columns and rows; both outputs and the input are the terminal."""

    def __init__(self, arguments: Sequence[object], cwd: Path, columns: int = 80, rows: int = 24) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        command = [sys.executable, "-c", _START, *map(str, arguments)]
        ignored = {"COLUMNS", "LINES"}
        environment = {name: value for name, value in os.environ.items() if name not in ignored} | {"TERM": "xterm"}
        root = str(Path(__file__).resolve().parents[2])
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=cwd,
            env=environment | {"PYTHONPATH": root},
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""
        self._read_to = 0

    def until(self, words: str) -> str:
        """Wait until words appear behind what was waited for before; give what came up to them."""
        end = time.monotonic() + PATIENCE_S
        while words not in self.seen[self._read_to :]:
            assert self._more(end), f"“{words}” did not come; there stands:\n{self.seen}"
        at = self.seen.index(words, self._read_to) + len(words)
        came, self._read_to = self.seen[self._read_to : at], at
        return came

    def type(self, text: str, key: str = "\n") -> None:
        """Type, and press Enter or another key."""
        os.write(self._ours, (text + key).encode())

    def interrupt(self) -> int:
        """Press Ctrl-C until it is noticed, as a person does, and give the exit code.

        Between a question and the wait for its answer Python notes the key and looks at it only when the next one comes.
        """
        for _ in range(PATIENCE_S):
            os.write(self._ours, b"\x03")
            end = time.monotonic() + 1
            while self._process.poll() is None and time.monotonic() < end:
                self._more(min(end, time.monotonic() + 0.1))
            if self._process.poll() is not None:
                break
        return self.end()

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and answer it."""
        self.until(question)
        self.until(": ")
        self.type(text)

    def end(self) -> int:
        """Wait for the end and give the exit code; `seen` is then all that came."""
        end = time.monotonic() + PATIENCE_S
        while self._more(end):
            pass
        os.close(self._ours)
        return self._process.wait(PATIENCE_S)

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, end - time.monotonic()))
        try:
            data = os.read(self._ours, 65_536) if ready else b""
        except OSError:  # how Linux says that nobody is at the other end any more
            data = b""
        self.seen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

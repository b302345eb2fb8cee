"""Has papers drawn by one process beside this one, and keeps what it drew in a folder: nothing is drawn, nor hashed much, here.

The process is started when the first paper is wanted, gets one job at a time, and ends when it had nothing to do for a while. One
that is slow or dies is ended, and what it was drawing is left alone for some time: it harms nobody else's paper (ADR 42).
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from stall import log
from stall.domain import papersheet
from stall.domain.papersheet import CertificateSheet, Form, Sheet

FOLDER = "papers"
#: How long one paper may take, and how long the process waits for another (s). A slow board needs some seconds for one.
LONGEST_S, IDLE_S = 40.0, 30.0
#: What broke is not tried again for so long (s).
BROKEN_S = 600.0
#: Sales whose papers wait to be drawn ahead, of which the oldest is forgotten (it is drawn when asked for); and requests that wait.
MOST_AHEAD, MOST_WAITING = 64, 8
#: A download page is sent before its papers are looked at (s).
AHEAD_AFTER_S = 5.0
logger = log.get("web")


class Job(Protocol):
    """A file to be drawn."""

    @property
    def name(self) -> str:
        """What it is called among the papers."""

    @property
    def sheet(self) -> Sheet:
        """What stands on it."""

    @property
    def form(self) -> Form:
        """A pdf or a png."""


@dataclass(frozen=True, slots=True)
class _Order:
    """One job on its way to the process: the file it becomes, and the line that asks for it."""

    file: str
    line: bytes


class Drawing:
    """The process beside, the folder of what it drew, and who waits for what."""

    def __init__(self, folder: Path, command: Sequence[str] | None = None, longest_s: float = LONGEST_S, idle_s: float = IDLE_S) -> None:  # fmt: skip
        """Take the data folder; `command` is the process, for tests. Nothing is started yet."""
        self._folder = folder / FOLDER
        self._command = list(command or (sys.executable, "-P", "-m", "stall.box.papers.beside", str(self._folder)))
        self._longest_s, self._idle_s = longest_s, idle_s
        self._state = threading.Condition()
        self._urgent: deque[_Order] = deque()
        self._ahead: deque[tuple[float, object, Callable[[], None]]] = deque()
        self._broken: dict[str, float] = {}
        self._waiting = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def get(
        self, jobs: Sequence[Job], within_s: float, may_ask: Callable[[], object] | None = None
    ) -> dict[str, bytes]:
        """What is drawn of these within some seconds, by name. Where many wait already, only what is there.

        `may_ask` is called before anything is drawn for this, and raises where it may not be.
        """
        orders = {job.name: _order(job) for job in jobs}
        end = time.monotonic() + within_s
        with self._state:
            asked = [one for one in orders.values() if self._is_wanted(one)]
        if asked and may_ask is not None:
            may_ask()
        with self._state:
            if asked and self._waiting < MOST_WAITING and not self._stopping:
                self._ask(asked)
                self._waiting += 1
                try:
                    self._state.wait_for(lambda: not any(map(self._is_wanted, asked)), max(0.0, end - time.monotonic()))
                finally:
                    self._waiting -= 1
        return {name: data for name, one in orders.items() if (data := self._read(one.file)) is not None}

    def ahead(self, key: object, look: Callable[[], None]) -> None:
        """Call `look` soon, on the thread that has papers drawn; it asks for them by `draw`. The same key waits once."""
        with self._state:
            if self._stopping or any(other == key for _, other, _ in self._ahead):
                return
            if len(self._ahead) >= MOST_AHEAD:
                self._ahead.popleft()
            self._ahead.append((time.monotonic() + AHEAD_AFTER_S, key, look))
            self._begin()
            self._state.notify_all()

    def draw(self, jobs: Iterable[Job]) -> None:
        """Draw what is not drawn, one after the other, letting those go first who wait. Only on our own thread."""
        for job in jobs:
            self._serve()
            if self._stopping:
                return
            order = _order(job)
            with self._state:
                wanted = self._is_wanted(order)
            if wanted:
                self._do(order)

    def stop(self) -> None:
        """Draw nothing any more; what is being drawn is given up."""
        with self._state:
            self._stopping = True
            self._state.notify_all()
        self._end_process()
        if self._thread is not None:
            self._thread.join(2)

    def _ask(self, orders: Iterable[_Order]) -> None:
        known = {one.file for one in self._urgent}
        self._urgent.extend(one for one in orders if one.file not in known)
        self._begin()
        self._state.notify_all()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="drawing", daemon=True)
            self._thread.start()

    def _is_wanted(self, order: _Order) -> bool:
        """Whether it is neither drawn nor known to break."""
        broke = self._broken.get(order.file)
        return (broke is None or time.monotonic() - broke > BROKEN_S) and not (self._folder / order.file).is_file()

    def _read(self, file: str) -> bytes | None:
        try:
            return (self._folder / file).read_bytes()
        except OSError:
            return None

    def _run(self) -> None:
        while not self._stopping:
            self._serve()
            look = self._next_ahead()
            if look is None:
                continue
            try:
                look()
            except Exception as error:  # noqa: BLE001 - a sale nobody can describe ends no thread; it is drawn when asked for
                logger.warning("drawing.not_looked", reason=type(error).__name__)

    def _next_ahead(self) -> Callable[[], None] | None:
        """What to look at now; None after a while of nothing, or when somebody waits."""
        with self._state:
            if self._urgent or self._stopping:
                return None
            now = time.monotonic()
            if self._ahead and self._ahead[0][0] <= now:
                return self._ahead.popleft()[2]
            pause = self._ahead[0][0] - now if self._ahead else self._idle_s
            if not self._state.wait(pause) and not self._ahead and not self._urgent:
                self._end_process()
        return None

    def _serve(self) -> None:
        """Draw for those who wait."""
        while not self._stopping:
            with self._state:
                if not self._urgent:
                    return
                order = self._urgent.popleft()
                wanted = self._is_wanted(order)
            if wanted:
                self._do(order)

    def _do(self, order: _Order) -> None:
        why = self._drawn(order)
        with self._state:
            if why:
                self._broken[order.file] = time.monotonic()
                while len(self._broken) > MOST_AHEAD:
                    self._broken.pop(next(iter(self._broken)))
            self._state.notify_all()
        if why and not self._stopping:
            logger.warning("drawing.failed", reason=why)

    def _drawn(self, order: _Order) -> str:
        """Have one file drawn; return why not, or nothing."""
        said = ""
        try:
            process = self._running()
            late = threading.Timer(self._longest_s, process.kill)
            late.start()
            try:
                said = _asked(process, order.line)
            finally:
                late.cancel()
        except OSError as trouble:
            said = type(trouble).__name__
        if said != "ok":
            self._end_process()
        return "" if said == "ok" else said or "the process ended, or took too long"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            if self._stopping:
                self._end_process()
        return self._process

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()


def _asked(process: subprocess.Popen[bytes], line: bytes) -> str:
    """What the process answers to a job; nothing where it ends."""
    assert process.stdin is not None  # noqa: S101 - both are pipes; tells the type checker
    assert process.stdout is not None  # noqa: S101 - as above
    process.stdin.write(line)
    process.stdin.flush()
    return process.stdout.readline().decode(errors="replace").strip()


def _order(job: Job) -> _Order:
    """Name what a sheet becomes by all that stands on it: another grade, language or day is another file."""
    sheet = msgspec.json.encode(job.sheet, order="deterministic")
    made = f"{papersheet.VERSION} {type(job.sheet).__name__} {job.form} ".encode() + sheet
    file = f"{hashlib.sha256(made).hexdigest()[:40]}.{job.form}"
    noun = b"certificate" if isinstance(job.sheet, CertificateSheet) else b"receipt"
    line = b'{"file":"%s","form":"%s","%s":%s}\n' % (file.encode(), job.form.encode(), noun, sheet)
    return _Order(file, line)

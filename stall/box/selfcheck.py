"""Feeds the service manager's watchdog, and only after the process was found to do what it is there for.

One thread, three looks in each period of the watchdog. What is looked at is in `stall.alive`; a look that finds trouble, or does not come back,
feeds nothing, and when the period is over the process is ended and started anew. Slowness is no fault: each part has two thirds of
the period to show that it lives.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from stall import log
from stall.alive import Alive, Listening
from stall.box.sd_notify import Notifier

#: Looks in one period of the watchdog, and the part of it that one look may take.
LOOKS, PART = 3, 2 / 3
#: How often a count that must grow is read (s).
_GLANCE_S = 0.02
_ENOUGH_BYTES = 64 * 1024


class SelfCheck:
    """Looks at one process until stopped."""

    def __init__(self, alive: Alive, notifier: Notifier, period_s: float) -> None:
        """Feed `notifier` within each `period_s` while all of `alive` goes on; call `start`."""
        self._alive, self._notifier = alive, notifier
        self._pause_s, self._patience_s = period_s / LOOKS, period_s * PART
        self._stopping = threading.Event()
        self._told = ""
        self._thread = threading.Thread(target=self._run, name="selfcheck", daemon=True)

    def start(self) -> None:
        """Begin with a look at once."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more. The look that is running is not waited for: the process ends."""
        self._stopping.set()

    def _run(self) -> None:
        while True:
            trouble = first_trouble(self._alive, self._patience_s)
            if self._stopping.is_set():
                return
            if trouble:
                log.get("box").error("selfcheck.failed", part=trouble)
                self._notifier.status(f"The self-check waits for: {trouble}")
            else:
                self._notifier.alive()
                if self._told:
                    self._notifier.status("The self-check is content again")
            self._told = trouble
            if self._stopping.wait(self._pause_s):
                return


def first_trouble(alive: Alive, patience_s: float) -> str:
    """The name of the first part that does not go on within `patience_s`; "" where all do."""
    return next(_troubles(alive, time.monotonic() + patience_s), "")


def _troubles(alive: Alive, until: float) -> Iterator[str]:
    yield from (name for name, well in alive.well.items() if not well())
    yield from (name for name, count in alive.turns.items() if not _grows(count, until))
    yield from (name for name, asked in alive.listening.items() if not answers(asked, until))
    for work in alive.done.values():
        with contextlib.suppress(
            Exception
        ):  # a refusal is an answer: whoever is refused hears of it, and nobody is helped by a restart
            work()


def _grows(count: Callable[[], int], until: float) -> bool:
    before = count()
    while count() == before:
        if time.monotonic() >= until:
            return False
        time.sleep(_GLANCE_S)
    return True


def answers(asked: Listening, until: float) -> bool:
    """Whether a request is answered with 200 before `until` (time.monotonic)."""
    family = socket.AF_UNIX if isinstance(asked.address, str) else socket.AF_INET
    request = f"GET {asked.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode("ascii")
    try:
        with socket.socket(family, socket.SOCK_STREAM) as way:
            way.settimeout(max(0.01, until - time.monotonic()))
            way.connect(asked.address)
            way.sendall(request)
            answer = b""
            while len(answer) < _ENOUGH_BYTES and (part := way.recv(4096)):
                answer += part
    except OSError:
        return False
    return answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.0 200 "))

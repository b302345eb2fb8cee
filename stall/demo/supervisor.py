"""Starts the processes of a demo, starts them again when they end, and ends them all. Holds no state of the stall."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from stall.demo import parts
from stall.demo.child import Child
from stall.demo.parts import Addresses
from stall.errors import Broken

LOOK_EVERY_S = 0.1
READY_WITHIN_S = 30.0
#: A process that ends this often before everything answered is not going to come up.
ENDS_BEFORE_READY = 3
#: All processes together have this long to end in good order (s).
STOP_WITHIN_S = 2.0
SHORTEN_LOGS_EVERY_S = 5.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


class Supervisor:
    """The processes of one demo, for the length of a `with` block."""

    def __init__(self, children: Sequence[Child], say: Say) -> None:
        """Nothing is started yet; `say` hears of every end and restart."""
        self._children, self._say = tuple(children), say
        self._next_shortening = 0.0

    def start(self, at: Addresses) -> None:
        """Start them all and wait until every page answers. Raises Broken `demo-part-fails`, `demo-part-silent`.

        What serves no page starts last, so that the pages have the processor to themselves.
        """
        for child in self._children:
            if child.name in parts.FIRST:
                child.start()
        self._wait_until_ready(at)
        for child in self._children:
            if child.name not in parts.FIRST:
                child.start()

    def _wait_until_ready(self, at: Addresses) -> None:
        waiting = [(name, getattr(at, site), path) for name, asked in parts.PAGES.items() for site, path in asked]
        ends: dict[str, int] = {}
        until = time.monotonic() + READY_WITHIN_S
        while waiting:
            for child in self.look():
                ends[child.name] = ends.get(child.name, 0) + 1
                if ends[child.name] >= ENDS_BEFORE_READY:
                    raise Broken(
                        "demo-part-fails",
                        f"The part “{child.name}” does not start: {child.last_words()} (its log: {child.log})",
                    )
            waiting = [(name, address, path) for name, address, path in waiting if not parts.answers(address, path)]
            if waiting and time.monotonic() > until:
                raise Broken(
                    "demo-part-silent",
                    f"The part “{waiting[0][0]}” does not answer on {waiting[0][1]}. Look into its log, then start again.",
                )
            time.sleep(LOOK_EVERY_S / 2)

    def look(self) -> list[Child]:
        """Start again what ended and is due; give those whose end was noticed just now."""
        stop_if_asked()
        ended = []
        for child in self._children:
            code = child.look()
            if code is not None:
                self._say(f"{child.name} ended ({_how(code)}); it is started again.")
                ended.append(child)
        now = time.monotonic()
        if now >= self._next_shortening:
            self._next_shortening = now + SHORTEN_LOGS_EVERY_S
            for child in self._children:
                child.shorten_log()
        return ended

    def watch(self) -> None:
        """Keep them running until interrupted (KeyboardInterrupt)."""
        while True:
            self.look()
            time.sleep(LOOK_EVERY_S)

    def stop(self) -> None:
        """End them all: asked first, killed after two seconds."""
        for child in self._children:
            child.ask_to_stop()
        by = time.monotonic() + STOP_WITHIN_S
        for child in self._children:
            child.end(by)


@contextmanager
def running(children: Sequence[Child], at: Addresses, say: Say) -> Iterator[Supervisor]:
    """Start the processes and end them when the block ends, however it ends. Raises as `Supervisor.start`."""
    supervisor = Supervisor(children, say)
    try:
        supervisor.start(at)
        yield supervisor
    finally:
        with _undisturbed():
            supervisor.stop()


_asked_to_stop = threading.Event()


def stop_if_asked() -> None:
    """Raise the KeyboardInterrupt that may have been lost.

    Python drops an exception that a signal raises inside a finalizer or a weak reference's callback, and
    importing a module runs such callbacks. So every wait and every step asks again.
    """
    if _asked_to_stop.is_set():
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM and SIGHUP mean what Ctrl-C means: KeyboardInterrupt in this thread."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        _asked_to_stop.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _asked_to_stop.clear()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no second Ctrl-C cut the stopping short; it takes two seconds at most."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"

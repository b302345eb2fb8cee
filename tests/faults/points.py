"""Every step of the journal as a place to die: before and after each event is appended, before and after its COMMIT.

A part is started with the word when to die; the crowd, or somebody at the till, then brings it about.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import product

from tests.faults import stocked
from tests.faults.browser import Browser, NoAnswer
from tests.faults.load import Load
from tests.faults.stage import NotInTime, Stage, eventually

#: What each process appends. `*` is any COMMIT, also those that append nothing: reports, uploads, sweeping.
EVENTS = {
    "web": ("sale", "certificate", "grant", "delivery", "attempt.requested", "attempt.not_sent", "drop", "clock", "*"),
    "reader": (
        "attempt.sent", "attempt.approved", "attempt.paid", "attempt.declined", "attempt.not_sent", "attempt.unknown",
        "attempt.reversing", "attempt.reversed", "day_end", "*",
    ),
    "sync": ("*",),
}  # fmt: skip
STEPS = ("append", "commit")
SIDES = ("before", "after")
#: A step must come about within this (s), however busy the machine is.
WITHIN_S = 120.0


@dataclass(frozen=True)
class Point:
    """One place to die."""

    part: str
    step: str
    side: str
    event: str
    nth: int = 1

    @property
    def told(self) -> str:
        """As the process is told (`tests.faults.child`)."""
        return f"{self.step}:{self.side}:{self.event}:{self.nth}"

    def __str__(self) -> str:
        return f"{self.part} {self.side} {'COMMIT of' if self.step == 'commit' else 'appending'} {self.event}"


def every() -> list[Point]:
    """All of them."""
    return [
        Point(part, step, side, event)
        for part, events in EVENTS.items()
        for event, step, side in product(events, STEPS, SIDES)
        if (part, step) != ("sync", "append")  # it appends nothing of its own while all goes well
    ]


def die_at(stage: Stage, load: Load, point: Point) -> bool:
    """Let a process die at this point and come back; False when the point was never reached."""
    cause = CAUSES.get((point.part, point.event), _wait)
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        if cause(stage, load, point):
            stage.wait_until_answering()
            return True
    return False


def _told_to_die(stage: Stage, point: Point) -> int | None:
    return stage.restart(point.part, {"STALL_FAULT_DIE": point.told})


def _wait(stage: Stage, load: Load, point: Point) -> bool:
    """The crowd does it all the time."""
    load.modes = {"approve": 3, "decline": 1} if point.event != "attempt.declined" else {"decline": 1}
    pid = _told_to_die(stage, point)
    return stage.dies(point.part, pid, WITHIN_S)


def _stranded(stage: Stage, load: Load, point: Point) -> bool:
    """The reader was gone in the middle of a payment, and the next one finds it. What became of it decides chance."""
    load.modes = {"approve": 1}
    try:
        eventually(lambda: any(state == "sent" for _, state in stage.open_attempts()), WITHIN_S, "a payment", 0.002)
    except NotInTime:
        return False
    pid = _told_to_die(stage, point)
    stranded = stage.open_attempts()
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until and stage.parts[point.part].pid == pid:
        if not {no for no, _ in stranded} & {no for no, _ in stage.open_attempts()}:
            break
        time.sleep(0.02)
    return stage.parts[point.part].pid != pid


def _late(stage: Stage, load: Load, point: Point) -> bool:
    """Somebody holds the door while the terminal approves, so the approval comes too late and is taken back."""
    load.modes = {"approve": 1}
    pid = _told_to_die(stage, point)
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until and stage.parts[point.part].pid == pid:
        if any(state == "sent" for _, state in stage.open_attempts()):
            with stage.observer.db.transaction():
                time.sleep(0.8)
        time.sleep(0.005)
    return stage.parts[point.part].pid != pid


def _cable(stage: Stage, load: Load, point: Point) -> bool:
    """The cable is out for a while after each payment, and somebody presses Card meanwhile."""
    load.modes = {"approve-then-vanish": 1}
    pid = _told_to_die(stage, point)
    return stage.dies(point.part, pid, WITHIN_S)


def _at_till(*presses: Callable[[Browser], object]) -> Callable[[Stage, Load, Point], bool]:
    """Somebody at the till presses something, again and again, until it has come about."""

    def cause(stage: Stage, load: Load, point: Point) -> bool:
        load.modes = {"approve": 1}
        pid = _told_to_die(stage, point)
        return _pressed_to_death(stage, point.part, pid, lambda till: [press(till) for press in presses])

    return cause


def _pressed_to_death(stage: Stage, part: str, pid: int | None, press: Callable[[Browser], object]) -> bool:
    """Press until the process is dead; that it dies before it can answer is what we are here for."""
    until = time.monotonic() + WITHIN_S
    with closing(Browser(stage.till, stocked.PIN)) as till:
        while time.monotonic() < until and stage.parts[part].pid == pid:
            with suppress(NoAnswer):
                press(till)
            time.sleep(0.05)
    return stage.parts[part].pid != pid


def _switch(button: str) -> Callable[[Browser], object]:
    return lambda till: till.ask("POST", "/drops", {button: stocked.GIFT, "pin": stocked.PIN})


def _confirm_clock(till: Browser) -> object:
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    return till.ask("POST", "/clock", {"utc": now, "pin": stocked.PIN})


def _end_day(till: Browser) -> object:
    return till.ask("POST", "/day/end", {})


def _take_back(stage: Stage, load: Load, point: Point) -> bool:
    """Somebody asks for a card and takes it back at once, while the reader's process has no time for it."""

    def press(till: Browser) -> None:
        load.note(lambda promised: promised.presses.update(till=1))
        sale = till.ask("POST", "/sale", {"item": stocked.ZINE, "press": load.key()}).location
        if stage.open_attempts():
            return  # killed again and again, the reader would never finish what it has
        reader = stage.parts["reader"].pid
        if not sale or reader is None:
            return
        os.kill(reader, signal.SIGSTOP)  # dead, it would be asked for nothing
        try:
            if till.ask("POST", f"{sale}/card", {"ordinal": "1"}).done:
                for no, state in stage.open_attempts():
                    if state == "requested":
                        till.ask("POST", f"{sale}/cancel-card", {"attempt": str(no)})
        finally:
            stage.kill(["reader"])

    return _pressed_to_death(stage, point.part, _told_to_die(stage, point), press)


CAUSES: dict[tuple[str, str], Callable[[Stage, Load, Point], bool]] = {
    ("web", "drop"): _at_till(_switch("close"), _switch("open")),
    ("web", "clock"): _at_till(_confirm_clock),
    ("web", "attempt.not_sent"): _take_back,
    ("reader", "attempt.unknown"): _stranded,
    ("reader", "attempt.reversed"): _stranded,
    ("reader", "attempt.reversing"): _late,
    ("reader", "attempt.not_sent"): _cable,
    ("reader", "day_end"): _at_till(_end_day),
}

"""The strip above every till page: the card reader, the machine, the clock, and what the cloud has not got yet."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall import runtime
from stall.clock import Source
from stall.domain import money
from stall.domain.at_risk import Tone, tone
from stall.domain.rights import Right
from stall.settings import Settings
from stall.store import at_risk, epochs, floor, journal, locks, print_jobs, readers, shifts, till_reads, uploads
from stall.store.box import Box
from stall.store.floor import Doubt, Moment
from stall.store.room import MB, Room
from stall.store.schema import event_id
from stall.store.uploads import UploadState
from stall.web.till import machine_words, print_state
from stall.web.till.owed import owed_words
from stall.web.till.signed import may
from stall.web.till.words import Shape

#: The one reader a box has for now; its number names its row and its worker's lock.
READER = 1

_FIRST = {Shape.STOP: 0, Shape.WARN: 1}

_RISK = {Tone.CALM: Shape.WAIT, Tone.AMBER: Shape.WARN, Tone.RED: Shape.STOP}

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing the till always says: which, its shape, a few words, and where to look further."""

    name: str
    shape: Shape
    words: str
    page: str


def flags(box: Box) -> list[Flag]:
    """What the banner says now: first what stops selling, then what warns, then the rest in an order that stays."""
    conn = box.db.read()
    moment = floor.moment(conn, box.clock)
    found = [
        _reader(conn, runs=locks.name_held(box.folder, f"reader-{READER}")),
        *_machine(box.room, moment),
        _clock(moment),
        *_drawer(conn),
        _cloud(conn, moment.now_ms, connected=box.settings.cloud is not None),
        *_printer(box, conn),
        *_at_risk(conn, box.settings, moment.now_ms),
        *_owed(conn),
        *_disk(box.room),
        *_frozen(conn),
    ]
    return sorted(found, key=lambda flag: _FIRST.get(flag.shape, len(_FIRST)))


def _machine(room: Room, moment: Moment) -> list[Flag]:
    """Nothing while the machine has power, keeps cool, and its disk keeps what it is given."""
    power, disk = runtime.told("power"), runtime.told("disk")
    said = machine_words.strip(power, disk, moment.boottime_ms, read_only=room.read_only())
    return [Flag(one.name, one.shape, one.title, "/box") for one in said]


def _owed(conn: sqlite3.Connection) -> list[Flag]:
    """Said while money of goods that came back could not go back."""
    words = owed_words(conn)
    return [Flag("owed", Shape.BACK, words, "/owed")] if words else []


def _reader(conn: sqlite3.Connection, *, runs: bool) -> Flag:
    state = readers.find(conn, READER)
    if state is None:
        return Flag("reader", Shape.UNPLUGGED, "No card reader", "/day")
    if not runs:  # it may have been killed while its row says ready
        return Flag("reader", Shape.UNPLUGGED, "Card reader's program is not running", "/day")
    shape, words = {
        "ready": (Shape.OK, "Reader ready"),
        "busy": (Shape.WAIT, "Reader busy"),
        "checking": (Shape.WAIT, "Reader checking"),
    }.get(state.link, (Shape.STOP, "Reader lost"))
    return Flag("reader", shape, words, "/day")


def _clock(moment: Moment) -> Flag:
    if moment.source is Source.FLOOR:
        words = "Clock unsure" if moment.doubt is Doubt.NO_SOURCE else "Clock unsure, confirm it"
        return Flag("clock", Shape.WARN, words, "/clock")
    minutes = moment.now_ms // _MINUTE_MS
    return Flag("clock", Shape.OK, f"{minutes // 60 % 24:02d}:{minutes % 60:02d} UTC", "/clock")


def _printer(box: Box, conn: sqlite3.Connection) -> list[Flag]:
    """Nothing where no printer is set up."""
    state = print_jobs.printer(conn)
    if state is None:
        return []
    shape, words, _ = print_state.printer_words(box, state)
    return [Flag("printer", shape, words, "/printer")]


def _at_risk(conn: sqlite3.Connection, settings: Settings, now_ms: int) -> list[Flag]:
    """Nothing while all the money is safe."""
    caps, risk = settings.offline.caps, at_risk.total(conn, settings.cur)
    if risk.count == 0:
        return []
    age = risk.age_ms(now_ms)
    old = f", oldest {age // _HOUR_MS} h" if age >= _HOUR_MS else ""
    sums = f"{money.text(risk.minor, settings.cur)} approved offline, of {money.text(caps.total_minor, settings.cur)}"
    return [Flag("risk", _RISK[tone(caps, risk, now_ms)], f"{sums}{old}", "/at-risk")]


def _disk(room: Room) -> list[Flag]:
    """Nothing while there is room: then nobody needs to know."""
    left = f"{(room.free() or 0) // MB} MB"
    if room.full():
        return [Flag("disk", Shape.STOP, f"No new sales: {left} of disk left", "/day")]
    return [Flag("disk", Shape.WARN, f"Disk nearly full: {left} left", "/day")] if room.low() else []


def _cloud(conn: sqlite3.Connection, now_ms: int, *, connected: bool) -> Flag:
    if not connected:
        return Flag("cloud", Shape.KEPT, "Saved on this box", "/day")
    state = uploads.read_state(conn, journal.read_head(conn).epoch_no)
    count, oldest_ms = till_reads.unsent_sales(conn, _first_unsent(conn))
    words = _unsent_words(count, oldest_ms, now_ms, state)
    if state.last_error is not None or (count and state.at_ms is None):
        return Flag("cloud", Shape.WARN, f"Offline, {words}", "/day")
    return Flag("cloud", Shape.WAIT if count else Shape.OK, f"Online, {words}", "/day")


def unsent_sales(conn: sqlite3.Connection) -> int:
    """How many sales the cloud has not got yet."""
    return till_reads.unsent_sales(conn, _first_unsent(conn))[0]


def _first_unsent(conn: sqlite3.Connection) -> int:
    head, waiting = journal.read_head(conn), uploads.waiting(conn)
    return event_id(head.epoch_no, head.size) if waiting is None else event_id(waiting.epoch_no, waiting.next)


def _drawer(conn: sqlite3.Connection) -> list[Flag]:
    """Said until the float of the running shift is recorded, for whoever may do that."""
    if shifts.running(conn).opened_ms is not None or not may(Right.SHIFT):
        return []
    return [Flag("drawer", Shape.PAY, "Record the float", "/shift")]


def _frozen(conn: sqlite3.Connection) -> list[Flag]:
    """Said while limited drops wait for a lease that names the new epoch."""
    waits = epochs.frozen_drops(conn)
    return [Flag("epoch", Shape.WARN, "Limited drops need a new lease", "/day")] if waits else []


def _unsent_words(count: int, oldest_ms: int | None, now_ms: int, state: UploadState) -> str:
    if count == 0 or oldest_ms is None:
        return "all sales sent" if state.next else "nothing to send"
    age = max(0, now_ms - oldest_ms)
    old = f", oldest {age // _HOUR_MS} h" if age >= _HOUR_MS else ""
    some = f"{till_reads.MANY} and more" if count == till_reads.MANY else str(count)
    return f"{some} {'sale' if count == 1 else 'sales'} not sent{old}"

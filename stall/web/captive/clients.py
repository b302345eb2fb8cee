"""Who was told what: per address, in memory, for as long as an address is lent. A restart forgives.

Holds addresses, and hands none out: whoever looks gets numbers, and a tag that means nothing after a restart.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from stall.web.captive.agents import System
from stall.web.captive.policy import Change, Client, Said
from stall.web.captive.probes import Kind, Probe

MOST_CLIENTS = 4096
MOST_NOTES = 512
_TAG_BYTES = 6


class Stage(IntEnum):
    """How far a client got; each is reached once."""

    PROBED = 0
    #: The page for its sheet was opened, or a browser was led here.
    PAGE = 1
    RELEASED = 2
    CATALOGUE = 3
    ORDER = 4
    #: Opened what only a paid order opens.
    PAID = 5
    #: Asked for a file of it.
    FILE = 6


@dataclass(frozen=True, slots=True)
class Note:
    """One probe and its reply; `at_ms` is the box's clock, `client` a tag in place of an address."""

    at_ms: int
    client: str
    system: System
    kind: Kind
    said: Said


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many of the clients known now reached each stage."""

    clients: int
    probed: int
    page: int
    released: int
    catalogue: int
    order: int = 0
    paid: int = 0
    file: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """How far one client got, and what it runs; no stages where it was not heard."""

    system: System = System.UNKNOWN
    stages: frozenset[Stage] = frozenset()


@dataclass(slots=True)
class _Known:
    heard_ms: int
    system: System = System.UNKNOWN
    released: bool = False
    confirmed: bool = False
    stages: set[Stage] = field(default_factory=set)


class Clients:
    """The clients of the portal and its last probes. For any thread; never more than 4096 of the one and 512 of the other.

    A client not heard for `lease_ms` is forgotten: its address may be another's by then. `since_boot_ms` and `clock_ms` tell the time.
    """

    def __init__(self, lease_ms: int, since_boot_ms: Callable[[], int], clock_ms: Callable[[], int]) -> None:
        """Start with nobody known."""
        self._lease_ms, self._now_ms, self._clock_ms = lease_ms, since_boot_ms, clock_ms
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._notes: deque[Note] = deque(maxlen=MOST_NOTES)
        self._salt = secrets.token_bytes(16)
        self._lock = threading.Lock()

    def look(self, address: str) -> Client:
        """What is known of an address now; nothing of one that is unknown or was not heard for long."""
        with self._lock:
            return self._look(address)

    def note(self, address: str, probe: Probe, said: Said, change: Change) -> None:
        """Write down a probe and what it was told."""
        system = probe.system
        with self._lock:
            known = self._heard(address, system)
            if probe.navigates:
                known.stages.add(Stage.PAGE)
            if probe.kind not in {Kind.PAGE, Kind.OTHER}:
                known.stages.add(Stage.PROBED)
            if change is Change.RELEASED:
                known.released = True
                known.stages.add(Stage.RELEASED)
            known.confirmed |= change is Change.CONFIRMED
            self._notes.append(Note(self._clock_ms(), self._tag(address), system, probe.kind, said))

    def reached(self, address: str, stage: Stage, system: System) -> Client:
        """Write down that a client opened a page of ours, or was released; give what is known of it then."""
        with self._lock:
            known = self._heard(address, system)
            known.stages.add(stage)
            known.released |= stage is Stage.RELEASED
            return self._look(address)

    def forget(self, address: str) -> None:
        """Know nothing of an address any more: it was given to somebody else."""
        with self._lock:
            self._known.pop(address, None)

    def seen(self, address: str) -> Seen:
        """How far the client at an address got that the asker knows already."""
        with self._lock:
            self._drop_old()
            known = self._known.get(address)
            return Seen() if known is None else Seen(known.system, frozenset(known.stages))

    def notes(self) -> tuple[Note, ...]:
        """The last probes, oldest first."""
        with self._lock:
            return tuple(self._notes)

    def funnel(self) -> Funnel:
        """Count how far the clients got that were heard within the time of a lease."""
        with self._lock:
            self._drop_old()
            counts = [sum(stage in known.stages for known in self._known.values()) for stage in Stage]
            return Funnel(len(self._known), *counts)

    def _look(self, address: str) -> Client:
        known = self._known.get(address)
        left_ms = 0 if known is None else known.heard_ms + self._lease_ms - self._now_ms()
        if known is None or left_ms <= 0:
            return Client()
        return Client(known.system, known.released, known.confirmed, left_ms // 1000 if known.released else 0)

    def _heard(self, address: str, system: System) -> _Known:
        self._drop_old()
        known = self._known.setdefault(address, _Known(0))
        known.heard_ms = self._now_ms()
        self._known.move_to_end(address)
        if system is not System.UNKNOWN:
            known.system = system
        while len(self._known) > MOST_CLIENTS:
            self._known.popitem(last=False)
        return known

    def _drop_old(self) -> None:
        """Those heard longest ago stand first."""
        last_ms = self._now_ms() - self._lease_ms
        while self._known and next(iter(self._known.values())).heard_ms <= last_ms:
            self._known.popitem(last=False)

    def _tag(self, address: str) -> str:
        return hashlib.blake2b(address.encode(), digest_size=_TAG_BYTES, key=self._salt).hexdigest()

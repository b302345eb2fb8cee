"""Watches uplink and Wi-Fi while the stall is open, and tells the other processes what changed: the notices `uplink` and `wifi`.

On a thread of its own in `stall sync`: a question for the internet may take seconds. Changes nothing of the machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from stall import log, runtime
from stall.box.network.stations import Stations
from stall.box.network.uplink import Uplink, Watcher
from stall.errors import StallError

#: Seconds between looks. A look at the Wi-Fi is a datagram for each phone.
LOOK_S = 2.0
logger = log.get("network")


class Follower(Protocol):
    """What follows the network's interfaces besides: the announcement for the maker's tools."""

    def follow(self) -> None:
        """Look at the interfaces, and be where they are."""

    def close(self) -> None:
        """Be nowhere."""


class Watch:
    """A thread beside the others of a process: `start`, `wake` when the database changed (nothing to us), `stop`."""

    name = "network"

    def __init__(self, uplink: Watcher, stations: Stations, follower: Follower | None = None) -> None:
        """Nothing is told yet: each notice is told at the first look, whatever a process before left."""
        self._uplink, self._stations, self._follower = uplink, stations, follower
        self._told: dict[str, object] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:
        """The network does not come from the database."""

    def well(self) -> bool:
        """Whether its thread goes on."""
        return self._thread.is_alive()

    def stop(self, within_s: float) -> bool:
        """End; True when the thread did within `within_s` seconds."""
        self._stopping.set()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def look(self) -> None:
        """Look once, and tell what changed."""
        self._tell("wifi", self._stations.look)
        self._tell("uplink", lambda: self._uplink.look().notice())
        if self._follower is not None:
            self._follower.follow()

    def _tell(self, name: str, look: Callable[[], dict[str, object]]) -> None:
        try:
            found = look()
            if found != self._told.get(name):
                runtime.publish(name, found)
                self._told[name] = found
        except (StallError, OSError) as error:  # told again at the next look
            logger.warning("network.not_told", notice=name, error=getattr(error, "code", type(error).__name__))

    def _run(self) -> None:
        while True:
            self.look()
            if self._stopping.wait(LOOK_S):
                break
        self._tell("uplink", lambda: Uplink().notice())  # nobody would notice when it goes
        self._stations.close()
        if self._follower is not None:
            self._follower.close()

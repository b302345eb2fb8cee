"""Watches uplink and Wi-Fi while the stall is open, and tells the other processes what changed: the notices `uplink` and `wifi`.

On a thread of its own in `stall sync`: a question for the internet may take seconds. Changes nothing of the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from stall import log, runtime
from stall.box.lookout import Lookout
from stall.box.network.stations import Stations
from stall.box.network.uplink import Uplink, Watcher
from stall.errors import StallError

logger = log.get("network")


class Follower(Protocol):
    """What follows the network's interfaces besides: the announcement for the maker's tools."""

    def follow(self) -> None:
        """Look at the interfaces, and be where they are."""

    def close(self) -> None:
        """Be nowhere."""


class Watch(Lookout):
    """Looks at uplink and Wi-Fi, and has what follows the network follow it."""

    name = "network"

    def __init__(self, uplink: Watcher, stations: Stations, follower: Follower | None = None) -> None:
        """Nothing is told yet: each notice is told at the first look, whatever a process before left."""
        super().__init__()
        self._uplink, self._stations, self._follower = uplink, stations, follower
        self._told: dict[str, object] = {}

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

    def over(self) -> None:
        """Tell that nobody knows of an uplink any more, and close what was open."""
        self._tell("uplink", lambda: Uplink().notice())  # nobody would notice when it goes
        self._stations.close()
        if self._follower is not None:
            self._follower.close()

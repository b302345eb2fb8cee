"""How the simulated terminal is reached: something that can be plugged in and pulled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.transport import Transport


class Cable(Protocol):
    """A pseudo-terminal (PtyCable) or a port on loopback (TcpPort)."""

    @property
    def listening(self) -> bool:
        """Whether a till can call before anything is plugged in."""
        ...

    def plug_in(self, wanted: Callable[[], bool]) -> Transport | None:
        """Wait for a till where one must call first; None once nobody is `wanted` any more. Raises Broken, Refused."""
        ...

    def pull(self) -> None:
        """Be unreachable until plugged in again."""
        ...


class PtyCable:
    """A pseudo-terminal behind a name; a new one each time it is plugged in."""

    listening = False

    def __init__(self, name: Path) -> None:
        """Nothing is made yet; `name` is what the till opens."""
        self._name = name

    def plug_in(self, wanted: Callable[[], bool]) -> Transport | None:
        """See Cable.plug_in. Raises Broken `simulator-device`."""
        return PtyDevice(self._name) if wanted() else None

    def pull(self) -> None:
        """See Cable.pull; the device's name went when it was closed."""

"""The announcement for the maker's tools, on the interfaces it belongs on and no others, as they come and go.

Not to buyers: on the LAN only where the settings name it. `stall.box.mdns` does the announcing.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
from collections.abc import Callable, Mapping

from stall import log
from stall.box.mdns import Announcement
from stall.errors import Broken
from stall.settings import Settings

#: Where the till is, when nginx serves it (docs/network.md).
TILL_PORT = 8443
_SIOCGIFADDR = 0x8915
logger = log.get("network")


def wanted(addresses: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    """The addresses to announce at, of those the interfaces have. Pure."""
    own, named = settings.network, settings.mdns_interface
    if named:
        return tuple(sorted(address for name, address in addresses.items() if named in {name, address}))
    if own.maker:
        return tuple(address for name, address in addresses.items() if name == own.maker)
    return tuple(sorted(address for name, address in addresses.items() if name not in {own.lan, "lo"}))


def addresses() -> dict[str, str]:
    """The IPv4 address of each interface that has one."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # it has none
                got = fcntl.ioctl(sock.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                found[name] = socket.inet_ntoa(got[20:24])
    return found


class Announced:
    """One stall, announced wherever it should be at the moment."""

    def __init__(
        self, settings: Settings, thumbprint: str, looked: Callable[[], Mapping[str, str]] = addresses
    ) -> None:
        """Nothing is announced yet."""
        self._settings, self._thumbprint, self._looked = settings, thumbprint, looked
        self._at: tuple[str, ...] = ()
        self._announcement: Announcement | None = None

    def follow(self) -> None:
        """Announce on the interfaces that are there now. What the network does not let us do is tried again when it changes."""
        at = wanted(self._looked(), self._settings)
        if at == self._at:
            return
        self.close()
        self._at = at
        if not at:
            return
        web = self._settings.web
        try:
            made = Announcement(self._settings.name, self._thumbprint, TILL_PORT if web.socket else web.port, *at)
            self._announcement = made.__enter__()
        except Broken as error:
            logger.warning("mdns.failed", error=error.code)

    def close(self) -> None:
        """Take it back."""
        if self._announcement is not None:
            self._announcement.close()
        self._announcement, self._at = None, ()

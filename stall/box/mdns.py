"""Names this stall on the local network for the maker's own tools; the only file that knows zeroconf.

Off unless the settings ask for it: on a market everybody's phone can read such an announcement.
It says name, address and version; nothing about sales.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from types import TracebackType
from typing import Self

from zeroconf import Error, InterfaceChoice, ServiceInfo, Zeroconf

from stall import __version__
from stall.errors import Broken

SERVICE = "_stall._tcp.local."
MAX_LABEL_BYTES = 63  # of one DNS label
_NOT_IN_HOST = re.compile(r"[^a-z0-9]+")


class Announcement:
    """Announces one stall, as `label`, while it is open; use it as a context manager."""

    def __init__(self, name: str, thumbprint: str, port: int, *interfaces: str) -> None:
        """Announce stall `name` at `port` on the network interfaces that have the addresses `interfaces`.

        None, or an empty one, means every one. Raises Broken `mdns-address` when one is no address,
        `mdns-failed` when the network does not let us announce.
        """
        given = [interface for interface in interfaces if interface]
        addresses = [_address(interface) for interface in given] or _own_addresses()
        self.label = _label(name, thumbprint)
        self._info = ServiceInfo(
            SERVICE,
            f"{self.label}.{SERVICE}",
            addresses=addresses,
            port=port,
            properties={"box": thumbprint, "version": __version__},
            server=f"{_host(name)}-{_host(thumbprint[:6])}.local.",
        )
        self._zeroconf: Zeroconf | None = None
        self._interfaces: list[str] | InterfaceChoice = given or InterfaceChoice.All

    def __enter__(self) -> Self:
        try:
            self._zeroconf = Zeroconf(interfaces=self._interfaces)
            self._zeroconf.register_service(self._info)
        except (OSError, Error) as error:
            self.close()
            raise Broken(
                "mdns-failed", "The stall cannot announce itself. Set mdns = false, or name another mdns_interface."
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the name back and leave the multicast groups."""
        if self._zeroconf is not None:
            self._zeroconf.close()
            self._zeroconf = None


def _label(name: str, thumbprint: str) -> str:
    """Return an instance name no other stall on the market bears: DNS labels have at most 63 bytes."""
    ending = f" {thumbprint[:6]}"
    room = MAX_LABEL_BYTES - len(ending)
    kept = name.replace(".", " ").encode()[:room].decode(errors="ignore")
    return f"{kept}{ending}"


def _host(text: str) -> str:
    return _NOT_IN_HOST.sub("-", text.lower()).strip("-")[:40] or "stall"


def _address(interface: str) -> bytes:
    try:
        address = ipaddress.IPv4Address(interface)
        # Asked here, because zeroconf leaves a socket behind when it finds out by itself.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((interface, 0))
    except (ValueError, OSError) as error:
        raise Broken(
            "mdns-address",
            f"mdns_interface “{interface}” is no IPv4 address of this machine. Write that of the network card.",
        ) from error
    return address.packed


def _own_addresses() -> list[bytes]:
    """Return the address other machines reach us under; connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("224.0.0.251", 5353))
            return [socket.inet_aton(probe.getsockname()[0])]
        except OSError as error:
            raise Broken("mdns-failed", "There is no network to announce the stall on. Set mdns = false.") from error

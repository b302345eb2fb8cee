"""Whether the box itself is on the internet: a way there, and a real answer over it. Looks often, asks seldom, changes nothing.

A default route by another interface than the LAN (Ethernet, a phone's tether, a second radio) is read from the kernel each two seconds;
the internet is asked for now and then over that interface: the address of a name that everybody's phones know, and the short question
for the internet there. A venue's own portal answers both with something else, and is no uplink. IPv4 only, as the LAN is.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from stall.settings import Network

#: Who is asked, as every Android phone asks: 204 and nothing else.
NAME, PATH = "connectivitycheck.gstatic.com", "/generate_204"
#: Seconds between questions: while phones depend on the answer, while nobody does, and while there is a way but no answer.
DEPENDED_S, IDLE_S, LOST_S = 8.0, 60.0, 15.0
_PATIENCE_S = 3.0
_ROUTES = Path("/proc/self/net/route")
#: Where a resolver of the uplink stands, whatever program keeps it; the last is everybody's.
_RESOLVERS = tuple(
    map(Path, ("/run/NetworkManager/no-stub-resolv.conf", "/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"))
)
_NAMESERVER = re.compile(r"(?m)^nameserver\s+([0-9.]+)\s*$")
_UP = 1
_STATUS = re.compile(rb"HTTP/1\.[01] 204 ")


@dataclass(frozen=True, slots=True)
class Uplink:
    """How the box stands: whether the internet is there, by which interface, and who answers names there; empty where nobody does.

    `clash` is another interface that is in the LAN's own network, by which there can be none.
    """

    up: bool = False
    interface: str = ""
    resolver: str = ""
    clash: str = ""

    def notice(self) -> dict[str, object]:
        """The same for other processes."""
        return {"up": self.up, "interface": self.interface, "resolver": self.resolver, "clash": self.clash}


class Watcher:
    """Looks whenever it is called, and asks when it is time. `depended`: phones' questions go out by what it finds."""

    def __init__(
        self,
        own: Network,
        seconds: Callable[[], float],
        *,
        depended: bool,
        route: Callable[[Network], str] | None = None,
        ask: Callable[[str, str], bool] | None = None,
        resolver: Callable[[Network], str] | None = None,
        clash: Callable[[Network], str] | None = None,
    ) -> None:
        """Nothing is known yet. The last four are how the machine is looked at, for a test."""
        self._own, self._seconds, self._depended = own, seconds, depended
        self._route, self._ask, self._resolver = route or default_route, ask or answers, resolver or resolver_of
        self._clash = clash or same_network
        self.found = Uplink()
        self._next_s = 0.0

    def look(self) -> Uplink:
        """How it stands now. Takes some seconds at most, when the internet is asked and does not answer."""
        interface, clash = self._route(self._own), self._clash(self._own)
        if not interface:
            self.found, self._next_s = Uplink(clash=clash), 0.0
            return self.found
        if (interface, clash) == (self.found.interface, self.found.clash) and self._seconds() < self._next_s:
            return self.found
        resolver = self._resolver(self._own)
        up = bool(resolver) and (
            self._ask(interface, resolver) or self._ask(interface, resolver)
        )  # one packet may be lost
        self.found = Uplink(up, interface, resolver, clash)
        self._next_s = self._seconds() + ((DEPENDED_S if self._depended else IDLE_S) if up else LOST_S)
        return self.found


def default_route(own: Network, table: Path = _ROUTES) -> str:
    """The interface of the default route with the least metric, never the LAN; empty without one."""
    with contextlib.suppress(OSError):
        return _best(table.read_text().splitlines()[1:], own.lan)
    return ""


def same_network(own: Network, table: Path = _ROUTES) -> str:
    """Another interface whose network or router is in the LAN's own; empty without one. What comes in there under such an address is dropped."""
    lan = IPv4Network(f"{own.address}/24", strict=False)
    with contextlib.suppress(OSError, ValueError):
        for words in map(str.split, table.read_text().splitlines()[1:]):
            if len(words) < 8 or words[0] == own.lan:  # noqa: PLR2004 - columns of the kernel's table
                continue
            there, router, mask = (_address(words[column]) for column in (1, 2, 7))
            if router in lan or IPv4Network(f"{there}/{mask}").subnet_of(lan):
                return words[0]
    return ""


def _address(word: str) -> IPv4Address:
    """As the kernel writes one: hexadecimal, in the machine's own order."""
    return IPv4Address(int(word, 16).to_bytes(4, sys.byteorder))


def _best(lines: Iterable[str], lan: str) -> str:
    found = []
    for line in lines:
        words = line.split()
        if len(words) < 8 or words[0] == lan or words[1] != "00000000" or words[7] != "00000000":  # noqa: PLR2004 - columns of the kernel's table
            continue
        if int(words[3], 16) & _UP:
            found.append((int(words[6]), words[0]))
    return min(found)[1] if found else ""


def resolver_of(own: Network, files: Iterable[Path] = _RESOLVERS) -> str:
    """The first name server of the uplink that is neither this machine nor on the LAN, where a phone would answer; empty without one."""
    lan = IPv4Network(f"{own.address}/24", strict=False)
    for file in files:
        with contextlib.suppress(OSError, ValueError):
            for each in _NAMESERVER.findall(file.read_text("utf-8", "replace")):
                address = IPv4Address(each)
                if not address.is_loopback and not address.is_unspecified and address not in lan:
                    return str(address)
    return ""


def answers(interface: str, resolver: str) -> bool:
    """Ask for the internet over an interface. Raises nothing: whatever goes wrong, it is not there."""
    try:
        address = _address_of(NAME, interface, resolver)
        return bool(address) and _is_there(address, interface)
    except (OSError, ValueError, IndexError, struct.error):
        return False


def _address_of(name: str, interface: str, resolver: str) -> str:
    """The address of a name; empty where there is none, or one that is not of the internet."""
    number = random.SystemRandom().randbytes(2)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = number + struct.pack(">5H", 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)
    with _on(interface, socket.SOCK_DGRAM) as sock:
        sock.connect((resolver, 53))
        sock.send(question)
        got = sock.recv(4096)
    return _first_address(got, len(question)) if got[:2] == number else ""


def _first_address(got: bytes, at: int) -> str:
    """The first IPv4 address in an answer (RFC 1035 clause 4.1); names in it are pointers or labels, and are passed over."""
    for _ in range(struct.unpack(">H", got[6:8])[0]):
        while got[at] and got[at] < 0xC0:  # noqa: PLR2004 - a label; a pointer begins with two bits
            at += got[at] + 1
        at += 2 if got[at] >= 0xC0 else 1  # noqa: PLR2004 - the same
        kind, _, _, size = struct.unpack(">HHIH", got[at : at + 10])
        data, at = got[at + 10 : at + 10 + size], at + 10 + size
        if kind == 1:
            address = IPv4Address(data)
            return str(address) if address.is_global else ""
    return ""


def _is_there(address: str, interface: str) -> bool:
    with _on(interface, socket.SOCK_STREAM) as sock:
        sock.connect((address, 80))
        sock.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        return _STATUS.match(sock.recv(64)) is not None


def _on(interface: str, kind: socket.SocketKind) -> socket.socket:
    sock = socket.socket(socket.AF_INET, kind)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        sock.settimeout(_PATIENCE_S)
    except OSError:
        sock.close()
        raise
    return sock

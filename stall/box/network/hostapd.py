"""hostapd's control socket: what it says of itself and of who has joined, and what it tells unasked. Small datagrams, no library.

A command is one datagram, its answer another; after `ATTACH` events come between them, each beginning with its level in `<>`.
Source: hostapd's ctrl_iface (hostapd/ctrl_iface.c, src/common/wpa_ctrl.h), tried with hostapd 2.10.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 1.0
_MOST_BYTES = 8192
_MOST_STATIONS = 300
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_EVENT = re.compile(rb"<\d>(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Station:
    """Somebody who joined: for how long (s), bytes sent to them, how loud they are here (dBm); 0 where the driver does not say."""

    mac: str
    joined: bool
    seconds: int = 0
    sent: int = 0
    dbm: int = 0


@dataclass(frozen=True, slots=True)
class Radio:
    """What hostapd says of itself: whether it sends, and on which channel."""

    sends: bool
    state: str
    channel: int


class Lost(Exception):
    """hostapd is not there, or does not answer."""


class Control:
    """One conversation with hostapd about the interface whose socket is `path`. `heard` is given every event."""

    def __init__(self, path: Path, heard: Callable[[str], None]) -> None:
        """Open it and ask to be told. Raises Lost."""
        self._heard, self._path = heard, str(path)
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._sock.settimeout(PATIENCE_S)
            self._sock.bind("")  # a name of the kernel's own making, which leaves no file
            if self.ask("ATTACH") != "OK\n":
                raise Lost
        except (OSError, Lost) as error:
            self._sock.close()
            raise Lost from error

    def ask(self, command: str) -> str:
        """The answer to a command. Raises Lost."""
        try:
            self._sock.sendto(command.encode(), self._path)
            while True:
                got = self._receive()
                if found := _EVENT.fullmatch(got):
                    self._heard(found[1].decode("utf-8", "replace"))
                else:
                    return got.decode("utf-8", "replace")
        except OSError as error:
            raise Lost from error

    def listen(self) -> None:
        """Hear what waits, without waiting. Raises Lost."""
        self._sock.setblocking(False)
        try:
            while True:
                if found := _EVENT.fullmatch(self._receive()):
                    self._heard(found[1].decode("utf-8", "replace"))
        except BlockingIOError:
            return
        except OSError as error:
            raise Lost from error
        finally:
            self._sock.settimeout(PATIENCE_S)

    def radio(self) -> Radio:
        """How the radio stands. Raises Lost."""
        said = _pairs(self.ask("STATUS"))
        channel = said.get("channel", "")
        return Radio(said.get("state") == "ENABLED", said.get("state", ""), int(channel) if channel.isdecimal() else 0)

    def stations(self) -> list[Station]:
        """Everybody who joined, one question each. Raises Lost."""
        found: list[Station] = []
        answer = self.ask("STA-FIRST")
        while len(found) < _MOST_STATIONS and (station := read_station(answer)):
            found.append(station)
            answer = self.ask(f"STA-NEXT {station.mac}")
        return found

    def close(self) -> None:
        """Leave."""
        with contextlib.suppress(OSError):
            self._sock.sendto(b"DETACH", self._path)
        self._sock.close()

    def _receive(self) -> bytes:
        """The next datagram of hostapd's; what others send is nothing to us."""
        while True:
            got, sender = self._sock.recvfrom(_MOST_BYTES)
            if sender == self._path:
                return got


def read_station(answer: str) -> Station | None:
    """One station of an answer; None at the end of them, or where it is none."""
    first, _, rest = answer.partition("\n")
    if not _MAC.fullmatch(first):
        return None
    said = _pairs(rest)
    joined = "[AUTHORIZED]" in said.get("flags", "")
    return Station(first, joined, _number(said, "connected_time"), _number(said, "tx_bytes"), _number(said, "signal"))


def _pairs(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _number(said: dict[str, str], name: str) -> int:
    found = said.get(name, "")
    return int(found) if re.fullmatch(r"-?\d{1,15}", found) else 0

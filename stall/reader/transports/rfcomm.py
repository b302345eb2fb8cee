"""A terminal paired over Bluetooth: a serial line through the air, with the same blocks as on a cable.

Pairing is the system's (`bluetoothctl`); some Pythons are built without Bluetooth, which is said when it is wanted.
"""

from __future__ import annotations

import re
import socket

from stall.errors import Refused
from stall.reader.transports.pipe import lost
from stall.reader.transports.sockets import SocketTransport

CHANNEL = 1
#: A radio is looked for some five seconds by itself (s).
CONNECT_S = 10.0
_ADDRESS = re.compile(r"(?P<device>(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})(?::(?P<channel>[0-9]{1,2}))?")
_LAST_CHANNEL = 30


class RfcommTransport(SocketTransport):
    """A connection to the serial port profile of a paired terminal."""

    framed = True

    def __init__(self, device: str, channel: int = CHANNEL) -> None:
        """Connect. Raises Refused `reader-rfcomm`, and Retry `reader-lost` when the terminal is off or too far."""
        if not can():
            raise Refused(
                "reader-rfcomm",
                "This Python was built without Bluetooth. Make the stall's environment with the system's own"
                " (/usr/bin/python3 -m venv), or connect the terminal by cable or network.",
            )
        try:
            dialled = socket.socket(socket.AF_BLUETOOTH, socket.SOCK_STREAM, socket.BTPROTO_RFCOMM)
        except OSError as error:  # no radio, or none switched on
            raise lost(error) from error
        try:
            dialled.settimeout(CONNECT_S)
            dialled.connect((device, channel))
        except OSError as error:
            dialled.close()
            raise lost(error) from error
        super().__init__(dialled)


def can() -> bool:
    """Whether this Python can speak Bluetooth at all; a radio is another matter."""
    return hasattr(socket, "AF_BLUETOOTH") and hasattr(socket, "BTPROTO_RFCOMM")


def address(text: str) -> tuple[str, int]:
    """Read `AA:BB:CC:DD:EE:FF` or `AA:BB:CC:DD:EE:FF:CHANNEL`. Raises Refused `reader-link`."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["channel"] or CHANNEL) <= _LAST_CHANNEL:
        raise Refused(
            "reader-link",
            f"“{text}” is no address of a Bluetooth terminal. Write it like rfcomm:00:11:22:AA:BB:CC, with :CHANNEL (1 to 30)"
            " if it is not 1.",
        )
    return found["device"].upper(), int(found["channel"] or CHANNEL)

"""A terminal on a USB or serial cable: a device file, opened for us alone. Only here is pyserial used."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import re
import select
import time
from dataclasses import dataclass
from pathlib import Path

import serial

from stall.errors import Refused, Retry
from stall.reader.transports.pipe import POLL_S, WRITE_S, lost

SPEEDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
_LINE = re.compile(r"(?P<baud>[0-9]{4,6}) (?P<data>[78])(?P<parity>[NEO])(?P<stop>[12])")
#: Who may open serial ports on Debian, where the device itself does not tell.
GROUP = "dialout"


@dataclass(frozen=True, slots=True)
class Line:
    """How a serial line is set: speed, data bits, parity (N, E, O), stop bits."""

    baud: int
    data_bits: int
    parity: str
    stop_bits: int


USUAL = Line(9600, 8, "N", 2)


def line(text: str) -> Line:
    """Read `9600 8N2`. Raises Refused `reader-line`."""
    found = _LINE.fullmatch(text)
    if found is None or int(found["baud"]) not in SPEEDS:
        raise Refused(
            "reader-line",
            f'“{text}” is no setting of a serial line. Write speed and format like "9600 8N2", "9600 7E1" or "115200 8N1",'
            " or leave it out.",
        )
    return Line(int(found["baud"]), int(found["data"]), found["parity"], int(found["stop"]))


class SerialTransport:
    """A serial device, with an advisory lock on it. USB devices take any setting of the line and ignore it."""

    framed = True

    def __init__(self, path: str, how: Line = USUAL) -> None:
        """Open `path`. Raises Retry `reader-lost` when it is absent, `reader-rights` or `reader-in-use`."""
        try:
            # On a pseudo-terminal RTS and DTR do not exist; pyserial passes over that (ENOTTY) while opening.
            self._port = serial.Serial(
                path,
                how.baud,
                bytesize=how.data_bits,
                parity=how.parity,
                stopbits=how.stop_bits,
                timeout=0,
                write_timeout=WRITE_S,
                exclusive=True,
            )
        except OSError as error:
            raise _closed(path, error) from error

    def read(self, n: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        try:
            ready, _, _ = select.select([self._port.fileno()], [], [], max(0.0, timeout_s))
            return self._port.read(n) if ready else b""
        except (OSError, TypeError, ValueError) as error:  # TypeError, ValueError: closed by another thread
            raise _hung_up() from error

    def write(self, data: bytes) -> None:
        """See Transport.write."""
        try:
            self._port.write(data)
        except (OSError, TypeError) as error:
            raise _hung_up() from error

    def close(self) -> None:
        """See Transport.close."""
        with contextlib.suppress(OSError):
            self._port.close()

    def drained(self, timeout_s: float) -> bool:
        """See Transport.drained. On a serial line only the link's own ACK proves anything more."""
        deadline = time.monotonic() + timeout_s
        try:
            while self._port.out_waiting:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(POLL_S)
        except (OSError, TypeError):
            return False
        return True


def _hung_up() -> Retry:
    """In our words; pyserial's guess at causes is long."""
    return lost(OSError("it hung up"))


def group_of(path: str) -> str:
    """The group whose members may open a port, by name."""
    try:
        return grp.getgrgid(Path(path).stat().st_gid).gr_name
    except (OSError, KeyError):
        return GROUP


def _closed(path: str, error: OSError) -> Retry:
    """Why a port does not open, as what to do about it."""
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return rights(path)
        case errno.EBUSY | errno.EAGAIN:
            return in_use(path)
        case errno.ENOENT:
            return lost(OSError(f"nothing is at {path}"))
        case None:  # pyserial could not set the line
            return lost(OSError(f"{path} is no serial port"))
        case number:
            return lost(OSError(number, os.strerror(number)))


def rights(path: str) -> Retry:
    """What to do about a port this user may not open."""
    group = group_of(path)
    return Retry(
        "reader-rights",
        f"This user may not open the card terminal's port {path}. Add the stall's user to the group {group}"
        f" (sudo usermod -aG {group} USER), then restart.",
        5.0,
    )


def in_use(path: str) -> Retry:
    """What to do about a port that somebody else has."""
    return Retry(
        "reader-in-use",
        f"Another program has the card terminal's port {path} open. Stop that program; if it is ModemManager, install"
        " firmware_config/udev/60-stall-reader.rules or remove it.",
        5.0,
    )

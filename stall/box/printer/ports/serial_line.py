"""A printer on a serial line or a USB adapter for one."""

from __future__ import annotations

import contextlib
import re
import select

import serial

from stall.box.printer.ports.port import CHUNK, STALL_S, lost, refused, takes_nothing
from stall.errors import Refused

SPEEDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_LINE = re.compile(r"(?P<baud>[0-9]{4,6}) (?P<data>[78])(?P<parity>[NEO])(?P<stop>[12])")


class SerialPort:
    """A serial device, ours alone, that the printer may hold up (XON/XOFF)."""

    kept = True
    tells = True

    def __init__(self, path: str, line: str) -> None:
        """Open it. Raises Refused `printer-line`; Retry `printer-lost`, `printer-rights`, `printer-in-use`."""
        found = _read(line)
        try:
            self._port = serial.Serial(
                path,
                int(found["baud"]),
                bytesize=int(found["data"]),
                parity=found["parity"],
                stopbits=int(found["stop"]),
                timeout=0,
                write_timeout=0,
                xonxoff=True,
                exclusive=True,
            )
        except OSError as error:
            raise refused(path, error) from error

    def write(self, data: bytes) -> int:
        """See Port.write."""
        try:
            _, free, _ = select.select([], [self._port.fileno()], [], STALL_S)
            if not free:
                raise takes_nothing()
            return int(self._port.write(data[:CHUNK]) or 0)
        except serial.SerialTimeoutException:
            return 0
        except (OSError, TypeError, ValueError) as error:  # TypeError, ValueError: closed by another thread
            raise lost("it hung up") from error

    def read(self, timeout_s: float) -> bytes:
        """See Port.read."""
        try:
            ready, _, _ = select.select([self._port.fileno()], [], [], timeout_s)
            return bytes(self._port.read(CHUNK)) if ready else b""
        except (OSError, TypeError, ValueError) as error:
            raise lost("it hung up") from error

    def close(self) -> None:
        """See Port.close."""
        with contextlib.suppress(OSError):
            self._port.reset_output_buffer()  # else closing waits for a printer that takes nothing
        with contextlib.suppress(OSError):
            self._port.close()


def _read(line: str) -> re.Match[str]:
    found = _LINE.fullmatch(line)
    if found is None or int(found["baud"]) not in SPEEDS:
        raise Refused(
            "printer-line",
            f'“{line}” is no setting of a serial line. Write speed and format like "9600 8N1" or "115200 8N1".',
        )
    return found

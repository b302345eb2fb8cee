"""A printer on USB by the kernel's own driver (`usblp`), found by its ids; and any device file opened like one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
from pathlib import Path

from stall.box.printer.ports.port import CHUNK, STALL_S, Port, lost, refused, takes_nothing
from stall.errors import Refused

#: Where the kernel lists printers on USB, one folder `lp0`, `lp1`… each.
CLASS = Path("/sys/class/usbmisc")
DEVICES = Path("/dev/usb")
_IDS = re.compile(r"(?P<vendor>[0-9A-Fa-f]{4}):(?P<product>[0-9A-Fa-f]{4})")


class DevicePort:
    """A device file, read and written without ever waiting longer than told."""

    kept = True
    tells = True

    def __init__(self, path: Path) -> None:
        """Open it. Raises Retry `printer-lost`, `printer-rights`, `printer-in-use`."""
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise refused(str(path), error) from error

    def write(self, data: bytes) -> int:
        """See Port.write."""
        try:
            _, free, _ = select.select([], [self._fd], [], STALL_S)
            if not free:
                raise takes_nothing()
            return os.write(self._fd, data[:CHUNK])
        except BlockingIOError:
            return 0
        except (OSError, ValueError) as error:
            raise _gone(error) from error

    def read(self, timeout_s: float) -> bytes:
        """See Port.read."""
        try:
            ready, _, _ = select.select([self._fd], [], [], timeout_s)
            return os.read(self._fd, CHUNK) if ready else b""
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as error:
            raise _gone(error) from error

    def close(self) -> None:
        """See Port.close."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


def open_usb(vendor: str, product: str, known: Path = CLASS, devices: Path = DEVICES) -> Port:
    """Open the first printer with these ids, wherever it is plugged in. Raises Retry as DevicePort does."""
    for entry in sorted(known.glob("lp*")):
        with contextlib.suppress(OSError):
            above = (entry / "device").resolve().parent
            told = [(above / name).read_text().strip().lower() for name in ("idVendor", "idProduct")]
            if told == [vendor, product]:
                return DevicePort(devices / entry.name)
    raise lost(f"no printer {vendor}:{product} is on USB")


def ids(text: str) -> tuple[str, str]:
    """Read `04b8:0e15`. Raises Refused `printer-link`."""
    found = _IDS.fullmatch(text)
    if found is None:
        raise Refused(
            "printer-link",
            f"“usb:{text}” does not name a printer. Write its two ids as `lsusb` shows them, like usb:04b8:0e15.",
        )
    return found["vendor"].lower(), found["product"].lower()


def _gone(error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # how the kernel's driver says that the paper is out
        return takes_nothing()
    return lost((error.strerror or str(error)) if isinstance(error, OSError) else "closed")

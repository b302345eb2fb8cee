"""A file in place of a printer, to try without one; a device file there is a printer."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from stall.box.printer.ports.device import DevicePort
from stall.box.printer.ports.port import Port, lost, refused


class FilePort:
    """Bytes go to the end of a file, made where it is missing."""

    kept = False
    tells = False

    def __init__(self, path: Path) -> None:
        """Open it. Raises Retry `printer-lost`, `printer-rights`."""
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise refused(str(path), error) from error

    def write(self, data: bytes) -> int:
        """See Port.write."""
        try:
            return os.write(self._fd, data)
        except OSError as error:
            raise lost(error.strerror or "the file cannot be written") from error

    def read(self, timeout_s: float) -> bytes:
        """See Port.read."""
        return b""

    def close(self) -> None:
        """See Port.close."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


def open_path(text: str) -> Port:
    """Open what is at a path: a device as a printer, anything else as a file. Raises Retry as they do."""
    path = Path(text)
    with contextlib.suppress(OSError):
        if stat.S_ISCHR(path.stat().st_mode):
            return DevicePort(path)
    return FilePort(path)

"""The ways to a printer, each behind the same four methods, and which of them a link of the settings means."""

from __future__ import annotations

from stall.box.printer.ports import device, file, network, serial_line
from stall.box.printer.ports.port import Port
from stall.errors import Refused

__all__ = ["Port", "connect"]


def connect(link: str, line: str) -> Port:
    """Open `usb:VID:PID`, `serial:PATH`, `tcp:HOST[:PORT]` or `file:PATH`; `line` is how a serial line is set.

    Raises Refused `printer-link`, `printer-line`; Retry `printer-lost` when it is not there, `printer-rights`, `printer-in-use`.
    """
    kind, _, rest = link.partition(":")
    match kind:
        case "usb" if rest:
            return device.open_usb(*device.ids(rest))
        case "serial" if rest:
            return serial_line.SerialPort(rest, line)
        case "tcp" if rest:
            return network.NetworkPort(*network.address(rest))
        case "file" if rest:
            return file.open_path(rest)
    raise Refused(
        "printer-link",
        f"“{link}” is no printer. Write usb:VENDOR:PRODUCT, serial:/dev/serial/by-id/…, tcp:HOST or file:PATH in the settings.",
    )

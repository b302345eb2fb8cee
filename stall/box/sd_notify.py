"""What a process tells the service manager: that it is ready, that it ends, how it stands, that it is well (sd_notify(3)).

Datagrams to the socket named in NOTIFY_SOCKET, `@` for one without a file. Telling fails nobody: where there is no manager, or it does
not listen, the process goes on as if it had been told.
"""

from __future__ import annotations

import os
import socket

#: Taken out of the environment, so that no child speaks in our name.
_SOCKET, _USEC, _PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
#: A manager that takes nothing for so long is not waited for (s).
_PATIENCE_S = 1.0
_LONGEST = 200


class Notifier:
    """The way to the service manager, or to nobody; `watchdog_s` is how long it waits between two signs of life, None for ever."""

    def __init__(self, address: str = "", watchdog_s: float | None = None) -> None:
        """Tell whoever listens at `address`, as the manager writes it; nobody where it is empty."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = watchdog_s if address else None

    def ready(self, status: str) -> bool:
        """All that is asked for is there."""
        return self._tell("READY=1", _status(status))

    def status(self, text: str) -> bool:
        """How it stands, in one line for whoever looks."""
        return self._tell(_status(text))

    def alive(self) -> bool:
        """Feed the watchdog."""
        return self._tell("WATCHDOG=1")

    def stopping(self) -> bool:
        """It ends, as it was asked to."""
        return self._tell("STOPPING=1")

    def extend(self, seconds: float) -> bool:
        """Starting or ending takes longer: be patient for so long from now on."""
        return self._tell(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def _tell(self, *lines: str) -> bool:
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
                way.settimeout(_PATIENCE_S)
                way.sendto("\n".join(lines).encode("utf-8", "replace"), self._address)
        except (OSError, ValueError):  # nobody there, nobody listening, a name that is none
            return False
        return True


def taken() -> Notifier:
    """The service manager of this process, taken out of the environment; one that tells nobody where there is none."""
    address, usec, pid = (os.environ.pop(name, "") for name in (_SOCKET, _USEC, _PID))
    if not address.startswith(("/", "@")):
        return Notifier()
    ours = pid in {"", str(os.getpid())}
    return Notifier(address, int(usec) / 1_000_000 if ours and usec.isdecimal() and int(usec) else None)


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.split())[:_LONGEST]

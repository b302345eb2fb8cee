"""The board this machine is: its serial number, and the secret burnt into it, where there is one. Only read, never written.

A Pi 4 or 5 (BCM2711, BCM2712) has 32 bytes of one-time-programmable memory for a secret of its owner's. It is no vault: root
and the group `video` can read it. But it stays behind when the card is copied. Burning one is for the maker to do, by hand.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stall.wire import keyfile

#: Where the firmware of a board tells its serial number; a PC has neither.
SERIAL_FILES = (Path("/proc/device-tree/serial-number"), Path("/sys/firmware/devicetree/base/serial-number"))

#: The two programs that read the secret, the first of which is not on every system. Neither line can write.
PRINTS_HEX = ("rpi-otp-private-key",)
ASKS_FIRMWARE = ("vcmailbox", "0x00030081", "40", "40", "0", "8", *("0",) * 8)

#: The credential a service manager may have handed us (systemd-creds(1)): the secret in hexadecimal digits.
HANDED = "board-secret"

_HEX_KEY = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"0x[0-9a-f]{8}")
_ANSWERED = "0x80000000"
_FIRST_WORD, _WORDS = 7, 8  # in the answer: size, state, tag, room, length, offset, count, then the secret
_LONGEST_S = 5


@dataclass(frozen=True, slots=True)
class Board:
    """A board: `serial` is "" where it tells none, `secret()` None where it has none or keeps it from this user."""

    serial: str
    secret: Callable[[], bytes | None]

    @property
    def hw(self) -> str | None:
        """What a delegation calls this board: the hash of its serial number, if it tells one."""
        return keyfile.board_hash(self.serial) if self.serial else None


def this() -> Board:
    """The board that runs this program. Its secret is read only when asked for: that starts a program."""
    return Board(serial(), read_secret)


def serial() -> str:
    """The board's serial number as its firmware tells it, "" where it tells none."""
    for path in SERIAL_FILES:
        try:
            found = path.read_bytes().strip(b"\0 \n").decode("ascii", "replace")
        except OSError:
            continue
        if found:
            return found[:64]
    return ""


def read_secret() -> bytes | None:
    """The secret in the board's one-time-programmable memory; None if none was burnt, or it cannot be read.

    A service gets it from its manager (HANDED), so that it needs no right to the board's firmware.
    """
    found = _handed() or _said(PRINTS_HEX).strip().lower()
    if not _HEX_KEY.fullmatch(found):
        found = _of_words(_said(ASKS_FIRMWARE).lower())
    secret = bytes.fromhex(found)
    return secret if any(secret) else None


def _handed() -> str:
    """What the service manager gave this process, "" if it gave nothing of the kind."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    try:
        found = (Path(folder) / HANDED).read_text("ascii").strip() if folder else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return found if _HEX_KEY.fullmatch(found) else ""


def _of_words(said: str) -> str:
    words = _WORD.findall(said)
    if len(words) < _FIRST_WORD + _WORDS or words[1] != _ANSWERED:
        return ""
    return "".join(word.removeprefix("0x") for word in words[_FIRST_WORD : _FIRST_WORD + _WORDS])


def _said(command: tuple[str, ...]) -> str:
    """What a program prints, "" if it is not here or fails. Nothing of it is ever logged."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LONGEST_S, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout

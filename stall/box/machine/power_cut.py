"""A test in two acts of what no measurement proves: does the disk still have after a power cut what it said it kept?

`arm` appends numbered records and forces each to the disk, and tells the numbers kept so far to whoever looks on from another machine.
Then somebody pulls the plug. `check` counts what is there: every number that was seen must be. The number seen is the witness, for
whatever lies on the same card may have gone with it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.errors import Refused

FILE = "power-cut-test"
#: The test ends by itself: 12 MiB at most, and ten minutes.
MOST, SECONDS = 200_000, 600.0
#: How often a number is told (s): a terminal far away must keep up.
TELL_S = 0.2

_MAGIC = b"stall-power-cut\0"
_RECORD = struct.Struct(">16s16sQ")
_CHECK_BYTES = 24
RECORD_BYTES = _RECORD.size + _CHECK_BYTES


@dataclass(frozen=True, slots=True)
class Found:
    """What is left of the records after the cut: `kept` without a gap from the first one, of `seen` that were told.

    `damaged`: how many lie behind the first one that is not as it was written; the last one may be torn by right.
    """

    kept: int
    seen: int
    damaged: int

    @property
    def lost(self) -> int:
        """How many the disk said it kept and did not."""
        return max(0, self.seen - self.kept)


def arm(
    folder: Path,
    boot: str,
    tell: Callable[[int], None],
    *,
    most: int = MOST,
    tell_s: float = TELL_S,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Write until the power goes, or `most` records or ten minutes are over. `boot` names the boot; a test of before is replaced.

    Each number told was kept by the disk before, as the disk says. Raises what `disk.sentences` makes of errors of the disk.
    """
    path, test = folder / FILE, secrets.token_bytes(16)
    with disk.sentences(path):
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            disk.give_to_owner_of(folder, descriptor)
            _keep(descriptor, _boot_record(test, boot))
            disk.sync_folder(folder)
            end, told = monotonic() + SECONDS, float("-inf")
            for number in range(1, most + 1):
                _keep(descriptor, _record(test, number))
                now = monotonic()
                if now - told >= tell_s:
                    tell(number)
                    told = now
                if now >= end:
                    break
        finally:
            os.close(descriptor)


def armed(folder: Path) -> bool:
    """Whether a test was begun here and not looked at since."""
    return (folder / FILE).is_file()


def check(folder: Path, boot: str, seen: int) -> Found:
    """Count what the disk kept of a test; `seen` is the last number that was told before the cut.

    Raises Refused `power-cut-not-armed` where there is no test, `power-not-cut` where the power was not cut.
    """
    try:
        data = (folder / FILE).read_bytes()
    except FileNotFoundError:
        raise Refused(
            "power-cut-not-armed",
            "There is no power-cut test here. Begin one with --power-cut-test and pull the plug while it counts. If you did so in"
            " this very folder, the disk did not even keep the file, and lies.",
        ) from None
    records = [data[at : at + RECORD_BYTES] for at in range(0, len(data), RECORD_BYTES)]
    test = _test_of(records[0]) if records else None
    if test is not None and records[0] == _boot_record(test, boot):
        raise Refused(
            "power-not-cut",
            "The machine has not been off since the test began. Pull its plug while the test counts, then ask again.",
        )
    kept = 0
    for number, record in enumerate(records[1:] if test is not None else [], 1):
        if test is None or record != _record(test, number):
            break
        kept = number
    return Found(kept, seen, max(0, len(records) - 1 - kept - 1))


def forget(folder: Path) -> None:
    """Take the file of a test away. Raises what `disk.sentences` makes of errors of the disk."""
    with disk.sentences(folder / FILE):
        (folder / FILE).unlink(missing_ok=True)


def _keep(descriptor: int, record: bytes) -> None:
    os.write(descriptor, record)
    os.fdatasync(descriptor)


def _record(test: bytes, number: int) -> bytes:
    head = _RECORD.pack(_MAGIC, test, number)
    return head + hashlib.sha256(head).digest()[:_CHECK_BYTES]


def _boot_record(test: bytes, boot: str) -> bytes:
    """The first record: it says in which boot the test began."""
    return _record(test, int.from_bytes(hashlib.sha256(boot.encode()).digest()[:8], "big"))


def _test_of(first: bytes) -> bytes | None:
    if len(first) != RECORD_BYTES:
        return None
    magic, test, number = _RECORD.unpack_from(first)
    return bytes(test) if magic == _MAGIC and first == _record(test, number) else None

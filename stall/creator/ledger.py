"""What the creator has signed away, so that nothing is signed away twice: an append-only file in the creator's folder.

`ledger.jsonl` (mode 0600) holds one JSON object per line, forced to the disk before the document it speaks of is handed
out. One program at a time: the file is locked while it is open. Lost with the laptop, it must be put back from a backup
before any lease is issued again; nothing here can rebuild it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from stall import disk
from stall.errors import Broken, Refused, StallError
from stall.wire import canonical, delegation, strict_json

FILE = "ledger.jsonl"


class DelegationRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="delegation"):
    """One delegation signed: to whom (did), for what, and its `seq`. `at` in seconds UTC; `token` is the document itself."""

    at: int
    sub: str
    role: str
    cap: tuple[str, ...]
    drops: tuple[str, ...]
    seq: int
    token: str

    def covers(self, drop: str) -> bool:
        """Whether it is for this drop, by name or because it is for all."""
        return drop in self.drops or delegation.ANY_DROP in self.drops


class LeaseRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="lease"):
    """One lease signed: numbers `ranges` of `drop` to the box (thumbprint) in the `epoch` of its database."""

    at: int
    drop: str
    box: str
    epoch: str
    lease_seq: int
    ranges: tuple[tuple[int, int], ...]
    token: str


class ManifestRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="manifest"):
    """One manifest signed: version `ver` of `drop`, of `edition` copies. `hash` names its token, too long for a line here."""

    at: int
    drop: str
    ver: int
    hash: str
    edition: int | None = None  # rows written by earlier programs do not say


class CloseRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="close"):
    """One closing statement signed, `hash` its token's name; `says` is the hash of what it says, which no second one may differ in."""

    at: int
    drop: str
    hash: str
    says: str


class CountersignedRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="countersigned"):
    """Certificates signed anew: of each its number (0 without one), its name as the box signed it, and its name now."""

    at: int
    drop: str
    signed: tuple[tuple[int, str, str], ...]


class QuestionRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="question"):
    """A challenge drawn for an owner who wants a certificate passed on, in the name of `domain`."""

    at: int
    challenge: str
    domain: str


class PassedRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="passed"):
    """A certificate signed anew for a next owner: the names of the `old` one and the `new`, and the challenge that was answered."""

    at: int
    drop: str
    old: str
    new: str
    challenge: str


Row = DelegationRow | LeaseRow | ManifestRow | CloseRow | CountersignedRow | QuestionRow | PassedRow


class Ledger:
    """The ledger while it is open and locked: its rows in the order they were written."""

    def __init__(self, path: Path, file: BinaryIO, rows: list[Row]) -> None:
        self._path, self._file, self._rows = path, file, rows

    @property
    def delegations(self) -> list[DelegationRow]:
        """All delegations, oldest first."""
        return [row for row in self._rows if isinstance(row, DelegationRow)]

    @property
    def all_leases(self) -> list[LeaseRow]:
        """All leases of every drop, oldest first."""
        return [row for row in self._rows if isinstance(row, LeaseRow)]

    def leases(self, drop: str) -> list[LeaseRow]:
        """All leases of one drop, oldest first."""
        return [row for row in self.all_leases if row.drop == drop]

    def manifests(self, drop: str) -> list[ManifestRow]:
        """All versions of one drop that were signed, oldest first."""
        return [row for row in self._rows if isinstance(row, ManifestRow) and row.drop == drop]

    def manifest(self, drop: str, ver: int) -> ManifestRow | None:
        """The manifest signed as that version of the drop, or None."""
        return next((row for row in self.manifests(drop) if row.ver == ver), None)

    def close(self, drop: str) -> CloseRow | None:
        """The closing statement of a drop, the first if it was signed again, or None."""
        return next((row for row in self._rows if isinstance(row, CloseRow) and row.drop == drop), None)

    def check_open(self, drop: str, title: str) -> None:
        """Refuse what would sell more of a drop that its creator closed. Raises Refused `drop-closed`."""
        if self.close(drop) is not None:
            raise Refused("drop-closed", f"You closed “{title}” for good, so nothing of it is leased or sold any more.")

    def countersigned(self, drop: str) -> list[tuple[int, str, str]]:
        """The certificates of a drop signed anew: number, name as the box signed it, name now."""
        rows = [row for row in self._rows if isinstance(row, CountersignedRow) and row.drop == drop]
        return [one for row in rows for one in row.signed]

    def forms(self, drop: str, name: str) -> list[str]:
        """The names of one certificate, as its box signed it and as the creator did."""
        found = [(of, now) for _, of, now in self.countersigned(drop) if name in {of, now}]
        return list(dict.fromkeys([name, *(one for pair in found for one in pair)]))

    @property
    def questions(self) -> list[QuestionRow]:
        """All challenges drawn, oldest first."""
        return [row for row in self._rows if isinstance(row, QuestionRow)]

    def passed(self, drop: str) -> dict[str, PassedRow]:
        """What was passed on of a drop, by the name of the certificate that counts no more."""
        return {row.old: row for row in self._rows if isinstance(row, PassedRow) and row.drop == drop}

    def append(self, row: Row) -> None:
        """Write `row` and force it to the disk; only then may its document leave. Raises as `disk.whole_file`."""
        with disk.sentences(self._path):
            line = canonical.dumps(msgspec.to_builtins(row)) + b"\n"
            start = self._file.seek(0, os.SEEK_END)
            if self._file.write(line) != len(line):  # an almost full disk takes a part and says nothing
                self._file.truncate(start)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file.fileno())
        self._rows.append(row)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """Open and lock the ledger in a creator's folder, waiting for another program that has it open.

    Raises Broken `ledger-damaged` when a line of it is not one of ours, and the errors of `disk.whole_file`.
    """
    path = folder / FILE
    with disk.sentences(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        file = os.fdopen(descriptor, "r+b", buffering=0)
    with file:
        with disk.sentences(path):
            _lock(descriptor)
            rows = _read(path, file)
        yield Ledger(path, file, rows)


def _read(path: Path, file: BinaryIO) -> list[Row]:
    data = file.read()
    lines = data.split(b"\n")
    if lines[-1]:
        # The power went while this line was written: its document was never handed out.
        file.truncate(len(data) - len(lines[-1]))
    return [_row(path, number, line) for number, line in enumerate(lines[:-1], start=1)]


def _row(path: Path, number: int, line: bytes) -> Row:
    try:
        row: Any = msgspec.convert(strict_json.loads(line), Row)
    except (StallError, msgspec.ValidationError) as error:
        raise Broken(
            "ledger-damaged",
            f"Line {number} of “{path}” is damaged. Put the file back from your backup before you sign anything.",
        ) from error
    kept: Row = row
    return kept


def _lock(descriptor: int) -> None:
    """Take the file for ourselves until it is closed. Imported here, for each system has its own way."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - exists on POSIX only

        fcntl.flock(descriptor, fcntl.LOCK_EX)

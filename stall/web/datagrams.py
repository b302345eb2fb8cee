"""What nginx reports of files it sent: one datagram a transfer, read strictly, counted as our own transfers are.

Only nginx may write there (mode 0660), and a flood of phones can make it write a lot: what waits is bounded by the kernel,
what is odd is dropped and counted, and neither a grant nor a name of a report is ever logged.
"""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import threading
from collections import deque
from pathlib import Path
from typing import Annotated

import msgspec

from stall import log
from stall.errors import Refused, StallError
from stall.flows.record_transfer import Transfer
from stall.store import claims
from stall.store.box import Box
from stall.web import granted, ids
from stall.web.transfers import Transfers

logger = log.get("web")

MODE = 0o660
LONGEST_BYTES = 4096
#: Reports read off the socket that wait for their turn; more than that is dropped.
MOST_WAITING = 4096
BUFFER_BYTES = 256 * 1024
_LOOK_S = 0.5
#: At most one line about dropped reports in this many reports.
_TELL_EVERY = 1000
_SYSLOG = re.compile(rb"<[0-9]{1,3}>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} stall: (\{.*\})", re.DOTALL)
_PART = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
PARTIAL = 206


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One transfer as nginx tells it (log_format stall_transfer): `sent` bytes of a body, from `range` if it was a part."""

    grant: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{22}$")]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=600)]
    status: Annotated[int, msgspec.Meta(ge=200, le=206)]
    sent: Annotated[int, msgspec.Meta(ge=1, le=1 << 50)]
    range: Annotated[str, msgspec.Meta(max_length=80)]

    @property
    def first(self) -> int | None:
        """The offset it began at; None where the report contradicts itself."""
        part = _PART.fullmatch(self.range)
        if self.status != PARTIAL:
            return None if self.range else 0
        if part is None or self.sent > int(part[2]) - int(part[1]) + 1:
            return None
        return int(part[1])


def read(datagram: bytes) -> Report | None:
    """Read one report; None unless it is exactly one."""
    found = _SYSLOG.fullmatch(datagram) if len(datagram) <= LONGEST_BYTES else None
    if found is None:
        return None
    try:
        report = msgspec.json.decode(found[1], type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return report if report.first is not None else None


def transfer_of(box: Box, report: Report) -> Transfer | None:
    """The transfer it means; None where this box knows no such grant, or no such file under it.

    A grant that is over since is still counted: the file was sent.
    """
    conn = box.db.read()
    try:
        grant = claims.grant(conn, ids.grant_no(box.secrets, report.grant))
        if grant is None:
            return None
        file = granted.one(conn, grant, report.name, frozenset()).file  # it was sent, on its way back or not
    except Refused:
        return None
    if file.sha256 != report.sha256 or (report.first or 0) + report.sent > file.size:
        return None
    return Transfer(grant.no, file.id, file.size, report.first or 0, report.sent)


class Datagrams:
    """Listens for reports on a socket of its own, on one thread."""

    def __init__(self, path: Path, box: Box, transfers: Transfers, given: socket.socket | None = None) -> None:
        """Listen at `path`, or on the socket `given` there; one left by a process that died is replaced.

        Raises Refused `address-refused`.
        """
        self._path, self._box, self._transfers = path, box, transfers
        self._given = given is not None
        #: How often it looked: grows while its thread goes round.
        self.turns = 0
        self._waiting: deque[bytes] = deque()
        self.dropped = 0
        self._stopping = threading.Event()
        self._socket = _listen(path) if given is None else given
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take what has come in, then end; before `transfers` does."""
        self._stopping.set()
        self._thread.join(timeout=5)
        self._socket.close()
        if not self._given:
            self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            self.turns += 1
            ending = self._stopping.is_set()
            self._receive(wait=not self._waiting and not ending)
            if self._waiting:
                self._take(self._waiting.popleft())
            elif ending:
                return

    def _receive(self, *, wait: bool) -> None:
        """Read whatever is there, so that nginx finds room, waiting a moment for the first."""
        self._socket.settimeout(_LOOK_S if wait else 0)
        while True:
            try:
                datagram = self._socket.recv(LONGEST_BYTES + 1)
            except (TimeoutError, BlockingIOError):
                return
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(datagram)
            else:
                self._drop()
                return
            self._socket.settimeout(0)

    def _take(self, datagram: bytes) -> None:
        report = read(datagram)
        try:
            done = None if report is None else transfer_of(self._box, report)
        except (StallError, sqlite3.Error) as error:  # a count lost is not a sale lost
            logger.warning("transfer.not_recorded", error=getattr(error, "code", "database"))
            return
        if done is None:
            self._drop()
        else:
            self._transfers.report(done)

    def _drop(self) -> None:
        self.dropped += 1
        if self.dropped % _TELL_EVERY == 1:
            logger.warning("transfer.report_dropped", times=self.dropped)


def _listen(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        if path.is_socket():
            path.unlink()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        before = os.umask(0o777 & ~MODE)
        try:
            sock.bind(str(path))
        finally:
            os.umask(before)
    except OSError as error:
        sock.close()
        raise Refused(
            "address-refused",
            f"Nobody may listen at {path} ({error.strerror or error}). Set another place in settings.toml under [web].",
        ) from error
    return sock

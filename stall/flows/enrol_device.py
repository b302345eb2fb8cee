"""Enrol a phone or tablet by a code of 128 bits, rename it, end it. Tokens and codes are kept as hashes only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from stall.errors import Refused
from stall.flows import staff_pin
from stall.flows.tell_of_staff import Deed, tell
from stall.store import devices, sessions, tries
from stall.store.acting import acting
from stall.store.db import Tx
from stall.wire import claimcode

TOKEN_BYTES = 16
#: How long a code shown on the till's screen enrols one device; the label's enrols until another label is made.
SCREEN_MS = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device just enrolled: its number, and the token for its cookie, which is kept nowhere else."""

    no: int
    token: bytes


def new_code(tx: Tx, *, once: bool) -> bytes:
    """Make a code and return it: `once` for one device within 15 minutes, else the label's, which ends the label before."""
    code = secrets.token_bytes(TOKEN_BYTES)
    devices.keep_code(tx, code, until_ms=tx.now_ms + SCREEN_MS if once else None, once=once)
    return code


def read_code(text: str) -> bytes:
    """Read a code as it was typed or scanned; what is none cannot be right. Spelled as claim codes are."""
    try:
        return claimcode.decode(text)
    except Refused:
        return b""


def enrol(tx: Tx, code: bytes, name: str, where: str) -> Enrolled | None:
    """Enrol a device by a code; `where` names the client whose tries are counted. None where the code is wrong, or must wait.

    The fifth wrong one shuts that client out for 15 minutes.
    """
    if not tries.count(tx, where, staff_pin.TRIES, staff_pin.LOCK_MS):
        return None
    if not devices.use_code(tx, code):
        return None
    tries.forgive(tx, where)
    token = secrets.token_bytes(TOKEN_BYTES)
    no = devices.add(tx, token, name)
    with acting(tx, None):
        tell(tx, Deed.ENROLLED, enrolled=no)
    return Enrolled(no, token)


def rename_device(tx: Tx, no: int, name: str) -> None:
    """Give a device another name. Raises Refused `device-unknown`."""
    _check_runs(tx, no)
    devices.rename(tx, no, name)


def end_device(tx: Tx, no: int) -> None:
    """End a device: its cookie opens nothing from now on, and who is signed in there is signed out. Raises Refused `device-unknown`."""
    _check_runs(tx, no)
    devices.end(tx, no)
    sessions.end_of_device(tx, no)
    tell(tx, Deed.DEVICE_ENDED, enrolled=no)


def _check_runs(tx: Tx, no: int) -> None:
    found = devices.find(tx.conn, no)
    if found is None or found.ended_ms is not None:
        raise Refused("device-unknown", "No enrolled device has that number. Look at the list of devices.")

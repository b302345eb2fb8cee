"""What the cloud's answer shows of this box's own past: notes it signed itself. Unsigned words prove nothing here."""

from __future__ import annotations

import sqlite3

from stall import log
from stall.domain.epoch import Cause
from stall.errors import StallError
from stall.flows.witness import read_testimony, weigh
from stall.sync.client import Answer, Child
from stall.wire import b64
from stall.wire.keys import SigningKey

logger = log.get("sync")


def weigh_answer(conn: sqlite3.Connection, own: SigningKey, answer: Answer) -> Cause | None:
    """Say why a new epoch must begin after this answer, or None. What is not signed by this box is passed over."""
    newest = [] if answer.newest is None else [Child(answer.newest, "", [])]
    for each in [*newest, *answer.children]:
        try:
            opening = b64.decode(each.opening) if each.opening else None
            told = read_testimony(own, each.note, opening, [b64.decode(part) for part in each.proof])
            cause = weigh(conn, told)
        except StallError as error:
            logger.warning("cloud.note_not_believed", error=error.code)
            continue
        if cause is not None:
            return cause
    return None

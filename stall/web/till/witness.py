"""The maker's phone as a witness: it shows what it kept of this box's journal, and gets the newest to keep.

Without its script the till works as before; an older copy of the data is then found by the cloud alone.
"""

from __future__ import annotations

import sqlite3

import msgspec
from flask import Blueprint, request

from stall import log
from stall.domain.epoch import Cause
from stall.errors import StallError, WireError
from stall.flows.checkpoint import remember, sign_running, standing_checkpoint
from stall.flows.new_epoch import new_epoch_unless_newer
from stall.flows.witness import keepsake, read_testimony, weigh
from stall.store import epochs
from stall.store.box import Box
from stall.store.place import Witness
from stall.web.guard import MAX_BODY_BYTES
from stall.web.till.box import this_box
from stall.web.till.signed import session
from stall.wire import b64, strict_json
from stall.wire.keys import SigningKey

witness = Blueprint("till_witness", __name__)
logger = log.get("web")

#: Notes a phone may show at once, one for each epoch it remembers.
MOST = 8


class Keep(msgspec.Struct, frozen=True):
    """What a phone keeps of one epoch: a signed note, the first event and the proof that ties both, in base64url."""

    note: str
    opening: str
    proof: list[str]


class Shown(msgspec.Struct, frozen=True):
    """What a phone shows."""

    kept: list[Keep]


@witness.post("/witness.json")
def exchange() -> dict[str, object]:
    """Weigh what the phone kept, begin a new epoch where it must, and give it the newest to keep."""
    box, begun = this_box(), False
    for each in _shown().kept[:MOST]:
        begun |= _judge(box, each)
    text, newest = standing_checkpoint(box.db.read()) or box.write("housekeeping", sign_running)
    remember(box.folder, newest)
    given = keepsake(box.db.read(), text)
    keep = {"note": given.note, "opening": b64.encode(given.opening), "proof": [b64.encode(one) for one in given.proof]}
    return {"keep": keep, "begun": begun}


def _shown() -> Shown:
    """Read the request. Raises WireError `witness-malformed`."""
    try:
        return msgspec.convert(strict_json.loads(request.get_data(), max_bytes=MAX_BODY_BYTES), Shown)
    except (WireError, msgspec.ValidationError) as error:
        raise WireError("witness-malformed", "What the phone kept cannot be read. It is passed over.") from error


def _judge(box: Box, shown: Keep) -> bool:
    """Begin a new epoch if this shows that one must begin. What this box did not sign is passed over."""
    conn = box.db.read()
    running = epochs.running_no(conn)
    cause = _cause(conn, box.secrets.signing, shown)
    if cause is None:
        return False
    own = session()
    showed = None if own is None else own.digest
    head = box.write("payment", lambda tx: new_epoch_unless_newer(tx, running, cause, showed))
    if head is not None:
        remember(box.folder, Witness.of(head.epoch, head.size, head.frontier.root()))
        logger.warning("epoch.begun", cause=cause.value, epoch=head.epoch_text)
    return head is not None


def _cause(conn: sqlite3.Connection, own: SigningKey, shown: Keep) -> Cause | None:
    try:
        proof = [b64.decode(one) for one in shown.proof]
        return weigh(conn, read_testimony(own, shown.note, b64.decode(shown.opening), proof))
    except StallError as error:
        logger.warning("phone.note_not_believed", error=error.code)
        return None

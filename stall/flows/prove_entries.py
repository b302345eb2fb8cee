"""Prove to a buyer that what was signed for them stands in the journal: texts to hand on (docs/protocol.md 7.5).

Under the cloud's countersignature where there is one, else under the box's last checkpoint; one that does not reach so far yet
is followed by another.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

from stall.errors import Broken
from stall.flows.checkpoint import Signed, remember, sign_checkpoint, sign_running
from stall.store import journal, proofs, uploads
from stall.store.box import Box
from stall.store.db import Tx
from stall.store.schema import event_epoch_no, event_seq
from stall.wire import tlogproof


def prove_entries(box: Box, events: Collection[int]) -> dict[int, str]:
    """Give the proof of each of these events of the journal, by its key.

    Raises Broken `journal-broken` when events and root disagree, `checkpoint-rollback`.
    """
    found: dict[int, str] = {}
    for epoch_no, group in groupby(sorted(set(events)), event_epoch_no):
        wanted = list(group)
        text, size = _covering(box, epoch_no, event_seq(wanted[-1]))
        tree = proofs.open_tree(box.db.read(), epoch_no)
        for key in wanted:
            found[key] = _proof(box, tree, key, text, size)
    return found


def _proof(box: Box, tree: proofs.Tree, key: int, text: str, size: int) -> str:
    data = journal.event_bytes(box.db.read(), key)
    if data is None:
        raise Broken("journal-broken", "An event is missing from the journal. On the box, run: stall journal verify")
    tree.check_event(event_seq(key), data)
    hashes = tuple(tree.inclusion(event_seq(key), size))
    return tlogproof.write(tlogproof.TlogProof(event_seq(key), hashes, text, data))


def _covering(box: Box, epoch_no: int, seq: int) -> tuple[str, int]:
    """A checkpoint of an epoch that covers an event, and its size; the cloud's, if that does."""
    state = uploads.read_state(box.db.read(), epoch_no)
    if state.cosigned is not None and (state.cosigned_size or 0) > seq:
        return state.cosigned, state.cosigned_size or 0
    signed = proofs.last_signed(box.db.read(), epoch_no)
    if signed[1] <= seq:
        _, newest = box.write("housekeeping", lambda tx: _sign(tx, epoch_no))
        remember(box.folder, newest)
        signed = proofs.last_signed(box.db.read(), epoch_no)
    return signed


def _sign(tx: Tx, epoch_no: int) -> Signed:
    """However soon after the last: each entry asks for one at most once in its life."""
    sign_checkpoint(tx, epoch_no, at_once=True)
    return sign_running(tx)

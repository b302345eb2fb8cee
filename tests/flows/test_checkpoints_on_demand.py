"""A checkpoint is signed when it is asked for: at most one a second, never smaller, never different, only after COMMIT."""

from __future__ import annotations

import json
import threading

import pytest

from stall.domain.epoch import Cause
from stall.errors import Broken
from stall.flows import checkpoint
from stall.flows.checkpoint import SPACING_MS, publish_checkpoint, sign_checkpoint
from stall.flows.confirm_clock import confirm_clock
from stall.flows.export_journal import export_journal
from stall.flows.new_epoch import new_epoch
from stall.store import journal, place, proofs
from stall.store.damage import OutcomeUnknown
from stall.store.db import Tx
from stall.wire import b64, event, note
from tests.fakes.stock import Stocked


def append(stall: Stocked, count: int = 1) -> None:
    with stall.box.db.transaction() as tx:
        for n in range(count):
            tx.append("test", {"n": n})


def opened(stall: Stocked, text: str) -> note.Checkpoint:
    own = stall.box.secrets.signing
    origin = note.origin(own.thumbprint, journal.read_head(stall.box.db.read()).epoch)
    return note.Checkpoint.parse(note.open(text, [note.Verifier(origin, own.public)]).body)


def signed_rows(stall: Stocked) -> list[tuple[int, int]]:
    return [tuple(row) for row in stall.box.db.read().execute("SELECT size, signed_ms FROM checkpoint")]


def test_whoever_asks_again_within_a_second_gets_the_same_one(stall: Stocked) -> None:
    first = publish_checkpoint(stall.box.db)
    for _ in range(20):
        append(stall)
        stall.clock.advance(SPACING_MS // 25)
        assert publish_checkpoint(stall.box.db) == first
    stall.clock.advance(SPACING_MS)
    later = opened(stall, publish_checkpoint(stall.box.db))
    assert later.size == opened(stall, first).size + 20 == journal.read_head(stall.box.db.read()).size


def test_a_journal_that_has_not_grown_is_not_signed_again(stall: Stocked) -> None:
    first, rows = publish_checkpoint(stall.box.db), signed_rows(stall)
    stall.clock.advance(3600_000)
    assert publish_checkpoint(stall.box.db) == first
    assert signed_rows(stall) == rows


def test_the_end_of_a_closed_epoch_is_signed_however_soon(stall: Stocked) -> None:
    publish_checkpoint(stall.box.db)
    append(stall)
    with stall.box.db.transaction() as tx:
        size = journal.read_head(tx.conn).size
        new_epoch(tx, Cause.MOVED)
    with stall.box.db.transaction() as tx:
        sign_checkpoint(tx, 1)
    assert signed_rows(stall)[0][0] == size
    lines = [json.loads(line) for line in export_journal(stall.box)]
    parent = event.decode(b64.decode(lines[size + 2]["bytes"])).body["parent"]
    assert (parent["size"], lines[size + 1]["type"]) == (size, "checkpoint")


def test_time_set_back_by_the_maker_keeps_nobody_waiting(stall: Stocked) -> None:
    publish_checkpoint(stall.box.db)
    with stall.box.db.transaction() as tx:
        confirm_clock(tx, stall.clock.wall - 7_200_000)
    assert opened(stall, publish_checkpoint(stall.box.db)).size == journal.read_head(stall.box.db.read()).size


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal SET frontier = zeroblob(length(frontier))",  # as large as before, and another tree
        "UPDATE journal SET size = 1, frontier = substr(frontier, 1, 32)",
    ],
)
def test_a_different_or_smaller_tree_is_never_signed(stall: Stocked, damage: str) -> None:
    publish_checkpoint(stall.box.db)
    rows = signed_rows(stall)
    with stall.box.db.transaction() as tx:
        tx.conn.execute(damage)
    stall.clock.advance(SPACING_MS)
    with pytest.raises(Broken) as refusal:
        publish_checkpoint(stall.box.db)
    assert refusal.value.code == "checkpoint-rollback"
    assert signed_rows(stall) == rows


def test_nothing_is_handed_out_or_remembered_when_commit_fails(stall: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that breaks a foreign key only at COMMIT makes the real COMMIT fail."""
    publish_checkpoint(stall.box.db)
    rows, kept = signed_rows(stall), place.read(stall.folder)
    append(stall)
    stall.clock.advance(SPACING_MS)
    sign = checkpoint.sign_checkpoint

    def sign_and_spoil(tx: Tx, epoch_no: int | None = None) -> str:
        tx.conn.execute("PRAGMA defer_foreign_keys=1")
        tx.conn.execute("INSERT INTO card_facts (attempt, salt, sealed) VALUES (987654, x'00', x'00')")
        return sign(tx, epoch_no)

    monkeypatch.setattr(checkpoint, "sign_checkpoint", sign_and_spoil)
    with pytest.raises(OutcomeUnknown):
        publish_checkpoint(stall.box.db)
    assert (signed_rows(stall), place.read(stall.folder)) == (rows, kept)


def test_what_was_handed_out_is_the_beginning_of_all_that_came_later(stall: Stocked) -> None:
    """Many threads append and ask, while time goes on; whatever anyone got is a state the journal really had."""
    got: list[str] = []

    def work() -> None:
        for _ in range(12):
            append(stall, 3)
            got.append(publish_checkpoint(stall.box.db))
            stall.clock.advance(300)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    tree = proofs.open_tree(stall.box.db.read(), 1)
    found = {opened(stall, text) for text in got}
    assert len(got) == 48
    assert 2 <= len(found) <= 20
    for each in found:
        assert tree.frontier(each.size).root() == each.root

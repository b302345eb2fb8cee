"""Events are gap-free, their root is the frontier's, and tampering is found."""

from __future__ import annotations

import pytest

from stall.errors import Broken
from stall.flows.checkpoint import SPACING_MS, sign_checkpoint
from stall.store import journal
from stall.store.audit import audit
from stall.store.box import Box
from stall.store.readonly import connect_readonly
from stall.store.schema import event_id
from stall.wire import event, merkle, note
from tests.fakes.clock import FakeClock


def append(box: Box, count: int) -> None:
    with box.db.transaction() as tx:
        for n in range(count):
            tx.append("test", {"n": n})


def test_the_first_event_opens_the_epoch_and_names_no_parent(box: Box) -> None:
    first = event.decode(journal.event_bytes(box.db.read(), event_id(1, 0)) or b"")
    assert (first.kind, first.body, first.seq) == ("epoch", {"parent": None}, 0)


def test_numbers_are_gap_free_and_the_frontier_is_the_root_of_all(box: Box) -> None:
    for count in (1, 2, 5, 40):
        append(box, count)
        head = journal.read_head(box.db.read())
        leaves = [merkle.leaf_hash(data) for _, data in journal.all_events(box.db.read(), 1)]
        assert [seq for seq, _ in journal.all_events(box.db.read(), 1)] == list(range(head.size))
        assert head.frontier.root() == merkle.root_of(leaves)


def test_a_sound_journal_has_no_findings(box: Box) -> None:
    append(box, 10)
    found = audit(box.db.read(), box.secrets.signing.public)
    assert (found.findings, found.events) == ([], 11)


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (
            "UPDATE events SET bytes = CAST(replace(bytes, '\"n\":3', '\"n\":4') AS BLOB) WHERE id = (1 << 40) + 4",
            "cannot be read|root",
        ),
        ("DELETE FROM events WHERE id = (1 << 40) + 4", "missing"),
        ("UPDATE journal SET size = 5", "head"),
        ("UPDATE journal SET frontier = zeroblob(length(frontier))", "root"),
    ],
)
def test_damage_is_found(box: Box, damage: str, finding: str) -> None:
    append(box, 10)
    with box.db.transaction() as tx:
        tx.conn.execute(damage)
    with pytest.raises(AssertionError, match=finding):
        assert not audit(box.db.read(), box.secrets.signing.public).findings


def test_a_checkpoint_is_signed_on_demand_and_at_most_once_a_second(box: Box, clock: FakeClock) -> None:
    def sign() -> note.Checkpoint:
        with box.db.transaction() as tx:
            text = sign_checkpoint(tx)
            origin = note.origin(tx.secrets.signing.thumbprint, journal.read_head(tx.conn).epoch)
        return note.Checkpoint.parse(note.open(text, [note.Verifier(origin, box.secrets.signing.public)]).body)

    append(box, 3)
    assert sign().size == 4
    append(box, 3)
    assert sign().size == 4
    clock.advance(SPACING_MS)
    assert sign().size == 7
    assert sign().root == journal.read_head(box.db.read()).frontier.root()


def test_a_smaller_tree_than_the_signed_one_is_never_signed(box: Box) -> None:
    append(box, 3)
    with box.db.transaction() as tx:
        sign_checkpoint(tx)
        tx.conn.execute("UPDATE journal SET size = 2, frontier = ?", (_frontier(box, 2),))
    with pytest.raises(Broken) as refusal, box.db.transaction() as tx:
        sign_checkpoint(tx)
    assert refusal.value.code == "checkpoint-rollback"


def _frontier(box: Box, size: int) -> bytes:
    frontier = merkle.Frontier.empty()
    for seq, data in journal.all_events(box.db.read(), 1):
        if seq < size:
            frontier = frontier.append(merkle.leaf_hash(data))
    return frontier.to_bytes()


def test_a_run_of_events_is_bounded_but_never_empty(box: Box) -> None:
    append(box, 20)
    assert len(journal.read_events(box.db.read(), 1, 0, 1)) == 1
    assert len(journal.read_events(box.db.read(), 1, 0, 10**6)) == 21
    assert journal.read_events(box.db.read(), 1, 21, 10**6) == []


def test_a_damaged_page_is_found_wherever_it_lies(box: Box) -> None:
    append(box, 10)
    box.db.truncate_log()
    (pages,) = box.db.read().execute("PRAGMA page_count").fetchone()
    folder, public = box.folder, box.secrets.signing.public
    box.db.close()
    with (folder / "stall.sqlite").open("r+b") as file:  # no connection of this process is open now
        for page in range(pages - 3, pages):
            file.seek(page * 4096)  # an empty page holds nothing but its head
            file.write(bytes(range(256)) * 8)
    conn = connect_readonly(folder / "stall.sqlite")
    found = audit(conn, public)
    conn.close()
    assert "damaged" in found.findings[0]

"""A journal that parted from what the cloud holds goes on in a new epoch, and every byte of both branches arrives."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stall import app
from stall.domain.epoch import Cause
from stall.flows.accept_document import accept_delegation
from stall.flows.new_epoch import new_epoch
from stall.store import epochs, journal, uploads
from stall.sync.upload import Progress, Uploader
from stall.wire import b64
from tests.cloud.boxes import FakeBox, delegate
from tests.fakes.stock import CREATOR, ZINE, Stocked
from tests.flows import selling
from tests.sync.conftest import Pair


def flush(pair: Pair, stall: Stocked) -> None:
    """Upload everything a box has, with an uploader just started."""
    uploader = Uploader(stall.box.db, stall.box.secrets, pair.uploader._cloud, pair.uploader._client)
    for _ in range(50):
        if uploader.upload_next() is Progress.NOTHING_WAITING:
            return
        stall.clock.advance(1500)
    pytest.fail("the upload goes on for ever")


def epoch(stall: Stocked) -> str:
    return journal.read_head(stall.box.db.read()).epoch_text


def lives(stall: Stocked) -> int:
    return int(stall.box.db.read().execute("SELECT count(*) FROM epochs").fetchone()[0])


def held(pair: Pair, of: str) -> dict[str, Any]:
    """What the cloud says of one epoch of the box."""
    own = pair.box.secrets.signing.thumbprint
    answer: Any = pair.reader.get(f"/v1/boxes/{own}/epochs", headers={"Authorization": f"Bearer {pair.cloud.token}"})
    (found,) = [each for each in answer.json["epochs"] if each["epoch"] == of]
    assert isinstance(found, dict)
    return found


@contextmanager
def opened(folder: Path, pair: Pair) -> Iterator[Stocked]:
    box = app.open_box(folder, clock=pair.clock)
    try:
        yield Stocked(box, pair.clock, folder)
    finally:
        box.close()


def keep_image(pair: Pair, to: Path) -> Path:
    """Copy a data folder as an image of the whole card does."""
    pair.box.db.truncate_log()
    return Path(shutil.copytree(pair.stall.folder, to))


def put_back(image: Path, folder: Path) -> None:
    """Put an image back over the data folder: the same files, so the same inodes, holding what they held then."""
    for log in ("stall.sqlite-wal", "stall.sqlite-shm"):
        (folder / log).unlink(missing_ok=True)
    for name in ("stall.sqlite", "stall.place"):
        (folder / name).write_bytes((image / name).read_bytes())


@contextmanager
def image_put_back(pair: Pair, image: Path) -> Iterator[Stocked]:
    """The stall once an image of its card was put back, although more had happened and been uploaded since."""
    pair.note(3)
    pair.flush()
    keep_image(pair, image)
    pair.note(4)
    pair.flush()
    pair.box.close()
    put_back(image, pair.stall.folder)
    with opened(pair.stall.folder, pair) as stall:
        yield stall


def change_answers(pair: Pair, change: Callable[[dict[str, Any]], Mapping[str, object]]) -> None:
    """From here on the box hears of the cloud's answers what `change` puts into them."""

    def changed(app: Any, environ: dict[str, Any], start: Any) -> list[bytes]:
        answer = json.loads(b"".join(app(environ, lambda *_: None)))
        start("200 OK", [])
        return [json.dumps({**answer, **change(answer)}).encode()]

    pair.line.always = changed


def move_on(pair: Pair) -> str:
    """Let something happen in one epoch and something in the next, and upload none of it; return the closed one."""
    pair.note(3)
    closed = epoch(pair.stall)
    with pair.box.db.transaction() as tx:
        new_epoch(tx, Cause.MOVED)
    pair.note(2)
    return closed


def test_a_fork_is_kept_beside_and_the_journal_goes_on_in_a_new_epoch(pair: Pair) -> None:
    pair.note(2)
    first = epoch(pair.stall)
    clone = FakeBox(pair.box.secrets.signing, first)
    for _ in range(pair.head().size):
        clone.append()
    assert (
        pair.reader.post(
            f"/v1/boxes/{clone.key.thumbprint}/events", json=clone.upload(delegation=delegate(clone.key, CREATOR))
        ).status_code
        == 200
    )
    closed = pair.head().size
    pair.flush()
    assert epoch(pair.stall) != first
    assert pair.in_step()
    assert held(pair, first)["forked"]
    assert held(pair, epoch(pair.stall)) | {"size": 0} == {
        "epoch": epoch(pair.stall), "size": 0, "parent": first, "parent_size": closed, "reason": "put_back", "forked": False
    }  # fmt: skip
    doubts = uploads.read_doubts(pair.box.db.read(), 1)
    assert [(each.seq, each.verdict) for each in doubts] == [(0, "fork")]
    totals: Any = pair.reader.get(
        f"/v1/boxes/{clone.key.thumbprint}/totals?epoch={first}",
        headers={"Authorization": f"Bearer {pair.cloud.token}"},
    ).json
    assert len(totals["doubtful"]) == closed  # every event of ours lies there, beside the clone's


def test_an_image_put_back_is_found_at_the_first_word_with_the_cloud(pair: Pair, tmp_path: Path) -> None:
    lost = epoch(pair.stall)
    with image_put_back(pair, tmp_path / "image") as stall:
        assert epoch(stall) == lost  # nothing on the box can know
        flush(pair, stall)
        assert epoch(stall) != lost
        assert epochs.running(stall.box.db.read()).reason == Cause.PUT_BACK
        assert selling.left(stall) == 0
        selling.cash(stall, selling.basket(stall, ZINE))
        stall.clock.advance(1500)
        flush(pair, stall)
        assert held(pair, epoch(stall))["size"] == journal.read_head(stall.box.db.read()).size
        assert lives(stall) == 2
    assert not held(pair, lost)["forked"]  # nothing was sold before it was found


def test_what_was_sold_before_a_lost_branch_was_found_is_kept_beside(pair: Pair, tmp_path: Path) -> None:
    lost = epoch(pair.stall)
    with image_put_back(pair, tmp_path / "image") as stall:
        selling.cash(stall, selling.basket(stall, ZINE))
        stall.clock.advance(1500)
        flush(pair, stall)
        assert epoch(stall) != lost
        assert uploads.waiting(stall.box.db.read()) is None
    assert held(pair, lost)["forked"]


def test_original_and_copy_both_arrive_and_come_to_rest(pair: Pair, tmp_path: Path) -> None:
    pair.note(3)
    pair.flush()
    first = epoch(pair.stall)
    with opened(keep_image(pair, tmp_path / "copy"), pair) as copy:
        for _ in range(3):
            for stall in (copy, pair.stall):
                selling.cash(stall, selling.basket(stall, ZINE))
                stall.clock.advance(1500)
                flush(pair, stall)
        assert [lives(copy), lives(pair.stall)] == [2, 2]
        assert held(pair, epoch(copy))["parent"] == held(pair, epoch(pair.stall))["parent"] == first
        assert not held(pair, first)["forked"]


def test_older_epochs_are_sent_to_their_end_before_newer_ones(pair: Pair) -> None:
    closed = move_on(pair)
    assert pair.uploader.upload_next() is Progress.MORE
    assert held(pair, closed)["size"] == journal.read_epoch(pair.box.db.read(), 1).size
    pair.clock.advance(1500)
    pair.flush()
    assert pair.in_step()
    assert held(pair, epoch(pair.stall))["parent"] == closed


def test_a_cloud_that_lost_everything_gets_closed_epochs_again_too(pair: Pair) -> None:
    closed = move_on(pair)
    flush(pair, pair.stall)
    with contextlib.closing(sqlite3.connect(pair.cloud.database, isolation_level=None)) as conn:
        for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            conn.execute(f"DELETE FROM {table}")
    flush(pair, pair.stall)
    assert held(pair, closed)["size"] == journal.read_epoch(pair.box.db.read(), 1).size
    assert pair.in_step()
    assert held(pair, epoch(pair.stall))["parent"] == closed
    assert lives(pair.stall) == 2


def test_a_cloud_that_takes_nothing_in_its_place_gets_one_new_epoch_and_then_everything_beside(pair: Pair) -> None:
    def fork(answer: dict[str, Any]) -> dict[str, object]:
        return {"verdicts": [{**each, "verdict": "fork"} for each in answer["verdicts"]], "cosigned": None}

    change_answers(pair, fork)
    for _ in range(4):
        pair.note(2)
        pair.flush()
    assert lives(pair.stall) == 2
    assert epochs.running(pair.box.db.read()).reason == Cause.REFUSED


@pytest.mark.parametrize(
    "claim", [{"next": 10**6}, {"newest": "stall.example/box/x/y\n9\n\n\n"}, {"newest": "foreign"}]
)
def test_what_this_box_did_not_sign_proves_nothing(pair: Pair, claim: dict[str, object]) -> None:
    if claim.get("newest") == "foreign":
        stranger = FakeBox(epoch=epoch(pair.stall))
        for _ in range(99):
            stranger.append()
        claim = {"newest": stranger.note()}
    pair.note(3)
    change_answers(pair, lambda _: claim)
    pair.flush()
    assert lives(pair.stall) == 1


def test_a_child_that_does_not_come_from_the_running_epoch_changes_nothing(pair: Pair) -> None:
    own = pair.box.secrets.signing
    child = FakeBox(own, b64.encode(bytes([5]) * 16))
    child.append(
        "epoch", parent={"epoch": b64.encode(bytes([6]) * 16), "size": 3, "root": b64.encode(bytes(32))}, line=[]
    )
    shown = {"note": child.note(), "opening": b64.encode(child.events[0]), "proof": []}
    pair.note(3)
    change_answers(pair, lambda _: {"children": [shown]})
    pair.flush()
    assert lives(pair.stall) == 1


def test_trouble_of_any_epoch_is_told_and_forgotten_when_it_is_over(pair: Pair) -> None:
    pair.note(1)
    with pair.box.db.transaction() as tx:
        new_epoch(tx, Cause.MOVED)
        accept_delegation(tx, delegate(pair.cloud.key, CREATOR, role="cloud", cap=("decline",), max=None, seq=2))
    with pytest.raises(Exception, match="delegation-cap"):
        pair.uploader.upload_next()
    assert pair.state().last_error
    with pair.box.db.transaction() as tx:
        accept_delegation(tx, delegate(pair.cloud.key, CREATOR, role="cloud", cap=("cosign",), max=None, seq=3))
    pair.clock.advance(1500)
    pair.flush()
    assert pair.state().last_error is None

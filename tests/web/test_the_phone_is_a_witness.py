"""The maker's phone keeps the newest checkpoint and shows it again: a box that was put back sees so from it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from stall import app
from stall.domain.epoch import Cause
from stall.flows.new_epoch import new_epoch
from stall.store import epochs, journal, place
from stall.wire import b64, keys, merkle, note
from tests.cloud.boxes import FakeBox
from tests.fakes import home
from tests.fakes.leasing import lease_anew
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling
from tests.web.serving import served
from tests.web.till_pages import Till, sign_in


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


def show(till: Till, *kept: dict[str, Any], status: int = 200) -> Any:
    answer = till.client.post("/witness.json", json={"kept": list(kept)})
    assert answer.status_code == status, answer.text
    return answer.json


def lives(till: Till) -> int:
    return till.count("epochs")


def sell(stall: Stocked, drop: str = ZINE) -> None:
    selling.cash(stall, selling.basket(stall, drop))
    stall.clock.advance(2000)


@contextmanager
def put_back(stall: Stocked, image: Path) -> Iterator[Till]:
    """The till of the same folder, holding what it held when the image was taken; even the note beside it."""
    stall.box.close()
    for log in ("stall.sqlite-wal", "stall.sqlite-shm"):
        (stall.folder / log).unlink(missing_ok=True)
    for name in ("stall.sqlite", place.FILE):
        (stall.folder / name).write_bytes((image / name).read_bytes())
    box = app.open_box(stall.folder, clock=stall.clock)
    yield Till(Stocked(box, stall.clock, stall.folder))
    box.close()


def image_of(stall: Stocked, to: Path) -> Path:
    stall.box.db.truncate_log()
    return Path(shutil.copytree(stall.folder, to))


def test_a_phone_gets_the_newest_checkpoint_with_all_it_needs_to_stand_alone(till: Till) -> None:
    sell(till.stocked)
    keep = show(till)["keep"]
    own, head = till.box.secrets.signing, journal.read_head(till.box.db.read())
    origin = note.origin(own.thumbprint, head.epoch)
    signed = note.Checkpoint.parse(note.open(keep["note"], [note.Verifier(origin, own.public)]).body)
    assert (signed.size, signed.root) == (head.size, head.frontier.root())
    leaf = merkle.leaf_hash(b64.decode(keep["opening"]))
    merkle.verify_inclusion(0, signed.size, leaf, [b64.decode(each) for each in keep["proof"]], signed.root)
    kept = place.read(till.box.folder)
    assert kept is not None
    assert kept.witness.size == head.size  # the box is its own witness too


def test_an_honest_phone_changes_nothing_however_often_it_shows_what_it_kept(till: Till) -> None:
    first = show(till)["keep"]
    sell(till.stocked)
    second = show(till, first)["keep"]
    for _ in range(3):
        assert show(till, first, second)["begun"] is False
    assert lives(till) == 1
    size = journal.read_head(till.box.db.read()).size
    show(till, second)
    assert journal.read_head(till.box.db.read()).size == size  # showing writes no event


def test_a_box_that_was_put_back_learns_it_from_the_phone(till: Till, tmp_path: Path) -> None:
    show(till)
    image = image_of(till.stocked, tmp_path / "image")
    sell(till.stocked, PRINTS)
    kept = show(till)["keep"]
    with put_back(till.stocked, image) as restored:
        assert lives(restored) == 1  # the box alone cannot know
        answer = show(restored, kept)
        assert answer["begun"] is True
        assert epochs.running(restored.box.db.read()).reason == Cause.PUT_BACK
        assert "Limited drops need a new lease" in restored.see("/")
        assert "An older copy of this stall’s data was put back" in restored.see("/day")
        assert restored.post("/sale", press=restored.press("/"), item=PRINTS).status_code == 409
        sell(restored.stocked)
        assert show(restored, kept, answer["keep"])["begun"] is False
        assert lives(restored) == 2
        lease_anew(restored.stocked, (2, 5))
        assert restored.press_tile(PRINTS)
        assert "new lease" not in restored.see("/")


def test_another_journal_of_the_same_length_is_found_too(till: Till, tmp_path: Path) -> None:
    image = image_of(till.stocked, tmp_path / "image")
    sell(till.stocked, PRINTS)
    kept = show(till)["keep"]
    with put_back(till.stocked, image) as restored:
        for _ in range(3):
            sell(restored.stocked, ZINE)
        assert show(restored, kept)["begun"] is True


def test_an_epoch_that_was_lost_is_known_by_where_it_came_from(till: Till, tmp_path: Path) -> None:
    image = image_of(till.stocked, tmp_path / "image")
    with till.box.db.transaction() as tx:
        new_epoch(tx, Cause.MOVED)
    till.sign_in_again()
    kept = show(till)["keep"]
    with put_back(till.stocked, image) as restored:
        assert show(restored, kept)["begun"] is True
        assert lives(restored) == 2


def test_one_phone_at_original_and_copy_makes_each_begin_anew_once_at_most(till: Till, tmp_path: Path) -> None:
    image_of(till.stocked, tmp_path / "copy")
    box = app.open_box(tmp_path / "copy", clock=till.stocked.clock)
    copy = Till(Stocked(box, till.stocked.clock, tmp_path / "copy"))
    kept: list[dict[str, Any]] = []
    for _ in range(4):
        for each in (copy, till):
            sell(each.stocked)
            kept = [*kept, show(each, *kept)["keep"]][-8:]
    assert [lives(copy), lives(till)] == [2, 2]
    box.close()


def test_what_this_box_did_not_sign_is_passed_over(till: Till) -> None:
    sell(till.stocked)
    stranger = FakeBox(keys.SigningKey.from_seed(bytes([9]) * 32), journal.read_head(till.box.db.read()).epoch_text)
    for _ in range(50):
        stranger.append()
    foreign = {"note": stranger.note(), "opening": b64.encode(stranger.events[0]), "proof": []}
    mine = show(till)["keep"]
    bent = {**mine, "note": mine["note"].replace("\n12\n", "\n99\n"), "proof": ["AAAA"]}
    for each in (foreign, bent, {"note": "", "opening": "", "proof": []}):
        assert show(till, each)["begun"] is False
    assert lives(till) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b'{"kept": 1}', b"\xff", b'{"kept": [{"note": 1}]}'])
def test_what_is_no_request_is_refused_as_data(till: Till, body: bytes) -> None:
    answer = till.client.post("/witness.json", data=body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"] == "witness-malformed"


def test_another_site_cannot_show_the_box_anything(till: Till) -> None:
    answer = till.client.post("/witness.json", json={"kept": []}, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403


@pytest.mark.browser
def test_a_browser_keeps_it_and_shows_it_after_the_box_was_put_back(
    browser: Browser, stocked_folder: Path, tmp_path: Path
) -> None:
    folder = home.copied(stocked_folder, tmp_path / "box")
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    with served(folder) as (stall, address):
        page.context.add_cookies([{"name": "stall", "value": sign_in(stall.box), "url": address}])
        image = image_of(stall, tmp_path / "image")
        page.goto(address)
        sell(stall, PRINTS)
        with page.expect_response("**/witness.json"):
            page.reload()
        page.wait_for_function("JSON.parse(Object.values(localStorage)[0]).length === 1")
        port = int(address.rsplit(":", 1)[1])
    for name in ("stall.sqlite", place.FILE):
        (folder / name).write_bytes((image / name).read_bytes())
    for log in ("stall.sqlite-wal", "stall.sqlite-shm"):
        (folder / log).unlink(missing_ok=True)
    with served(folder, port) as (stall, address):
        page.goto(address)
        page.wait_for_selector("text=Limited drops need a new lease")
        assert epochs.running(stall.box.db.read()).reason == Cause.PUT_BACK
    page.context.close()

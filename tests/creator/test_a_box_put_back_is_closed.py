"""A box was put back from a backup: what it sold between the two lives stands in one export, what it sold since in another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stall import app
from stall.creator import leases
from stall.creator.papers import Paper
from stall.domain.epoch import Cause
from stall.flows.accept_document import accept_lease
from stall.flows.new_epoch import new_epoch
from stall.flows.switch_drop import open_drop
from tests.creator.closing_scene import DROP, NOW_S, Scene, claim, epoch_of, sell
from tests.fakes import home
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked


def put_back(scene: Scene, tmp_path: Path) -> Stocked:
    """Box one as a backup of now knows it, in a new epoch, with number 10 leased for it."""
    stall = scene.boxes["one"]
    stall.box.close()
    backup = shutil.copytree(stall.folder, tmp_path / "backup")
    scene.boxes["one"] = Stocked(
        app.open_box(stall.folder, clock=stall.clock), stall.clock, stall.folder, stall.creator
    )
    home.settled(backup)
    clock = FakeClock()
    clock.advance(60_000)
    again = Stocked(app.open_box(backup, clock=clock), clock, backup, stall.creator)
    with again.box.db.transaction() as tx:
        new_epoch(tx, Cause.PUT_BACK)
    token = leases.issue(
        scene.creator, scene.token, scene.thumbprint("one"), epoch_of(again), now_s=NOW_S + 60, numbers=[(10, 12)]
    )
    with again.box.db.transaction() as tx:
        accept_lease(tx, token)
        open_drop(tx, DROP)
    return again


@pytest.mark.parametrize("later", [1, 3])
def test_what_it_sold_before_it_was_put_back_stays_sold(scene: Scene, tmp_path: Path, later: int) -> None:
    one = scene.boxes["one"]
    claim(one, sell(one))  # 1, in both lives
    again = put_back(scene, tmp_path)
    lost = scene.boxes["one"]
    claim(lost, sell(lost))  # 2, which only the first life knows
    scene.switch_off()
    first = scene.journal("one")
    for _ in range(later):
        claim(again, sell(again))  # 10 and on
    scene.boxes["one"] = again
    scene.switch_off()
    journals = [first, *(Paper(f"now-{found.name}", found.content) for found in scene.journals())]
    counted = scene.tally(journals=journals)
    sold = {n for n, fate in counted.fates.numbered.items() if fate.st == "sold"}
    assert sold == {1, 2, *range(10, 10 + later)}
    origins = [one.origin.rpartition("/")[2] for one in counted.logs]
    assert len(origins) == len(set(origins)) == 3
    assert not [one for one in counted.notes if "older copy" in one]
    alone = scene.tally(journals=journals[1:])
    assert alone.fates.numbered[2].st == "unsold"
    assert [one for one in alone.notes if "older copy" in one]

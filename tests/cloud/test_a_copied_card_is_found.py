from __future__ import annotations

from stall.wire import b64
from tests.cloud.boxes import FakeBox
from tests.cloud.conftest import Cloud, verdicts


def shared_past(box: FakeBox, events: int = 5) -> tuple[FakeBox, FakeBox]:
    """An original and its clone, which parted after `events` events and sold differently since."""
    for _ in range(events):
        box.append()
    clone = box.clone()
    for n in range(4):
        box.sell(100 + n)
        clone.sell(200 + n)
    return box, clone


def test_fork_on_cloned_card(cloud: Cloud, box: FakeBox) -> None:
    original, clone = shared_past(box)
    cloud.post(original, original.upload())
    answer = cloud.post(clone, clone.upload(5))
    assert verdicts(answer) == ["fork"] * 4
    assert answer["cosigned"] is None
    assert cloud.get(original, "journal")["root"] == b64.encode(original.root())
    assert cloud.get(original, "journal")["forked"] is True
    # Nothing is dropped: the clone's sales are kept as evidence.
    assert [each["verdict"] for each in cloud.get(original, "totals")["doubtful"]] == ["fork"] * 4


def test_the_original_goes_on_after_its_clone_was_found(cloud: Cloud, box: FakeBox) -> None:
    original, clone = shared_past(box)
    cloud.post(original, original.upload())
    cloud.post(clone, clone.upload())
    original.sell(1)
    answer = cloud.post(original, original.upload(9))
    assert verdicts(answer) == ["accepted"]
    assert answer["cosigned"] is not None


def test_a_clone_cannot_continue_the_original_where_it_stopped(cloud: Cloud, box: FakeBox) -> None:
    original, clone = shared_past(box)
    cloud.post(original, original.upload())
    clone.sell(999)
    assert verdicts(cloud.post(clone, clone.upload(first=9))) == ["fork"]
    assert cloud.get(original, "journal")["size"] == 9


def test_a_clone_cannot_continue_the_original_with_a_part_of_its_journal(cloud: Cloud, box: FakeBox) -> None:
    original, clone = shared_past(box)
    cloud.post(original, original.upload())
    for n in range(4):
        clone.sell(n + 1)
    part = clone.upload(first=9, end=11)
    assert verdicts(cloud.post(clone, part)) == ["fork"] * 2
    assert cloud.get(original, "journal")["size"] == 9


def test_a_clone_that_sold_more_is_found_by_its_bytes_and_all_that_follows_is_its_branch(
    cloud: Cloud, box: FakeBox
) -> None:
    original, clone = shared_past(box)
    cloud.post(original, original.upload())
    clone.sell(1)
    clone.sell(2)
    answer = cloud.post(clone, clone.upload(3))
    assert verdicts(answer) == ["duplicate"] * 2 + ["fork"] * 6
    assert [each["reason"] for each in answer["verdicts"][-3:]] == [
        "other-bytes-held",
        "follows-a-fork",
        "follows-a-fork",
    ]
    assert cloud.get(original, "journal")["size"] == 9


def test_a_clone_that_leaves_a_gap_gets_no_foot_in_the_door(cloud: Cloud, box: FakeBox) -> None:
    original, clone = shared_past(box)
    cloud.post(original, original.upload(0, 6))
    assert verdicts(cloud.post(clone, clone.upload(8))) == ["gap"]
    assert verdicts(cloud.post(clone, clone.upload(6))) == ["fork"] * 3
    assert verdicts(cloud.post(original, original.upload(6))) == ["accepted"] * 3


def test_a_root_that_differs_over_events_already_held_is_a_fork(cloud: Cloud, box: FakeBox) -> None:
    original, clone = shared_past(box)
    cloud.post(original, original.upload())
    # The clone repeats only the past both share, but signs its own tree.
    answer = cloud.post(clone, clone.upload(0, 5))
    assert verdicts(answer) == ["fork"] * 5
    assert cloud.get(original, "totals")["doubtful"] == []  # the bytes themselves are held already


def test_the_same_fork_again_changes_nothing(cloud: Cloud, box: FakeBox) -> None:
    original, clone = shared_past(box)
    cloud.post(original, original.upload())
    first = cloud.post(clone, clone.upload(5))
    assert cloud.post(clone, clone.upload(5)) == first
    assert len(cloud.get(original, "totals")["doubtful"]) == 4

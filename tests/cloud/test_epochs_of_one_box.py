"""One box, several lives of its database: the cloud keeps them apart, names their parents, and shows the box its own past."""

from __future__ import annotations

from typing import Any

import pytest

from stall.wire import b64, event, merkle, note
from tests.cloud.boxes import FakeBox
from tests.cloud.conftest import Cloud, verdicts


def child_of(parent: FakeBox, name: int, line: tuple[FakeBox, ...] = ()) -> FakeBox:
    """A new epoch of the same box, with the first event a box writes."""
    born = FakeBox(parent.key, b64.encode(bytes([name]) * 16))
    born.append(
        "epoch",
        parent={"epoch": parent.epoch, "size": len(parent.events), "root": b64.encode(parent.root())},
        reason="moved",
        line=[parent.epoch, *(each.epoch for each in line)],
    )
    return born


def epochs(cloud: Cloud, box: FakeBox) -> list[dict[str, Any]]:
    found = cloud.get(box, "epochs")["epochs"]
    assert isinstance(found, list)
    return found


def test_each_epoch_is_a_journal_of_its_own_with_its_parent_named(cloud: Cloud, box: FakeBox) -> None:
    box.append("epoch", parent=None)
    box.sell()
    cloud.post(box, box.upload())
    second = child_of(box, 7)
    second.sell(200)
    assert verdicts(cloud.post(second, second.upload())) == ["accepted"] * 2
    assert epochs(cloud, box) == [
        {"epoch": box.epoch, "size": 2, "parent": None, "parent_size": None, "reason": None, "forked": False},
        {"epoch": second.epoch, "size": 2, "parent": box.epoch, "parent_size": 2, "reason": "moved", "forked": False},
    ]


def test_a_box_behind_is_shown_the_newest_note_it_signed_itself(cloud: Cloud, box: FakeBox) -> None:
    for _ in range(9):
        box.append()
    assert cloud.post(box, box.upload())["newest"] is None  # it is the one just sent
    behind = FakeBox(box.key, box.epoch, box.events[:5])
    answer = cloud.post(behind, behind.upload(4))
    assert verdicts(answer) == ["duplicate"]
    assert answer["newest"] == box.note()


def test_the_largest_note_is_kept_whichever_branch_it_came_from(cloud: Cloud, box: FakeBox) -> None:
    for _ in range(3):
        box.append()
    cloud.post(box, box.upload())
    clone = box.clone()
    for _ in range(8):
        clone.sell(5)
    box.sell(9)
    assert "fork" not in verdicts(cloud.post(box, box.upload(3)))
    assert set(verdicts(cloud.post(clone, clone.upload(3)))) == {"fork"}
    assert cloud.post(box, box.upload(3))["newest"] == clone.note()


def test_children_are_shown_with_a_proof_anybody_can_check(cloud: Cloud, box: FakeBox) -> None:
    box.append("epoch", parent=None)
    assert cloud.post(box, box.upload())["children"] == []
    child = child_of(box, 8)
    for n in range(20):
        child.sell(n + 1)
    cloud.post(child, child.upload())
    (shown,) = cloud.post(box, box.upload())["children"]
    origin = note.origin(box.key.thumbprint, b64.decode(child.epoch))
    signed = note.Checkpoint.parse(note.open(shown["note"], [note.Verifier(origin, box.key.public)]).body)
    opening = b64.decode(shown["opening"])
    proof = [b64.decode(each) for each in shown["proof"]]
    merkle.verify_inclusion(0, signed.size, merkle.leaf_hash(opening), proof, signed.root)
    assert event.decode(opening).body["line"] == [box.epoch]
    child.sell(99)
    cloud.post(child, child.upload(21))
    assert cloud.post(box, box.upload())["children"] == [shown]  # computed once


def test_only_the_newest_children_are_shown(cloud: Cloud, box: FakeBox) -> None:
    box.append("epoch", parent=None)
    cloud.post(box, box.upload())
    born = [child_of(box, 10 + n) for n in range(6)]
    for each in born:
        cloud.now_ms += 1000
        cloud.post(each, each.upload())
    shown = cloud.post(box, box.upload())["children"]
    assert [event.decode(b64.decode(each["opening"])).epoch for each in shown] == [each.epoch for each in born[:1:-1]]


def test_what_is_sent_beside_is_kept_and_the_journal_stays_as_it_is(cloud: Cloud, box: FakeBox) -> None:
    for _ in range(4):
        box.append()
    cloud.post(box, box.upload())
    clone = box.clone()
    for n in range(30):
        clone.sell(n + 1)
    answer = cloud.post(clone, clone.upload(20, beside=True))  # far beyond what the cloud holds
    assert verdicts(answer) == ["fork"] * 14
    assert answer["cosigned"] is None
    assert answer["next"] == 4
    assert len(cloud.get(box, "totals")["doubtful"]) == 14
    assert cloud.get(box, "journal")["root"] == b64.encode(box.root())
    assert [each["forked"] for each in epochs(cloud, box)] == [True]
    again = cloud.post(clone, clone.upload(20, beside=True))
    assert again == answer
    assert len(cloud.get(box, "totals")["doubtful"]) == 14


@pytest.mark.parametrize(
    "body",
    [{}, {"parent": 5}, {"parent": {"epoch": 1, "size": 1, "root": "x"}}, {"parent": None, "reason": 7}],
    ids=["nothing", "a number", "wrong kinds", "reason is no word"],
)
def test_a_first_event_in_no_form_we_know_is_a_life_without_a_parent(
    cloud: Cloud, box: FakeBox, body: dict[str, Any]
) -> None:
    box.append("epoch", **body)
    assert verdicts(cloud.post(box, box.upload())) == ["accepted"]
    assert [(each["parent"], each["reason"]) for each in epochs(cloud, box)] == [(None, None)]


def test_epochs_are_for_the_owner_alone(cloud: Cloud, box: FakeBox) -> None:
    assert cloud.http.get(f"/v1/boxes/{box.key.thumbprint}/epochs").status_code == 401

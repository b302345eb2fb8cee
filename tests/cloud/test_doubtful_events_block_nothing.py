from __future__ import annotations

from typing import Any

import pytest

from stall.wire import b64, keys, receipt
from tests.cloud.boxes import FakeBox
from tests.cloud.conftest import Cloud, verdicts

STRANGER = keys.SigningKey.from_seed(bytes([66]) * 32)


def test_bad_event_does_not_block(cloud: Cloud, box: FakeBox) -> None:
    box.sell(100, ed=1)
    box.sell(200, ed=2, key=STRANGER)
    box.sell(300, ed=3)
    answer = cloud.post(box, box.upload())
    assert verdicts(answer) == ["accepted", "quarantined", "accepted"]
    assert answer["verdicts"][1]["reason"] == "token-bad-signature"
    assert answer["next"] == 3
    assert answer["cosigned"] is not None
    totals = cloud.get(box, "totals")
    assert sum(each["minor"] for each in totals["tenders"]) == 400
    assert totals["doubtful"] == [{"seq": 1, "verdict": "quarantined", "reason": "token-bad-signature"}]
    assert cloud.get(box, "journal")["root"] == b64.encode(box.root())


def test_a_quarantined_event_is_told_again_when_the_reply_was_lost(cloud: Cloud, box: FakeBox) -> None:
    box.sell(200, key=STRANGER)
    box.sell(300)
    first = cloud.post(box, box.upload())
    assert cloud.post(box, box.upload())["verdicts"] == [
        first["verdicts"][0],
        {"seq": 1, "verdict": "duplicate", "reason": None},
    ]


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (12, "token-malformed"),
        ("a.b.c", "token-malformed"),
    ],
)
def test_a_receipt_that_is_none_is_quarantined(cloud: Cloud, box: FakeBox, token: Any, reason: str) -> None:
    box.append("sale", receipt=token)
    assert cloud.post(box, box.upload())["verdicts"] == [{"seq": 0, "verdict": "quarantined", "reason": reason}]


def test_a_receipt_of_another_event_is_quarantined(cloud: Cloud, box: FakeBox) -> None:
    box.append("sale", receipt=box.receipt(seq=5))
    answer = cloud.post(box, box.upload())
    assert answer["verdicts"][0]["reason"] == "receipt-of-other-event"


def test_a_delegation_token_is_no_receipt(cloud: Cloud, box: FakeBox) -> None:
    box.append("sale", receipt=box.upload()["delegation"])
    assert cloud.post(box, box.upload())["verdicts"][0]["reason"] == "receipt-of-unknown-type"


def test_an_unknown_kind_is_accepted(cloud: Cloud, box: FakeBox) -> None:
    box.append("kind-of-a-later-version", anything={"deep": [1, 2, {"x": True}]})
    assert verdicts(cloud.post(box, box.upload())) == ["accepted"]


def test_a_number_sold_twice_keeps_both_sales_and_marks_the_second(cloud: Cloud, box: FakeBox) -> None:
    box.sell(450, ed=7)
    cloud.post(box, box.upload())
    other = FakeBox(keys.SigningKey.from_seed(bytes([5]) * 32))
    other.sell(450, ed=7)
    answer = cloud.post(other, other.upload())
    assert answer["verdicts"] == [{"seq": 0, "verdict": "quarantined", "reason": "edition-sold-twice"}]
    assert cloud.get(other, "totals")["tenders"][0]["minor"] == 450  # the money did come in


def test_a_number_sold_twice_in_one_batch_is_found(cloud: Cloud, box: FakeBox) -> None:
    box.sell(450, ed=7)
    box.sell(450, ed=7)
    assert verdicts(cloud.post(box, box.upload())) == ["accepted", "quarantined"]


def send(cloud: Cloud, box: FakeBox, step: int) -> list[str]:
    """Upload everything, `step` events at a time; the verdicts of all."""
    ends = range(step, len(box.events) + step, step)
    answers = [cloud.post(box, box.upload(end - step, min(end, len(box.events)))) for end in ends]
    return [verdict for answer in answers for verdict in verdicts(answer)]


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("typ", [receipt.VOID, receipt.REFUND])
def test_a_number_taken_back_may_be_sold_again(cloud: Cloud, box: FakeBox, typ: str, step: int) -> None:
    box.sell(450, ed=7)
    box.append("taken-back", receipt=box.receipt(-450, ed=7, ref=box.jti(0), typ=typ))
    box.sell(450, ed=7)
    assert send(cloud, box, step) == ["accepted"] * 3
    totals = cloud.get(box, "totals")
    assert [(each["ed"], each["taken_back"]) for each in totals["editions"]] == [(7, True), (7, False)]
    assert sum(each["minor"] for each in totals["tenders"]) == 450


@pytest.mark.parametrize("step", [1, 3])
def test_a_refund_of_one_number_gives_back_no_other(cloud: Cloud, box: FakeBox, step: int) -> None:
    box.sell(450, ed=7)
    box.append("taken-back", receipt=box.receipt(-450, ed=8, ref=box.jti(0), typ=receipt.REFUND))
    box.sell(450, ed=7)
    assert send(cloud, box, step) == ["accepted", "accepted", "quarantined"]
    assert [each["taken_back"] for each in cloud.get(box, "totals")["editions"]] == [False, False]


def test_a_returned_line_sells_no_number(cloud: Cloud, box: FakeBox) -> None:
    box.sell(450, ed=7)
    box.sell(-450, ed=7, ref=box.jti(0))
    assert verdicts(cloud.post(box, box.upload())) == ["accepted"] * 2
    totals = cloud.get(box, "totals")
    assert [each["ed"] for each in totals["editions"]] == [7]
    assert totals["tenders"] == [{"m": "cash", "st": "cash", "cur": "EUR", "minor": 0, "count": 2}]


def test_a_test_sale_uses_up_no_number(cloud: Cloud, box: FakeBox) -> None:
    box.sell(450, ed=7)
    box.sell(450, ed=7, test=True)
    assert verdicts(cloud.post(box, box.upload())) == ["accepted"] * 2


@pytest.mark.parametrize("step", [1, 2])
def test_another_boxes_void_does_not_take_a_number_back(cloud: Cloud, box: FakeBox, step: int) -> None:
    box.append()
    box.append()
    box.sell(450, ed=7)
    cloud.post(box, box.upload())
    other = FakeBox(keys.SigningKey.from_seed(bytes([5]) * 32))
    other.append("void", receipt=other.receipt(-450, ed=7, ref=box.jti(2), typ=receipt.VOID))
    other.sell(450, ed=7)
    assert send(cloud, other, step) == ["accepted", "quarantined"]


@pytest.mark.parametrize("fault", ["not canonical", "wrong epoch", "wrong seq", "not an event"])
def test_bytes_that_cannot_stand_are_kept_beside_the_journal(cloud: Cloud, box: FakeBox, fault: str) -> None:
    box.append()
    good = box.append()
    stranger = FakeBox(epoch=b64.encode(bytes([9]) * 16), events=[b"", b""])
    box.events.append(
        {
            "not canonical": good.replace(b'"seq":1', b'"seq": 2'),
            "wrong epoch": stranger.append(),
            "wrong seq": good,
            "not an event": b"\xff\x00",
        }[fault]
    )
    box.append()
    answer = cloud.post(box, box.upload())
    assert verdicts(answer) == ["accepted", "accepted", "bad", "gap"]
    assert (answer["next"], answer["cosigned"]) == (2, None)
    assert cloud.get(box, "totals")["doubtful"][0]["verdict"] == "bad"
    assert verdicts(cloud.post(box, box.upload())) == ["duplicate", "duplicate", "bad", "gap"]
    assert len(cloud.get(box, "totals")["doubtful"]) == 1  # the same branch is kept once

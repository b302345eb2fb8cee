from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stall.cloud import folder as folders
from stall.wire import b64, keys, note
from tests.cloud.boxes import NOW_S, FakeBox
from tests.cloud.conftest import Cloud, verdicts


def filled(box: FakeBox, sales: int = 6) -> FakeBox:
    box.append("epoch", parent=None)
    for n in range(sales):
        box.sell(100 + n, "card" if n % 2 else "cash", ed=n + 1)
    return box


def test_an_upload_is_stored_byte_for_byte_and_its_root_is_recomputed(cloud: Cloud, box: FakeBox) -> None:
    answer = cloud.post(filled(box), box.upload())
    assert verdicts(answer) == ["accepted"] * 7
    assert answer["next"] == 7
    stored = cloud.get(box, "events")
    assert [b64.decode(each["event"]) for each in stored["events"]] == box.events
    journal = cloud.get(box, "journal")
    assert journal["root"] == b64.encode(box.root())
    assert journal["size"] == 7
    assert journal["matches_cursor"] is True
    assert journal["forked"] is False


def test_the_cosigned_note_carries_the_clouds_signature_over_the_recomputed_root(cloud: Cloud, box: FakeBox) -> None:
    answer = cloud.post(filled(box), box.upload())
    theirs = note.Verifier(cloud.folder.name, cloud.folder.key.public, note.COSIGNATURE_KIND)
    opened = note.open(answer["cosigned"], [theirs])
    checkpoint = note.Checkpoint.parse(opened.body)
    assert (checkpoint.size, checkpoint.root) == (7, box.root())
    assert [each.time_s for each in opened.signatures] == [NOW_S]


def test_lost_reply_no_duplicate(cloud: Cloud, box: FakeBox) -> None:
    upload = filled(box).upload()
    first = cloud.post(box, upload)
    before = cloud.get(box, "totals")
    second = cloud.post(box, upload)
    assert verdicts(second) == ["duplicate"] * 7
    assert second["next"] == first["next"]
    assert second["cosigned"] == first["cosigned"]
    assert cloud.get(box, "totals") == before


def test_two_flushers_one_result(cloud: Cloud, box: FakeBox) -> None:
    filled(box, 30)
    uploads = [box.upload(first, min(first + 7, 31)) for first in range(0, 31, 3)] * 2

    def flush(seed: int) -> set[str]:
        mine = random.Random(seed).sample(uploads, len(uploads))
        client = cloud.app.test_client()
        seen: set[str] = set()
        for _ in range(12):  # a flusher repeats until nothing is a gap any more
            for upload in mine:
                answer = client.post(f"/v1/boxes/{box.key.thumbprint}/events", json=upload)
                assert answer.status_code == 200, answer.text
                seen.update(verdicts(answer.json))
            if cloud.get(box, "journal")["size"] == 31:
                break
        return seen

    with ThreadPoolExecutor(2) as two:
        seen = set().union(*two.map(flush, [1, 2]))
    assert seen <= {"accepted", "duplicate", "gap"}
    assert cloud.get(box, "journal")["root"] == b64.encode(box.root())
    totals = cloud.get(box, "totals")
    assert sum(each["minor"] for each in totals["tenders"]) == sum(100 + n for n in range(30))
    assert [each["ed"] for each in totals["editions"]] == list(range(1, 31))


def test_gap_refill(cloud: Cloud, box: FakeBox) -> None:
    filled(box)
    ahead = cloud.post(box, box.upload(first=4))
    assert verdicts(ahead) == ["gap"] * 3
    assert (ahead["next"], ahead["cosigned"]) == (0, None)
    assert verdicts(cloud.post(box, box.upload(first=0, end=4))) == ["accepted"] * 4
    assert verdicts(cloud.post(box, box.upload(first=4))) == ["accepted"] * 3
    assert cloud.get(box, "journal")["root"] == b64.encode(box.root())


def test_a_batch_that_overlaps_what_is_held_adds_only_the_rest(cloud: Cloud, box: FakeBox) -> None:
    filled(box)
    cloud.post(box, box.upload(0, 4))
    answer = cloud.post(box, box.upload(2, 7))
    assert verdicts(answer) == ["duplicate", "duplicate", "accepted", "accepted", "accepted"]
    assert answer["cosigned"] is not None


def test_an_incomplete_upload_is_not_cosigned(cloud: Cloud, box: FakeBox) -> None:
    assert cloud.post(filled(box), box.upload(0, 4))["cosigned"] is None


def test_a_repeat_under_an_older_checkpoint_is_cosigned_at_its_own_size(cloud: Cloud, box: FakeBox) -> None:
    old = filled(box).upload()
    cloud.post(box, old)
    box.sell()
    cloud.post(box, box.upload(7))
    again = note.open(
        cloud.post(box, old)["cosigned"],
        [note.Verifier(cloud.folder.name, cloud.folder.key.public, note.COSIGNATURE_KIND)],
    )
    assert note.Checkpoint.parse(again.body).size == 7
    assert cloud.get(box, "journal")["cosigned_size"] == 8  # the newest stays the one on file


def test_week_offline_still_idempotent(cloud: Cloud, box: FakeBox) -> None:
    filled(box, 20)
    old = box.upload(0, 21)
    cloud.post(box, old)
    cloud.now_ms += 7 * 86_400_000
    filled(box, 20)
    assert verdicts(cloud.post(box, old)) == ["duplicate"] * 21
    assert verdicts(cloud.post(box, box.upload(0))) == ["duplicate"] * 21 + ["accepted"] + ["quarantined"] * 20
    assert cloud.get(box, "journal")["root"] == b64.encode(box.root())


def test_boxes_and_epochs_are_journals_of_their_own(cloud: Cloud, box: FakeBox) -> None:
    other_box = FakeBox(keys.SigningKey.from_seed(bytes([9]) * 32))
    other_epoch = FakeBox(epoch=b64.encode(bytes([7]) * 16))
    for each in (box, other_box, other_epoch):
        each.append("epoch", parent=None)
        assert verdicts(cloud.post(each, each.upload())) == ["accepted"]


def test_a_cloud_opened_again_goes_on_where_it_stood(cloud: Cloud, box: FakeBox) -> None:
    cloud.post(filled(box), box.upload(0, 4))
    again = folders.load(cloud.folder.path)
    assert again.key.public == cloud.folder.key.public
    assert folders.init(cloud.folder.path, cloud.folder.creator).token == cloud.folder.token
    assert verdicts(cloud.post(box, box.upload(4))) == ["accepted"] * 3


def test_gzip_carries_the_same_upload(cloud: Cloud, box: FakeBox) -> None:
    import gzip

    from stall.wire import canonical

    body = gzip.compress(canonical.dumps(filled(box).upload()))
    answer = cloud.send(box.key.thumbprint, body, **{"Content-Encoding": "gzip"})
    assert verdicts(answer.json) == ["accepted"] * 7


def test_totals_add_up_per_tender_and_leave_test_receipts_out(cloud: Cloud, box: FakeBox) -> None:
    box.sell(450, "cash", ed=1)
    box.sell(1000, "cash", ed=2)
    box.sell(300, "card", ed=3)
    box.sell(99_999, "card", ed=4, test=True)
    cloud.post(box, box.upload())
    totals: Any = cloud.get(box, "totals")
    assert totals["tenders"] == [
        {"m": "card", "st": "online", "cur": "EUR", "minor": 300, "count": 1},
        {"m": "cash", "st": "cash", "cur": "EUR", "minor": 1450, "count": 2},
    ]
    assert (totals["receipts"], totals["test_receipts"]) == (3, 1)
    assert [(each["drop"], each["ed"]) for each in totals["editions"]] == [("prints", 1), ("prints", 2), ("prints", 3)]


def test_events_are_read_in_pages(cloud: Cloud, box: FakeBox) -> None:
    cloud.post(filled(box), box.upload())
    page = cloud.get(box, "events", **{"from": 2, "limit": 3})
    assert [each["seq"] for each in page["events"]] == [2, 3, 4]
    assert page["size"] == 7

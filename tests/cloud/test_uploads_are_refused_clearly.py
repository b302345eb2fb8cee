from __future__ import annotations

import gzip
import tracemalloc
from typing import Any

import pytest

from stall.cloud import upload as uploads
from stall.errors import Refused
from stall.wire import b64, canonical, keys, note
from tests.cloud.boxes import DAY_S, NOW_S, FakeBox, delegate, standard_base64
from tests.cloud.conftest import Cloud

STRANGER = keys.SigningKey.from_seed(bytes([66]) * 32)


def refusal(cloud: Cloud, box: FakeBox, document: dict[str, Any]) -> tuple[int, str]:
    answer = cloud.send(box.key.thumbprint, canonical.dumps(document))
    assert set(answer.json) == {"error", "sentence"}
    return answer.status_code, answer.json["error"]


def stored(cloud: Cloud, box: FakeBox) -> int:
    answer = cloud.http.get(
        f"/v1/boxes/{box.key.thumbprint}/journal?epoch={box.epoch}",
        headers={"Authorization": f"Bearer {cloud.folder.token}"},
    )
    return int(answer.status_code)


@pytest.fixture
def box() -> FakeBox:
    box = FakeBox()
    box.sell()
    return box


@pytest.mark.parametrize(
    "changes",
    [
        {"creator": STRANGER},
        {"box": STRANGER},
        {"nbf": NOW_S - 40 * DAY_S, "exp": NOW_S - 301},
        {"nbf": NOW_S + 301},
        {"cap": ("receipt",)},
        {"role": "cloud", "cap": ("cosign",), "max": None},
    ],
    ids=["other creator", "other box", "expired", "not yet", "no log cap", "other role"],
)
def test_only_a_delegated_box_may_upload(cloud: Cloud, box: FakeBox, changes: dict[str, Any]) -> None:
    subject = changes.pop("box", box.key)
    upload = box.upload(delegation=delegate(subject, **changes))
    assert refusal(cloud, box, upload) == (401, "box-not-delegated")
    assert stored(cloud, box) == 404


def test_a_clock_five_minutes_off_is_forgiven(cloud: Cloud, box: FakeBox) -> None:
    token = delegate(box.key, nbf=NOW_S - DAY_S, exp=NOW_S - 300)
    assert cloud.post(box, box.upload(delegation=token))["next"] == 1


def test_the_checkpoint_must_be_signed_by_the_box(cloud: Cloud, box: FakeBox) -> None:
    origin = note.origin(box.key.thumbprint, b64.decode(box.epoch))
    forged = note.sign(STRANGER, origin, note.Checkpoint(origin, 1, box.root()).body())
    assert refusal(cloud, box, box.upload(checkpoint=forged)) == (401, "checkpoint-not-signed")


def test_a_checkpoint_of_another_journal_is_told_from_an_unsigned_one(cloud: Cloud, box: FakeBox) -> None:
    ours, other = (note.origin(box.key.thumbprint, epoch) for epoch in (b64.decode(box.epoch), bytes([7]) * 16))
    text = note.sign(box.key, ours, note.Checkpoint(other, 1, box.root()).body())
    assert refusal(cloud, box, box.upload(checkpoint=text)) == (401, "checkpoint-other-journal")
    assert stored(cloud, box) == 404


def test_the_checkpoint_must_be_of_this_epoch(cloud: Cloud, box: FakeBox) -> None:
    other = FakeBox(box.key, b64.encode(bytes([7]) * 16), list(box.events))
    assert refusal(cloud, box, box.upload(checkpoint=other.note())) == (401, "checkpoint-not-signed")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"first": -1}, "upload-malformed"),
        ({"first": "0"}, "upload-malformed"),
        ({"first": True}, "upload-malformed"),
        ({"events": ["A"]}, "base64-malformed"),
        ({"events": [standard_base64(b"\xff\xfe\xfd\xfb")]}, "base64-not-canonical"),
        ({"events": [""] * 1001}, "upload-malformed"),
        ({"events": ["e30"] * 2}, "upload-unproven"),
        ({"events": ["e30"]}, "upload-unproven"),
        ({"events": []}, "upload-malformed"),
        ({"before": ["A" * 43]}, "upload-malformed"),
        ({"before": ["A" * 43] * 65}, "upload-malformed"),
        ({"before": ["AAAA"]}, "upload-malformed"),
        ({"events": [["e30"]]}, "upload-malformed"),
        ({"proof": ["AAAA"]}, "upload-malformed"),
        ({"proof": ["A" * 43] * 65}, "upload-malformed"),
        ({"epoch": "AAAA"}, "epoch-malformed"),
        ({"extra": 1}, "upload-malformed"),
        ({"checkpoint": "x" * 8193}, "upload-malformed"),
    ],
)
def test_a_malformed_upload_is_refused(cloud: Cloud, box: FakeBox, changes: dict[str, Any], error: str) -> None:
    assert refusal(cloud, box, {**box.upload(), **changes}) == (400, error)
    assert stored(cloud, box) == 404


def test_who_only_knows_delegation_and_checkpoint_can_leave_nothing_behind(cloud: Cloud, box: FakeBox) -> None:
    # Both travel openly (certificates, witnesses); the events themselves must be what the box signed.
    cloud.post(box, box.upload())
    for junk in (b"{}", box.events[0].replace(b"sale", b"salt")):
        upload = {**box.upload(), "events": [b64.encode(junk)]}
        assert refusal(cloud, box, upload) == (400, "upload-unproven")
    box.sell()
    box.sell()
    upload = {**box.upload(1, 2), "events": [b64.encode(b"{}")]}
    assert refusal(cloud, box, upload) == (400, "upload-unproven")
    assert cloud.get(box, "totals")["doubtful"] == []
    assert cloud.get(box, "journal")["forked"] is False


def test_a_missing_field_is_named(cloud: Cloud, box: FakeBox) -> None:
    upload = box.upload()
    del upload["checkpoint"]
    answer = cloud.send(box.key.thumbprint, canonical.dumps(upload))
    assert "checkpoint" in answer.json["sentence"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 9999, b"1e5"], ids=lambda body: repr(body[:12])
)
def test_garbage_is_a_400_and_never_a_500(cloud: Cloud, box: FakeBox, body: bytes) -> None:
    answer = cloud.send(box.key.thumbprint, body)
    assert answer.status_code == 400
    assert set(answer.json) == {"error", "sentence"}


def test_a_body_over_256_kib_is_refused(cloud: Cloud, box: FakeBox) -> None:
    answer = cloud.send(box.key.thumbprint, b" " * (256 * 1024 + 1))
    assert (answer.status_code, answer.json["error"]) == (413, "upload-too-large")


def test_a_gzip_bomb_is_not_unpacked(cloud: Cloud, box: FakeBox) -> None:
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    answer = cloud.send(box.key.thumbprint, bomb, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["error"]) == (413, "upload-too-large")


def test_a_gzip_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="upload-too-large"):
            uploads.unpack(bomb, "gzip")
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


WHOLE = gzip.compress(b"{}", mtime=0)


@pytest.mark.parametrize("body", [b"no gzip", WHOLE[:-3], WHOLE + b"tail"], ids=["none", "cut short", "with a tail"])
def test_a_broken_gzip_is_refused(cloud: Cloud, box: FakeBox, body: bytes) -> None:
    answer = cloud.send(box.key.thumbprint, body, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["error"]) == (400, "upload-broken-gzip")


def test_another_encoding_is_refused(cloud: Cloud, box: FakeBox) -> None:
    answer = cloud.send(box.key.thumbprint, b"{}", **{"Content-Encoding": "br"})
    assert (answer.status_code, answer.json["error"]) == (415, "upload-encoding")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
@pytest.mark.parametrize("what", ["journal", "totals", "events"])
def test_reading_needs_the_owners_token(cloud: Cloud, box: FakeBox, what: str, header: dict[str, str]) -> None:
    cloud.post(box, box.upload())
    answer: Any = cloud.http.get(f"/v1/boxes/{box.key.thumbprint}/{what}?epoch={box.epoch}", headers=header)
    assert (answer.status_code, answer.json["error"]) == (401, "token-required")


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/v1/boxes/{box}/journal?epoch={other}", 404, "journal-unknown"),
        ("/v1/boxes/{box}/totals?epoch={other}", 404, "journal-unknown"),
        ("/v1/boxes/{box}/events?epoch={other}", 404, "journal-unknown"),
        ("/v1/boxes/{box}/journal", 400, "epoch-malformed"),
        ("/v1/boxes/..%2Fx/journal?epoch={epoch}", 404, "http-404"),
        ("/v1/boxes/x/journal?epoch={epoch}", 400, "thumbprint-malformed"),
        ("/v1/boxes/{box}/events?epoch={epoch}&from=-1", 400, "number-malformed"),
        ("/v1/boxes/{box}/events?epoch={epoch}&limit=99999", 400, "number-malformed"),
        ("/nothing", 404, "http-404"),
    ],
)
def test_every_error_has_one_shape(cloud: Cloud, box: FakeBox, path: str, status: int, error: str) -> None:
    cloud.post(box, box.upload())
    address = path.format(box=box.key.thumbprint, epoch=box.epoch, other=b64.encode(bytes([8]) * 16))
    answer: Any = cloud.http.get(address, headers={"Authorization": f"Bearer {cloud.folder.token}"})
    assert (answer.status_code, answer.json["error"]) == (status, error)
    assert answer.json["sentence"]


def test_health_needs_no_token(cloud: Cloud) -> None:
    assert cloud.http.get("/healthz").json == {"status": "ok"}


def test_a_wrong_method_is_a_405(cloud: Cloud, box: FakeBox) -> None:
    answer: Any = cloud.http.delete(f"/v1/boxes/{box.key.thumbprint}/events")
    assert (answer.status_code, answer.json["error"]) == (405, "http-405")

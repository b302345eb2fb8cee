from __future__ import annotations

import contextlib
import gzip
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stall.cloud import upload as uploads
from stall.cloud.judge import Verdict, judge
from stall.errors import StallError
from stall.wire import canonical
from tests.cloud.boxes import CREATOR, NOW_S, FakeBox


def sold() -> FakeBox:
    box = FakeBox()
    box.append("epoch", parent=None)
    box.sell(450, ed=1)
    box.sell(300, "card", ed=2)
    return box


BOX = sold()
FULL = BOX.upload(1, 2)
LEAF = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=50)
ANYTHING = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner))


def take(text: bytes) -> None:
    """Only errors of ours may leave the reading of an upload."""
    with contextlib.suppress(StallError):
        uploads.authenticate(uploads.parse(text), BOX.key.thumbprint, CREATOR.did, NOW_S)


def test_the_untouched_upload_is_taken() -> None:
    batch = uploads.authenticate(uploads.parse(canonical.dumps(FULL)), BOX.key.thumbprint, CREATOR.did, NOW_S)
    assert batch.events == BOX.events[1:2]


@given(st.sampled_from(sorted(FULL)), ANYTHING)
def test_any_value_in_any_field_is_answered_by_an_error_of_ours(field: str, value: Any) -> None:
    with contextlib.suppress(StallError):
        take(canonical.dumps({**FULL, field: value}))


@given(st.binary(max_size=300))
def test_any_bytes_are_answered_by_an_error_of_ours(body: bytes) -> None:
    take(body)
    with contextlib.suppress(StallError):
        uploads.unpack(body, "gzip")


@given(st.data())
def test_an_upload_with_one_byte_changed_is_taken_whole_or_not_at_all(data: st.DataObject) -> None:
    text = bytearray(canonical.dumps(FULL))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    take(bytes(text))
    packed = bytearray(gzip.compress(bytes(text)))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(StallError):
        uploads.unpack(bytes(packed), "gzip")


@given(st.data())
def test_an_event_with_one_byte_changed_never_stands_with_a_receipt_nobody_signed(data: st.DataObject) -> None:
    event = bytearray(BOX.events[1])
    at = data.draw(st.integers(0, len(event) - 1))
    event[at] ^= data.draw(st.integers(1, 255))
    judged = judge(bytes(event), 1, BOX.key.thumbprint, BOX.key.public, BOX.epoch)
    assert judged.verdict in {Verdict.ACCEPTED, Verdict.QUARANTINED, Verdict.BAD}
    # Kind, time and names may read otherwise; what a receipt says may not.
    if judged.receipt is not None:
        assert judged.receipt == judge(BOX.events[1], 1, BOX.key.thumbprint, BOX.key.public, BOX.epoch).receipt

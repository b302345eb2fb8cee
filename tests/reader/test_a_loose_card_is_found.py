"""The search for a card finds it however it is written, and nothing where only its last four digits are."""

from __future__ import annotations

import base64

import pytest

from tests.reader import loose_card as card

PLANTED = {
    "digits": card.NUMBER.encode(),
    "some digits": card.NUMBER[5:12].encode(),
    "the end of them": card.NUMBER[-7:].encode(),
    "packed": bytes.fromhex(card.NUMBER),
    "packed one nibble on": bytes.fromhex(f"0{card.NUMBER}0"),
    "hexadecimal": bytes.fromhex(card.NUMBER).hex(" ").encode(),
    "hexadecimal of digits": card.NUMBER.encode().hex(" ").encode(),
    "a representation": repr(bytes.fromhex(card.NUMBER)).encode(),
    "base 64": base64.b64encode(b"\x04\x0f" + card.NUMBER.encode() + b"\x00"),
    "base 64 of packed digits": base64.urlsafe_b64encode(b"\x04\x0f\x27" + bytes.fromhex(card.NUMBER) + b"\x00"),
    "track 1": card.TRACK_1.encode(),
    "discretionary data": f"={card.DISCRETIONARY}?".encode(),
    "holder": card.HOLDER.encode(),
    "expiry on a slip": b"gueltig bis 09/31",
    "expiry in a trace": b"0e 31 09 17 00 01",
    **{text: text.encode() for text in card.TEXTS},
}


@pytest.mark.parametrize("how", PLANTED)
def test_a_card_is_found(how: str) -> None:
    assert card.traces(b"unit='04 0f " + PLANTED[how] + b"' part=reader")


@pytest.mark.parametrize(
    "kept",
    [
        b'{"last4": "7411", "scheme": "Visa"}',
        b"22 f0 f8 00 00 00 00 00 00 00 00",
        b"**** **** **** 7411",
        bytes.fromhex("eeeeeeeeeeee7411"),
        b"2031-12-09T09:31:00Z",
    ],
)
def test_what_may_be_kept_is_no_finding(kept: bytes) -> None:
    assert card.traces(kept) == set()

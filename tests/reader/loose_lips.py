"""Makes simulated terminals tell everything of a card in everything they say: the worst that real ones do, and more.

Only the terminal's side is changed, in this process; the till runs in processes of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from stall.reader.simulated.controls import Mode
from stall.reader.simulated.courses import COURSES, Course
from stall.reader.simulated.payment import Payment
from stall.wire.readers import telium_terminal
from stall.wire.readers import zvt_fields as fields
from stall.wire.readers import zvt_terminal as zvt
from stall.wire.readers.zvt_apdu import split_apdu
from stall.wire.readers.zvt_commands import unit
from tests.reader import loose_card as card

PACKED = bytes.fromhex(card.NUMBER)
TRACK_2 = bytes.fromhex(card.TRACK_2)
_TEXT_FOLLOWS, _MORE_RECEIPT, _LAST_LINE = 0xFF, 0x00, 0x81
_UNHEARD_OF = b"\xfe"
"""A field nobody knows, so that the reading ends there."""

CARD_FIELDS = (
    b"\x22" + fields.variable(PACKED, 2)
    + b"\x23" + fields.variable(TRACK_2, 2)
    + b"\x24" + fields.variable(TRACK_2, 3)
    + b"\x2d" + fields.variable(card.TRACK_1.encode(), 2)
    + b"\x2e" + fields.variable(TRACK_2 + card.TRACK_1.encode(), 3)
    + b"\x0e" + card.EXPIRY + b"\x17\x00\x01" + b"\x3a\x07\x39"
)  # fmt: skip
EMV = (
    fields.tlv(0x5A, PACKED) + fields.tlv(0x57, TRACK_2) + fields.tlv(0x5F20, card.HOLDER.encode())
    + fields.tlv(0x5F24, card.EXPIRY) + fields.tlv(0x46, card.NUMBER.encode()) + fields.tlv(0x1F16, PACKED)
)  # fmt: skip
_ONLINE = fields.tlv(0x2F, fields.tlv(0x1F11, b"\x01"))


class Lips:
    """What was told, by the command it was told in; each text is one of the ways to spell the number, in turn."""

    def __init__(self) -> None:
        self.said: dict[int, int] = {}
        self._texts = itertools.cycle(card.TEXTS)

    def count(self, apdu: bytes) -> bytes:
        command = int.from_bytes(apdu[:2])
        self.said[command] = self.said.get(command, 0) + bool(card.traces(apdu))
        return apdu

    def text(self, before: str = "Karte ") -> bytes:
        return (before + next(self._texts)).encode()

    def tree(self) -> bytes:
        """Objects of a container: EMV data, and the number in each text a container can bear."""
        return EMV + fields.tlv(0x24, fields.tlv(0x07, self.text())) + fields.tlv(0x1F17, self.text("Fehler "))

    def glued(self, apdu: bytes, more: bytes) -> bytes:
        command, body = split_apdu(apdu)
        return self.count(unit(command, body + more))


def loosen(patch: pytest.MonkeyPatch) -> Lips:
    """Let both kinds of simulated terminal talk like that until the test ends."""
    lips = Lips()
    _loosen_zvt(patch, lips)
    plain = telium_terminal.answer

    def answer(status: str, minor: int, currency: str, private: str, _report: str | None = None) -> bytes:
        told = f"{card.NUMBER} {card.NUMBER}={card.DISCRETIONARY} 09/31"[: telium_terminal.REPORT]
        lips.said[0] = lips.said.get(0, 0) + 1
        return plain(status, minor, currency, private, told.ljust(telium_terminal.REPORT))

    patch.setattr(telium_terminal, "answer", answer)
    return lips


def _loosen_zvt(patch: pytest.MonkeyPatch, lips: Lips) -> None:
    told, declined, abort = zvt.status_information, zvt.declined, zvt.abort
    step, completion, ready, day_end, refusal = zvt.intermediate, zvt.completion, zvt.ready, zvt.day_end, zvt.refusal

    def status_information(booking: zvt.Booking, more: bytes = b"") -> bytes:
        whole = replace(booking.card, number=PACKED, raw_name=lips.text("Visa "))
        loose = replace(booking, card=whole, text=lips.text(), tlv=_ONLINE + lips.tree())
        return lips.count(told(loose, CARD_FIELDS + more + _UNHEARD_OF + PACKED))

    def patched(name: str, made: Callable[..., bytes]) -> None:
        patch.setattr(zvt, name, made)

    patched("status_information", status_information)
    patched(
        "declined",
        lambda code, tid, text=b"": lips.glued(
            declined(code, tid, text or lips.text()), CARD_FIELDS + fields.container(lips.tree())
        ),
    )
    patched("abort", lambda code, data=b"": lips.glued(abort(code, data), CARD_FIELDS + fields.container(lips.tree())))
    patched(
        "intermediate",
        lambda code, minutes=None, text=b"": lips.glued(
            step(code, minutes), fields.container(lips.tree()) + CARD_FIELDS
        ),
    )
    patched("completion", lambda data=b"": lips.glued(completion(data), CARD_FIELDS + fields.container(lips.tree())))
    patched("ready", lambda version, status, data=b"": ready(f"{version} {card.NUMBER}", status, data))
    patched("day_end", lambda *facts: lips.glued(day_end(*facts), CARD_FIELDS + fields.container(lips.tree())))
    patched("refusal", lambda code, data=b"": lips.glued(refusal(code, data), CARD_FIELDS))
    for mode, course in COURSES.items():
        if isinstance(course, Course) and mode is not Mode.LONG_WAIT:
            patch.setitem(COURSES, mode, replace(course, before=_slip_before(course, lips)))


def _slip_before(course: Course, lips: Lips) -> Callable[[Payment], None]:
    """Texts for the display and a whole slip, line by line and in one piece, before what else comes."""

    def before(payment: Payment) -> None:
        for spelt in card.TEXTS:
            payment.step(_TEXT_FOLLOWS, "Please wait")
            payment.till.tell(lips.count(zvt.print_line(f"KARTE {spelt} GUELTIG 09/31".encode(), _MORE_RECEIPT)))
        payment.till.tell(lips.count(zvt.print_line(card.TRACK_1.encode(), _LAST_LINE)))
        slip = fields.tlv(0x25, fields.tlv(0x09, b"\x00") + fields.tlv(0x07, lips.text()) + fields.tlv(0x07, PACKED))
        payment.till.tell(lips.count(unit(0x06D3, fields.container(slip))))
        course.before(payment)

    return before

"""The course of a transaction under each fault: one row for each, which differs from a good terminal's where it says so.

A row names what is asked, what is said before the approval, the approval's bytes, how it is delivered and what
follows. What is refused or broken off before any approval is a function of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stall.reader.simulated.controls import Mode
from stall.reader.simulated.ledger import Entry
from stall.reader.simulated.till_side import Answer
from stall.wire.readers import zvt_codes as codes
from stall.wire.readers import zvt_terminal as wire

if TYPE_CHECKING:
    from stall.reader.simulated.payment import Deal, Payment

_LONG_TRACE = 1_000_000
_WRONG_PIN_RESULT, _LOOK_AT_PIN_PAD, _OFFLINE_PAYMENT, _WAIT = 0x37, 0x02, 0xF3, 0x0E
_LAST_LINE = 0x81
_TEXT = "Bitte Gerät prüfen"
_CARD_NAME = "Kärtchen"


@dataclass(frozen=True, slots=True)
class Course:
    """The defaults are those of a good terminal."""

    deal: Callable[[Deal], Deal] = lambda deal: deal
    before: Callable[[Payment], None] = lambda payment: None
    told: Callable[[Entry, str], bytes] = lambda entry, tid: wire.status_information(entry.booking(tid))
    deliver: Callable[[Payment, Entry, bytes], Answer] = lambda payment, entry, told: payment.ask(entry, told)
    after: Callable[[Payment, bytes], None] = lambda payment, told: payment.complete()
    offline: bool = False
    quiet: bool = False
    """It ends with `06 0F` whatever became of the approval."""


def _unmasked(entry: Entry, tid: str) -> bytes:
    """The number is a made-up one; only its last four digits are the card's."""
    booking = entry.booking(tid)
    whole = replace(booking.card, number=bytes.fromhex("400000000000" + booking.card.last4))
    return wire.status_information(replace(booking, card=whole))


def _long_trace(entry: Entry, tid: str) -> bytes:
    booking = entry.booking(tid)
    return wire.status_information(replace(booking, trace=booking.trace + _LONG_TRACE))


def _told_in(charset: str) -> Callable[[Entry, str], bytes]:
    def told(entry: Entry, tid: str) -> bytes:
        booking = entry.booking(tid)
        card = replace(booking.card, raw_name=_CARD_NAME.encode(charset))
        return wire.status_information(replace(booking, card=card, text=_TEXT.encode(charset)))

    return told


def _speak_in(charset: str) -> Callable[[Payment], None]:
    return lambda payment: payment.step(codes.TEXT_FOLLOWS, _TEXT, text=_TEXT.encode(charset))


def _wrong_pin(payment: Payment) -> None:
    payment.step(codes.WRONG_PIN, "Wrong PIN")
    payment.till.tell(wire.declined(_WRONG_PIN_RESULT, payment.tid))
    payment.step(_LOOK_AT_PIN_PAD, "PIN again")


def _print_lines(payment: Payment) -> None:
    for attribute, line in ((0x00, b"** Kundenbeleg **"), (0x00, b"Zahlung"), (_LAST_LINE, b"Danke")):
        payment.till.tell(wire.print_line(line, attribute))


def _ask_for_minutes(payment: Payment) -> None:
    """One minute more than it will take: the terminal's own T4 and a tenth."""
    timers = payment.till.timers
    wait_s = timers.t4_s * 1.1
    payment.show("Please wait", "It asked for more time.")
    payment.till.tell(wire.intermediate(_WAIT, int(wait_s / timers.minute_s) + 2))
    payment.wait(wait_s)


def _say_again(payment: Payment, told: bytes) -> None:
    payment.till.tell(told)
    payment.complete()


def _keep_to_itself(_payment: Payment, _entry: Entry, _told: bytes) -> Answer:
    return Answer.NOTHING


def _decline(payment: Payment) -> None:
    payment.yes_and_card(lambda: payment.declined(payment.fate.code))


def _fall_silent(payment: Payment) -> None:
    """Yes to the command, then nothing at all until told otherwise or its time is over."""
    payment.till.yes()
    payment.show("Busy", "Silent: it answers nothing. Choose a mode to wake it.")
    payment.sleep_until_told()
    payment.till.ignore()


def _answer_late(payment: Payment) -> None:
    payment.show("Please wait")
    payment.wait(payment.till.timers.t3_s * 1.2)
    payment.go(Course())


def _break_off(*, heard: bool, power: bool) -> Callable[[Payment, Entry, bytes], Answer]:
    """Lose cable or power with the approval open; with `heard` the till hears the approval, and says its yes to nobody."""

    def deliver(payment: Payment, _entry: Entry, told: bytes) -> Answer:
        if heard:
            payment.till.say_last(told)
        raise payment.unplugged(power=power)

    return deliver


def _die_once_booked(payment: Payment, entry: Entry, told: bytes) -> Answer:
    payment.till.device.mute = True
    payment.ask(entry, told)
    raise payment.unplugged(power=True)


def _vanish(payment: Payment, _told: bytes) -> None:
    raise payment.unplugged()


def _refuse(code: int, data: bytes = b"") -> Callable[[Payment], None]:
    return lambda payment: payment.till.no(code, data)


COURSES: Mapping[Mode, Course | Callable[[Payment], None]] = {
    Mode.APPROVE: Course(),
    Mode.DECLINE: _decline,
    Mode.WRONG_PIN: Course(before=_wrong_pin),
    Mode.CANCELLED: lambda payment: payment.cancelled(),
    Mode.OFFLINE: Course(before=lambda payment: payment.step(_OFFLINE_PAYMENT, "Without the bank"), offline=True),
    Mode.WRONG_AMOUNT: Course(deal=lambda deal: replace(deal, amount=deal.amount + 100)),
    Mode.WRONG_CURRENCY: Course(deal=lambda deal: replace(deal, currency="CHF")),
    Mode.UNMASKED_CARD: Course(told=_unmasked),
    Mode.LONG_TRACE: Course(told=_long_trace),
    Mode.STATUS_TWICE: Course(after=_say_again),
    Mode.COMPLETION_ONLY: Course(deliver=_keep_to_itself, quiet=True),
    Mode.TEXTS_CP437: Course(before=_speak_in("cp437"), told=_told_in("cp437")),
    Mode.TEXTS_LATIN1: Course(before=_speak_in("latin-1"), told=_told_in("latin-1")),
    Mode.PRINT_LINES: Course(before=_print_lines),
    Mode.SET_CLOCK: Course(before=lambda payment: payment.tell_time()),
    Mode.BUSY: _refuse(codes.PLEASE_WAIT),
    Mode.NO_HOST: _refuse(0x1E, bytes([codes.COMMUNICATION_ERROR])),
    Mode.DAY_END_OPEN: _refuse(codes.RECONCILIATION_REQUIRED),
    Mode.SILENT: _fall_silent,
    Mode.LATE_ANSWER: _answer_late,
    Mode.LONG_WAIT: Course(before=_ask_for_minutes),
    Mode.HANG_UP_BEFORE: Course(deliver=_break_off(heard=False, power=False)),
    Mode.HANG_UP_AFTER: Course(deliver=_break_off(heard=True, power=False)),
    Mode.VANISH: Course(after=_vanish),
    Mode.POWER_OFF: Course(deliver=_break_off(heard=False, power=True)),
    Mode.POWER_OFF_AFTER_YES: Course(deliver=_die_once_booked),
    **dict.fromkeys((Mode.LOST_ACK, Mode.LATE_ACK, Mode.NAKS, Mode.BAD_CRC, Mode.SPLIT, Mode.DUPLICATE), Course()),
}
"""Faults of the line leave the transaction alone; `faulty_device` knows them."""

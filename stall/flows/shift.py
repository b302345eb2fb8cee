"""A shift at the till: its float, cash paid in and out, counting the drawer, and the close, which is the Z-report.

Each function is one press of one button: pressed again it returns what the first press made. The shift itself needs no
opening; it runs from the close of the one before, so that no sale is outside every Z-report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import stall
from stall.domain import drawer, money, zbody, zreport
from stall.domain.drawer import Way
from stall.errors import Refused
from stall.flows import print_paper
from stall.flows.checkpoint import sign_checkpoint
from stall.store import presses, shifts, zsums
from stall.store.db import Tx

#: Free words of a paid in or out are cut off by nobody; longer ones are refused.
MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Press:
    """A button: the key of its form, and the number of the shift the form was drawn for."""

    key: bytes
    shift: int


def record_float(tx: Tx, press: Press, minor: int) -> int:
    """Record what lies in the drawer before anybody pays; return the event. Raises Refused `float-recorded`, `shift-closed`."""
    key, earlier = _first(tx, "shift-float", press)
    if earlier is not None:
        return earlier
    shift = _this_shift(tx, press)
    if shift.opened_event is not None:
        raise Refused("float-recorded", "The float of this shift was recorded before. Record what you add as paid in.")
    _check_amount(minor, least=0)
    event = _move(tx, Way.FLOAT, minor)
    shifts.open_with(tx, shift.no, event)
    presses.remember(tx, key, event)
    return event


@dataclass(frozen=True, slots=True)
class CashMove:
    """Cash paid in or out: how much (above zero, minor units), why, and what else there is to say."""

    way: Way
    minor: int
    reason: str
    words: str = ""


def move_cash(tx: Tx, press: Press, move: CashMove) -> int:
    """Record cash paid in or out; return the event. Raises Refused `drawer-reason`, `drawer-amount`, `drawer-words`, `shift-closed`."""
    key, earlier = _first(tx, "shift-move", press)
    if earlier is not None:
        return earlier
    _this_shift(tx, press)
    drawer.check_reason(move.way, move.reason)
    _check_amount(move.minor, least=1)
    if len(move.words) > MOST_WORDS:
        raise Refused("drawer-words", f"These words are longer than {MOST_WORDS} characters. Say it shorter.")
    event = _move(tx, move.way, move.minor if move.way is Way.IN else -move.minor, move.reason, move.words.strip())
    presses.remember(tx, key, event)
    return event


def count_drawer(tx: Tx, press: Press, cur: str, pieces: Mapping[int, int] | None, total: int = 0) -> int:
    """Record what the drawer holds, by piece or as one sum (`pieces` None); return the event. Moves nothing.

    Raises Refused `count-piece`, `count-too-many`, `amount-too-large`, `drawer-amount`, `shift-closed`.
    """
    key, earlier = _first(tx, "shift-count", press)
    if earlier is not None:
        return earlier
    _this_shift(tx, press)
    minor = total if pieces is None else drawer.counted(pieces, cur)
    _check_amount(minor, least=0)
    found = {str(worth): count for worth, count in (pieces or {}).items() if count}
    event = _move(tx, Way.COUNT, minor, more={"pieces": found} if found else {})
    presses.remember(tx, key, event)
    return event


@dataclass(frozen=True, slots=True)
class Closing:
    """How a shift is to be closed: whether the count stands in it, and whether unfinished payments may."""

    cur: str
    cloud: bool
    blind: bool
    counted: bool
    despite_open: bool = False


def close_shift(tx: Tx, press: Press, closing: Closing) -> int:
    """Close the running shift with its Z-report and begin the next; return its number. Nothing of it can change afterwards.

    Raises Refused `shift-closed`, `shift-payment-open`, `z-unbalanced`, `count-stale`.
    """
    key, earlier = _first(tx, "shift-close", press)
    if earlier is not None:
        return earlier
    shift = _this_shift(tx, press)
    count = shifts.standing_count(tx.conn, shift.after + 1) if closing.counted else None
    if closing.counted and count is None:
        raise Refused("count-stale", "Cash moved since the drawer was counted. Count it again, then close.")
    told = zsums.Told(
        closing.cur, stall.__version__, cloud=closing.cloud, blind=closing.blind and count is not None,
        now_ms=tx.now_ms, count=count,
    )  # fmt: skip
    report = zsums.gather(tx.conn, shift, told)
    if report.open and not closing.despite_open:
        sums = money.text(sum(one.minor for one in report.open), closing.cur)
        raise Refused(
            "shift-payment-open",
            f"Payments of {sums} are not finished. Finish them first, or close with your PIN: the Z-report then names them.",
        )
    zreport.check(report)
    event = tx.next_event
    tx.append("shift_close", zbody.body(report))
    shifts.close(tx, shift.no, event, sign_checkpoint(tx, at_once=True))
    print_paper.shift_closed(tx)
    presses.remember(tx, key, shift.no)
    return shift.no


def _first(tx: Tx, purpose: str, press: Press) -> tuple[bytes, int | None]:
    key = presses.bind(purpose, press.shift, press.key)
    return key, presses.first(tx, key)


def _this_shift(tx: Tx, press: Press) -> shifts.Shift:
    shift = shifts.running(tx.conn)
    if shift.no != press.shift:
        raise Refused("shift-closed", "This shift was closed meanwhile. Open the page again: another one runs.")
    return shift


def _check_amount(minor: int, *, least: int) -> None:
    if not least <= minor <= money.LIMIT_MINOR:
        raise Refused("drawer-amount", "That amount cannot go into or out of a drawer. Type what was moved.")


def _move(
    tx: Tx, way: Way, minor: int, reason: str = "", words: str = "", more: Mapping[str, object] | None = None
) -> int:
    """Write the row and the event of one move."""
    event = tx.next_event
    said = shifts.add_move(tx, way, minor, reason, words)
    body: dict[str, object] = {"way": way.value, "minor": minor, **said, **(more or {})}
    tx.append("drawer", {**body, "reason": reason} if reason else body)
    if way is not Way.COUNT:
        print_paper.cash_moved(tx)
    return event

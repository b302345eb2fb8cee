"""How receipts say what documents and tables say in short: times, rates, tenders, clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from stall.wire import receipt

TENDERS: Mapping[str, str] = {
    "card": "Card",
    "cash": "Cash",
    "comp": "Given free",
    "voucher": "Voucher",
    "operator": "Card, separate reader",
}
CLOCKS: Mapping[str, str] = {
    "ntp": "set from the network",
    "rtc": "the box's own clock chip",
    "operator": "confirmed by the stall",
    "floor": "not sure; no earlier than this",
}
MARKS: Mapping[str, str] = {receipt.REFUND: "REFUND", receipt.VOID: "VOID"}
EXCHANGE = "EXCHANGE"
COPY = "COPY"
TEST = "TEST"

_EPOCH_SIGNS = 6


def date_time(at_s: int) -> str:
    """Write a moment (s UTC): `21 Nov 2026, 14:05 UTC`."""
    at = datetime.fromtimestamp(at_s, UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def percent(basis_points: int) -> str:
    """Write a VAT rate: `19 %`, `5.5 %`."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0") + " %" if rest else f"{whole} %"


def number(epoch: str, seq: int) -> str:
    """Write a receipt's number short: the beginning of its epoch and its place in the journal."""
    return f"{epoch[:_EPOCH_SIGNS]}/{seq}"

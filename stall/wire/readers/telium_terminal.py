"""The terminal's side of Concert E+: the till's asks as it reads them, and its answers. For the simulator."""

from __future__ import annotations

from dataclasses import dataclass

from stall.errors import WireError
from stall.wire.readers.telium import ASKS, POSITION
from stall.wire.readers.zvt_status import CURRENCIES

DEBIT, REFUND = "0", "2"
REPORT = 55
_NAMES = {f"{number:03d}": name for name, number in CURRENCIES.items()}


@dataclass(frozen=True, slots=True)
class Ask:
    """What a till asks for. `flag` 0 for the short answer, 1 for the one with a report; `at_once`: before the end."""

    position: str
    amount_minor: int
    flag: str
    mode: str
    kind: str
    currency: str
    private: str
    at_once: bool
    forced: bool


def parse_ask(body: bytes) -> Ask:
    """Read an ask. Raises WireError `telium-length`, `telium-ask`."""
    if len(body) not in ASKS:
        raise WireError("telium-length", "The till's ask has another length than asks have. Check the cable.")
    text = body.decode("ascii", "replace")
    delay, force = text[26:30], text[30:]
    readable = text[:10].isdigit() and text[13:16].isdigit() and text.isascii()
    if not readable or delay not in ("A010", "A011") or force not in ("B010", "B011"):
        raise WireError("telium-ask", "The till's ask cannot be read. Check what the till speaks.")
    return Ask(
        text[:2], int(text[2:10]), text[10], text[11], text[12], _NAMES.get(text[13:16], text[13:16]), text[16:26],
        delay == "A011", force == "B011",
    )  # fmt: skip


def answer(status: str, amount_minor: int, currency: str, private: str, report: str | None = None) -> bytes:
    """The body of an answer; `currency` ISO letters or three digits, `private` ten signs, `report` fifty-five or none."""
    number = f"{CURRENCIES[currency]:03d}" if currency in CURRENCIES else currency
    return f"{POSITION}{status}{amount_minor:08d}1{report or ''}{number}{private:<10}".encode("ascii")

"""`04 0F`, the terminal's Status-Information: the one message that can say a card was charged.

What the sale needs is read; card number (all but four digits), tracks and expiry are dropped while reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stall.errors import LocalWireError
from stall.wire.readers import zvt_fields as fields

Online = Literal["online", "offline", "unknown"]

CURRENCIES: dict[str, int] = {
    "AUD": 36, "BGN": 975, "CAD": 124, "CHF": 756, "CZK": 203, "DKK": 208, "EUR": 978, "GBP": 826, "HUF": 348,
    "ISK": 352, "NOK": 578, "PLN": 985, "RON": 946, "SEK": 752, "USD": 840,
}  # fmt: skip
"""ISO 4217 codes a terminal of the area may be set up for."""

SCHEMES = ("girocard", "JCB", "Mastercard", "American Express", "Visa", "Diners", "other")
"""The order of the per-scheme totals in BMP 60."""

_TOTALS_SIZE = 4 + 7 * len(SCHEMES)
_UNSPECIFIC_CARD_TYPE = 0xFF
_RESULT, _AMOUNT, _CURRENCY, _ORIGINAL_TRACE = 0x27, 0x04, 0x49, 0x37
_DECISIVE = (_RESULT, _AMOUNT, _CURRENCY, _ORIGINAL_TRACE)
_BY_PAYMENT_TYPE: dict[int, Online] = {0x40: "offline", 0x50: "offline", 0x60: "online"}


@dataclass(frozen=True, slots=True)
class SchemeTotal:
    """Payments of one card scheme since the last day-end: how many, and their sum in minor units."""

    scheme: str
    count: int
    minor: int


@dataclass(frozen=True, slots=True)
class DayTotals:
    """BMP 60 of an end of day: first and last receipt number, and a total per scheme."""

    first_receipt: int
    last_receipt: int
    schemes: tuple[SchemeTotal, ...]

    @property
    def count(self) -> int:
        """All payments of the day."""
        return sum(each.count for each in self.schemes)

    @property
    def minor(self) -> int:
        """Their sum in minor units."""
        return sum(each.minor for each in self.schemes)


@dataclass(frozen=True, slots=True)
class StatusInformation:
    """What `04 0F` says. None means the terminal did not say it, or not in decimal digits.

    `amount_minor` in minor units; `currency` as ISO letters where we know them, else three digits; `time`
    HHMMSS and `date` MMDD (the terminal sends no year); `original_trace` is set on reversals only;
    `complete` is False when the reading ended before result and amount were reached, or when one of the
    fields that decide (result, amount, currency, original trace) is cut short, illegible or contradicted.
    """

    result: int | None
    amount_minor: int | None
    currency: str | None
    tid: str | None
    receipt_no: int | None
    trace: int | None
    auth_code: str | None
    card_type: int | None
    card_name: str | None
    last4: str | None
    time: str | None
    date: str | None
    original_trace: int | None
    payment_type: int | None
    host_code: int | None
    online: Online
    text: str | None
    totals: DayTotals | None
    complete: bool

    @property
    def approved(self) -> bool:
        """Result 00 with an amount, wholly read, and not a reversal. Amount and currency are for the caller."""
        return self.complete and self.result == 0 and self.amount_minor is not None and self.original_trace is None


def parse_status(body: bytes, charset: str = "cp437") -> StatusInformation:
    """Read the data of a `04 0F`. Raises nothing: what cannot be read is None and shows in `complete`."""
    walked = fields.walk(body)
    first = walked.first
    tree = fields.nodes(first(0x06) or b"")
    charset = fields.charset(tree) or charset
    result, amount = _byte(_agreed(walked, _RESULT)), fields.number(_agreed(walked, _AMOUNT))
    reached = walked.stopped_at is None or (result is not None and amount is not None)
    return StatusInformation(
        result=result,
        amount_minor=amount,
        currency=currency_name(first(_CURRENCY)),
        tid=_digits(first(0x29)),
        receipt_no=fields.number(first(0x87)),
        trace=fields.number(first(0x0B)) or fields.number(fields.find(tree, 0x1F2B)),
        auth_code=fields.text(first(0x3B), "ascii"),
        card_type=_card_type(first(0x8A), tree),
        card_name=fields.text(first(0x8B), charset),
        last4=fields.last4(first(0x22)),
        time=_digits(first(0x0C)),
        date=_digits(first(0x0D)),
        original_trace=fields.number(first(_ORIGINAL_TRACE)),
        payment_type=_byte(first(0x19)),
        host_code=_byte(first(0xA0)),
        online=_online(first(0x19), tree),
        text=fields.text(fields.find(tree, 0x24, 0x07), charset) or fields.text(first(0x3C), charset),
        totals=_day_totals(first(0x60)),
        complete=reached and not _doubtful(walked, body),
    )


def _doubtful(walked: fields.Walk, body: bytes) -> bool:
    """Whether a field that decides is there but cut short, not legible, or said twice differently."""
    if walked.stopped_at is not None and body[walked.stopped_at] in _DECISIVE:
        return True
    said = [(tag, _agreed(walked, tag)) for tag in _DECISIVE if walked.first(tag) is not None]
    return any(value is None or (tag != _RESULT and fields.number(value) is None) for tag, value in said)


def _agreed(walked: fields.Walk, tag: int) -> bytes | None:
    """The value of a field, or None when it is absent or said twice differently."""
    said = {each.value for each in walked.fields if each.tag == tag}
    return said.pop() if len(said) == 1 else None


def currency_name(value: bytes | None) -> str | None:
    """ISO letters of BMP 49, or its three digits when the currency is not one of ours."""
    code = fields.number(value)
    if code is None:
        return None
    return next((name for name, known in CURRENCIES.items() if known == code), f"{code:03d}")


def currency_number(name: str) -> int:
    """The ISO number of a currency. Raises LocalWireError `zvt-currency` for one we cannot ask for."""
    if name not in CURRENCIES:
        raise LocalWireError("zvt-currency", f"Card terminals of this kind do not take {name}. Take cash.")
    return CURRENCIES[name]


def _online(payment_type: bytes | None, tree: tuple[fields.Node, ...]) -> Online:
    """TLV 2F/1F11 decides where it is sent; BMP 19 alone says nothing for 70 (PIN)."""
    flag = fields.find(tree, 0x2F, 0x1F11) or fields.find(tree, 0x1F11)
    if flag in (b"\x00", b"\x01"):
        return "online" if flag == b"\x01" else "offline"
    return _BY_PAYMENT_TYPE.get(payment_type[0], "unknown") if payment_type else "unknown"


def _card_type(value: bytes | None, tree: tuple[fields.Node, ...]) -> int | None:
    """BMP 8A; FF there means that TLV 41 holds the type."""
    if value is None or value[0] != _UNSPECIFIC_CARD_TYPE:
        return _byte(value)
    longer = fields.find(tree, 0x41)
    return int.from_bytes(longer[:2], "big") if longer else _UNSPECIFIC_CARD_TYPE


def _day_totals(value: bytes | None) -> DayTotals | None:
    if value is None or len(value) < _TOTALS_SIZE:
        return None
    first, last = fields.number(value[:2]), fields.number(value[2:4])
    parts = [value[at : at + 7] for at in range(4, _TOTALS_SIZE, 7)]
    sums = [fields.number(part[1:]) for part in parts]
    if first is None or last is None or None in sums:
        return None
    schemes = (SchemeTotal(name, part[0], sums_ or 0) for name, part, sums_ in zip(SCHEMES, parts, sums, strict=True))
    return DayTotals(first, last, tuple(schemes))


def _byte(value: bytes | None) -> int | None:
    return value[0] if value else None


def _digits(value: bytes | None) -> str | None:
    return fields.digits(value) if value else None

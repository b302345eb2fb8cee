"""The Z-report of a shift: what it says, that it adds up, and the five numbers that must tie. Pure arithmetic in minor units.

Every amount has its sign: what was given back, paid out or taken out of the drawer stands below zero, so that lines simply
add up. `zbody` writes it as the event `shift_close`, `zties` says which numbers tie, `zlayout` lays it out for every rendering.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from stall.errors import Refused

TENDERS = ("cash", "card", "card_stored", "operator", "voucher")
"""What was paid with, in the order of every rendering; `card_stored` is a card the terminal read offline."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands: its epoch (base64url of 16 bytes) and its number in it."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Period:
    """From which event to which: `last` is the one that closes the shift. Times in ms UTC; `opened_ms` None without a float.

    `root` is that of the journal's epoch before the closing event (base64url).
    """

    first: Place
    last: Place
    begun_ms: int
    opened_ms: int | None
    closed_ms: int
    root: str


@dataclass(frozen=True, slots=True)
class Drawer:
    """The cash. `left_minor` is what went out of the drawer when it was closed, all of it: the next shift begins with none.

    `counts` says how often it was counted, `pieces` what the last count found: (worth of one in minor units, how many).
    """

    float_minor: int = 0
    sales: int = 0
    refunds: int = 0
    paid_in: int = 0
    paid_out: int = 0
    counted: int | None = None
    blind: bool = False
    counts: int = 0
    pieces: tuple[tuple[int, int], ...] = ()

    @property
    def expected(self) -> int:
        """What the books say lies in it."""
        return self.float_minor + self.sales + self.refunds + self.paid_in + self.paid_out

    @property
    def over(self) -> int | None:
        """What was counted more (above zero) or less than that; None when nobody counted."""
        return None if self.counted is None else self.counted - self.expected

    @property
    def left(self) -> int:
        """What is taken out of it at the close: what was counted, or what there should be."""
        return self.expected if self.counted is None else self.counted


@dataclass(frozen=True, slots=True)
class Move:
    """Cash that came into the drawer or left it without a sale: its way (`float`, `in`, `out`) and why, as a fixed word."""

    at_ms: int
    way: str
    minor: int
    reason: str


@dataclass(frozen=True, slots=True)
class TenderSum:
    """What one tender took and gave back, and in how many payments."""

    tender: str
    taken: int
    back: int
    payments: int
    returns: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Turnover at one rate of VAT, in basis points."""

    rate_bp: int
    net: int
    vat: int

    @property
    def gross(self) -> int:
        """With VAT."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class Receipts:
    """What was signed: `count` of all kinds; sales given away by a person (`comps`) and free of price (`free`) are among `sales`."""

    sales: int = 0
    refunds: int = 0
    exchanges: int = 0
    voids: int = 0
    comps: int = 0
    free: int = 0
    first: Place | None = None
    last: Place | None = None

    @property
    def count(self) -> int:
        """How many papers were signed."""
        return self.sales + self.refunds + self.exchanges + self.voids


@dataclass(frozen=True, slots=True)
class Vouchers:
    """Vouchers sold (`issued`) and paid with (`spent`, below zero); `liability` is what is owed of all ever sold."""

    issued: int = 0
    spent: int = 0
    liability: int = 0


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Card payments read offline that no end of day of their terminal covers yet; the oldest of `since_ms`."""

    count: int = 0
    minor: int = 0
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Offline:
    """What became in this shift of card payments read offline, of whichever shift: sent in, or refused by the bank and written off."""

    settled: int = 0
    written_off: int = 0


@dataclass(frozen=True, slots=True)
class Edition:
    """One drop: `sold` and `returned` in this shift (copies, `numbers` as ranges), the rest as it stands at the close.

    `granted` = `standing` (sold and not taken back) + `void` + `frozen` + `remaining`; all 0 where a drop has no numbers.
    """

    drop: str
    sold: int
    returned: int
    numbers: str
    granted: int = 0
    standing: int = 0
    void: int = 0
    frozen: int = 0
    remaining: int = 0


@dataclass(frozen=True, slots=True)
class DayEnd:
    """One end of day of a terminal, beside what our card payments since the one before add up to."""

    at_ms: int
    tid: str
    theirs: int
    count: int | None
    ours: int
    payments: int
    returns: int


@dataclass(frozen=True, slots=True)
class CardSum:
    """Card payments since the last end of day."""

    minor: int = 0
    payments: int = 0
    returns: int = 0


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A payment whose outcome is not final."""

    attempt: int
    sale: int
    state: str
    minor: int


@dataclass(frozen=True, slots=True)
class Owed:
    """Refunds that wait for the reader or the network."""

    count: int = 0
    minor: int = 0


@dataclass(frozen=True, slots=True)
class ZReport:
    """Everything a shift adds up to. `unfinished` is money taken in it for what no receipt was signed, `unfinished_in_all` ever.

    `unsent` is None without a cloud. `by` is the number of the person who closed it, as the journal notes it of every event; None
    from the command line.
    """

    no: int
    cur: str
    period: Period
    drawer: Drawer
    moves: tuple[Move, ...] = ()
    tenders: tuple[TenderSum, ...] = ()
    vat: tuple[Rate, ...] = ()
    tips: int = 0
    rounding: int = 0
    discounts: int = 0
    vouchers: Vouchers = field(default_factory=Vouchers)
    unfinished: int = 0
    unfinished_in_all: int = 0
    receipts: Receipts = field(default_factory=Receipts)
    at_risk: AtRisk = field(default_factory=AtRisk)
    offline: Offline = field(default_factory=Offline)
    editions: tuple[Edition, ...] = ()
    day_ends: tuple[DayEnd, ...] = ()
    since: CardSum = field(default_factory=CardSum)
    open: tuple[OpenPayment, ...] = ()
    exceptions: int = 0
    unsent: int | None = None
    queued: Owed = field(default_factory=Owed)
    software: str = ""
    by: int | None = None

    @property
    def turnover(self) -> int:
        """Goods sold less goods taken back, with VAT; no vouchers, no tips."""
        return sum(rate.gross for rate in self.vat)

    @property
    def money(self) -> int:
        """What all tenders took less what they gave back."""
        return sum(row.taken + row.back for row in self.tenders)

    @property
    def card(self) -> int:
        """The same of cards."""
        return sum(row.taken + row.back for row in self.tenders if row.tender in {"card", "card_stored"})


def of_tender(report: ZReport, tender: str) -> TenderSum:
    """What one tender did; nothing where it did nothing."""
    return next((row for row in report.tenders if row.tender == tender), TenderSum(tender, 0, 0, 0, 0))


def check(report: ZReport) -> None:
    """Refuse a report that does not add up in itself. Raises Refused `z-unbalanced`, naming the first sum that does not.

    What differs from the drawer, the terminal or the cloud is no fault of the report: it says so and stands.
    """
    wrong = next(unequal(report), None)
    if wrong is not None:
        raise Refused(
            "z-unbalanced",
            f"The sums of this shift do not add up: {wrong}. Nothing was closed. Run: stall journal verify",
        )


def unequal(report: ZReport) -> Iterator[str]:
    """Every identity that does not hold, in words; the identities are those of docs/z-report.md."""
    goods = report.turnover + report.vouchers.issued + report.tips + report.rounding
    if report.money != goods + report.unfinished:
        yield f"payments of {report.money} against receipts of {goods} and {report.unfinished} without a receipt"
    cash, drawer = of_tender(report, "cash"), report.drawer
    if (cash.taken, cash.back) != (drawer.sales, drawer.refunds):
        yield f"cash of {cash.taken} and {cash.back} against {drawer.sales} and {drawer.refunds} in the drawer"
    if of_tender(report, "voucher").taken + of_tender(report, "voucher").back != -report.vouchers.spent:
        yield f"vouchers spent for {report.vouchers.spent}, which the payments by voucher are not"
    found = sum(worth * count for worth, count in drawer.pieces)
    if drawer.pieces and found != drawer.counted:
        yield f"pieces worth {found} against {drawer.counted} counted"
    for way, told in (("float", drawer.float_minor), ("in", drawer.paid_in), ("out", drawer.paid_out)):
        moved = sum(move.minor for move in report.moves if move.way == way)
        if moved != told:
            yield f"cash moved ({way}) of {moved} against {told} in the drawer"
    for edition in report.editions:
        if edition.granted != edition.standing + edition.void + edition.frozen + edition.remaining:
            yield f"{edition.granted} numbers of {edition.drop} against those sold, void and left"

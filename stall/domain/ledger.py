"""The double entry behind every sale: which accounts an event moves, and that what it moves adds up to nothing.

Debits are above zero, credits below. Money that moves is posted against `CUSTOMER`, and so is what a receipt says was sold: what
is left there belongs to sales that are not finished. Pure arithmetic in minor units; nothing here knows where it is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

CUSTOMER = "customer"
"""Money taken for what no receipt was signed for yet."""

DRAWER = "drawer"
OWNER = "owner"
"""Cash that came into the drawer from its owner or left it for him: the float, paid in, paid out."""

OVER_SHORT = "over_short"
TIPS = "tips"
"""A liability: tips belong to whoever served, and are no turnover."""

ROUNDING = "rounding"
VOUCHERS = "vouchers"
"""A liability: what vouchers were sold for."""

VOUCHERS_SPENT = "vouchers:spent"
"""What of that was paid with; the two together are what is still owed."""

CARD, CARD_STORED, OPERATOR = "card", "card_stored", "operator"
CARD_SETTLED, STORED_OVER = "card:settled", "card_stored:over"
"""What of the cards read offline was sent in, and what of them is at risk no more: `CARD_STORED` keeps what was taken so."""

WRITTEN_OFF = "written_off"
"""Card payments read offline that the bank refused later: the sale stands, the money is lost until the buyer pays."""

_OF_TENDER = {"cash": DRAWER, "operator": OPERATOR, "voucher": VOUCHERS_SPENT}

Postings = dict[str, int]
"""Account to minor units."""


def of_tender(tender: str, settlement: str | None) -> str | None:
    """The account a tender moves; None for what is given free. A card read offline is not money in the bank yet."""
    if tender == "card":
        return CARD_STORED if settlement == "stored" else CARD
    return _OF_TENDER.get(tender)


def turnover(rate_bp: int) -> str:
    """The account of net turnover at one rate, in basis points."""
    return f"sales:{rate_bp}"


def vat(rate_bp: int) -> str:
    """The account of VAT owed at one rate, in basis points."""
    return f"vat:{rate_bp}"


def money_moved(tender: str, settlement: str | None, minor: int) -> Postings:
    """Post money that was taken (`minor` above zero) or given back."""
    account = of_tender(tender, settlement)
    return {} if account is None else _together([(account, minor), (CUSTOMER, -minor)])


def goods_sold(tax: Iterable[tuple[int, int, int]], *, vouchers: int = 0, tip: int = 0, rounding: int = 0) -> Postings:
    """Post what a receipt says was sold, or a refund or void says was taken back.

    `tax` are its rows (rate in basis points, net, VAT); `vouchers` what of the lines at rate 0 is vouchers, which are no
    turnover; `tip` and `rounding` as they stand on it.
    """
    rows = [
        (account, -minor)
        for rate, net, tax_minor in tax
        for account, minor in ((turnover(rate), net), (vat(rate), tax_minor))
    ]
    rows += [(turnover(0), vouchers), (VOUCHERS, -vouchers), (TIPS, -tip), (ROUNDING, -rounding)]
    return _together([*rows, (CUSTOMER, -sum(minor for _, minor in rows))])


def drawer_moved(minor: int) -> Postings:
    """Post cash put into the drawer (above zero) or taken out of it that no sale is behind."""
    return _together([(DRAWER, minor), (OWNER, -minor)])


def drawer_closed(over_minor: int, left_minor: int) -> Postings:
    """Post the end of a shift: what a count found more in the drawer (above zero) or less than the books say, and that all of it leaves."""
    over = _together([(DRAWER, over_minor), (OVER_SHORT, -over_minor)])
    return together(over, drawer_moved(-left_minor))


def settled(minor: int) -> Postings:
    """Post that card payments read offline were sent in: they are as good as any other now."""
    return _together([(CARD_SETTLED, minor), (STORED_OVER, -minor)])


def written_off(was: str, minor: int) -> Postings:
    """Post that the bank refused a card payment read offline, which was `stored` or `settled` until then."""
    return _together([(WRITTEN_OFF, minor), (STORED_OVER if was == "stored" else CARD_SETTLED, -minor)])


def together(*each: Mapping[str, int]) -> Postings:
    """Add postings up, without accounts that did not move."""
    return _together([row for postings in each for row in postings.items()])


def balanced(postings: Mapping[str, int]) -> bool:
    """Whether debits and credits are equal."""
    return sum(postings.values()) == 0


def _together(rows: Iterable[tuple[str, int]]) -> Postings:
    sums: Counter[str] = Counter()
    for account, minor in rows:
        sums[account] += minor
    return {account: minor for account, minor in sums.items() if minor}

"""The receipt and its siblings, refund and void: what was sold, taxed and paid, signed by the box (formats 7.4).

Money is whole minor units. The sums must hold in the document itself, so a bookkeeper needs nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from stall.errors import WireError
from stall.wire import claims as rules
from stall.wire import jws, keys

RECEIPT = "stall-receipt+jwt"
REFUND = "stall-refund+jwt"
VOID = "stall-void+jwt"
TYP = RECEIPT
TYPES = (RECEIPT, REFUND, VOID)
WORDS: Mapping[str, str] = {RECEIPT: "receipt", REFUND: "refund", VOID: "void"}
"""What a document of each type is called to people."""

MAX_ITEMS = 200

STATES: Mapping[str, frozenset[str]] = {
    "card": frozenset({"online", "stored"}),
    "cash": frozenset({"cash"}),
    "comp": frozenset({"free"}),
    "voucher": frozenset({"voucher"}),
    "operator": frozenset({"confirmed"}),
}
"""In which states each means of payment may stand on a receipt (design 7)."""

_DIGITS = re.compile(r"(?<![0-9])(?:[0-9]{13,19}|[0-9]{4}(?:[ -][0-9]{4}){3})(?![0-9])", re.ASCII)
"""Where a card number could stand: in one run, or in four groups of four. Terminal, receipt and trace number never do so."""


class Item(rules.Claims, frozen=True, kw_only=True):
    """One line: `minor` is its total with VAT after discount `disc`; `vat` in basis points. Returns are negative."""

    qty: Annotated[int, Meta(ge=1, le=1_000_000)]
    cur: rules.Currency
    minor: rules.Money
    vat: rules.BasisPoints
    drop: rules.DropId | None = None
    ed: rules.EditionNumber | None = None
    sku: rules.Text | None = None
    disc: rules.Money = 0
    man: rules.H | None = None
    lease: rules.Id22 | None = None


class Tax(rules.Claims, frozen=True, kw_only=True):
    """Net and VAT in minor units for one `rate` in basis points."""

    rate: rules.BasisPoints
    net: rules.Money
    vat: rules.Money


class Pay(rules.Claims, frozen=True, kw_only=True):
    """One tender. `ref` names it at the provider; never a card number."""

    m: Literal["card", "cash", "comp", "voucher", "operator"]
    st: Literal["online", "stored", "cash", "free", "voucher", "confirmed"]
    cur: rules.Currency
    minor: rules.Money
    ref: Annotated[str, Meta(pattern=r"^[\x20-\x7e]{1,64}\Z")] | None = None


class Receipt(rules.Claims, frozen=True, kw_only=True):
    """All claims of a receipt. `seq` is that of the event carrying it, `code` the hash of the claim code."""

    iss: rules.B43
    jti: rules.Id22
    iat: rules.Time
    clk: rules.CLOCK_SOURCES
    epoch: rules.Id22
    seq: rules.Count
    items: Annotated[tuple[Item, ...], Meta(max_length=MAX_ITEMS)]
    tax: Annotated[tuple[Tax, ...], Meta(max_length=20)]
    pay: Annotated[tuple[Pay, ...], Meta(min_length=1, max_length=4)]
    tip: rules.Money = 0
    round: rules.Money = 0
    ref: rules.Id22 | None = None
    code: rules.H | None = None
    owner: rules.Did | None = None
    test: bool = False


_is_currency, _is_drop, _is_hash = map(rules.form, (rules.Currency, rules.DropId, rules.H))
_is_id, _is_text = map(rules.form, (rules.Id22, rules.Text))


class _Line(Item, frozen=True, kw_only=True):
    """A line whose texts may have any form yet."""

    cur: str
    drop: str | None = None
    sku: Annotated[str, Meta(min_length=1, max_length=rules.MAX_TEXT)] | None = None
    man: str | None = None
    lease: str | None = None


class _Paper(Receipt, frozen=True, kw_only=True):
    """A receipt as it is read: the forms of its lines' texts are looked at for all lines at once.

    Text by text, as in `Receipt`, that takes as long as the signature. What is wrong `Receipt` still tells.
    """

    items: Annotated[tuple[_Line, ...], Meta(max_length=MAX_ITEMS)]

    strict: ClassVar[type[rules.Claims] | None] = Receipt

    def formed(self) -> bool:
        # The lines of one stall share most of these, and each is matched once. An article's name may have any length
        # (which its type knows) but not any character, so all names are right if they are in a row.
        lines = self.items
        return (
            all(map(_is_currency, {line.cur for line in lines}))
            and all(map(_is_drop, {line.drop for line in lines if line.drop is not None}))
            and all(map(_is_hash, {line.man for line in lines if line.man is not None}))
            and all(map(_is_id, {line.lease for line in lines if line.lease is not None}))
            and _is_text("".join([line.sku for line in lines if line.sku is not None])) is not None
        )


def parse(claims: Mapping[str, Any], typ: str = RECEIPT) -> Receipt:
    """Type the claims and check every rule of design 7 for a document of type `typ`.

    Raises WireError naming the first one broken.
    """
    return _checked(rules.typed(claims, _Paper, WORDS[typ]), typ)


def _checked(receipt: Receipt, typ: str) -> Receipt:
    if typ != RECEIPT:
        _check_taken_back(receipt, typ)
    if receipt.ref == receipt.jti:
        raise WireError("receipt-refers-itself", "The receipt names itself as the one it refers to. Sign it again.")
    if receipt.owner is not None:
        keys.public_from_did(receipt.owner)
    _check_items(receipt, typ)
    _check_currency(receipt)
    amounts = _amounts_by_rate(receipt.items)
    goods = sum(map(sum, amounts.values()))
    if typ == RECEIPT and receipt.tip < 0:
        raise WireError("receipt-tip", "The tip on the receipt is negative. Sign it again.")
    _check_sums(receipt, _check_pay(receipt.pay), goods)
    _check_tax(receipt.tax, amounts)
    return receipt


def claims(receipt: Receipt) -> dict[str, Any]:
    """Write the receipt's claims as plain values."""
    return rules.of(receipt)


def sign(key: keys.SigningKey, receipt: Receipt, typ: str = RECEIPT) -> str:
    """Sign the receipt, refund or void (`typ`) with the box's key. Raises StallError if it breaks a rule."""
    return sign_claims(key, claims(receipt), typ)


def sign_claims(key: keys.SigningKey, claims: Mapping[str, Any], typ: str = RECEIPT) -> str:
    """Sign claims given as plain values; those at their default are left out. Raises StallError if they break a rule."""
    return jws.sign(key, typ, _checked(rules.converted(claims, _Paper, WORDS[typ]), typ))


def verify(token: str, keys: Mapping[str, bytes], typ: str = RECEIPT) -> Receipt:
    """Check a receipt, refund or void (`typ`), signed by the box it names. Raises WireError."""
    receipt, signer = jws.open(token, keys, typ, _Paper, WORDS[typ])
    _checked(receipt, typ)
    if signer != receipt.iss:
        raise WireError("receipt-wrong-signer", "The receipt is not signed by the box it names. Do not use it.")
    return receipt


def verify_any(token: str, keys: Mapping[str, bytes]) -> tuple[str, Receipt]:
    """Check a receipt, refund or void, whichever it says it is; return its type and what it says. Raises WireError."""
    typ = jws.unverified_typ(token)
    typ = typ if typ in TYPES else RECEIPT
    return typ, verify(token, keys, typ)


def _check_taken_back(receipt: Receipt, typ: str) -> None:
    """A refund or void names another receipt and only gives back: money, a tip, a discount that was granted."""
    if receipt.ref is None:
        raise WireError("receipt-no-ref", "A refund or void must name its receipt in `ref`. Sign it again.")
    taken = [receipt.tip, *(item.minor for item in receipt.items), *(tender.minor for tender in receipt.pay)]
    if max(taken) > 0:
        raise WireError("refund-sign", "A refund or void may only give back, and this one takes money. Sign it again.")
    if typ == REFUND and not any(tender.minor for tender in receipt.pay):
        raise WireError("refund-nothing", "The refund gives nothing back. Take back what was free with a void.")


def _check_items(receipt: Receipt, typ: str) -> None:
    """Check the lines by themselves."""
    numbered = []
    takes_nothing_back = typ == RECEIPT and receipt.ref is None
    for item in receipt.items:
        drop = item.drop  # read once: what every line is asked is asked 200 times
        if drop is None and item.sku is None:
            raise WireError("receipt-item", "A line of the receipt names neither drop nor article. Sign it again.")
        if (drop is None) != (item.man is None):
            raise WireError("receipt-manifest", "A line of the receipt has a drop without manifest. Sign it again.")
        if item.ed is not None:
            if drop is None or item.qty != 1 or item.lease is None:
                raise WireError(
                    "receipt-numbered", "A numbered line must name drop and lease and sell one copy. Sign it again."
                )
            numbered.append((drop, item.ed))
        elif item.lease is not None:
            raise WireError("receipt-lease", "A line of the receipt has a lease but no number. Sign it again.")
        if item.disc:
            _check_discount(item, receipt, typ)
        if takes_nothing_back and item.minor < 0 and drop is not None:
            raise WireError(
                "receipt-negative", "The receipt takes something back, but names no receipt in `ref`. Sign it again."
            )
    if len(set(numbered)) != len(numbered):
        raise WireError("receipt-number-twice", "One edition number stands on the receipt twice. Sign it again.")


def _check_discount(item: Item, receipt: Receipt, typ: str) -> None:
    """A discount has the sign of its line; where nothing is left to pay, a sign that the document's lines may have."""
    may_sell, may_give_back = typ == RECEIPT, receipt.ref is not None
    dearer = item.minor < 0 or (item.minor == 0 and not may_sell)
    cheaper = item.minor > 0 or (item.minor == 0 and not may_give_back)
    if (item.disc > 0 and dearer) or (item.disc < 0 and cheaper):
        raise WireError("receipt-discount", "A discount on the receipt makes its line dearer. Sign it again.")


def _check_currency(receipt: Receipt) -> None:
    if len({item.cur for item in receipt.items} | {tender.cur for tender in receipt.pay}) != 1:
        raise WireError("receipt-currency", "The receipt mixes currencies. Write one receipt for each.")


def _check_pay(pay: tuple[Pay, ...]) -> int:
    """Check the tenders by themselves and return what they add up to."""
    paid, free = 0, False
    for tender in pay:
        if tender.st not in STATES[tender.m]:
            raise WireError(
                "receipt-pay-state", "A payment on the receipt has a state its kind cannot have. Sign again."
            )
        if tender.ref is not None:
            _check_card_number(tender.ref)
        paid += tender.minor
        free = free or tender.m == "comp"
    if free != (paid == 0) or (free and len(pay) != 1):
        raise WireError("receipt-free", "Nothing to pay means one free payment of 0, and no other. Sign it again.")
    return paid


def _check_card_number(ref: str) -> None:
    """Refuse what looks like the number of a card: nobody's may stand in a paper that is shown and kept (design 5)."""
    for found in _DIGITS.finditer(ref):
        digits = [int(digit) for digit in reversed(found[0]) if digit not in " -"]
        if (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0:
            raise WireError("receipt-card-number", "A payment names a card number. Do not show or keep this receipt.")


def _check_sums(receipt: Receipt, paid: int, goods: int) -> None:
    taxed = sum([row.net + row.vat for row in receipt.tax])
    if goods != taxed or len({row.rate for row in receipt.tax}) != len(receipt.tax):
        raise WireError("receipt-tax-sum", "The tax rows do not add up to the lines of the receipt. Sign it again.")
    total = goods + receipt.tip + receipt.round
    if total != paid or abs(total) > rules.MAX_MONEY:
        raise WireError("receipt-pay-sum", "The payments do not add up to the total of the receipt. Sign it again.")


def _amounts_by_rate(items: tuple[Item, ...]) -> dict[int, list[int]]:
    """For each rate of VAT the amounts of its lines."""
    amounts: dict[int, list[int]] = {}
    for item in items:
        if item.vat in amounts:
            amounts[item.vat].append(item.minor)
        else:
            amounts[item.vat] = [item.minor]
    return amounts


def _check_tax(tax: tuple[Tax, ...], amounts: Mapping[int, list[int]]) -> None:
    """Each rate has its row, of what its lines add up to; its VAT may be rounded line by line, one unit each."""
    if len(tax) != len(amounts):
        raise _other_rates()
    for row in tax:
        gross = row.net + row.vat
        if row.rate not in amounts or sum(amounts[row.rate]) != gross:
            raise _other_rates()
        divisor = 10_000 + row.rate
        if abs(row.vat * divisor - gross * row.rate) > len(amounts[row.rate]) * divisor:
            raise WireError("receipt-tax-amount", "The VAT on the receipt is not that of its rate. Sign it again.")


def _other_rates() -> WireError:
    return WireError("receipt-tax-rate", "The tax rows are not one for each rate of the lines. Sign it again.")

"""The cases that refund and void share: both take a receipt back, with the same members and nearly the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stall.wire import receipt
from tests.wire import documents as doc
from tests.wire.casebook import Claims, Document

make, item = doc.refund_claims, doc.item_claims

CASH = {"m": "cash", "st": "cash", "cur": "EUR", "minor": -450}
_FREE = {"m": "comp", "st": "free", "cur": "EUR", "minor": 0}
_BACK = item(minor=-450)
GIFT = {"items": [item(minor=0)], "tax": [{"rate": 1900, "net": 0, "vat": 0}], "pay": [_FREE]}
_TWO_RATES = [item(ed=8, minor=-400), item(ed=None, lease=None, drop=None, man=None, sku="book", minor=-50, vat=700)]
_TWO_ROWS = [{"rate": 1900, "net": -336, "vat": -64}, {"rate": 700, "net": -47, "vat": -3}]


def document(typ: str, other: str, good: Sequence[dict[str, Any]], bad: tuple[str, str, dict[str, Any]]) -> Document:
    """The cases of one of the two; `good` and `bad` are its own, and a token of the `other` type is refused."""
    name, of = receipt.WORDS[typ], Claims("5.4", typ, doc.BOX)
    return Document(
        name=name,
        section="5.4",
        head={"typ": typ},
        read=lambda given: receipt.verify(given["token"], doc.TRUSTED, typ),
        parse=lambda claims: receipt.parse(claims, typ),
        sign=lambda claims: receipt.sign(doc.BOX, receipt.parse(claims, typ), typ),
        valid=[
            of.good(make()),
            of.good(make(tip=-50, pay=[{**CASH, "minor": -300}, {**CASH, "m": "voucher", "st": "voucher", "minor": -200}])),
            of.good(make(items=[item(minor=-400, disc=-50)], tax=[{"rate": 1900, "net": -336, "vat": -64}],
                          round=2, pay=[{**CASH, "minor": -398}])),
            of.good(make(items=_TWO_RATES, tax=_TWO_ROWS, pay=[CASH])),
            *(of.good(claims) for claims in good),
        ],
        invalid=[
            of.bad("a reason", "member-unknown", make(reason="too small")),
            of.bad("null claim", "member-null", {**make(), "ref": None}),
            of.bad("no clock named", "member-missing", make(clk=None)),
            of.bad("receipt named by a number", "member-type", make(ref=17)),
            of.bad("receipt named by its hash", "member-form", make(ref=doc.HASH)),
            of.bad("no payment", "member-count", make(pay=[])),
            of.bad("time before 2020", "member-range", make(iat=1)),
            of.bad("no receipt named", "receipt-no-ref", make(ref=None)),
            of.bad("names itself", "receipt-refers-itself", make(ref=doc.OTHER_JTI)),
            of.bad("a line that sells", "refund-sign", make(items=[_BACK, item(ed=8)], tax=GIFT["tax"], pay=[_FREE])),
            of.bad("a payment taken beside one given back", "refund-sign",
                    make(pay=[{**CASH, "minor": -500}, {**CASH, "minor": 50}])),
            of.bad("a tip taken", "refund-sign", make(tip=50, pay=[{**CASH, "minor": -400}])),
            of.bad(*bad),
            of.bad("discount with the wrong sign", "receipt-discount", make(items=[item(minor=-450, disc=50)])),
            of.bad("number without lease", "receipt-numbered", make(items=[item(minor=-450, lease=None)])),
            of.bad("two currencies", "receipt-currency", make(pay=[{**CASH, "cur": "CHF"}])),
            of.bad("number twice", "receipt-number-twice", make(items=[_BACK, item(minor=0)])),
            of.bad("voucher given back as cash", "receipt-pay-state", make(pay=[{**CASH, "m": "voucher"}])),
            of.bad("tax off by one", "receipt-tax-sum", make(tax=[{"rate": 1900, "net": -378, "vat": -71}])),
            of.bad("tax at another rate", "receipt-tax-rate", make(tax=[{"rate": 700, "net": -421, "vat": -29}])),
            of.bad("VAT two units off for one line", "receipt-tax-amount", make(tax=[{"rate": 1900, "net": -380, "vat": -70}])),
            of.bad("payment off by one", "receipt-pay-sum", make(pay=[{**CASH, "minor": -449}])),
            of.bad("a card number as reference", "receipt-card-number", make(pay=[{**CASH, "ref": "4111111111111111"}])),
            of.bad_token("signed by another than the box it names", "receipt-wrong-signer",
                          doc.forge(doc.CLOUD, typ, make())),
            of.bad_token(f"a {receipt.WORDS[other]}", "token-wrong-type", doc.forge(doc.BOX, other, make()), section="2.2"),
        ],
    )  # fmt: skip

"""Voids: a sale that is taken back whole or in part, the free one too."""

from __future__ import annotations

from stall.wire import receipt
from tests.wire import documents as doc
from tests.wire.casebook import Claims, Document

_of = Claims("5.4", receipt.VOID, doc.BOX)
make, item = doc.refund_claims, doc.item_claims

_CASH = {"m": "cash", "st": "cash", "cur": "EUR", "minor": -450}
_FREE = {"m": "comp", "st": "free", "cur": "EUR", "minor": 0}
_BACK = item(minor=-450)
_GIFT = {"items": [item(minor=0)], "tax": [{"rate": 1900, "net": 0, "vat": 0}], "pay": [_FREE]}
_TWO_RATES = [item(ed=8, minor=-400), item(ed=None, lease=None, drop=None, man=None, sku="book", minor=-50, vat=700)]
_TWO_ROWS = [{"rate": 1900, "net": -336, "vat": -64}, {"rate": 700, "net": -47, "vat": -3}]

DOCUMENT = Document(
    name="void",
    section="5.4",
    head={"typ": receipt.VOID},
    read=lambda given: receipt.verify(given["token"], doc.TRUSTED, receipt.VOID),
    parse=lambda claims: receipt.parse(claims, receipt.VOID),
    sign=lambda claims: receipt.sign(doc.BOX, receipt.parse(claims, receipt.VOID), receipt.VOID),
    valid=[
        _of.good(make()),
        _of.good(make(tip=-50, pay=[{**_CASH, "minor": -300}, {**_CASH, "m": "voucher", "st": "voucher", "minor": -200}])),
        _of.good(make(items=[item(minor=-400, disc=-50)], tax=[{"rate": 1900, "net": -336, "vat": -64}],
                      round=2, pay=[{**_CASH, "minor": -398}])),
        _of.good(make(items=_TWO_RATES, tax=_TWO_ROWS, pay=[_CASH])),
        _of.good(make(**_GIFT)),
    ],
    invalid=[
        _of.bad("a reason", "member-unknown", make(reason="too small")),
        _of.bad("null claim", "member-null", {**make(), "ref": None}),
        _of.bad("no clock named", "member-missing", make(clk=None)),
        _of.bad("receipt named by a number", "member-type", make(ref=17)),
        _of.bad("receipt named by its hash", "member-form", make(ref=doc.HASH)),
        _of.bad("no payment", "member-count", make(pay=[])),
        _of.bad("time before 2020", "member-range", make(iat=1)),
        _of.bad("no receipt named", "receipt-no-ref", make(ref=None)),
        _of.bad("names itself", "receipt-refers-itself", make(ref=doc.OTHER_JTI)),
        _of.bad("a line that sells", "refund-sign", make(items=[_BACK, item(ed=8)], tax=_GIFT["tax"], pay=[_FREE])),
        _of.bad("a payment taken beside one given back", "refund-sign",
                make(pay=[{**_CASH, "minor": -500}, {**_CASH, "minor": 50}])),
        _of.bad("a tip taken", "refund-sign", make(tip=50, pay=[{**_CASH, "minor": -400}])),
        _of.bad("nothing given back, but no free tender", "receipt-free", make(**{**_GIFT, "pay": [{**_CASH, "minor": 0}]})),
        _of.bad("discount with the wrong sign", "receipt-discount", make(items=[item(minor=-450, disc=50)])),
        _of.bad("number without lease", "receipt-numbered", make(items=[item(minor=-450, lease=None)])),
        _of.bad("two currencies", "receipt-currency", make(pay=[{**_CASH, "cur": "CHF"}])),
        _of.bad("number twice", "receipt-number-twice", make(items=[_BACK, item(minor=0)])),
        _of.bad("voucher given back as cash", "receipt-pay-state", make(pay=[{**_CASH, "m": "voucher"}])),
        _of.bad("tax off by one", "receipt-tax-sum", make(tax=[{"rate": 1900, "net": -378, "vat": -71}])),
        _of.bad("tax at another rate", "receipt-tax-rate", make(tax=[{"rate": 700, "net": -421, "vat": -29}])),
        _of.bad("VAT two units off for one line", "receipt-tax-amount", make(tax=[{"rate": 1900, "net": -380, "vat": -70}])),
        _of.bad("payment off by one", "receipt-pay-sum", make(pay=[{**_CASH, "minor": -449}])),
        _of.bad("a card number as reference", "receipt-card-number", make(pay=[{**_CASH, "ref": "4111111111111111"}])),
        _of.bad_token("signed by another than the box it names", "receipt-wrong-signer",
                      doc.forge(doc.CLOUD, receipt.VOID, make())),
        _of.bad_token("a refund", "token-wrong-type", doc.forge(doc.BOX, receipt.REFUND, make()), section="2.2"),
    ],
)  # fmt: skip

"""Receipts: what one is by itself."""

from __future__ import annotations

from stall.wire import receipt
from tests.wire import documents as doc
from tests.wire.casebook import Claims, Document

_of = Claims("5.4", receipt.RECEIPT, doc.BOX)
make, item = doc.receipt_claims, doc.item_claims

_CARD = {"m": "card", "st": "online", "cur": "EUR", "minor": 450}
_FREE = {"m": "comp", "st": "free", "cur": "EUR", "minor": 0}
_GIFT = [item(minor=0)]
_BACK = {**_CARD, "minor": -450}
_HUGE = [item(ed=None, lease=None, minor=10**9, vat=rate) for rate in (0, 700)]
_HUGE_PAY = {**_CARD, "minor": 10**9}
_HUGE_TAX = [{"rate": 0, "net": 10**9, "vat": 0}, {"rate": 700, "net": 934579439, "vat": 65420561}]
_NO_TAX = [{"rate": 1900, "net": 0, "vat": 0}]
_SPLIT = [{**_CARD, "minor": 300}, {"m": "cash", "st": "cash", "cur": "EUR", "minor": 200}]

DOCUMENT = Document(
    name="receipt",
    section="5.4",
    head={"typ": receipt.RECEIPT},
    read=lambda given: receipt.verify(given["token"], doc.TRUSTED),
    parse=receipt.parse,
    sign=lambda claims: receipt.sign(doc.BOX, receipt.parse(claims)),
    valid=[
        _of.good(make()),
        _of.good(make(tip=50, pay=_SPLIT)),
        _of.good(make(items=_GIFT, tax=_NO_TAX, pay=[_FREE])),
        _of.good(make(items=[item(ed=None, lease=None, qty=3)], owner=doc.OWNER.did, test=True)),
        _of.good(make(items=[item(minor=-450), item(ed=8)], tax=_NO_TAX, pay=[_FREE], ref=doc.OTHER_JTI)),
        _of.good(make(items=[item(ed=None, lease=None, minor=-25, drop=None, man=None, sku="deposit, cup"), item(disc=50)],
                      tax=[{"rate": 1900, "net": 357, "vat": 68}], pay=[{**_CARD, "minor": 425, "ref": "12345678-0042-000123"}])),
        _of.good(make(round=-2, pay=[{"m": "cash", "st": "cash", "cur": "EUR", "minor": 448}])),
    ],
    invalid=[
        _of.bad("unknown claim", "member-unknown", make(prev=doc.HASH)),
        _of.bad("null claim", "member-null", {**make(), "ref": None}),
        _of.bad("a line that is null", "member-null", make(items=[item(), None])),
        _of.bad("owner named by another method", "member-form", make(owner=doc.NO_DID)),
        _of.bad("owner with a key of another kind", "did-not-ed25519", make(owner=doc.FOREIGN_DID), section="3"),
        _of.bad("seq missing", "member-missing", make(seq=None)),
        _of.bad("money as text", "member-type", make(items=[item(minor="450")])),
        _of.bad("unknown clock", "member-choice", make(clk="gps")),
        _of.bad("no tender", "member-count", make(pay=[])),
        _of.bad("five tenders", "member-count", make(pay=[{**_CARD, "minor": 90}] * 5)),
        _of.bad("201 lines", "member-count", make(items=[item(ed=None, lease=None)] * 201)),
        _of.bad("money beyond 10^9", "member-range", make(items=[item(minor=10**9 + 1)])),
        _of.bad("reference not ASCII", "member-form", make(pay=[{**_CARD, "ref": "é"}])),
        _of.bad("line without drop or article", "receipt-item", make(items=[item(drop=None, ed=None, man=None, lease=None)])),
        _of.bad("two copies of one number", "receipt-numbered", make(items=[item(qty=2)])),
        _of.bad("number without lease", "receipt-numbered", make(items=[item(lease=None)])),
        _of.bad("number without drop", "receipt-numbered", make(items=[item(drop=None, man=None, sku="print")])),
        _of.bad("lease without number", "receipt-lease", make(items=[item(ed=None)])),
        _of.bad("drop without manifest", "receipt-manifest", make(items=[item(man=None)])),
        _of.bad("manifest without drop", "receipt-manifest", make(items=[item(drop=None, ed=None, lease=None, sku="bag")])),
        _of.bad("discount that makes the line dearer", "receipt-discount", make(items=[item(disc=-50)])),
        _of.bad("exchange that names itself", "receipt-refers-itself", make(ref=doc.JTI)),
        _of.bad("something taken back, but no receipt named", "receipt-negative",
                make(items=[item(minor=-450), item(ed=8)], tax=_NO_TAX, pay=[_FREE])),
        _of.bad("negative tip", "receipt-tip", make(tip=-50, pay=[{**_CARD, "minor": 400}])),
        _of.bad("a card number as reference", "receipt-card-number", make(pay=[{**_CARD, "ref": "4111111111111111"}])),
        _of.bad("a card number in groups of four", "receipt-card-number",
                make(pay=[{**_CARD, "ref": "card 4111 1111 1111 1111"}])),
        _of.bad("number twice", "receipt-number-twice", make(items=[item(), item(minor=0)])),
        _of.bad("two currencies", "receipt-currency", make(pay=[{**_CARD, "cur": "CHF"}])),
        _of.bad("cash paid online", "receipt-pay-state", make(pay=[{**_CARD, "m": "cash"}])),
        _of.bad("card paid in cash", "receipt-pay-state", make(pay=[{**_CARD, "st": "cash"}])),
        _of.bad("nothing to pay, but no free tender", "receipt-free",
                make(items=_GIFT, tax=_NO_TAX, pay=[{**_CARD, "minor": 0}])),
        _of.bad("free tender beside another", "receipt-free", make(pay=[_CARD, _FREE])),
        _of.bad("free tender beside two that cancel", "receipt-free",
                make(items=_GIFT, tax=_NO_TAX, pay=[_FREE, _CARD, _BACK])),
        _of.bad("total beyond 10^9", "receipt-pay-sum",
                make(items=_HUGE, tax=_HUGE_TAX, pay=[_HUGE_PAY, _HUGE_PAY])),
        _of.bad("free tender with an amount", "receipt-free", make(pay=[{**_FREE, "minor": 450}])),
        _of.bad("tax off by one", "receipt-tax-sum", make(tax=[{"rate": 1900, "net": 378, "vat": 71}])),
        _of.bad("one rate twice", "receipt-tax-sum", make(tax=[{"rate": 1900, "net": 225, "vat": 0}] * 2)),
        _of.bad("a rate without its row", "receipt-tax-rate",
                make(items=[item(minor=400), item(ed=8, minor=50, vat=700)])),
        _of.bad("a rate without its row, of a line that was free", "receipt-tax-rate",
                make(items=[item(), item(ed=8, minor=0, vat=700)])),
        _of.bad("a row for a rate that nothing has", "receipt-tax-rate",
                make(tax=[{"rate": 1900, "net": 378, "vat": 72}, {"rate": 700, "net": 0, "vat": 0}])),
        _of.bad("rows of two rates mixed up", "receipt-tax-rate",
                make(items=[item(minor=400), item(ed=8, minor=50, vat=700)],
                     tax=[{"rate": 1900, "net": 42, "vat": 8}, {"rate": 700, "net": 374, "vat": 26}])),
        _of.bad("VAT two units off for one line", "receipt-tax-amount", make(tax=[{"rate": 1900, "net": 380, "vat": 70}])),
        _of.bad("VAT where the rate is none", "receipt-tax-amount",
                make(items=[item(vat=0)], tax=[{"rate": 0, "net": 448, "vat": 2}])),
        _of.bad("payment off by one", "receipt-pay-sum", make(pay=[{**_CARD, "minor": 449}])),
        _of.bad("tip not paid", "receipt-pay-sum", make(tip=50)),
        _of.bad("owner with a weak key", "key-low-order", make(owner=doc.WEAK_DID), section="3"),
        _of.bad_token("signed by another than the box it names", "receipt-wrong-signer",
                      doc.forge(doc.CLOUD, receipt.RECEIPT, make())),
    ],
)  # fmt: skip

"""What proves a purchase: receipt and certificates, as pages and as the documents themselves."""

from __future__ import annotations

import io
import sqlite3
import uuid
import zipfile
from dataclasses import dataclass

from flask import Blueprint, Response, json, render_template

from stall.store import catalogue, claims, documents, journal, returns, sales
from stall.store.box import Box
from stall.store.sales import Sale
from stall.web import ids
from stall.web.buyer.shop import Shop
from stall.web.files import disposition
from stall.wire import event, receipt
from stall.wire.receipt import Receipt

_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
#: A receipt's words for what was paid with, and for where its time came from (design.md 8).
TENDERS = {
    "card": "Card",
    "cash": "Cash",
    "comp": "Given free",
    "voucher": "Voucher",
    "operator": "Card, on a separate reader, confirmed by the stall",
}
CLOCKS = {
    "ntp": "set from the internet",
    "rtc": "the box's own clock chip",
    "operator": "confirmed by the stall",
    "floor": "not sure; no earlier than this",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A receipt as signed, or what takes another back, and the sale it belongs to."""

    token: str
    receipt: Receipt
    sale: Sale
    typ: str

    @property
    def void(self) -> bool:
        """It takes its own sale back, whole."""
        return self.typ == receipt.VOID and self.sale.ref_sale is None

    @property
    def words(self) -> str:
        """What it is, as its page says it."""
        return _WORDS[self.typ] if self.sale.ref_sale is None or self.typ != receipt.RECEIPT else "Exchange"


_WORDS = {receipt.RECEIPT: "Receipt", receipt.REFUND: "Refund", receipt.VOID: "Void: the whole sale is taken back"}


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A paper that takes something of a sale back: the name of its page, and what it is."""

    jti: str
    words: str


def pages(shop: Shop) -> Blueprint:
    """The routes of receipt and certificate."""
    routes = Blueprint("papers", __name__)
    box = shop.box

    @routes.get("/r/<jti>")
    def show_receipt(jti: str) -> str:
        found = find_receipt(box, jti)
        lines = sales.lines(box.db.read(), found.sale.no)
        return render_template(
            "receipt.html",
            found=found,
            r=found.receipt,
            taken_back=[] if found.void else _taken_back(box, found.sale),
            bought=_bought(box, found),
            lines=lines,
            total=sum(pay.minor for pay in found.receipt.pay),
            seller=_beside(box.settings.seller, box.settings.name),
            tenders=TENDERS,
            clocks=CLOCKS,
        )

    @routes.get("/r/<jti>.jws")
    def receipt_document(jti: str) -> Response:
        return Response(find_receipt(box, jti).token, mimetype="application/jose")

    @routes.get("/c/<name>")
    def show_certificate(name: str) -> str:
        sale, document = _certificate(box.db.read(), name)
        found = sales.find(box.db.read(), sale)
        return render_template(
            "certificate.html",
            c=json.loads(document),
            name=name,
            jti=None if found is None else _id_of(box, found.receipt_event),
            taken_back=None
            if found is None
            else _id_of(box, found.void_event or returns.event_of(box.db.read(), _uuid(name))),
        )

    @routes.get("/c/<name>.json")
    def certificate_document(name: str) -> Response:
        return Response(_certificate(box.db.read(), name)[1], mimetype="application/json")

    return routes


def _taken_back(box: Box, sale: Sale) -> list[TakenBack]:
    """The papers that take something of a sale back, in the order they were signed."""
    found = [
        (one.receipt_event, "Exchange" if one.issue or one.total_minor > 0 else "Given back")
        for one in returns.of_sale(box.db.read(), sale.no)
        if one.receipt_event is not None
    ]
    if sale.void_event is not None and sale.void_event not in {key for key, _ in found}:
        found.append((sale.void_event, "Its void"))
    return [TakenBack(ids.receipt_id(box.secrets, key), words) for key, words in sorted(found)]


def _bought(box: Box, found: Found) -> str | None:
    """The receipt that a paper takes something back of."""
    if found.void:
        return _id_of(box, found.sale.receipt_event)
    of = None if found.sale.ref_sale is None else sales.find(box.db.read(), found.sale.ref_sale)
    return None if of is None else _id_of(box, of.receipt_event)


def _beside(seller: str, stall: str) -> str:
    """What the seller's words add to the stall's name, which stands above them."""
    return seller[len(stall) :].lstrip(" ,;·\n") if seller.startswith(stall) else seller


def _id_of(box: Box, event_key: int | None) -> str | None:
    return None if event_key is None else ids.receipt_id(box.secrets, event_key)


def find_receipt(box: Box, jti: str) -> Found:
    """The receipt an address names. Raises Refused `page-unknown`."""
    conn = box.db.read()
    data = journal.event_bytes(conn, ids.receipt_event(box.secrets, jti))
    body = {} if data is None else event.decode(data).body
    token, number = body.get("receipt"), body.get("sale")
    sale = sales.find(conn, number) if isinstance(number, int) else None
    if not isinstance(token, str) or sale is None:
        raise ids.unknown_page()
    own = box.secrets.signing
    typ, signed = receipt.verify_any(token, {own.thumbprint: own.public})
    return Found(token, signed, sale, typ)


def papers_zip(box: Box, grant: claims.Grant) -> Response:
    """The buyer's papers as one small ZIP, made in memory: nothing in it is larger than a page of text."""
    conn = box.db.read()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name, text in _papers(conn, box, grant):
            made.writestr(zipfile.ZipInfo(name, _ZIP_DAY), text)
    answer = Response(out.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = disposition("papers.zip")
    return answer


def _papers(conn: sqlite3.Connection, box: Box, grant: claims.Grant) -> list[tuple[str, str]]:
    sale = sales.get(conn, grant.sale)
    found = find_receipt(box, ids.receipt_id(box.secrets, sale.receipt_event or 0))
    papers = [("receipt.jws", found.token)]
    for item in claims.bought(conn, grant.sale):
        label = item.drop_id if item.ed is None else f"{item.drop_id}-{item.ed}"
        document = None if item.certificate is None else claims.certificate(conn, item.certificate)
        if document is not None:
            papers.append((f"certificate-{label}.json", document[1]))
        papers.append((f"manifest-{item.drop_id}.jws", catalogue.pack_manifest(conn, item.pack)))
        card = catalogue.card(conn, item.drop_id, box.now_ms())
        creator = None if card is None else documents.creator_no(conn, card.creator)
        given = documents.delegation_of(conn, creator or 0, box.secrets.signing.thumbprint)
        if given is not None:
            papers.append((f"delegation-{item.drop_id}.jws", given[0]))
    return list(dict(papers).items())


def _certificate(conn: sqlite3.Connection, name: str) -> tuple[int, str]:
    found = claims.certificate(conn, _uuid(name))
    if found is None:
        raise ids.unknown_page()
    return found


def _uuid(name: str) -> bytes:
    try:
        return uuid.UUID(name).bytes
    except ValueError:
        return b""

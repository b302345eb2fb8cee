"""What proves a purchase: receipt and certificates, as pages and as the documents themselves."""

from __future__ import annotations

import io
import sqlite3
import uuid
import zipfile
from dataclasses import dataclass

from flask import Blueprint, Response, json, render_template

from stall.store import catalogue, claims, documents, journal, sales
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
    """A receipt as signed, or the void that takes it back, and the sale it belongs to."""

    token: str
    receipt: Receipt
    sale: Sale
    void: bool


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
            taken_back=None if found.void else _id_of(box, found.sale.void_event),
            bought=_id_of(box, found.sale.receipt_event) if found.void else None,
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
            taken_back=None if found is None else _id_of(box, found.void_event),
        )

    @routes.get("/c/<name>.json")
    def certificate_document(name: str) -> Response:
        return Response(_certificate(box.db.read(), name)[1], mimetype="application/json")

    return routes


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
    return Found(token, signed, sale, typ == receipt.VOID)


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
    try:
        found = claims.certificate(conn, uuid.UUID(name).bytes)
    except ValueError:
        found = None
    if found is None:
        raise ids.unknown_page()
    return found

"""What proves a purchase: receipt and certificates, as pages and as the documents themselves.

What draws them judges what they are worth: a twentieth of the program, loaded when the first of them is looked at.
"""

from __future__ import annotations

from flask import Blueprint, Response

from stall.store import claims
from stall.store.box import Box
from stall.web import ids
from stall.web.buyer.shop import Shop


def pages(shop: Shop) -> Blueprint:
    """The routes of receipt and certificate."""
    routes = Blueprint("papers", __name__)
    box = shop.box

    @routes.get("/r/<jti>")
    def show_receipt(jti: str) -> str:
        from stall.web.buyer import paper_pages

        return paper_pages.receipt_page(box, jti)

    @routes.get("/r/<jti>.jws")
    def receipt_document(jti: str) -> Response:
        from stall.web.buyer import paper_pages

        return Response(paper_pages.find_receipt(box, jti).token, mimetype="application/jose")

    @routes.get("/c/<name>")
    def show_certificate(name: str) -> str:
        from stall.web.buyer import paper_pages

        return paper_pages.certificate_page(box, name)

    @routes.get("/c/<name>.json")
    def certificate_document(name: str) -> Response:
        found = claims.certificate(box.db.read(), ids.certificate_uuid(name))
        if found is None:
            raise ids.unknown_page()
        return Response(found[1], mimetype="application/json")

    return routes


def papers_zip(box: Box, grant: claims.Grant) -> Response:
    """The buyer's papers as one small ZIP."""
    from stall.web.buyer import paper_pages

    return paper_pages.papers_zip(box, grant)

"""What proves a purchase: receipt and certificates, as pages and as the documents themselves."""

from __future__ import annotations

from types import ModuleType

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
        return str(drawn().receipt_page(box, jti))

    @routes.get("/r/<jti>.jws")
    def receipt_document(jti: str) -> Response:
        return Response(drawn().find_receipt(box, jti).token, mimetype="application/jose")

    @routes.get("/c/<name>")
    def show_certificate(name: str) -> str:
        return str(drawn().certificate_page(box, name))

    @routes.get("/c/<name>.json")
    def certificate_document(name: str) -> Response:
        found = claims.certificate(box.db.read(), drawn().uuid_of(name))
        if found is None:
            raise ids.unknown_page()
        return Response(found[1], mimetype="application/json")

    return routes


def papers_zip(box: Box, grant: claims.Grant) -> Response:
    """The buyer's papers as one small ZIP."""
    answer = drawn().papers_zip(box, grant)
    assert isinstance(answer, Response)  # noqa: S101 - tells the type checker
    return answer


def drawn() -> ModuleType:
    """What draws papers: it judges what they are worth, and is loaded when the first of them is looked at."""
    from stall.web.buyer import paper_pages  # noqa: PLC0415 - a twentieth of the program, and nobody begins with a paper

    return paper_pages

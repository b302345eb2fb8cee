"""What proves a purchase: receipt and certificates, as pages and as the documents themselves.

What draws them judges what they are worth: a twentieth of the program, loaded when the first of them is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from stall.domain.papersheet import Form
from stall.store import claims
from stall.store.box import Box
from stall.web import ids, language
from stall.web.buyer.shop import Shop

if TYPE_CHECKING:
    from stall.web.drawing import Drawing


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

    @routes.get("/r/<jti>.pdf")
    def drawn_receipt(jti: str) -> Response:
        from stall.web.buyer import paper_drawn

        return paper_drawn.receipt(box, jti, shop.draughts.drawing(), shop.tries)

    @routes.get("/c/<name>.pdf")
    def certificate_pdf(name: str) -> Response:
        return drawn_certificate(name, "pdf")

    @routes.get("/c/<name>.png")
    def certificate_picture(name: str) -> Response:
        return drawn_certificate(name, "png")

    def drawn_certificate(name: str, form: Form) -> Response:
        from stall.web.buyer import paper_drawn

        return paper_drawn.certificate(box, name, form, shop.draughts.drawing(), shop.tries)

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


def papers_zip(shop: Shop, grant: claims.Grant) -> Response:
    """The buyer's papers as one small ZIP."""
    from stall.web.buyer import paper_drawn

    return paper_drawn.papers_zip(shop.box, grant, shop.draughts.drawing(), shop.tries)


def draw_ahead(shop: Shop, sale: int) -> None:
    """Have the papers of a sale drawn soon, in the language of the page at hand: whoever looks at them wants them next."""
    drawing, lang = shop.draughts.drawing(), language.current()
    if drawing is not None:
        drawing.ahead((sale, lang), lambda: _look(shop.box, sale, lang, drawing))


def _look(box: Box, sale: int, lang: str, drawing: Drawing) -> None:
    from stall.web.buyer import paper_drawn

    paper_drawn.draw_ahead(box, sale, lang, drawing)

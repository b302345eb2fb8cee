"""The checks before every page of the buyers' app, and the headers after."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.web.stock import Stocked


def test_an_address_that_names_nothing_gives_one_plain_page(buyer: FlaskClient) -> None:
    answer = buyer.get("/nothing/here")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert "page-unknown" in answer.text


def test_stock_is_there(stocked_box: Stocked) -> None:
    from stall.store import catalogue

    cards = catalogue.cards(stocked_box.box.db.read(), stocked_box.box.now_ms())
    assert [(c.drop_id, c.remaining, c.offer.value) for c in cards] == [
        ("harbour-prints", 5, "open"), ("night-zine", None, "open"), ("free-sampler", None, "open"),
    ]  # fmt: skip

"""A buyer's order holds several items: more is added from the window, each line goes out again. Over HTTP, without script."""

from __future__ import annotations

import html
import json
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.flows import amend_basket, take_card
from stall.flows.take_cash import take_cash
from stall.store import sales
from stall.web.till import typed
from tests.fakes.stock import EDITION, PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling
from tests.web import phone

NOBODY = "A" * 21 + "g"


def name_of(order: str) -> str:
    return order.split("?", maxsplit=1)[0].rsplit("/", 1)[-1]


def lines(stall: Stocked, order: str) -> list[tuple[str, int, int | None]]:
    found = sales.lines(stall.box.db.read(), phone.sale_of(stall, order.split("?", maxsplit=1)[0]))
    return [(line.title, line.qty, line.ed) for line in found]


def walk_and_add(buyer: FlaskClient, order: str, drop: str, **fields: str) -> TestResponse:
    """From the order's page to the window, to an item, and its button; as a finger does it."""
    link = re.search(r'href="(/\?o=[^"]+)"', buyer.get(order).text)
    assert link
    item = re.search(rf'href="(/d/{drop}\?o=[^"]+)"', buyer.get(html.unescape(link[1])).text)
    assert item
    page = buyer.get(html.unescape(item[1]))
    action = re.search(r'<form class="act" id="get" method="post" action="([^"]+)"', page.text)
    assert action
    form = {"press": phone.press_of(page), "drop": drop, **fields}
    return buyer.post(html.unescape(action[1]), data=form)


def version(buyer: FlaskClient, order: str) -> str:
    return str(json.loads(buyer.get(f"{order}/state").data)["version"])


def out_forms(page: str) -> list[dict[str, str]]:
    found = re.findall(r'action="[^"]+/remove[^"]*">(.*?)</form>', page, re.DOTALL)
    return [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in found]


def test_an_item_is_added_from_the_window_and_stands_on_the_order(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    added = walk_and_add(buyer, order, PRINTS, ed="3")
    assert (added.status_code, added.headers["Location"]) == (303, order)
    assert lines(stocked_box, order) == [("Night Zine", 1, None), ("Harbour Prints", 1, 3)]
    page = buyer.get(order).text
    assert "€7.50" in page
    assert 'you asked for <span class="whole">No. 3</span>' in page


def test_every_page_of_the_window_keeps_the_order_and_the_language_and_says_whose_it_is(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    order = phone.order(buyer, ZINE)
    code = sales.get(stocked_box.box.db.read(), phone.sale_of(stocked_box, order)).basket_code
    kept = f"o={name_of(order)}&amp;lang=de"
    for path in (f"/?o={name_of(order)}&lang=de", f"/d/{PRINTS}?o={name_of(order)}&lang=de"):
        page = buyer.get(path)
        assert f"Bestellung {code}: 1 Stück, 3,00" in page.text
        assert f'href="/o/{name_of(order)}?lang=de"' in page.text
        assert page.headers["Cache-Control"] == "no-store"
        inside = re.findall(r'href="(/(?:d/[a-z-]+)?(?:\?[^"]*)?)"', page.text)
        assert inside
        assert all(kept in link for link in inside), inside


def test_the_same_press_adds_once(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    press = phone.press_of(buyer.get(f"/d/{PRINTS}?o={name_of(order)}"))
    answers = [buyer.post(f"{order}/add", data={"press": press, "drop": PRINTS}) for _ in range(3)]
    assert {answer.headers["Location"] for answer in answers} == {order}
    assert len(lines(stocked_box, order)) == 2


def test_each_line_goes_out_with_its_button(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    walk_and_add(buyer, order, PRINTS)
    walk_and_add(buyer, order, SAMPLER)
    first, second, third = out_forms(buyer.get(order).text)
    assert buyer.post(f"{order}/remove", data=second).headers["Location"] == order
    assert [title for title, _, _ in lines(stocked_box, order)] == ["Night Zine", "Free Sampler"]
    stale = buyer.post(f"{order}/remove", data=third)
    assert (stale.status_code, "was changed meanwhile" in stale.text) == (409, True)
    assert buyer.post(f"{order}/remove", data=second).status_code == 303  # the same press again
    assert len(lines(stocked_box, order)) == 2
    assert first["line"] == "0"


def test_an_empty_order_says_so_and_leads_back(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    (only,) = out_forms(buyer.get(order).text)
    emptied = buyer.post(f"{order}/remove?lang=fr", data=only).headers["Location"]
    assert emptied == f"{order}?emptied=1&lang=fr"
    page = buyer.get(emptied).text
    assert "Votre commande est vide" in page
    assert 'class="button" href="/?lang=fr"' in page
    assert "given up" in buyer.get(order).text
    # what is chosen now becomes a new order
    again = buyer.get(f"/d/{ZINE}?o={name_of(order)}").text
    assert f'action="/d/{ZINE}/order"' in again


def test_what_was_free_in_the_end_is_taken_with_one_button(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    walk_and_add(buyer, order, SAMPLER)
    buyer.post(f"{order}/remove", data=out_forms(buyer.get(order).text)[0])
    page = buyer.get(order)
    assert "Take it, free" in page.text
    assert "Show this at the stall" not in page.text
    assert buyer.post(f"{order}/take", data={"press": phone.press_of(page)}).headers["Location"] == order
    assert "It is yours." in buyer.get(order).text


def _card(stall: Stocked, sale: int) -> None:
    with stall.box.db.transaction() as tx:
        from stall.store import readers

        readers.report(tx, 1, "Reader", "ready", "Ready")
    selling.send(stall, selling.ask(stall, sale))


def _aside(stall: Stocked, sale: int) -> None:
    stall.box.write("payment", lambda tx: amend_basket.park(tx, sale))


def _paid(stall: Stocked, sale: int) -> None:
    phone.pay_cash(stall, sale)


def _dropped(stall: Stocked, sale: int) -> None:
    stall.box.write("payment", lambda tx: take_card.drop_sale(tx, sale))


@pytest.mark.parametrize(
    ("become", "said"),
    [(_card, "is being paid"), (_aside, "put this order aside"), (_paid, "is paid, so it stays"), (_dropped, "was given up")],
)  # fmt: skip
def test_what_cannot_be_changed_now_says_why_on_its_own_page(
    buyer: FlaskClient, stocked_box: Stocked, become: object, said: str
) -> None:
    order = phone.order(buyer, ZINE)
    before = out_forms(buyer.get(order).text)[0]
    assert callable(become)
    become(stocked_box, phone.sale_of(stocked_box, order))
    for answer in (
        buyer.post(f"{order}/remove", data=before),
        buyer.post(f"{order}/add", data={"press": NOBODY, "drop": PRINTS}),
    ):
        assert answer.status_code == 409
        assert said in html.unescape(answer.text)
        assert 'id="turns"' in answer.text
    page = buyer.get(order).text
    assert "/remove" not in page
    assert "/?o=" not in page
    assert f'action="/d/{PRINTS}/order"' in buyer.get(f"/d/{PRINTS}?o={name_of(order)}").text
    assert len(lines(stocked_box, order)) == 1


def test_what_is_sold_out_or_taken_is_said_on_the_order(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    phone.sell(stocked_box, PRINTS)
    taken = buyer.post(f"{order}/add", data={"press": NOBODY, "drop": PRINTS, "ed": "1"})
    assert (taken.status_code, "Number 1 of Harbour Prints is taken" in taken.text) == (409, True)
    for _ in range(EDITION - 1):
        phone.sell(stocked_box, PRINTS)
    gone = buyer.post(f"{order}/add", data={"press": NOBODY, "drop": PRINTS})
    assert (gone.status_code, "is sold out" in gone.text, "Night Zine" in gone.text) == (409, True, True)
    assert f'content="15;url={order}"' in gone.text  # without script: back to the page itself, once it was read
    assert buyer.post(f"{order}/add", data={"press": NOBODY, "drop": "no-such"}).status_code == 404
    assert buyer.post(f"{order}/add", data={"press": NOBODY, "drop": PRINTS, "ed": "x"}).status_code == 400


def test_the_four_letters_alone_change_nothing(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    code = sales.get(stocked_box.box.db.read(), phone.sale_of(stocked_box, order)).basket_code
    for name in (str(code), NOBODY):
        assert buyer.get(f"/o/{name}").status_code == 404
        assert buyer.post(f"/o/{name}/add", data={"press": NOBODY, "drop": PRINTS}).status_code == 404
        assert buyer.post(f"/o/{name}/remove", data={"press": NOBODY, "line": "0", "seen": ""}).status_code == 404
        assert buyer.post(f"/o/{name}/take", data={"press": NOBODY}).status_code == 404
        assert "order.adding" not in buyer.get(f"/?o={name}").text
        assert "/add" not in buyer.get(f"/d/{PRINTS}?o={name}").text
    assert len(lines(stocked_box, order)) == 1


def test_the_page_turns_when_the_stall_changes_the_order(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    before = version(buyer, order)
    sale = phone.sale_of(stocked_box, order)
    stocked_box.box.write("payment", lambda tx: amend_basket.discount(tx, sale, basis_points=1000))
    assert version(buyer, order) != before
    assert "€2.70" in buyer.get(order).text


def test_the_scanner_of_the_till_finds_the_order_by_its_code(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    page = buyer.get(order).text
    sale = sales.get(stocked_box.box.db.read(), phone.sale_of(stocked_box, order))
    assert page.count('class="qr"') == 1
    meant = typed.read(stocked_box.box.db.read(), stocked_box.box.secrets, sale.basket_code or "")
    assert meant.sale == sale.no
    phone.pay_cash(stocked_box, sale.no)
    assert 'class="qr"' not in buyer.get(order).text


def test_a_part_that_is_paid_stands_beside_what_is_left(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, PRINTS)
    sale = phone.sale_of(stocked_box, order)
    stocked_box.box.write("payment", lambda tx: take_cash(tx, sale, 1, 100, part_minor=100))
    page = buyer.get(order).text
    assert "Still to pay" in page
    assert "€3.50" in page
    assert "Paid already: €1.00 of €4.50" in page


def test_a_long_order_with_long_names_is_drawn_whole(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, PRINTS)
    sale = phone.sale_of(stocked_box, order)
    for n in range(29):
        assert buyer.post(f"{order}/add", data={"press": f"{n:02}{'A' * 19}g", "drop": PRINTS}).status_code in {
            303,
            429,
        }
    stocked_box.box.write(
        "payment",
        lambda tx: tx.conn.execute("UPDATE lines SET title = ? WHERE id >> 8 = ?", ("Donaudampfschiff" * 12, sale)),
    )
    page = buyer.get(order).text
    assert page.count("<li>") >= len(lines(stocked_box, order)) > 20

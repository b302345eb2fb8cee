"""One field for everything: a word filters, a barcode sells, a basket's code opens it, a claim or receipt finds its sale."""

from __future__ import annotations

import pytest

from stall.flows.fill_basket import Wish, fill_basket
from stall.store import claim_codes, sales
from stall.web import ids
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web import goods
from tests.web.till_pages import Till, text


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.write(goods.add_products)
    return made


def sold(till: Till) -> tuple[str, sales.Sale]:
    """A zine sold for cash, and its row."""
    sale = till.press_tile(stock.ZINE)
    till.post(f"{sale}/cash", ordinal=1, given="3")
    return sale, sales.get(till.box.db.read(), int(sale.rsplit("/", 1)[1]))


def test_a_word_filters_the_tiles_without_script(till: Till) -> None:
    answer = till.scan("zine")
    assert (answer.status_code, answer.location) == (303, "/?q=zine")
    page = till.see("/?q=zine")
    assert "Night Zine" in page
    assert "Zine and three cards" in page
    assert "Harbour Prints" not in page
    assert "Show everything" in page


def test_what_a_bundle_is_made_of_finds_it(till: Till) -> None:
    assert "Zine and three cards" in till.see("/?q=POSTCARD")


def test_a_search_keeps_the_sale_that_gets_another_item(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    no = sale.rsplit("/", 1)[1]
    assert till.scan("post", "/", add=no).location == f"/?add={no}&q=post"
    assert f'name="add" value="{no}"' in till.client.get(f"/?add={no}&q=post").text


def test_a_barcode_begins_a_sale_and_the_next_adds_to_it(till: Till) -> None:
    first = till.scan(goods.BARCODE)
    assert first.status_code == 303
    no = first.location.rsplit("/", 1)[1]
    again = till.scan(goods.BARCODE, first.location, add=no)
    assert again.location == first.location
    assert "Postcard − 2 + €2.40" in till.see(first.location)


def test_one_scan_sent_twice_is_one_sale(till: Till) -> None:
    press = till.press("/")
    places = {till.post("/find", press=press, q=goods.BARCODE).location for _ in range(2)}
    assert len(places) == 1
    assert till.count("sales") == 1


def test_a_barcode_of_what_has_no_price_asks_for_it(till: Till) -> None:
    till.write(lambda tx: tx.conn.execute("UPDATE products SET barcode = '12345' WHERE sku = 'frame'"))
    assert till.scan("12345").location == "/price/frame"


@pytest.mark.parametrize("spelling", ["HTTP://127.0.0.1:8000/T/{}", "http://stall.local/T/{}?x=1", "{}", " {} "])
def test_a_claim_as_scanned_or_typed_finds_its_sale(till: Till, spelling: str) -> None:
    sale, row = sold(till)
    code = claim_codes.code_of(till.box.db.read(), till.box.secrets.claim_key, row)
    assert till.scan(spelling.format(code)).location == sale


def test_the_addresses_of_an_order_and_a_receipt_find_its_sale(till: Till) -> None:
    sale, row = sold(till)
    assert row.receipt_event is not None
    own = till.box.secrets
    assert till.scan(f"http://127.0.0.1:8000/o/{ids.order_id(own, row.no)}").location == sale
    assert till.scan(f"http://127.0.0.1:8000/r/{ids.receipt_id(own, row.receipt_event)}").location == sale


@pytest.mark.parametrize(
    "typed", ["http://127.0.0.1:8000/o/AAAAAAAAAAAAAAAAAAAAAA", "http://x/r/nothing", "0" * 26, "9" * 13, "<b>"]
)
def test_what_leads_nowhere_is_told(till: Till, typed: str) -> None:
    answer = till.scan(typed)
    assert answer.status_code == 404
    assert "Type or scan it again" in text(answer)
    assert till.count("sales") == 0


def test_a_basket_is_found_before_a_word_of_the_same_letters(till: Till) -> None:
    no = till.write(lambda tx: fill_basket(tx, [Wish(stock.ZINE)], origin="buyer", vat_bp=1900))
    till.write(lambda tx: tx.conn.execute("UPDATE sales SET basket_code = 'ZNEA' WHERE no = ?", (no,)))
    assert till.scan("znea").location == f"/sale/{no}"


def test_a_voucher_scanned_at_a_sale_waits_in_its_field(till: Till) -> None:
    sale = till.press_product("gift", amount="20")
    till.post(f"{sale}/cash", ordinal=1, given="20")
    from stall.store import voucher_codes

    row = sales.get(till.box.db.read(), int(sale.rsplit("/", 1)[1]))
    (shown,) = voucher_codes.of_sale(till.box.db.read(), till.box.secrets.claim_key, row)
    spent = till.press_tile(stock.ZINE)
    answer = till.scan(shown.code, spent, add=spent.rsplit("/", 1)[1])
    assert answer.status_code == 200
    assert 'name="code"' in answer.text
    assert f'value="{shown.code}"' in answer.text
    assert till.count("attempts") == 1  # nothing was paid by a scan


def test_an_empty_field_shows_everything(till: Till) -> None:
    assert till.scan("").location == "/"

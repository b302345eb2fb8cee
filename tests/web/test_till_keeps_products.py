"""Products at the till, kept by the maker: added, changed, counted, moved, pictured; all of it without script."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from stall.domain.product import ProductKind
from stall.store import audit, picture, products
from stall.store.products import Product
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web.till_pages import Till, text

CARD = {"kind": "item", "title": "Postcard", "price": "1,20", "vat": "7", "stock": "40"}


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


def add(till: Till, **fields: object) -> TestResponse:
    return till.post("/products/new", press=till.press("/products/new"), **{**CARD, **fields})


def kept(till: Till) -> list[Product]:
    return products.every(till.box.db.read())


def photo(size: tuple[int, int] = (1200, 900)) -> bytes:
    made = io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)  # GPSLatitude
    Image.new("RGB", size, (10, 90, 200)).save(made, "JPEG", exif=exif)
    return made.getvalue()


def send_picture(till: Till, data: bytes, no: int = 1) -> TestResponse:
    return till.post(f"/products/{no}/picture", picture=(io.BytesIO(data), "photo.jpg"))


def test_a_product_is_added_and_shown_with_price_rate_and_stock(till: Till) -> None:
    answer = add(till)
    assert answer.location == "/products/1?done=new"
    assert "Postcard is added." in till.see(answer.location)
    assert "Postcard €1.20 · VAT 7 % · 40 in stock On sale" in till.see("/products")
    [product] = kept(till)
    assert (product.sku, product.price_minor, product.vat_bp, product.stock) == ("postcard", 120, 700, 40)


def test_a_second_press_adds_nothing(till: Till) -> None:
    press = till.press("/products/new")
    places = {till.post("/products/new", press=press, **CARD).location for _ in range(2)}
    assert len(places) == 1
    assert len(kept(till)) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": " "}, "1 to 120 signs"),
        ({"price": "much"}, "“much” is not an amount in EUR"),
        ({"vat": ""}, "no rate of VAT"),
        ({"stock": "some"}, "“some” is no number of pieces"),
        ({"kind": "gift"}, "no kind of product"),
        ({"kind": "bundle", "drop:night-zine": "x"}, "“x” is no number of pieces"),
        ({"kind": "bundle", "item:99": "1"}, "no product “99”"),
        ({"kind": "bundle"}, "at least one part"),
        ({"press": "x"}, "too old or was changed"),
    ],
)
def test_what_is_not_right_is_told_and_what_was_typed_stays(till: Till, wrong: dict[str, str], words: str) -> None:
    fields = {"press": till.press("/products/new"), **CARD, "barcode": "4006381333931", **wrong}
    answer = till.post("/products/new", **fields)
    assert answer.status_code in {400, 404, 409}
    assert words in text(answer)
    assert 'value="4006381333931"' in answer.text
    assert kept(till) == []


def test_a_bundle_is_made_of_drops_and_things(till: Till) -> None:
    add(till)
    answer = add(till, kind="bundle", title="Both", price="5.99", **{f"drop:{stock.ZINE}": "1", "item:1": "3"})
    page = till.client.get(answer.location).text
    assert re.search(rf'name="drop:{stock.ZINE}" value="1"', page)
    assert re.search(r'name="item:1" value="3"', page)
    changed = till.post("/products/2", title="Both", price="5", **{f"drop:{stock.ZINE}": "1", "item:1": "2"})
    assert changed.location == "/products/2?done=changed"
    assert [part.qty for part in products.parts(till.box.db.read(), 2)] == [1, 2]
    assert kept(till)[1].stock is None


def test_a_voucher_bears_no_rate_whatever_is_typed(till: Till) -> None:
    add(till, kind="voucher", price="", stock="")
    [voucher] = kept(till)
    assert (voucher.kind, voucher.vat_bp, voucher.price_minor) == (ProductKind.VOUCHER, 0, None)
    assert "Price typed when selling" in till.see("/products")


def test_changing_keeps_the_stock_that_sales_made_meanwhile(till: Till) -> None:
    add(till)
    page = till.client.get("/products/1").text
    till.write(lambda tx: tx.conn.execute("UPDATE products SET stock = 37"))
    assert 'name="stock" value="40"' in page  # seen before the sales
    till.post("/products/1", title="Postcard of the harbour", price="1.50", vat="7")
    [product] = kept(till)
    assert (product.title, product.price_minor, product.stock) == ("Postcard of the harbour", 150, 37)


def test_a_count_is_written_down_and_little_is_said(till: Till) -> None:
    add(till)
    answer = till.post("/products/1/count", stock="3")
    assert "Postcard is counted." in till.see(answer.location)
    assert "3 left" in till.see("/products")
    assert "“few” is no number" in text(till.post("/products/1/count", stock="few"))
    till.post("/products/1/count", stock="")
    assert kept(till)[0].stock is None


def test_off_sale_and_on_again(till: Till) -> None:
    add(till)
    answer = till.post("/products/switch", off="postcard")
    assert "Postcard is off sale." in till.see(answer.location)
    assert not kept(till)[0].on_sale
    till.post("/products/switch", on="postcard")
    assert kept(till)[0].on_sale
    assert till.post("/products/switch", on="nothing").status_code == 404


def test_a_bundle_cannot_be_sold_while_a_part_of_it_is_off_sale(till: Till) -> None:
    add(till)
    add(till, kind="bundle", title="Both", price="5.99", **{f"drop:{stock.ZINE}": "1", "item:1": "3"})
    tile = re.compile(r'<button[^>]*value="both"[^>]*disabled')
    assert not tile.search(till.client.get("/").text)
    till.post("/products/switch", off="postcard")
    assert tile.search(till.client.get("/").text)
    assert "Postcard not to be had" in till.see("/")


def test_up_and_down_move_a_tile_one_place_and_a_second_press_moves_no_further(till: Till) -> None:
    for title in "ABC":
        add(till, title=title)
    form = re.search(r'name="sku" value="c">\s*<button name="place" value="(\d+)"', till.client.get("/products").text)
    assert form
    for _ in range(2):
        assert till.post("/products/move", sku="c", place=form[1]).status_code == 303
    assert [each.sku for each in kept(till)] == ["a", "c", "b"]
    assert audit.audit(till.box.db.read(), till.box.secrets.signing.public).findings == []


def test_a_picture_becomes_a_small_one_without_where_it_was_taken(till: Till) -> None:
    add(till)
    answer = send_picture(till, photo())
    assert answer.location == "/products/1?done=pictured"
    cover = kept(till)[0].cover
    assert f"/cover/{cover}.jpg" in till.client.get("/products").text
    answer = till.client.get(f"/cover/{cover}.jpg")
    data = answer.data
    answer.close()
    with Image.open(io.BytesIO(data)) as shown:
        assert max(shown.size) == 640
        assert len(shown.getexif()) == 0
    assert list((till.box.folder / "covers").glob(".*")) == []


@pytest.mark.parametrize("data", [b"", b"not a picture", photo()[:500], b"\x89PNG\r\n\x1a\n" + b"\0" * 64])
def test_what_is_no_picture_is_told_and_leaves_nothing(till: Till, data: bytes) -> None:
    add(till)
    before = set((till.box.folder / "covers").iterdir())
    answer = send_picture(till, data)
    assert answer.status_code == 409
    assert "no picture" in text(answer).lower()
    assert kept(till)[0].cover is None
    assert set((till.box.folder / "covers").iterdir()) == before


def test_a_file_that_is_too_large_is_told(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MOST_BYTES", 100_000)
    monkeypatch.setattr("stall.web.till.products.MAX_PICTURE_BYTES", 200_000)
    add(till)
    assert "Choose a smaller copy" in text(send_picture(till, b"\xff" * 100_001))
    assert send_picture(till, b"\xff" * 200_001).status_code == 413
    assert till.post("/products/new", title="x" * 70_000).status_code == 413  # every other form stays small


def test_pillow_is_never_loaded_where_sales_are_made() -> None:
    code = "import sys; import stall.web.serve, stall.store.picture; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_a_product_that_is_not_there_is_told(till: Till) -> None:
    assert till.client.get("/products/9").status_code == 404
    assert till.post("/products/9", title="x", price="1", vat="7").status_code == 404

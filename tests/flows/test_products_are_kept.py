"""Products: added, changed, counted, moved; every change is an event, and what is refused changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stall.domain.product import ProductKind
from stall.errors import Refused
from stall.flows.basket_lines import ProductWish
from stall.flows.fill_basket import fill_basket
from stall.flows.keep_products import Draft, change_product, draft_of, move_product, save_product
from stall.store import audit, products
from stall.store.products import BundlePart, Product
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling

CARD = Draft("postcard", "Postcard", ProductKind.ITEM, 120, "EUR", 700, stock=40)


def save(stall: Stocked, draft: Draft) -> int:
    with stall.box.db.transaction() as tx:
        return save_product(tx, draft)


def change(stall: Stocked, sku: str, **changes: object) -> bool:
    with stall.box.db.transaction() as tx:
        return change_product(tx, sku, **changes)


def move(stall: Stocked, sku: str, place: int) -> None:
    with stall.box.db.transaction() as tx:
        move_product(tx, sku, place)


def found(stall: Stocked, sku: str) -> Product:
    product = products.find(stall.box.db.read(), sku)
    assert product is not None
    return product


def findings(stall: Stocked) -> list[str]:
    return audit.audit(stall.box.db.read(), stall.box.secrets.signing.public).findings


def test_changing_one_thing_leaves_the_rest_and_the_stock_that_sales_made(stall: Stocked) -> None:
    save(stall, CARD)
    with stall.box.db.transaction() as tx:
        sale = fill_basket(tx, [ProductWish("postcard", 3)], origin="till", vat_bp=1900)
    selling.cash(stall, sale)
    assert change(stall, "postcard", price_minor=150)
    kept = found(stall, "postcard")
    assert (kept.price_minor, kept.stock, kept.title, kept.vat_bp) == (150, 37, "Postcard", 700)
    assert findings(stall) == []


def test_a_change_that_changes_nothing_is_no_event(stall: Stocked) -> None:
    save(stall, CARD)
    assert not change(stall, "postcard", title="Postcard")
    assert len(selling.events(stall, "product")) == 1


def test_a_count_is_an_event(stall: Stocked) -> None:
    save(stall, CARD)
    change(stall, "postcard", stock=3)
    assert [event.body["stock"] for event in selling.events(stall, "product")] == [40, 3]
    assert found(stall, "postcard").left_words == "3 left"


def test_a_bundle_keeps_its_parts_when_its_price_changes(stall: Stocked) -> None:
    card = save(stall, CARD)
    parts = (BundlePart(ZINE, None, 1), BundlePart(None, card, 3))
    save(stall, Draft("both", "Zine and three cards", ProductKind.BUNDLE, 599, "EUR", 1900, parts=parts))
    change(stall, "both", price_minor=550)
    with stall.box.db.transaction() as tx:
        assert tuple(draft_of(tx, "both").parts) == parts
    assert selling.events(stall, "product")[-1].body["parts"] == [
        {"drop": ZINE, "qty": 1},
        {"sku": "postcard", "qty": 3},
    ]


@pytest.mark.parametrize(
    ("sku", "place", "order"), [("c", 1, "cab"), ("a", 3, "bca"), ("b", 9, "acb"), ("b", -1, "bac"), ("b", 2, "abc")]
)
def test_a_product_is_put_at_a_place_and_the_audit_follows(stall: Stocked, sku: str, place: int, order: str) -> None:
    for name in "abc":
        save(stall, replace(CARD, sku=name, title=name))
    move(stall, sku, place)
    assert "".join(each.sku for each in products.every(stall.box.db.read())) == order
    assert len(selling.events(stall, "shelf")) == (order != "abc")
    assert findings(stall) == []


def test_the_audit_names_an_order_that_no_event_tells_of(stall: Stocked) -> None:
    for name in "ab":
        save(stall, replace(CARD, sku=name, title=name))
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE products SET position = 9 WHERE sku = 'a'")
    assert findings(stall) == ["The products stand in another order in the table than the journal tells."]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"title": ""}, "product-name"),
        ({"title": "two\nlines"}, "product-name"),
        ({"sku": "voucher/7"}, "product-name"),
        ({"price_minor": -1}, "product-price"),
        ({"vat_bp": 10_001}, "product-vat"),
        ({"stock": 1_000_001}, "product-stock"),
        ({"barcode": ""}, "product-barcode"),
        ({"barcode": "12\x00"}, "product-barcode"),
        ({"cur": "XXX"}, "currency-unknown"),
        ({"parts": (BundlePart(ZINE, None, 1),)}, "bundle-parts"),
        ({"kind": ProductKind.VOUCHER}, "product-vat"),
        ({"kind": ProductKind.BUNDLE, "stock": None}, "bundle-parts"),
        ({"kind": ProductKind.BUNDLE, "stock": 1, "parts": (BundlePart(ZINE, None, 1),)}, "product-stock"),
        ({"kind": ProductKind.BUNDLE, "stock": None, "parts": (BundlePart("nothing", None, 1),)}, "bundle-parts"),
    ],
)
def test_what_is_not_right_is_refused_and_changes_nothing(stall: Stocked, wrong: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        save(stall, replace(CARD, **wrong))  # type: ignore[arg-type]  # each value belongs to its name
    assert refused.value.code == code
    assert products.every(stall.box.db.read()) == []


def test_a_barcode_belongs_to_one_product(stall: Stocked) -> None:
    save(stall, replace(CARD, barcode="4006381333931"))
    with pytest.raises(Refused) as refused:
        save(stall, replace(CARD, sku="other", barcode="4006381333931"))
    assert refused.value.code == "product-barcode"
    save(stall, replace(CARD, barcode="4006381333931", title="The same again"))


def test_a_name_on_receipts_is_made_from_the_title_and_taken_once(stall: Stocked) -> None:
    for made in ("grosse-m", "grosse-m-2", "grosse-m-3"):
        with stall.box.db.transaction() as tx:
            sku = products.free_sku(tx.conn, "Größe M")
            save_product(tx, replace(CARD, sku=sku))
        assert sku == made

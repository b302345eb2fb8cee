"""What no receipt could say is refused before money is taken for it, not after a card was charged."""

from __future__ import annotations

import pytest

from stall.domain.product import ProductKind
from stall.errors import Refused
from stall.flows.basket_lines import AnyWish, ProductWish
from stall.flows.fill_basket import fill_basket
from stall.flows.keep_products import Draft, save_product
from stall.store import attempts, sales
from stall.store.products import BundlePart
from tests.fakes.stock import Stocked
from tests.flows import selling

LIMIT = 10**9


def basket(stall: Stocked, *wishes: AnyWish) -> int:
    with stall.box.db.transaction() as tx:
        return fill_basket(tx, list(wishes), origin="till", vat_bp=selling.VAT)


def shelf(stall: Stocked, *drafts: Draft) -> list[int]:
    with stall.box.db.transaction() as tx:
        return [save_product(tx, draft) for draft in drafts]


def named(letter: str) -> list[Draft]:
    """As many things as a sale has lines, each with the longest name there is."""
    return [Draft(letter * 117 + f"{n:03}", f"Thing {n}", ProductKind.ITEM, 100, "EUR", 1900) for n in range(200)]


def test_longest_names_of_one_byte_a_letter_fit_in_200_lines(stall: Stocked) -> None:
    shelf(stall, *named("a"))
    sale = basket(stall, *[ProductWish(draft.sku) for draft in named("a")])
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(20_000))
    selling.pay(stall, attempt)
    assert len(selling.receipt_of(stall, sale).items) == 200


@pytest.mark.parametrize("letter", ["é", "中", "😀"])
def test_what_is_too_long_for_a_receipt_is_not_charged(stall: Stocked, letter: str) -> None:
    shelf(stall, *named(letter))
    sale = basket(stall, *[ProductWish(draft.sku) for draft in named(letter)])
    with pytest.raises(Refused, match="too long for one receipt"):
        selling.ask(stall, sale)
    with pytest.raises(Refused, match="too long for one receipt"):
        selling.cash(stall, sale, 20_000)
    conn = stall.box.db.read()
    assert (attempts.of_sale(conn, sale), sales.get(conn, sale).state) == ([], "basket")


def test_a_sale_has_no_more_rates_of_vat_than_a_receipt(stall: Stocked) -> None:
    drafts = [Draft(f"thing-{n}", f"Thing {n}", ProductKind.ITEM, 100, "EUR", 10 * n) for n in range(21)]
    shelf(stall, *drafts)
    with pytest.raises(Refused, match="at most 20 rates"):
        basket(stall, *[ProductWish(draft.sku) for draft in drafts])
    selling.cash(stall, basket(stall, *[ProductWish(draft.sku) for draft in drafts[:20]]))


def test_a_bundle_is_not_cheaper_by_more_than_a_receipt_can_say(stall: Stocked) -> None:
    (dear,) = shelf(stall, Draft("dear", "Dear", ProductKind.ITEM, LIMIT, "EUR", 1900))
    shelf(
        stall, Draft("both", "Two dear ones", ProductKind.BUNDLE, 100, "EUR", 1900, parts=(BundlePart(None, dear, 2),))
    )
    with pytest.raises(Refused, match="more than one sale can take"):
        basket(stall, ProductWish("both"))


def test_no_rate_of_vat_adds_up_to_more_than_a_receipt_can_say(stall: Stocked) -> None:
    shelf(
        stall,
        Draft("dear", "Dear", ProductKind.ITEM, LIMIT, "EUR", 0),
        Draft("crate", "Deposit for the crate", ProductKind.DEPOSIT, LIMIT, "EUR", 700),
    )
    with pytest.raises(Refused, match="more than one sale can take"):
        basket(stall, ProductWish("dear"), ProductWish("crate", back=True), ProductWish("dear"))

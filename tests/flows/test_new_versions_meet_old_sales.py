"""A new version of a drop arrives while baskets, numbers and claims of the old one are about."""

from __future__ import annotations

import json
from secrets import token_bytes
from typing import Any

import msgspec
import pytest

from stall.errors import Refused, StallError
from stall.flows.accept_document import accept_lease
from stall.flows.claim import redeem_order
from stall.flows.record_pack import Prepared, check_version, record_pack
from stall.store import catalogue, claims
from stall.wire import credential, jws, keys, lease, manifest
from tests.fakes.stock import CREATOR, PRINTS, ZINE, Stocked
from tests.flows import selling

STRANGER = keys.SigningKey.from_seed(bytes([8]) * 32).thumbprint


def new_version(
    stall: Stocked, drop: str, *, minor: int | None = None, alloc: tuple[manifest.Alloc, ...] = (), **changes: Any
) -> None:
    """Sign and record version 2 of a drop; `changes` are those of the manifest's `drop`."""
    old = catalogue.manifest_token(stall.box.db.read(), drop)
    assert old is not None
    found = manifest.verify(old, {CREATOR.thumbprint: CREATOR.public})
    price = found.price if minor is None else (manifest.Price(cur="EUR", minor=minor),)
    signed = msgspec.structs.replace(
        found,
        ver=2,
        prev=jws.token_hash(old),
        price=price,
        alloc=alloc,
        drop=msgspec.structs.replace(found.drop, **changes),
    )
    token = manifest.sign(CREATOR, signed)
    with stall.box.db.transaction() as tx:
        assert check_version(tx, signed, token)
        record_pack(tx, signed, token, Prepared(None, f"{drop}.zip", 1, "0" * 64), "EUR")


def refused(stall: Stocked, sale: int) -> str:
    with pytest.raises(Refused) as refusal:
        selling.cash(stall, sale)
    return refusal.value.code


def test_a_basket_filled_at_the_old_price_is_not_sold(stall: Stocked) -> None:
    sale = selling.basket(stall, ZINE)
    new_version(stall, ZINE, minor=900)
    assert refused(stall, sale) == "sale-outdated"
    again = selling.basket(stall, ZINE)
    selling.cash(stall, again)
    assert selling.receipt_of(stall, again).items[0].minor == 900


def test_copies_chosen_before_an_open_drop_became_limited_are_not_sold(stall: Stocked) -> None:
    sale = selling.basket(stall, ZINE, qty=3)  # one line; a receipt wants a line for each number
    new_version(stall, ZINE, kind="limited", edition=5)
    assert refused(stall, sale) == "sale-outdated"


def test_a_basket_beyond_what_a_receipt_can_hold_is_refused_before_money_is_taken(stall: Stocked) -> None:
    new_version(stall, ZINE, minor=600_000_000)
    with pytest.raises(Refused) as refusal:
        selling.basket(stall, ZINE, qty=2)
    assert refusal.value.code == "amount-too-large"


def test_numbers_set_aside_for_another_box_are_not_taken(stall: Stocked) -> None:
    new_version(stall, PRINTS, alloc=(manifest.Alloc(box=STRANGER, lo=1, hi=2), manifest.Alloc(box="*", lo=3, hi=5)))
    held = stall.box.db.read().execute("SELECT token FROM documents WHERE typ = ?", (lease.TYP,)).fetchone()[0]
    with stall.box.db.transaction() as tx:
        tx.conn.execute("DELETE FROM numbers")
    given = lease.verify(held, {CREATOR.thumbprint: CREATOR.public})

    def accept(seq: int, low: int, high: int) -> None:
        jti = f"AAAAAAAAAAAAAAAAAAAA{seq}Q"
        fresh = msgspec.structs.replace(given, jti=jti, lease_seq=seq, ranges=((low, high),))
        with stall.box.db.transaction() as tx:
            accept_lease(tx, lease.sign(CREATOR, fresh))

    with pytest.raises(StallError) as refusal:
        accept(2, 2, 4)
    assert refusal.value.code == "lease-allocated"
    accept(2, 3, 5)
    assert selling.left(stall) == 3


def test_a_card_the_terminal_has_already_is_paid_under_the_version_it_was_asked_for(stall: Stocked) -> None:
    sale = selling.basket(stall)
    attempt = selling.ask(stall, sale)
    selling.send(stall, attempt)
    new_version(stall, PRINTS, minor=900)
    selling.approve(stall, attempt)
    selling.pay(stall, attempt)
    assert selling.receipt_of(stall, sale).items[0].minor == 450


def test_numbers_beyond_a_smaller_edition_are_not_sold(stall: Stocked) -> None:
    new_version(stall, PRINTS, edition=2)
    assert selling.left(stall) == 2
    for _ in range(2):
        selling.cash(stall, selling.basket(stall))
    with pytest.raises(Refused) as refusal:
        selling.basket(stall)
    assert refusal.value.code == "drop-sold-out"


def test_a_number_sold_before_its_edition_shrank_still_gets_its_certificate(stall: Stocked) -> None:
    sales = [selling.basket(stall) for _ in range(3)]
    for sale in sales:
        selling.cash(stall, sale)
    new_version(stall, PRINTS, edition=2)
    with stall.box.db.transaction() as tx:
        redeem_order(tx, sales[2], token_bytes(16))
    (item,) = claims.bought(stall.box.db.read(), sales[2])
    assert item.certificate is not None
    found = claims.certificate(stall.box.db.read(), item.certificate)
    assert found is not None
    verified = credential.verify(json.loads(found[1]))
    assert (verified.edition, verified.edition_size) == (3, 5)

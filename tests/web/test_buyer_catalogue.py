"""The shop window, one item, and the same as data."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from stall import app as stall_app
from stall.domain.epoch import Cause
from stall.flows.accept_document import accept_delegation
from stall.flows.hold_numbers import hold_numbers, release_hold
from stall.flows.new_epoch import new_epoch
from stall.flows.switch_drop import close_drop
from stall.store import goods, sales
from stall.web.factory import STATIC, create_buyer_app, shop_of
from stall.wire import b64, delegation, keys, manifest
from tests.fakes.leasing import lease_anew
from tests.fakes.stock import CREATOR, EDITION, PRINTS, SAMPLER, ZINE, Stocked
from tests.web import phone

DAY_MS = 86_400_000


def test_the_window_shows_every_item_with_price_and_what_is_left(buyer: FlaskClient) -> None:
    page = buyer.get("/").text
    for said in ("Salt &amp; Paper", "Harbour Prints", "€4.50", "5 of 5 left", "Night Zine", "Free"):
        assert said in page


def test_a_sold_out_item_says_so_and_has_no_button(buyer: FlaskClient, stocked_box: Stocked) -> None:
    for _ in range(EDITION):
        phone.sell(stocked_box, PRINTS)
    assert "Sold out, all 5 gone" in buyer.get("/").text
    page = buyer.get(f"/d/{PRINTS}").text
    assert "Sold out" in page
    assert "<form" not in page


def test_an_item_that_waits_for_a_new_lease_is_not_called_sold_out(buyer: FlaskClient, stocked_box: Stocked) -> None:
    phone.sell(stocked_box, PRINTS)
    stocked_box.box.write("payment", lambda tx: new_epoch(tx, Cause.MOVED))
    for page in (buyer.get("/").text, buyer.get(f"/d/{PRINTS}").text):
        assert "Not on sale right now. Ask at the stall." in page
        assert "Sold out" not in page
        assert "epoch" not in page
    lease_anew(stocked_box, (2, 2))
    phone.sell(stocked_box, PRINTS)
    assert "Sold out here" in buyer.get("/").text


def test_a_closed_item_and_one_past_its_window_say_which(buyer: FlaskClient, stocked_box: Stocked) -> None:
    stocked_box.box.write("payment", lambda tx: close_drop(tx, ZINE))
    assert "Not on sale right now" in buyer.get(f"/d/{ZINE}").text
    stocked_box.clock.advance(11 * DAY_MS)
    assert "The sale is over" in buyer.get(f"/d/{PRINTS}").text


def test_the_item_page_says_what_is_inside(buyer: FlaskClient) -> None:
    page = buyer.get(f"/d/{PRINTS}").text
    assert "3 files" in page
    assert "notes/größe.txt" in page
    assert "For private use" in page


def test_a_cover_is_a_picture_that_may_be_kept_for_ever(buyer: FlaskClient) -> None:
    moved = buyer.get(f"/d/{PRINTS}/cover")
    picture = buyer.get(moved.headers["Location"], buffered=True)
    assert (moved.status_code, picture.mimetype, picture.data[:2]) == (302, "image/jpeg", b"\xff\xd8")
    assert "immutable" in picture.headers["Cache-Control"]
    assert buyer.get("/cover/" + "0" * 64 + ".jpg").status_code == 404
    assert buyer.get("/cover/..%2f..%2fkeys%2fbox.key.jpg").status_code == 404


def test_a_small_cover_is_the_large_one_where_there_is_none(buyer: FlaskClient, stocked_box: Stocked) -> None:
    large = next((stocked_box.folder / "covers").iterdir())
    small = f"/cover/{large.stem}-480.jpg"
    assert buyer.get(small, buffered=True).data == large.read_bytes()
    large.with_name(f"{large.stem}-480.jpg").write_bytes(b"\xff\xd8small")
    assert buyer.get(small, buffered=True).data == b"\xff\xd8small"


def test_the_first_view_is_light_enough_for_a_crowd(buyer: FlaskClient) -> None:
    sent = [buyer.get("/").data, *((STATIC / name).read_bytes() for name in ("tokens.css", "buyer.css", "mark.svg"))]
    assert sum(len(gzip.compress(part)) for part in sent) <= 14_000


def test_the_catalogue_as_data_says_the_same_and_is_not_sent_twice(buyer: FlaskClient, stocked_box: Stocked) -> None:
    first = buyer.get("/catalog.json")
    drops = {drop["id"]: drop for drop in json.loads(first.data)["drops"]}
    assert drops[PRINTS]["price"] == {"cur": "EUR", "minor": 450}
    assert (drops[PRINTS]["remaining"], drops[PRINTS]["state"]) == (5, "open")
    assert "remaining" not in drops[SAMPLER]
    again = buyer.get("/catalog.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    phone.sell(stocked_box, PRINTS)
    changed = buyer.get("/catalog.json", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_a_stranger_can_check_manifest_and_delegation_from_the_data_routes(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    told = json.loads(buyer.get("/keys.json").data)
    assert told["box"]["did"] == stocked_box.box.secrets.signing.did
    creator = keys.public_from_did(told["creators"][0]["did"])
    trusted = {keys.thumbprint(creator): creator}
    assert delegation.verify(told["delegations"][0], trusted).sub == told["box"]["did"]
    signed = manifest.verify(buyer.get(f"/drops/{PRINTS}/manifest.jws").text, trusted)
    assert (signed.drop.id, signed.iss) == (PRINTS, CREATOR.did)


def test_every_delegation_the_box_was_given_is_handed_out_the_newest_first(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    first = json.loads(buyer.get("/keys.json").data)["delegations"]
    plain = delegation.claims(delegation.verify(first[0], {CREATOR.thumbprint: CREATOR.public}))
    newer = delegation.sign(CREATOR, delegation.parse(plain | {"seq": 2, "jti": b64.encode(bytes([2]) * 16)}))
    with stocked_box.box.db.transaction() as tx:
        accept_delegation(tx, newer)
    assert json.loads(buyer.get("/keys.json").data)["delegations"] == [newer, *first]


def test_numbers_being_paid_are_not_called_sold(buyer: FlaskClient, stocked_box: Stocked) -> None:
    for _ in range(EDITION - 1):
        phone.sell(stocked_box)
    last = phone.sale_of(stocked_box, phone.order(buyer))
    stocked_box.box.write(
        "payment", lambda tx: hold_numbers(tx, sales.get(tx.conn, last), goods.of_sale(tx.conn, last))
    )
    assert "None free right now: the last one is being paid" in buyer.get("/").text
    stocked_box.box.write("payment", lambda tx: release_hold(tx, last))
    phone.sell(stocked_box)
    assert f"Sold out, all {EDITION} gone" in buyer.get("/").text


def test_the_window_invites_to_what_can_be_done(buyer: FlaskClient, stocked_box: Stocked) -> None:
    assert "Choose, pay here" in buyer.get("/").text
    for drop, said in (
        (PRINTS, "Choose, pay here"),
        (ZINE, "Take what is free"),
        (SAMPLER, "Nothing can be had right now"),
    ):
        stocked_box.box.write("payment", lambda tx, drop=drop: close_drop(tx, drop))  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert said in buyer.get("/").text


def test_a_data_folder_named_from_where_one_stands_shows_its_pictures(
    stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in `stall web --data BOX`."""
    (stocked_box.folder / "covers").mkdir(exist_ok=True)
    (stocked_box.folder / "covers" / f"{'a' * 64}.jpg").write_bytes(b"a picture")
    monkeypatch.chdir(stocked_box.folder.parent)
    box = stall_app.open_box(Path(stocked_box.folder.name), looking=True, clock=stocked_box.clock)
    app = create_buyer_app(box)
    try:
        with app.test_client().get(f"/cover/{'a' * 64}.jpg") as answer:
            assert answer.data == b"a picture"
    finally:
        shop_of(app).stop()
        box.close()

"""Claim codes: looking burns nothing, pressing opens one phone's page, guessing finds nothing."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from stall.store import claims
from stall.wire import credential, crockford, ownercode
from stall.wire.credential import VerifiedCredential
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.web import phone

DAY_MS = 86_400_000


def grants(stocked: Stocked) -> int:
    return int(stocked.box.db.read().execute("SELECT count(*) FROM grants").fetchone()[0])


def test_looking_at_a_code_burns_nothing(buyer: FlaskClient, stocked_box: Stocked) -> None:
    code = phone.code_of(stocked_box, phone.sell(stocked_box))
    for _ in range(20):
        assert buyer.get(f"/T/{code}").status_code == 200
    assert grants(stocked_box) == 0


@pytest.mark.parametrize(
    "spell", [str.lower, str.upper, crockford.grouped, lambda code: code.replace("0", "O").replace("1", "l")]
)
def test_a_code_may_be_spelled_as_people_type(buyer: FlaskClient, stocked_box: Stocked, spell: object) -> None:
    assert callable(spell)
    code = phone.code_of(stocked_box, phone.sell(stocked_box))
    answer = buyer.post("/t", data={"code": spell(code)})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/T/{code}")
    assert buyer.get(f"/t/{code.lower()}").status_code == 200


def test_one_press_is_one_phone(buyer: FlaskClient, stocked_box: Stocked) -> None:
    address = f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}"
    press = phone.press_of(buyer.get(address))
    opened = {buyer.post(address, data={"press": press}).headers["Location"] for _ in range(3)}
    assert len(opened) == 1
    assert grants(stocked_box) == 1


def test_every_further_phone_counts_until_none_is_left(buyer: FlaskClient, stocked_box: Stocked) -> None:
    address = f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}"
    answers = [buyer.post(address, data={"press": phone.press_of(buyer.get(address))}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [403]
    assert "already used on 5 devices" in answers[-1].text


def test_unknown_and_expired_codes_are_told_apart_by_nobody(buyer: FlaskClient, stocked_box: Stocked) -> None:
    code = phone.code_of(stocked_box, phone.sell(stocked_box))
    unknown = buyer.get(f"/T/{'0' * 25}1")
    stocked_box.clock.advance(2 * DAY_MS)
    expired = buyer.get(f"/T/{code}")
    told = expired.text.replace(crockford.grouped(code), crockford.grouped("0" * 25 + "1"))
    assert (unknown.status_code, unknown.text) == (expired.status_code, told) == (404, told)


def test_a_code_that_opens_nothing_keeps_its_field_and_its_letters(buyer: FlaskClient) -> None:
    wrong = "0" * 25 + "1"
    for answer in (
        buyer.post("/t", data={"code": wrong}, follow_redirects=True),
        buyer.post(f"/T/{wrong}", data={"press": "A" * 22}),
    ):
        assert answer.status_code == 404
        assert "This code opens nothing here" in answer.text
        assert f'name="code" class="big" value="{crockford.grouped(wrong)}"' in answer.text
    assert 'value="nonsense"' in buyer.get("/T/nonsense").text


@pytest.mark.parametrize("typed", ["", "nonsense", "U" * 26, "8" + "Z" * 25, "0" * 27, "<script>"])
def test_what_is_no_code_is_said_at_the_field_and_what_was_typed_stays(buyer: FlaskClient, typed: str) -> None:
    answer = buyer.post("/t", data={"code": typed})
    assert answer.status_code == 400
    assert "This is not a code from here" in answer.text
    assert "<script>" not in answer.text
    assert f'value="{typed}"' in answer.text or "<" in typed


@pytest.mark.parametrize("typed", ["K7QM", " k7qm ", "2345"])
def test_the_four_signs_of_an_unpaid_order_are_told_apart_from_a_slip(buyer: FlaskClient, typed: str) -> None:
    typed_in, opened = buyer.post("/t", data={"code": typed}), buyer.get(f"/T/{typed}")
    assert (typed_in.status_code, opened.status_code) == (400, 404)
    for answer in (typed_in, opened):
        assert "the code of an order that is not paid yet: show them at the stall" in answer.text


def test_the_download_page_says_everything(buyer: FlaskClient, stocked_box: Stocked) -> None:
    sale = phone.sell(stocked_box)
    address = f"/T/{phone.code_of(stocked_box, sale)}"
    page = buyer.get(buyer.post(address, data={"press": phone.press_of(buyer.get(address))}).headers["Location"]).text
    for said in (
        "Paid. It is yours.",
        "No.</span>1",
        "of 5",
        "Download everything",
        "01 low sun.jpg",
        "/c/",
        "/r/",
        "until 22 Nov",
    ):
        assert said in page
    assert crockford.grouped(phone.code_of(stocked_box, sale)).split(" ")[3] in page


def test_a_grant_ends_with_its_code_and_says_what_to_do(buyer: FlaskClient, stocked_box: Stocked) -> None:
    grant = phone.grant(buyer, stocked_box)
    stocked_box.clock.advance(2 * DAY_MS)
    for path in (grant, f"{grant}/{PRINTS}.zip"):
        answer = buyer.get(path)
        assert answer.status_code == 410
        assert "ask at the stall for a new code" in answer.text


def test_two_items_of_one_sale_lie_under_one_grant_each_in_its_own_folder(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    grant = phone.grant(buyer, stocked_box, PRINTS, ZINE)
    assert buyer.get(f"{grant}/{ZINE}/zine.pdf", buffered=True).status_code == 200
    assert buyer.get(f"{grant}/{PRINTS}/empty.txt").status_code == 200
    assert buyer.get(f"{grant}/zine.pdf").status_code == 404
    assert buyer.get(f"{grant}/{SAMPLER}/sampler.txt").status_code == 404


def certificate_of(stocked: Stocked, sale: int) -> VerifiedCredential:
    (item,) = claims.bought(stocked.box.db.read(), sale)
    kept = claims.certificate(stocked.box.db.read(), item.certificate or b"")
    assert kept is not None
    return credential.verify(json.loads(kept[1]))


def test_a_phone_that_made_a_key_sends_its_did_and_the_certificate_names_it(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    owner, sale = ownercode.key_of(bytes(range(16))), phone.sell(stocked_box)
    address = f"/T/{phone.code_of(stocked_box, sale)}"
    press = phone.press_of(buyer.get(address))
    assert buyer.post(address, data={"press": press, "owner": owner.did}).status_code == 303
    assert certificate_of(stocked_box, sale).owner == owner.did


def test_a_did_that_is_none_opens_nothing_and_the_code_stays_whole(buyer: FlaskClient, stocked_box: Stocked) -> None:
    sale = phone.sell(stocked_box)
    address = f"/T/{phone.code_of(stocked_box, sale)}"
    press = phone.press_of(buyer.get(address))
    assert buyer.post(address, data={"press": press, "owner": "did:example:me"}).status_code == 400
    assert grants(stocked_box) == 0
    assert buyer.post(address, data={"press": press}).status_code == 303
    assert certificate_of(stocked_box, sale).owner is None

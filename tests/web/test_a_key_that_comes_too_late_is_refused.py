"""A phone makes an owner code while another opens the download: nobody is left with a code that owns nothing and was not told so."""

from __future__ import annotations

from flask.testing import FlaskClient

from stall.flows import name_owner
from stall.wire import ownercode
from tests.fakes.stock import PRINTS, Stocked
from tests.web import phone

MINE, OTHER = (ownercode.key_of(bytes([n]) * 16).did for n in (1, 2))


def test_a_key_that_came_after_the_certificates_is_refused_and_the_download_still_opens(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    claim = f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box, PRINTS))}"
    page = buyer.get(claim)
    press = phone.press_of(page)
    assert buyer.post(claim, data={"press": press}).status_code == 303
    for key in (press, phone.press_of(buyer.get(claim))):  # of the page that was left open, and of another phone
        late = buyer.post(claim, data={"press": key, "owner": MINE})
        assert late.status_code == 409
        assert "throw it away" in late.text
    assert name_owner.owner_of(stocked_box.box.db.read(), 1) is None
    assert buyer.post(claim, data={"press": press}).status_code == 303


def test_the_same_press_with_its_key_comes_again_and_another_key_does_not(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    claim = f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box, PRINTS))}"
    press = phone.press_of(buyer.get(claim))
    answers = [buyer.post(claim, data={"press": press, "owner": did}) for did in (MINE, MINE, OTHER)]
    assert [one.status_code for one in answers] == [303, 303, 409]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]

"""The owner code of a sale: drawn at the till, shown while its page is open, kept nowhere, and named by the certificate."""

from __future__ import annotations

import json
import re

import pytest

from stall.errors import Refused
from stall.flows import card_attempt
from stall.flows.claim import redeem_order
from stall.flows.sign_certificates import sign_certificates
from stall.store import claims, readers
from stall.wire import credential, ownercode
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web.test_till_gives_back import give, take_back
from tests.web.till_pages import READER, Till, approve, text

BUTTON = "Owner code for the certificate"


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


@pytest.fixture
def sale(till: Till) -> str:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/cash", ordinal=1, given="4.50")
    return sale


def code_on(page: str) -> str | None:
    found = re.search(r"((?:[0-9A-Z]{4} ){6}[0-9A-Z]{2,4})", page)
    return None if found is None else found[1]


def owner_of(till: Till) -> str | None:
    (item,) = claims.bought(till.box.db.read(), 1)
    kept = claims.certificate(till.box.db.read(), item.certificate or b"")
    return None if kept is None else credential.verify(json.loads(kept[1])).owner


def test_the_certificate_names_the_key_of_the_code_that_was_shown(till: Till, sale: str) -> None:
    assert BUTTON in till.see(sale)
    shown = text(till.post(f"{sale}/owner", press=till.press(sale)))
    code = code_on(shown)
    assert code is not None
    assert owner_of(till) == ownercode.key_of(ownercode.decode(code)).did
    assert "The stall keeps it nowhere" in shown


def test_the_same_press_shows_the_same_code_and_another_one_none(till: Till, sale: str) -> None:
    press, other = till.press(sale), till.press(sale)
    first = code_on(text(till.post(f"{sale}/owner", press=press)))
    assert code_on(text(till.post(f"{sale}/owner", press=press))) == first
    late = till.post(f"{sale}/owner", press=other)
    assert (late.status_code, code_on(text(late))) == (409, None)
    assert "made out already" in text(late)


def test_the_code_is_kept_nowhere(till: Till, sale: str) -> None:
    code = code_on(text(till.post(f"{sale}/owner", press=till.press(sale))))
    assert code is not None
    kept = b"".join(path.read_bytes() for path in till.box.folder.rglob("*") if path.is_file())
    assert ownercode.decode(code) not in kept
    assert code.encode() not in kept
    assert code.replace(" ", "").encode() not in kept


def test_after_the_buyer_opened_the_code_it_is_too_late(till: Till, sale: str) -> None:
    press = till.press(sale)
    till.write(lambda tx: redeem_order(tx, 1, bytes(16)))
    assert BUTTON not in till.see(sale)
    assert till.post(f"{sale}/owner", press=press).status_code == 409
    assert owner_of(till) is None


def test_what_is_not_paid_has_no_owner_code(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    refused = till.post(f"{sale}/owner", press=till.press("/"))
    assert refused.status_code == 409
    assert "not paid yet" in text(refused)


def test_a_sale_taken_back_has_no_owner_code_and_no_certificate_is_signed_for_it(till: Till) -> None:
    till.plug_in_reader()
    till.write(lambda tx: readers.note_abilities(tx, READER, {"reverse"}))
    paid = till.press_tile(stock.PRINTS)
    till.post(f"{paid}/card", ordinal=1)
    till.terminal(card_attempt.send, approve, card_attempt.pay)
    press = till.press(paid)
    give(till, paid)
    till.terminal(card_attempt.send, take_back, card_attempt.pay)
    assert BUTTON not in till.see(paid)
    refused = till.post(f"{paid}/owner", press=press)
    assert (refused.status_code, code_on(text(refused))) == (409, None)
    assert "was taken back" in text(refused)
    with pytest.raises(Refused, match="sale-taken-back"):
        till.write(lambda tx: sign_certificates(tx, 1))
    assert till.count("certificates") == 0

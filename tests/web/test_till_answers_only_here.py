"""The till answers its own machine and its own pages, and runs nothing that did not come from it."""

from __future__ import annotations

import re

import pytest

from stall.domain.payment import Reason
from stall.flows import card_attempt
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web.till_pages import Till


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.plug_in_reader()
    return made


@pytest.mark.parametrize("address", ["192.168.4.7", "10.0.0.1", "fe80::1", ""])
def test_a_phone_on_the_wifi_sees_nothing_of_the_till(till: Till, address: str) -> None:
    for path in ("/", "/drops", "/state", "/sale/1/state"):
        answer = till.client.get(path, environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == 403
        assert "Harbour" not in answer.text


def test_a_foreign_page_presses_no_button(till: Till) -> None:
    press = till.press("/")
    for origin in ("null", "http://evil.example", "http://127.0.0.1:8000", "https://localhost"):
        answer = till.client.post("/sale", data={"press": press, "item": stock.PRINTS}, headers={"Origin": origin})
        assert answer.status_code == 403
    assert till.count("sales") == 0
    own = till.client.post("/sale", data={"press": press, "item": stock.PRINTS}, headers={"Origin": "http://localhost"})
    assert own.status_code == 303


def test_a_foreign_name_reaches_nothing(till: Till) -> None:
    assert till.client.get("/", headers={"Host": "stall.evil.example"}).status_code == 421


def test_looking_changes_nothing_and_a_sale_that_is_not_there_is_404(till: Till) -> None:
    for path in ("/sale", "/sale/1/card", "/sale/1/cash", "/find", "/day/end"):
        assert till.client.get(path).status_code == 405
    assert till.client.get("/sale/9").status_code == 404
    assert till.client.get(f"/sale/{1 << 70}").status_code == 404
    assert till.post("/sale/9/cash", ordinal=1, given="1").status_code == 404


def test_no_page_holds_script_or_style_of_its_own(till: Till) -> None:
    paid, running, unclear = (till.press_tile(stock.ZINE) for _ in range(3))
    till.post(f"{paid}/cash", ordinal=1, given="5")
    till.post(f"{unclear}/card", ordinal=1)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    for path in ("/", "/drops", "/clock", "/day", paid, running, unclear, "/nowhere"):
        answer = till.client.get(path)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", answer.text), path


def test_covers_are_found_by_their_digest_and_nothing_else_is(till: Till) -> None:
    found = re.search(r'src="(/cover/[0-9a-f]{64}\.jpg)"', till.client.get("/").text)
    assert found
    with till.client.get(found[1]) as answer:
        assert answer.mimetype == "image/jpeg"
        assert answer.data.startswith(b"\xff\xd8")
    for name in ("0" * 64, "..%2f..%2fkeys%2fbox", "stall"):
        assert till.client.get(f"/cover/{name}.jpg").status_code == 404

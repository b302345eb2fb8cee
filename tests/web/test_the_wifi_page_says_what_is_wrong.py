"""The till's page of the Wi-Fi: what is wrong in words and what to do, how far each phone got, both codes; and nothing that stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from stall.settings import Captive, Wifi
from stall.web.factory import create_buyer_app, shop_of
from stall.web.till.app import create_till_app
from tests.fakes.stock import PRINTS, Stocked
from tests.web import air, phone
from tests.web import captive_agents as ua
from tests.web.till_pages import sign_in, text


class Seen:
    """The page, as somebody with the till in hand sees it; phones at the buyers' app; and what the processes tell."""

    def __init__(self, stocked: Stocked, run: Path) -> None:
        own = stocked.box.settings
        web = msgspec.structs.replace(own.web, address="http://192.0.2.1")
        stocked.box.settings = msgspec.structs.replace(
            own, captive=Captive(portal=True, uplink=True), wifi=Wifi("Marisol 7", "salt pepper thyme"), web=web
        )
        self.stocked, self.run, self.buyers = stocked, run, create_buyer_app(stocked.box)
        till = create_till_app(stocked.box, portal=shop_of(self.buyers).portal)
        self.till: FlaskClient = till.test_client()
        self.till.set_cookie("stall", sign_in(stocked.box))

    def tell(self, name: str = "wifi", **told: Any) -> None:
        (self.run / f"{name}.json").write_text(json.dumps(told))

    def page(self) -> str:
        answer = self.till.get("/wifi")
        assert answer.status_code == 200
        return text(answer)

    def phone(self, n: int, agent: str = ua.ANDROID_CHROME) -> FlaskClient:
        made = self.buyers.test_client()
        made.environ_base |= {
            "REMOTE_ADDR": f"192.0.2.{20 + n}",
            "HTTP_USER_AGENT": agent,
            "HTTP_ORIGIN": "http://localhost",
        }
        return made

    def probe(self) -> str:
        """Where an Android is led that looks for the internet; nowhere where it is told that all is well."""
        asked = self.phone(1, ua.ANDROID_PROBE).get("/generate_204", base_url="http://www.gstatic.com")
        assert asked.status_code in {204, 302}
        return asked.headers.get("Location", "")


@pytest.fixture
def seen(stocked_box: Stocked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.setenv("STALL_RUNTIME", str(run))
    made = Seen(stocked_box, run)
    yield made
    shop_of(made.buyers).stop()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"there": False}, "The interface wlan0 is not there"),
        ({"country": ""}, "No country is set"),
        ({"blocked": "hard"}, "A switch keeps the radio off"),
        ({"blocked": "soft"}, "A program switched the radio off"),
        ({"hostapd": False, "sends": False}, "The Wi-Fi is down"),
        ({"sends": False}, "The Wi-Fi is starting"),
        ({"joined": 7}, "Full: 7 of 7 phones"),
        ({"wrong": 1}, "1 phone tried a wrong password"),
        ({"wrong": 3}, "3 phones tried a wrong password"),
        ({"phones": [air.phone(1, address=False)]}, "1 phone got no address"),
        ({"phones": [air.phone(1), air.phone(2)]}, "2 phones joined and saw nothing yet"),
        ({"phones": [air.phone(1, minutes=0)]}, "The Wi-Fi works 1 of 7 phones are in it, on channel 6."),
        ({"radio": False, "hostapd": False, "country": ""}, "The cable is in"),
    ],
)  # fmt: skip
def test_each_trouble_has_its_words(seen: Seen, changes: dict[str, Any], words: str) -> None:
    seen.tell(**air.told(**changes))
    assert words in seen.page()


def test_where_nothing_is_told_that_is_said(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Nothing is known of the Wi-Fi" in seen.page()
    seen.tell(phones="nonsense", joined="x", lan=7)
    assert "is not there" in seen.page()
    monkeypatch.delenv("STALL_RUNTIME")
    assert "This box makes no Wi-Fi" in seen.page()


def test_both_codes_are_there_with_what_they_say(seen: Seen) -> None:
    page = seen.page()
    assert "1 Join Marisol 7, password salt pepper thyme" in page
    assert "2 Open 192.0.2.1" in page
    assert seen.till.get("/wifi").text.count('class="qr"') == 2


def test_a_phone_is_followed_from_the_question_to_the_file(seen: Seen) -> None:
    seen.tell(**air.told(phones=[air.phone(1)]))

    def counts() -> list[int]:
        """Joined, address, question, page, shop, order, paid, file."""
        return [int(each) for each in re.findall(r"</span> <b>(\d+)</b></li>", seen.till.get("/wifi").text)]

    assert counts() == [1, 1, 0, 0, 0, 0, 0, 0]
    seen.probe()
    assert counts() == [1, 1, 1, 0, 0, 0, 0, 0]
    buyer = seen.phone(1)
    order = phone.order(buyer, PRINTS)
    assert counts() == [1, 1, 1, 1, 1, 0, 0, 0]
    buyer.get(order)
    assert counts() == [1, 1, 1, 1, 1, 1, 0, 0]
    phone.pay_cash(seen.stocked, phone.sale_of(seen.stocked, order))
    press = phone.press_of(buyer.get(order))
    assert counts() == [1, 1, 1, 1, 1, 1, 1, 0]
    grant = buyer.post(f"{order}/claim", data={"press": press}).location
    buyer.get(f"{grant.split('?')[0]}/notes/größe.txt")
    assert counts() == [1, 1, 1, 1, 1, 1, 1, 1]
    assert "Android a11f , 5 min: downloads, 12.3 MB sent" in seen.page().replace("  ", " ")


def test_it_stands_under_more(seen: Seen) -> None:
    assert '<a href="/more" aria-current="page">' in seen.till.get("/wifi").text


def test_no_whole_number_of_a_phone_is_shown(seen: Seen) -> None:
    seen.tell(**air.TROUBLE["wifi"])
    page = seen.till.get("/wifi").text
    for each in air.TROUBLE["wifi"]["phones"]:
        assert each["mac"] not in page
        assert not each["address"] or each["address"] not in page


def test_the_uplink_is_told_and_the_portal_follows_it(seen: Seen) -> None:
    seen.tell(**air.told())
    assert "No uplink" in seen.page()
    assert seen.probe() == "http://192.0.2.1/"
    seen.tell("uplink", up=True, interface="eth0", resolver="9.9.9.9")
    seen.stocked.clock.advance(1000)
    assert "Online by eth0" in seen.page()
    assert seen.probe() == ""
    seen.tell("uplink", up=False, interface="", resolver="", clash="eth0")
    assert "The network at eth0 uses the same addresses as the stall’s own Wi-Fi" in seen.page()
    seen.tell("uplink", up=False, interface="", resolver="")
    seen.stocked.clock.advance(1000)
    assert seen.probe() == "http://192.0.2.1/"

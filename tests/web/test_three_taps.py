"""From the poster to the file: how often a finger touches the screen. Over HTTP, as a phone without script."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from tests.fakes.stock import FILES, PRINTS, SAMPLER, ZINE, Stocked
from tests.web import captive_agents as agents
from tests.web import phone


class Finger:
    """A person at a phone: what is on the screen, what came to the phone, and how often they touched it."""

    def __init__(self, buyer: FlaskClient, scanned: str, **headers: str) -> None:
        self.buyer, self.headers = buyer, {name.replace("_", "-"): value for name, value in headers.items()}
        self.taps = 0
        self.files: list[tuple[str, bytes]] = []
        self.where, self.page = "", ""
        self._go("GET", scanned)

    def follow(self, words: str) -> None:
        """Tap the link with these words in it."""
        links = re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', self.page, re.DOTALL)
        found = next((href for href, text in links if words in text), None)
        assert found, (words, self.page)
        self.taps += 1
        self._go("GET", html.unescape(found))

    def press(self, words: str) -> None:
        """Tap the button with these words on it."""
        for action, form in re.findall(r'<form [^>]*action="([^"]*)"[^>]*>(.*?)</form>', self.page, re.DOTALL):
            fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
            for attributes, text in re.findall(r"<button([^>]*)>(.*?)</button>", form, re.DOTALL):
                if words in text:
                    fields.update(re.findall(r'name="(\w+)" value="(\w+)"', attributes))
                    self.taps += 1
                    self._go("POST", html.unescape(action), fields)
                    return
        raise AssertionError((words, self.page))

    def _go(self, method: str, path: str, fields: dict[str, str] | None = None) -> None:
        answer = self.buyer.open(path, method=method, data=fields, headers=self.headers, buffered=True)
        if answer.status_code in {302, 303}:
            self._go("GET", answer.headers["Location"])
        elif answer.headers.get("Content-Disposition", "").startswith("attachment"):
            assert answer.status_code == 200
            self.files.append((path, answer.data))  # and the page stays as it is
        else:
            assert answer.status_code == 200, answer.text
            self.where, self.page = path, answer.text


def is_zip_of(stall: Stocked, data: bytes) -> bool:
    return any(kept.read_bytes() == data for kept in (stall.folder / "zips").iterdir())


def test_what_costs_money_is_on_the_phone_with_the_third_tap(buyer: FlaskClient, stocked_box: Stocked) -> None:
    finger = Finger(buyer, "/")
    finger.follow("Harbour Prints")
    finger.press("Get it")
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, finger.where))
    finger._go("GET", finger.where)  # the page turns by itself
    finger.press("Download")
    assert finger.taps == 3
    (file,) = finger.files
    assert is_zip_of(stocked_box, file[1])


def test_what_is_free_is_on_the_phone_with_the_third_tap(buyer: FlaskClient, stocked_box: Stocked) -> None:
    finger = Finger(buyer, "/")
    finger.follow("Free Sampler")
    finger.press("Take it")
    finger.press("Download")
    assert finger.taps == 3
    assert [data for _, data in finger.files] == [FILES[SAMPLER]["sampler.txt"]]  # an only file comes as it is


def test_whoever_comes_back_with_a_code_taps_once(buyer: FlaskClient, stocked_box: Stocked) -> None:
    finger = Finger(buyer, f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}")
    finger.press("Download")
    assert finger.taps == 1
    assert is_zip_of(stocked_box, finger.files[0][1])


def test_looking_at_the_page_makes_no_grant(buyer: FlaskClient, stocked_box: Stocked) -> None:
    finger = Finger(buyer, "/")
    finger.follow("Free Sampler")
    finger.press("Take it")
    for _ in range(5):
        finger._go("GET", finger.where)
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM grants").fetchone()[0] == 0
    for _ in range(3):
        finger.press("Download")
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM grants").fetchone()[0] == 1
    assert len({path for path, _ in finger.files}) == 1


def test_the_page_that_stays_behind_leads_on(buyer: FlaskClient, stocked_box: Stocked) -> None:
    finger = Finger(buyer, f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}")
    finger.press("Download")
    assert "iPhone: the arrow" in finger.page  # where the download went
    finger.press("Files one by one")
    assert finger.where.startswith("/g/")
    assert finger.files[0][0].startswith(finger.where)  # the same grant
    assert "Download everything" in finger.page


def test_an_opened_order_leads_to_its_download_with_one_tap(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer)
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, order))
    finger = Finger(buyer, order)
    finger.press("Download")
    finger._go("GET", order)
    assert "Your download is open." in finger.page
    finger.press("Download again")
    assert len({path for path, _ in finger.files}) == 1
    finger.follow("Files, certificate and receipt")
    assert finger.where.startswith("/g/")


def test_a_code_page_opened_again_with_its_key_is_the_same_phone(buyer: FlaskClient, stocked_box: Stocked) -> None:
    address = f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}"
    key = phone.press_of(buyer.get(address))
    kept = f"{address}?press={key}"
    assert phone.press_of(buyer.get(kept)) == key
    grant = buyer.post(address, data={"press": key}).headers["Location"]
    assert f'href="{grant}"' in buyer.get(kept).text
    assert buyer.get(f"{address}?press=short").status_code == 400


def test_several_packs_have_a_page_of_their_own(buyer: FlaskClient, stocked_box: Stocked) -> None:
    finger = Finger(buyer, f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box, PRINTS, ZINE))}")
    finger.press("Open your downloads")
    assert finger.where.startswith("/g/")
    assert finger.files == []
    assert "Night Zine" in finger.page


def test_where_nothing_more_may_be_downloaded_the_button_leads_to_the_page_that_says_so(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    order = phone.order(buyer, ZINE)
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, order))
    finger = Finger(buyer, order)
    for _ in range(5):
        finger.press("Download")
    stocked_box.box.write(
        "housekeeping", lambda tx: tx.conn.execute("INSERT OR REPLACE INTO downloads (claim, file, count) SELECT g.claim, f.id, 5 FROM grants g, files f")
    )  # fmt: skip
    answer = buyer.post(f"{order}/claim", data={"press": order[-22:], "to": "file"})
    assert re.fullmatch("/g/[A-Za-z0-9_-]{22}", answer.headers["Location"])


def test_when_the_time_is_over_the_order_says_what_to_do_and_keeps_its_receipt(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    order = phone.order(buyer, ZINE)
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, order))
    stocked_box.clock.advance(2 * 86_400_000)
    page = buyer.get(order).text
    assert "The time to download is over" in page
    assert "Your receipt" in page
    assert "<button" not in page


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_an_apple_sheet_is_led_to_safari_and_an_android_one_told_to_stay(
    buyer: FlaskClient, stocked_box: Stocked, lang: str
) -> None:
    order = phone.order(buyer, ZINE)
    waiting = buyer.get(f"{order}?lang={lang}", headers={"User-Agent": agents.IPHONE_SHEET}).text
    assert f"/cna/go?to={order}" in html.unescape(waiting)
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, order))
    code = f"/T/{phone.code_of(stocked_box, phone.sale_of(stocked_box, order))}"
    for path in (order, code):
        apple = buyer.get(f"{path}?lang={lang}", headers={"User-Agent": agents.IPHONE_SHEET}).text
        assert f"/cna/go?to={path}" in html.unescape(apple)
        assert "<button" not in apple
        android = buyer.get(f"{path}?lang={lang}", headers={"User-Agent": agents.ANDROID_SHEET}).text
        assert "<button" in android
        assert ("Stay on this page" in android) == (lang == "en")
        plain = buyer.get(path, headers={"User-Agent": agents.IPHONE_SAFARI}).text
        assert "Stay on this page" not in plain
        assert "/cna" not in plain

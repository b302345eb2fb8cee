"""The checks before every page of the buyers' app, and the headers after."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stall.errors import Retry
from stall.web.guard import GUESSES_A_MINUTE, PRESSES_A_MINUTE, Bucket
from tests.fakes.stock import SAMPLER, Stocked
from tests.web import phone

CODE = "0" * 26


def test_an_address_that_names_nothing_gives_one_plain_page(buyer: FlaskClient) -> None:
    pages = [
        buyer.get(path) for path in ("/nothing/here", "/d/none", f"/o/{'A' * 22}", f"/g/{'A' * 22}", f"/r/{'A' * 22}")
    ]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "There is nothing at this address" in pages[0].text


def test_data_routes_tell_errors_as_data(buyer: FlaskClient) -> None:
    answer = buyer.get("/drops/none/manifest.jws")
    assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert json.loads(answer.text)["error"] == "page-unknown"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "[::2]",
        "169.254.169.254",
        "[",
        "[::1",
        "]:80",
        "@",
        "a@localhost.evil",
    ],
)
def test_a_foreign_name_is_not_answered(buyer: FlaskClient, host: str) -> None:
    answer = buyer.get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "host-foreign" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1234", "[::1]:80"])
def test_its_own_names_are_answered(buyer: FlaskClient, host: str) -> None:
    assert buyer.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:9"}, {"Origin": "https://localhost"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
])  # fmt: skip
def test_a_button_pressed_elsewhere_does_nothing(
    buyer: FlaskClient, stocked_box: Stocked, headers: dict[str, str]
) -> None:
    press = phone.press_of(buyer.get(f"/d/{SAMPLER}"))
    answer = buyer.post(f"/d/{SAMPLER}/take", data={"press": press}, headers=headers)
    assert answer.status_code == 403
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 0


@pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {}])
def test_its_own_button_works(buyer: FlaskClient, headers: dict[str, str]) -> None:
    press = phone.press_of(buyer.get(f"/d/{SAMPLER}"))
    assert buyer.post(f"/d/{SAMPLER}/take", data={"press": press}, headers=headers).status_code == 303


def test_every_page_is_sealed_off(buyer: FlaskClient) -> None:
    for path in ("/", f"/d/{SAMPLER}", "/t", "/none", "/catalog.json"):
        headers = buyer.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "Set-Cookie" not in headers


def test_a_page_tells_its_address_to_nobody_else(buyer: FlaskClient) -> None:
    assert buyer.get("/").headers["Referrer-Policy"] == "no-referrer"
    assert buyer.get(f"/d/{SAMPLER}").headers["Referrer-Policy"] == "same-origin"  # or its form would be refused


def test_pages_hold_no_inline_script_or_style(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer)
    grant = phone.grant(buyer, stocked_box)
    for path in ("/", f"/d/{SAMPLER}", "/t", order, grant):
        text = buyer.get(path).text
        assert "style=" not in text
        assert "<style" not in text
        assert "<script>" not in text
        assert "onclick" not in text


def test_a_body_too_large_is_refused_in_words(buyer: FlaskClient) -> None:
    answer = buyer.post("/t", data={"code": "A" * 70_000})
    assert answer.status_code == 413
    assert "form-too-large" in answer.text


def test_guessing_codes_ends_after_ten_tries_even_for_the_right_one(buyer: FlaskClient, stocked_box: Stocked) -> None:
    right = phone.code_of(stocked_box, phone.sell(stocked_box))
    statuses = [buyer.get(f"/T/{CODE[:-2]}{n:02d}").status_code for n in range(GUESSES_A_MINUTE)]
    assert set(statuses) == {404}
    answer = buyer.get(f"/T/{right}")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    other = buyer.get(f"/T/{right}", environ_overrides={"REMOTE_ADDR": "192.168.4.9"})
    assert other.status_code == 200


def test_one_phone_presses_only_so_often_but_a_crowd_on_this_machine_may(buyer_app: Flask) -> None:
    client = buyer_app.test_client()

    def statuses(address: str) -> set[int]:
        return {
            client.post(
                "/d/none/order", data={"press": "A" * 22}, environ_overrides={"REMOTE_ADDR": address}
            ).status_code
            for _ in range(PRESSES_A_MINUTE + 1)
        }

    assert 429 in statuses("192.168.4.7")
    assert 429 not in statuses("127.0.0.1")


def test_a_bucket_forgets_the_oldest_client_rather_than_growing() -> None:
    bucket = Bucket(1)
    for number in range(5000):
        bucket.spend(str(number))
    assert len(bucket._left) <= 4096


def test_a_client_that_goes_on_trying_is_remembered_however_many_others_come() -> None:
    """Its own tries must not make room for it, nor those of a flood of addresses."""
    bucket = Bucket(3)
    for number in range(5000):
        if number % 1000 == 0:
            bucket.spend("greedy")
        bucket.spend(str(number))
    bucket.spend("greedy")
    with pytest.raises(Retry, match="too often"):
        bucket.check("greedy")


def test_a_wrong_method_is_told_with_the_right_ones(buyer: FlaskClient) -> None:
    answer = buyer.post("/")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "method-wrong" in answer.text


def test_a_fault_of_ours_is_a_page_without_its_inside(buyer: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("stall.web.buyer.catalogue.catalogue.cards", broken)
    answer = buyer.get("/")
    assert answer.status_code == 500
    assert "page-fault" in answer.text
    assert "secret" not in answer.text


def test_too_many_open_files_ask_the_phone_to_try_again(
    buyer: FlaskClient, stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = phone.grant(buyer, stocked_box)

    def none_left(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("stall.web.files.SpanFile", none_left)
    answer = buyer.get(f"{grant}/harbour-prints.zip")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")

"""The panel of the simulated terminal: what it shows, and who may press its buttons."""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.errors import Refused
from stall.reader.simulated.controls import Controls, Mode
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.panel import Panel, make_app

LOOPBACK = "http://127.0.0.1"
HOME = f"{LOOPBACK}:9000"


@pytest.fixture
def controls() -> Controls:
    return Controls()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite", "52000017")


@pytest.fixture
def client(controls: Controls, ledger: Ledger) -> FlaskClient:
    return make_app(controls, ledger).test_client()


def post(client: FlaskClient, path: str, origin: str | None = HOME, **form: str) -> TestResponse:
    headers = {} if origin is None else {"Origin": origin}
    return client.post(path, base_url=HOME, data=form, headers=headers)


def test_the_page_shows_terminal_books_and_the_chosen_mode(
    client: FlaskClient, controls: Controls, ledger: Ledger
) -> None:
    ledger.settle(ledger.authorise(1250, "EUR"), "booked")
    controls.choose("silent", wait_for_tap=True)
    page = client.get("/", base_url=HOME)
    assert page.status_code == 200
    assert "52000017" in page.text
    assert "12.50 EUR" in page.text
    assert 'value="silent" checked' in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "style=" not in page.text
    assert "<script>" not in page.text


def test_the_books_say_of_each_line_what_it_is_and_that_the_first_was_no_sale(
    client: FlaskClient, ledger: Ledger
) -> None:
    entry = ledger.authorise(1250, "EUR")
    ledger.settle(entry, "booked")
    ledger.finish_reversal(entry, ledger.begin_reversal(entry))
    books = client.get("/ledger", base_url=HOME).json
    assert books is not None
    words = [each["state_words"] for each in books["entries"]]
    assert words == ["reversal", "reversed", "installer's test, no sale, day 1"]
    page = client.get("/", base_url=HOME).text
    assert all(each.replace("'", "&#39;") in page for each in words)


def test_every_file_the_page_names_is_there(client: FlaskClient) -> None:
    page = client.get("/", base_url=HOME).text
    named = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert any("icon" in line for line in page.splitlines() if "<link" in line)  # or browsers ask for one themselves
    for address in named:
        with client.get(address, base_url=HOME) as answer:
            assert answer.status_code == 200, address


@pytest.mark.parametrize("name", ["panel.css", "panel.js"])
def test_style_and_script_come_from_this_machine(client: FlaskClient, name: str) -> None:
    with client.get(f"/static/{name}", base_url=HOME) as answer:
        assert answer.status_code == 200


def test_a_mode_is_chosen_and_the_page_comes_back(client: FlaskClient, controls: Controls) -> None:
    answer = post(client, "/mode", mode="decline", tap="on")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    view = controls.view()
    assert (view.mode, view.wait_for_tap) == (Mode.DECLINE, True)
    state = client.get("/state", base_url=HOME).json
    assert state is not None
    assert state["mode"] == "decline"


def test_a_fault_holds_for_one_payment(controls: Controls) -> None:
    controls.choose("decline", wait_for_tap=False)
    assert [controls.take_mode(), controls.take_mode()] == [Mode.DECLINE, Mode.APPROVE]


def test_a_card_is_presented_only_while_the_terminal_wants_one(client: FlaskClient, controls: Controls) -> None:
    refused = post(client, "/present")
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["code"] == "panel-no-card-wanted"
    controls.want_card(wanted=True)
    assert post(client, "/present").status_code == 303
    assert controls.card_presented(0)


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:9001", HOME + "/"])
@pytest.mark.parametrize("path", ["/mode", "/present"])
def test_a_press_from_another_page_is_refused(
    client: FlaskClient, controls: Controls, origin: str | None, path: str
) -> None:
    controls.want_card(wanted=True)
    assert post(client, path, origin, mode="decline").status_code == 403
    assert controls.view().mode is Mode.APPROVE
    assert not controls.card_presented(0)


def test_a_page_reached_by_a_foreign_name_is_refused(client: FlaskClient) -> None:
    assert client.get("/", base_url="http://evil.example:9000").status_code == 403


def test_an_unknown_mode_is_refused(client: FlaskClient) -> None:
    answer = post(client, "/mode", mode="explode")
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["code"] == "panel-mode"


def test_the_ledger_is_told_as_data(client: FlaskClient, ledger: Ledger) -> None:
    ledger.settle(ledger.authorise(1250, "EUR"), "booked")
    books = client.get("/ledger", base_url=HOME).json
    assert books is not None
    assert (books["count"], books["total_minor"], books["tid"]) == (1, 1250, "52000017")
    assert [each["state"] for each in books["entries"]] == ["booked", "booked"]


def test_the_server_answers_on_loopback_and_lets_the_port_go(controls: Controls, ledger: Ledger) -> None:
    with (
        Panel(controls, ledger, 0) as panel,
        urllib.request.urlopen(f"{LOOPBACK}:{panel.port}/state", timeout=5) as told,
    ):
        assert json.load(told)["tid"] == "52000017"
    socket.create_server(("127.0.0.1", panel.port)).close()


def test_a_port_in_use_is_refused_by_name(controls: Controls, ledger: Ledger) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(Refused, match="panel-port"):
        Panel(controls, ledger, other.getsockname()[1])

"""The panel of the simulated terminal: what it shows, and who may press its buttons."""

from __future__ import annotations

import html
import json
import re
import socket
import urllib.request
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.errors import Refused
from stall.reader.simulated.controls import BASIC, Controls, Mode
from stall.reader.simulated.faults import FAULTS
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
    assert re.search(r'value="silent" [^>]*selected', page.text)
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


@pytest.fixture
def bare(ledger: Ledger) -> FlaskClient:
    """A terminal whose cable, power and books can be meddled with, and which knows every fault."""
    return make_app(Controls(FAULTS, hardware=True), ledger).test_client()


def test_the_page_offers_each_fault_in_words_and_by_groups(bare: FlaskClient, client: FlaskClient) -> None:
    page = bare.get("/", base_url=HOME).text
    assert re.findall(r'<option value="([^"]+)" data-hint', page) == [mode.value for mode in FAULTS]
    for fault in FAULTS.values():
        assert f'<optgroup label="{fault.group}">' in page
        assert page.count(html.escape(fault.hint, quote=True).replace("&#x27;", "&#39;")) == 2, fault.label
    plain = client.get("/", base_url=HOME).text
    assert (plain.count("data-hint"), "Pull the cable" in plain) == (len(BASIC), False)


def test_how_often_a_fault_happens_is_chosen_with_it(client: FlaskClient, controls: Controls) -> None:
    post(client, "/mode", mode="decline", times="3")
    assert controls.view().times == 3
    post(client, "/mode", mode="decline", times="1000")
    assert controls.view().times == 1


@pytest.mark.parametrize(
    ("path", "field", "button", "then"),
    [("/cable", "in", "Pull the cable", "Put the cable back"), ("/power", "on", "Switch it off", "Switch it on")],
)
def test_cable_and_power_go_and_come_back(bare: FlaskClient, path: str, field: str, button: str, then: str) -> None:
    for words, after, value in ((button, then, "no"), (then, button, "yes")):
        assert f'value="{value}">{words}<' in bare.get("/", base_url=HOME).text
        assert post(bare, path, **{field: value}).status_code == 303
        assert f">{after}<" in bare.get("/", base_url=HOME).text


def test_a_sale_on_the_terminal_itself_takes_a_receipt_number(bare: FlaskClient, ledger: Ledger) -> None:
    assert post(bare, "/sale", amount="2,5").status_code == 303
    assert [(e.receipt, e.amount, e.origin) for e in ledger.entries(1)] == [(2, 250, "terminal")]
    assert "booked, on the terminal" in bare.get("/", base_url=HOME).text


@pytest.mark.parametrize("amount", ["", "0", "0.00", "-1", "1.234", "99999", "two"])
def test_what_is_no_amount_is_not_sold(bare: FlaskClient, ledger: Ledger, amount: str) -> None:
    answer = post(bare, "/sale", amount=amount)
    assert (answer.status_code, answer.json and answer.json["code"]) == (409, "panel-amount")
    assert len(ledger.entries()) == 1


def test_nothing_is_sold_on_a_terminal_that_is_busy_or_off(client: FlaskClient, controls: Controls) -> None:
    controls.show("Please wait", amount_minor=500)
    assert post(client, "/sale", amount="2.50").status_code == 409
    controls.show("Ready")
    controls.power(on=False)
    answer = post(client, "/sale", amount="2.50")
    assert answer.json is not None
    assert answer.json["code"] == "panel-busy"


def test_habits_are_kept_in_the_books(bare: FlaskClient, ledger: Ledger) -> None:
    assert post(bare, "/habits", reversal="keep", day_end="on").status_code == 303
    assert (ledger.reversal, ledger.day_end_required) == ("keep", True)
    assert '<option value="keep" selected>' in bare.get("/", base_url=HOME).text
    post(bare, "/habits", reversal="nonsense")
    assert (ledger.reversal, ledger.day_end_required) == ("keep", False)


def test_the_books_show_refunds_and_what_is_not_cleared_yet(client: FlaskClient, ledger: Ledger) -> None:
    ledger.settle(ledger.authorise(700, "EUR", offline=True), "booked")
    ledger.settle(ledger.authorise(900, "EUR", "refund"), "booked")
    books = client.get("/ledger", base_url=HOME).json
    assert books is not None
    assert [(each["state_words"], each["amount_words"]) for each in books["entries"][:2]] == [
        ("refund", "-9.00 EUR"), ("booked, not cleared yet", "7.00 EUR")
    ]  # fmt: skip
    assert (books["total_minor"], books["total"]) == (-200, "-2.00 EUR")


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:9001", HOME + "/"])
@pytest.mark.parametrize("path", ["/mode", "/present", "/sale", "/habits", "/cable", "/power"])
def test_a_press_from_another_page_is_refused(
    client: FlaskClient, controls: Controls, ledger: Ledger, origin: str | None, path: str
) -> None:
    controls.want_card(wanted=True)
    before = controls.view()
    assert post(client, path, origin, mode="decline", amount="2.50", day_end="on").status_code == 403
    assert controls.view() == before
    assert (len(ledger.entries()), ledger.day_end_required) == (1, False)
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

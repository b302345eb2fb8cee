"""The maker's pages of people and devices: add, change, let go, name, end; each with the PIN, each in the trail."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from stall.domain.rights import Right, Role
from stall.flows.enrol_device import enrol, new_code
from stall.store import devices, people
from stall.web.till.app import create_till_app
from tests.fakes.stock import PIN, Stocked
from tests.web import crew
from tests.web.till_pages import Till, sign_in, text

NEW = {"name": "Robin", "role": "staff", "new_pin": "4711", "pin": PIN}


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


def browser_of(till: Till, person: int) -> FlaskClient:
    """Somebody else's browser, signed in."""
    client = till.client.application.test_client()
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    client.set_cookie("stall", sign_in(till.box, person))
    return client


def everybody(till: Till) -> list[tuple[int, str, str, bool]]:
    return [(p.no, p.name, p.role.value, p.active) for p in people.every(till.box.db.read())]


def test_somebody_is_added_and_signs_in_with_the_pin_given(till: Till) -> None:
    assert till.post("/people", **NEW).status_code == 303
    assert everybody(till)[1] == (2, "Robin", "staff", True)
    phone = create_till_app(till.box).test_client()
    assert phone.post("/sign-in", data={"who": 2, "pin": "4711"}).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pin": "000000"}, "That PIN is not right"),
        ({"new_pin": "123"}, "A PIN is 4 to 12 digits"),
        ({"new_pin": "\uff11\uff12\uff13\uff14"}, "A PIN is 4 to 12 digits"),
        ({"name": " "}, "A name is 1 to 40 characters"),
        ({"name": "maker"}, "Somebody here has that name already"),
        ({"role": "king"}, "A person is maker, staff, bookkeeper"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_added(till: Till, wrong: dict[str, str], said: str) -> None:
    answer = till.post("/people", **{**NEW, **wrong})
    assert answer.status_code == 409
    assert said in text(answer)
    assert len(everybody(till)) == 1


def test_a_change_of_role_signs_that_person_out(till: Till) -> None:
    till.post("/people", **NEW)
    robin = browser_of(till, 2)
    assert robin.get("/").status_code == 200
    changed = till.post("/people/2", name="Robin B", role="bookkeeper", new_pin="", pin=PIN, deed="keep")
    assert changed.status_code == 303
    assert everybody(till)[1] == (2, "Robin B", "bookkeeper", True)
    assert robin.get("/").location == "/sign-in"


def test_who_leaves_opens_nothing_any_more_and_may_come_back(till: Till) -> None:
    till.post("/people", **NEW)
    robin = browser_of(till, 2)
    till.post("/people/2", pin=PIN, deed="leave")
    assert robin.get("/").location == "/sign-in"
    refused = robin.post("/sign-in", data={"who": 2, "pin": "4711"})
    assert "That PIN does not fit" in text(refused)
    assert "Not here any more Robin was staff" in till.see("/people")
    till.post("/people/2", pin=PIN, deed="return")
    assert robin.post("/sign-in", data={"who": 2, "pin": "4711"}).status_code == 303


@pytest.mark.parametrize("fields", [{"deed": "leave"}, {"deed": "keep", "name": "Maker", "role": "staff"}])
def test_the_last_maker_stays_one(till: Till, fields: dict[str, str]) -> None:
    answer = till.post("/people/1", pin=PIN, **fields)
    assert "This is the last maker" in text(answer)
    assert everybody(till)[0] == (1, "Maker", "maker", True)


def test_with_two_makers_either_may_go(till: Till) -> None:
    till.post("/people", **{**NEW, "role": "maker"})
    assert till.post("/people/1", pin=PIN, deed="leave").location == "/sign-in"
    assert [person.no for person in people.with_right(till.box.db.read(), Right.PEOPLE)] == [2]


def test_everybody_changes_their_own_pin_with_the_old_one(till: Till) -> None:
    crew.hire(till.box)
    seller, elsewhere = (browser_of(till, crew.SELLER) for _ in range(2))
    assert seller.post("/pin", data={"pin": "000000", "new_pin": "8642"}).status_code == 403
    assert seller.post("/pin", data={"pin": PIN, "new_pin": "8642"}).status_code == 303
    assert seller.get("/").status_code == 200  # this one stays
    assert elsewhere.get("/").location == "/sign-in"
    assert seller.post("/sign-in", data={"who": crew.SELLER, "pin": "8642"}).status_code == 303


def test_a_new_pin_from_the_maker_opens_at_once_what_was_locked(till: Till) -> None:
    crew.hire(till.box)
    phone = till.client.application.test_client()
    for _ in range(5):
        phone.post("/sign-in", data={"who": crew.SELLER, "pin": "0000"})
    till.post(f"/people/{crew.SELLER}", name="Seller", role=Role.STAFF, new_pin="9753", pin=PIN, deed="keep")
    assert phone.post("/sign-in", data={"who": crew.SELLER, "pin": "9753"}).status_code == 303


def test_the_devices_page_shows_a_code_once_with_the_pin(till: Till) -> None:
    assert "None is enrolled" in till.see("/devices")
    assert "That PIN is not right" in text(till.post("/devices", pin="000000"))
    shown = till.post("/devices", pin=PIN)
    spelled = re.search(r'class="spelled">(.*?)</p>', shown.text, re.DOTALL)
    assert spelled
    code = re.sub(r"<[^>]+>|\s", "", spelled[1])
    assert len(code) == 26
    rows = till.box.db.read().execute("SELECT digest, once FROM enrolments").fetchall()
    assert len(rows) == 1
    assert rows[0][1] == 1
    assert code.encode() not in rows[0][0]


def test_a_device_is_named_and_ended_with_the_pin(till: Till) -> None:
    code = till.write(lambda tx: new_code(tx, once=False))
    made = [till.write(lambda tx: enrol(tx, code, "Phone", "here")) for _ in range(2)]
    assert [each.no for each in made if each] == [1, 2]
    assert till.post("/devices/1", name="Blue phone", pin=PIN, deed="name").status_code == 303
    assert till.post("/devices/2", pin="000000", deed="end").status_code == 409
    assert till.post("/devices/2", pin=PIN, deed="end").status_code == 303
    page = till.see("/devices")
    assert "Blue phone" in page
    assert "Ended Phone" in page
    conn = till.box.db.read()
    assert devices.by_token(conn, made[1].token if made[1] else b"") is None
    assert "No enrolled device has that number" in text(till.post("/devices/2", pin=PIN, deed="end"))
    assert "No enrolled device has that number" in text(till.post("/devices/99", pin=PIN, deed="end"))


def test_the_trail_has_words_for_every_kind_of_event() -> None:
    from stall.web.till import trail
    from tests.web.test_events_name_nobody import ALLOWED

    assert ALLOWED.keys() - trail._KINDS.keys() == {"attempt", "sale", "staff", "drop", "drawer"}  # these say more


def test_the_trail_says_it_in_words_and_a_page_reads_no_more_than_it_shows(till: Till) -> None:
    from stall.web.till import trail

    till.post("/people", **NEW)
    till.post("/people/2", name="Robin", role="bookkeeper", new_pin="", pin=PIN, deed="keep")
    for _ in range(trail.PAGE):
        till.post("/lock")
        till.post("/locked", pin=PIN)
    first = till.client.get("/trail")
    assert len(re.findall(r"<li><time", first.text)) == trail.PAGE
    older = re.search(r'href="(/trail\?before=\d+)">Older', first.text)
    assert older
    assert "Screen locked" in text(first)
    pages, path = 1, older[1]
    while "Person added Robin, staff" not in (page := till.see(path)):
        found = re.search(r'href="(/trail\?before=\d+)">Older', till.client.get(path).text)
        assert found
        pages, path = pages + 1, found[1]
    assert pages <= 4
    assert "Person changed Robin, bookkeeper Maker" in page
    for strange in ("0", "-5", "x", str(1 << 70)):
        assert till.client.get(f"/trail?before={strange}").status_code == 200


def test_the_trail_tells_a_debt_that_is_given_up_a_first_journal_and_which_paper_from_others() -> None:
    from stall.web.till.trail import _about, _title

    assert _title("owed", {"sale": 3, "owed": True}) != _title("owed", {"sale": 3, "owed": False})
    assert _title("epoch", {"parent": None}) == "The journal began"
    assert _title("epoch", {"parent": {"size": 1}}) == "The journal began anew"
    assert _about("printed", {"what": "z", "shift": 2, "copy": 1}) == "Z-report 2, copy 1"
    assert _about("printed", {"what": "receipt", "paper": "x", "copy": 2}) == "A receipt, copy 2"

"""Every route of the till, asked by everybody who could ask: let in where the table of rights says so, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from stall.domain.rights import Right, Role, has
from stall.store import sessions
from stall.store.writer import CrowdWriter
from stall.web.till.routes import RIGHTS
from tests.fakes.stock import Stocked
from tests.web import crew
from tests.web.till_pages import Till, sign_in, text

_SAID = "This is for"
#: What changes who is signed in, or whether the screen is locked.
CHANGING = frozenset({"/sign-in", "/sign-out", "/lock", "/locked"})
_tokens: dict[int, tuple[int, bool]] = {}


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    stocked_box.box.crowd = CrowdWriter(stocked_box.box.db)  # as `stall web` has it
    crew.hire(stocked_box.box)
    return Till(stocked_box)


def routes(till: Till) -> Iterator[tuple[Rule, str, str]]:
    """Every rule of the app with each of its methods and an address it matches."""
    urls = till.client.application.url_map
    for rule in urls.iter_rules():
        values = {name: 1 if "Integer" in type(kind).__name__ else "x" for name, kind in rule._converters.items()}
        address = urls.bind("localhost").build(rule.endpoint, values, method=next(iter(rule.methods or {"GET"})))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, address


def ask(till: Till, method: str, address: str, person: int | None, *, locked: bool = False) -> TestResponse:
    """One request by somebody who is signed in, anew where the request before ended that or changed it."""
    client = till.client
    if person is None:
        client.delete_cookie("stall")
    elif client.get_cookie("stall") is None or _tokens.get(person) != (id(till), locked):
        client.set_cookie("stall", sign_in(till.box, person))
        if locked:
            till.write(lambda tx: tx.conn.execute("UPDATE sessions SET locked = 1"))
        _tokens.clear()
        _tokens[person] = (id(till), locked)
    if address in CHANGING:
        _tokens.clear()
    answer = client.open(address, method=method)
    answer.get_data()
    answer.close()
    return answer


def test_every_route_names_the_right_it_needs(till: Till) -> None:
    endpoints = {rule.endpoint for rule, _, _ in routes(till)}
    assert endpoints == set(RIGHTS)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_let_in_where_it_may_and_nowhere_else(till: Till, role: Role) -> None:
    for rule, method, address in routes(till):
        answer = ask(till, method, address, crew.NUMBERS[role])
        allowed = has(role, RIGHTS[rule.endpoint])
        if not allowed and address == "/":
            assert (answer.status_code, answer.location) == (303, "/day"), role
            continue
        refused = answer.status_code == 403 and "right-missing" in answer.text
        assert refused is not allowed, (method, address, answer.status_code)
        assert answer.status_code not in {401, 423}, (method, address)
        assert RIGHTS[rule.endpoint] is Right.ENTER or "/sign-in" not in (answer.location or ""), address


@pytest.mark.parametrize("person", [None, crew.LEFT])
def test_whoever_is_signed_out_or_left_sees_nothing_but_the_way_in(till: Till, person: int | None) -> None:
    for rule, method, address in routes(till):
        answer = ask(till, method, address, person)
        if RIGHTS[rule.endpoint] is Right.ENTER:
            continue
        if method == "GET" and answer.status_code == 303:
            assert answer.location.startswith("/sign-in"), address
        else:
            assert answer.status_code == 401, (method, address)
            assert "Harbour" not in answer.text


def test_behind_a_locked_screen_nothing_is_seen_and_nothing_done(till: Till) -> None:
    for rule, method, address in routes(till):
        answer = ask(till, method, address, crew.MAKER, locked=True)
        if RIGHTS[rule.endpoint] is Right.ENTER:
            continue
        if method == "GET" and answer.status_code == 303:
            assert answer.location.startswith("/locked"), address
        else:
            assert answer.status_code == 423, (method, address)
            assert "Harbour" not in answer.text


def test_a_route_that_names_no_right_is_refused_even_to_the_maker(stocked_box: Stocked) -> None:
    from stall.web.till.app import create_till_app

    app = create_till_app(stocked_box.box)
    app.add_url_rule("/new-page", view_func=lambda: "everything")
    client = app.test_client()
    client.set_cookie("stall", sign_in(stocked_box.box))
    answer = client.get("/new-page")
    assert answer.status_code == 403
    assert f"{_SAID} nobody" in text(answer)


def test_a_session_ends_by_itself_after_sixteen_hours(till: Till) -> None:
    till.stocked.clock.advance(sessions.LIFE_MS - 1)
    till.write(lambda tx: tx.conn.execute("UPDATE sessions SET seen_ms = ?", (tx.now_ms,)))
    assert till.client.get("/").status_code == 200
    till.stocked.clock.advance(1)
    assert till.client.get("/").location == "/sign-in"


def test_a_refusal_shows_no_page_that_role_may_not_see(till: Till) -> None:
    """A button whose refusal is told on another page shows that page only to whoever may open it."""
    seller, books = Till(till.stocked, crew.SELLER), Till(till.stocked, crew.BOOKKEEPER)
    for path in ("/day/end", "/day/check", "/day/slip"):
        refused = seller.post(path)
        assert (refused.status_code, "The day so far" in refused.text) == (409, False), path
    refused = books.post("/z/1/paper", press="A" * 22)
    assert (refused.status_code, "Printer" in text(refused)) == (409, False)

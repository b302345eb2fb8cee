"""What an address or a form of the till names is a page or a row of this till, or nothing: no other site, no number out of bounds."""

from __future__ import annotations

import pytest

from tests.fakes.stock import PIN, Stocked
from tests.web.test_every_role_at_every_route import routes
from tests.web.till_pages import Till

#: More than a row's number can be, and more than Python reads as one.
_HUGE = ("9" * 19, "9" * 30, "9" * 4000)


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


@pytest.mark.parametrize(
    "then", ["/\t/evil.example", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nX: y"]
)
def test_after_the_colours_were_chosen_no_other_site_is_opened(till: Till, then: str) -> None:
    answer = till.post("/scheme", scheme="outdoor", then=then)
    assert (answer.status_code, answer.location) == (303, "/")


def test_after_the_colours_were_chosen_the_page_is_the_same(till: Till) -> None:
    assert till.post("/scheme", scheme="", then="/?q=low sun&add=1").location == "/?q=low%20sun&add=1"


def test_a_page_that_is_not_there_leads_back_to_no_other_site(till: Till) -> None:
    page = till.client.get("/%09/evil.example")
    assert page.status_code == 404
    then = page.text.partition('name="then" value="')[2].partition('"')[0]
    assert till.post("/scheme", scheme="outdoor", then=then).location == "/"


@pytest.mark.parametrize("huge", _HUGE)
def test_a_number_no_row_can_have_names_nothing(till: Till, huge: str) -> None:
    asked = 0
    for rule, method, address in routes(till):
        if not any("Integer" in type(kind).__name__ for kind in rule._converters.values()):
            continue
        answer = till.client.open(address.replace("1", huge), method=method, data={"pin": PIN})
        assert answer.status_code in {303, 404, 405}, (method, rule.rule, answer.status_code)
        asked += 1
    assert asked > 20


@pytest.mark.parametrize("who", [*_HUGE, "-1", "x", "²", ""])
def test_nobody_has_a_number_out_of_bounds(till: Till, who: str) -> None:
    from tests.web import crew

    crew.hire(till.box)
    till.post("/sign-out")
    assert till.post("/sign-in", who=who, pin=PIN).status_code == 403

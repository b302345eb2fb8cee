"""The reading of pages that the demo's check rests on: it presses only what a person could press."""

from __future__ import annotations

import pytest

from stall.demo.journey.page import Page
from stall.errors import Broken

PAGE = Page(
    "http://127.0.0.1/x",
    """<!doctype html><title>t</title><script>var no = "<a href='/script'>no</a>";</script>
    <p class="state tone-ok">All <b>well</b></p>
    <a href="/d/a">One <span>€4.50</span></a><a href="/d/b">Two</a><a>no address</a>
    <form method="post" action="/sale"><input type="hidden" name="press" value="k&amp;1"><img src="x">
      <input name="given" value=""><input type="checkbox" name="tap"><input type="checkbox" name="on" checked>
      <input type="radio" name="mode" value="a"><input type="radio" name="mode" value="b" checked>
      <button name="item" value="one">Take <span>it</span></button><button name="item" value="two">Take it</button>
      <button disabled>Sold out</button></form>
    <form action="/find"><button>Find</button></form>""",
)


def test_a_form_is_sent_with_its_fields_and_the_button_that_was_pressed() -> None:
    form = PAGE.form("Take it", "two")
    assert (form.method, form.action) == ("POST", "/sale")
    assert form.filled(given="5") == {"press": "k&1", "given": "5", "on": "on", "mode": "b", "item": "two"}
    assert PAGE.form("Take").fields["item"] == "one"
    assert PAGE.form("Find").method == "GET"


def test_a_box_is_ticked_and_unticked_and_an_unknown_field_is_refused() -> None:
    assert PAGE.form("Take").filled(tap="on")["tap"] == "on"
    assert "on" not in PAGE.form("Take").filled(on=None)
    with pytest.raises(Broken, match="no field 'pin'"):
        PAGE.form("Take").filled(pin="1")


@pytest.mark.parametrize("button", ["Sold out", "Pay"])
def test_a_button_that_cannot_be_pressed_is_said_to_be_missing(button: str) -> None:
    with pytest.raises(Broken, match=f"no button “{button}”"):
        PAGE.form(button)


def test_links_have_words_and_an_address_and_scripts_have_none() -> None:
    assert PAGE.links() == [("One €4.50", "/d/a"), ("Two", "/d/b")]
    assert PAGE.link("Two") == "/d/b"
    with pytest.raises(Broken, match="no link “Three”"):
        PAGE.link("Three")


def test_elements_are_found_by_class_with_their_words() -> None:
    assert PAGE.first("p", "tone-ok").text == "All well"
    assert PAGE.has("p", "state")
    assert not PAGE.has("p", "tone")

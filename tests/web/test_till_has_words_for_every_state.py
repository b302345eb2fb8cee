"""No state of a payment leaves the till speechless, and each state has a shape besides its colour."""

from __future__ import annotations

import itertools
import re

import pytest

from stall.domain.payment import FINAL, OPEN, Reason, State
from stall.i18n import texts
from stall.store.attempts import Attempt
from stall.store.sales import Sale
from stall.web.buyer import order_words
from stall.web.factory import PACKAGE
from stall.web.till.words import Shape, Stage, ended_words, standing

SALE = Sale(1, 1, "till", 0, "basket", "EUR", 450, None, None, None, None, 0)


def tried(state: State, reason: str | None = None, display: str = "", cancel: int = 0) -> Attempt:
    return Attempt(
        1, 1, 1, "pay", None, "card", 1, state, None, 450, "EUR", None, None, None, reason,
        "boot", 0, 0, None, cancel, display, None, None, None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize("state", sorted(OPEN))
def test_an_open_payment_has_words_and_offers_no_other_way_to_pay(state: State) -> None:
    now = standing(SALE, [tried(state)])
    assert now.stage in {Stage.CARD, Stage.UNKNOWN}
    assert now.words.title
    assert now.words.sentence


@pytest.mark.parametrize(("state", "reason"), list(itertools.product(sorted(FINAL - {State.PAID}), [None, *Reason])))
def test_an_ended_payment_says_that_no_money_was_taken_or_what_to_do(state: State, reason: Reason | None) -> None:
    words = ended_words(state, reason)
    assert any(said in words.sentence for said in ("No money was taken", "no money was taken", "Take cash"))
    assert standing(SALE, [tried(state, reason)]).stage is Stage.CHOOSE


def test_unknown_forbids_charging_again_in_its_title() -> None:
    words = standing(SALE, [tried(State.UNKNOWN)]).words
    assert "do not charge again" in words.title
    assert words.shape is Shape.STOP


def test_the_terminals_words_replace_ours_while_it_has_the_card() -> None:
    assert standing(SALE, [tried(State.SENT, display="PIN entry")]).words.title == "PIN entry"
    assert standing(SALE, [tried(State.REQUESTED, display="PIN entry")]).words.title == "Calling the card reader"


def test_every_shape_the_words_use_is_drawn() -> None:
    drawn = (PACKAGE / "templates" / "glyphs.html").read_text()
    shapes = {*Shape, *(sign.shape for sign in {**order_words.ENDED, **order_words.OTHERS}.values())}
    assert all(f'  "{shape}": ' in drawn for shape in shapes)


def test_no_two_signs_are_drawn_alike() -> None:
    drawn = re.findall(r'^  "(\w+)": (.*),$', (PACKAGE / "templates" / "glyphs.html").read_text(), re.MULTILINE)
    assert len({lines for _, lines in drawn}) == len(drawn) >= len(Shape)


@pytest.mark.parametrize("state", [State.DECLINED, State.NOT_SENT, State.REVERSED])
@pytest.mark.parametrize("reason", [None, *Reason])
def test_the_buyers_page_knows_how_to_say_every_end(state: State, reason: Reason | None) -> None:
    ended = order_words.ended(tried(state, reason))
    assert ended in order_words.ENDED
    title, said = texts.text("en", f"order.title.{ended}"), texts.text("en", f"order.said.{ended}")
    assert "Nothing was" in f"{title} {said}"
    assert ("declined" in title) == (state is State.DECLINED and reason is Reason.DECLINED)


def test_what_is_sold_out_is_said_where_the_sale_stands() -> None:
    now = standing(SALE, [], ["Harbour Prints"])
    assert (now.stage, now.words.shape, now.version) == (Stage.CHOOSE, Shape.SOLD, "choose-gone-1")
    assert "Take no money" in now.words.sentence

"""Whether a drop sells is computed at each look, and the most useful reason wins."""

from __future__ import annotations

import pytest

from stall.domain import basket
from stall.domain.drop import Offer, Window, offer
from stall.errors import Refused

WINDOW = Window(1000, 2000)


@pytest.mark.parametrize(
    ("now", "on", "left", "expected"),
    [
        (999, True, 5, Offer.EARLY),
        (1000, True, 5, Offer.OPEN),
        (1999, True, 5, Offer.OPEN),
        (2000, True, 5, Offer.LATE),
        (2000, True, 0, Offer.LATE),
        (1500, True, 0, Offer.SOLD_OUT),
        (1500, False, 0, Offer.SOLD_OUT),
        (1500, False, 5, Offer.PAUSED),
        (1500, True, None, Offer.OPEN),
    ],
)
def test_the_window_then_the_numbers_then_the_switch(now: int, on: bool, left: int | None, expected: Offer) -> None:
    assert offer(WINDOW, now_ms=now, switched_on=on, remaining=left) is expected


def test_a_drop_without_bounds_is_open_whenever_it_is_on() -> None:
    assert offer(Window(None, None), now_ms=0, switched_on=True, remaining=None) is Offer.OPEN


def test_basket_codes_have_no_letters_people_confuse() -> None:
    assert not set("01ILOU") & set(basket.ALPHABET)
    assert basket.new_code(lambda n: n - 1) == "ZZZZ"


def test_a_basket_code_is_read_in_any_case_and_refused_otherwise() -> None:
    assert basket.read_code(" k7qm ") == "K7QM"
    for wrong in ("K7Q", "K7QMM", "K7Q0", ""):
        with pytest.raises(Refused) as refusal:
            basket.read_code(wrong)
        assert refusal.value.code == "basket-code-malformed"

"""Keys of forms: one press is one press, whatever it was for, and forms drawn together are stored together."""

from __future__ import annotations

import pytest

from stall.errors import Refused
from stall.store import presses
from stall.store.box import Box


def test_a_key_is_bound_to_what_it_was_for(box: Box) -> None:
    key = presses.new_key()
    with box.db.transaction() as tx:
        presses.remember(tx, presses.bind("take", "a", key), 7)
        assert presses.first(tx, presses.bind("take", "a", key)) == 7
        assert presses.first(tx, presses.bind("take", "b", key)) is None
        assert presses.first(tx, presses.bind("order", "a", key)) is None


def test_keys_are_never_drawn_twice_and_keep_their_order() -> None:
    drawn = [presses.new_key() for _ in range(1000)]
    assert len(set(drawn)) == 1000
    places = [presses.bind("take", n, key)[:4] for n, key in enumerate(drawn)]
    assert places == sorted(places)
    assert len(set(places)) <= 60


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(Refused) as refusal:
        presses.bind("take", "a", bytes(size))
    assert refusal.value.code == "press-malformed"

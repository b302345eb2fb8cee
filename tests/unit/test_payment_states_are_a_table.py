"""What may follow what, as design 6 says it, row by row."""

from __future__ import annotations

import itertools

import pytest

from stall.domain.payment import FINAL, OPEN, TRANSITIONS, State, check, diagram
from stall.errors import Refused

ALLOWED = {
    ("requested", "sent"),
    ("requested", "not_sent"),
    ("sent", "approved"),
    ("sent", "declined"),
    ("sent", "reversing"),
    ("sent", "unknown"),
    ("approved", "paid"),
    ("approved", "reversing"),
    ("approved", "unknown"),
    ("reversing", "reversed"),
    ("reversing", "unknown"),
    ("unknown", "paid"),
    ("unknown", "declined"),
    ("unknown", "reversed"),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State, State)))
def test_only_the_listed_transitions_pass(old: State, new: State) -> None:
    if (old, new) in ALLOWED:
        check(old, new)
    else:
        with pytest.raises(Refused) as refusal:
            check(old, new)
        assert refusal.value.code == "payment-transition"


def test_the_final_states_are_the_four_with_nothing_after() -> None:
    assert {"paid", "declined", "not_sent", "reversed"} == FINAL
    assert frozenset(State) - FINAL == OPEN


def test_every_open_state_can_reach_an_end() -> None:
    reach = {state: {state} for state in State}
    for _ in State:
        for old, following in TRANSITIONS.items():
            reach[old] = reach[old].union(*(reach[new] for new in following)) if following else reach[old]
    assert all(reach[state] & FINAL for state in OPEN)


def test_the_diagram_draws_each_transition_once() -> None:
    drawn = [tuple(line.split(" --> ")) for line in diagram().splitlines() if " --> " in line and "[*]" not in line]
    assert {(old.strip(), new) for old, new in drawn} == ALLOWED
    assert len(drawn) == len(ALLOWED)

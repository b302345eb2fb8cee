"""A heap of papers, true and false, of creator and stranger: `verify` finds the same in whatever order they come."""

from __future__ import annotations

from random import Random

from stall.creator import verdicts
from stall.creator.papers import Paper
from tests.creator.pool import POOL
from tests.wire.documents import CREATOR

TRIES = 150


def found(order: list[int], expected: str | None) -> dict[str, tuple[object, ...]]:
    judged = verdicts.judge([Paper(str(number), POOL[number]) for number in order], expected)
    return {one.name: (one.grade, one.code, one.reason, one.chain) for one in judged}


def test_whatever_order_they_come_in_every_paper_gets_the_same_verdict() -> None:
    random = Random(6)
    for _ in range(TRIES):
        order = random.sample(range(len(POOL)), random.randint(2, 10))
        other = random.sample(order, len(order))
        expected = random.choice([None, None, CREATOR.did])
        assert found(order, expected) == found(other, expected), (order, other, expected)

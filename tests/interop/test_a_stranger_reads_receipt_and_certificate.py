"""A reader in another language, written from docs/protocol.md and docs/implementers.md, agrees on every golden vector.

It is `verify/`, in JavaScript, as the verifying page has it; here on Node. Change it when the page changes, and from the page.
"""

from __future__ import annotations

import pytest

from tests.interop.questions import KINDS, Answer, Question, all_questions, answered_by_node, parted

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def answers() -> list[tuple[Question, Answer]]:
    """All vectors in one process."""
    asked = all_questions()
    return list(zip(asked, answered_by_node(one.asked for one in asked), strict=True))


def test_it_accepts_and_refuses_the_same_by_the_same_rule_and_finds_the_same(
    answers: list[tuple[Question, Answer]],
) -> None:
    asked, said = zip(*answers, strict=True)
    assert parted(asked, said) == {}


def test_it_was_asked_about_every_kind_of_paper_and_mistake(answers: list[tuple[Question, Answer]]) -> None:
    assert {one.asked["kind"] for one, _ in answers} == {*KINDS}
    assert len(KINDS) == 20
    assert len(answers) > 450
    assert len({one.code for one, _ in answers}) > 150

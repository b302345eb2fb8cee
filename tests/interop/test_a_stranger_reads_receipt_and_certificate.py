"""A reader in another language, written from docs/protocol.md and docs/implementers.md, agrees on every golden vector.

It is `verify/`, in JavaScript, as the verifying page has it; here on Node. Change it when the page changes, and from the page.
"""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.house.sources import ROOT
from tests.interop.questions import KINDS, Answer, Question, all_questions, parted

NODE = shutil.which("node")
READER = ROOT / "tests/interop/reader/main.mjs"

pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not on this machine")


@pytest.fixture(scope="module")
def answers() -> list[tuple[Question, Answer]]:
    """All vectors in one process."""
    asked = all_questions()
    lines = "".join(json.dumps(each.asked) + "\n" for each in asked)
    ran = subprocess.run(
        [NODE or "node", str(READER)], input=lines, capture_output=True, encoding="utf-8", timeout=50, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return list(zip(asked, map(json.loads, ran.stdout.splitlines()), strict=True))


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

"""A reader in another language, written from docs/protocol.md and docs/implementers.md, agrees on every golden vector.

It is `reader/`, in JavaScript on Node's own crypto, without any package. Change it when the page changes, and from the page.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.house.sources import ROOT

NODE = shutil.which("node")
READER = ROOT / "tests/interop/reader/main.mjs"
KINDS = ("tokens", "receipt", "refund", "void", "delegation", "manifest", "certificate")

pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not on this machine")


@dataclass(frozen=True)
class Question:
    """One golden vector: what the reader is asked, and the code it must answer with (None: it must accept)."""

    name: str
    asked: dict[str, Any]
    code: str | None


def questions() -> Iterator[Question]:
    for kind in KINDS:
        vectors = json.loads((ROOT / f"tests/wire/vectors/{kind}.json").read_text(encoding="utf-8"))
        keys = {vectors["keys"][name]["kid"]: vectors["keys"][name]["public"] for name in vectors["trusted"]}
        for number, case in enumerate([*vectors["valid"], *vectors["invalid"]]):
            own = {case["key"]["kid"]: case["key"]["public"]} if "key" in case else {}
            asked = {"kind": kind, "trusted": keys | own}
            asked |= {name: case[name] for name in ("token", "manifest", "receipt") if name in case}
            if "document" in case:
                asked["document"] = json.dumps(case["document"], ensure_ascii=False)
            yield Question(f"{kind}: {case.get('rule', number)}", asked, case.get("code"))


@pytest.fixture(scope="module")
def answers() -> list[tuple[Question, dict[str, Any]]]:
    """All vectors in one process."""
    asked = list(questions())
    lines = "".join(json.dumps(each.asked) + "\n" for each in asked)
    ran = subprocess.run(
        [NODE or "node", str(READER)], input=lines, capture_output=True, encoding="utf-8", timeout=50, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return list(zip(asked, map(json.loads, ran.stdout.splitlines()), strict=True))


def test_it_accepts_and_refuses_the_same(answers: list[tuple[Question, dict[str, Any]]]) -> None:
    assert [one.name for one, said in answers if said["ok"] is not (one.code is None)] == []


def test_it_names_the_same_rule(answers: list[tuple[Question, dict[str, Any]]]) -> None:
    others = {one.name: (said.get("code"), one.code) for one, said in answers if said.get("code") != one.code}
    assert others == {}


def test_it_was_asked_about_every_kind_of_mistake(answers: list[tuple[Question, dict[str, Any]]]) -> None:
    assert len(answers) > 150
    assert len({one.code for one, _ in answers}) > 60

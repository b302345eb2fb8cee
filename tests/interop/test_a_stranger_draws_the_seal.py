"""Seals drawn in another language, from docs/protocol.md 5.13 alone, are the same line for line: `reader/seal.mjs` on Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

from stall.wire import seal
from tests.house.sources import ROOT

NODE = shutil.which("node")
DRAWER = ROOT / "tests/interop/reader/seal.mjs"
MORE = 200

pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not on this machine")


def drawn(names: Sequence[Sequence[object]]) -> list[dict[str, Any]]:
    asked = "".join(json.dumps(each) + "\n" for each in names)
    ran = subprocess.run(
        [NODE or "node", str(DRAWER)], input=asked, capture_output=True, encoding="utf-8", timeout=50, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_it_draws_every_golden_vector() -> None:
    cases = json.loads((ROOT / "tests/wire/vectors/seal.json").read_text(encoding="utf-8"))["valid"]
    for case, said in zip(cases, drawn([case["names"] for case in cases]), strict=True):
        assert said == {name: value for name, value in case.items() if name != "names"}


def test_it_draws_many_others_as_we_do() -> None:
    names = [("did:key:z6MkOne", "a-drop", "sha256-m", number or None, "sha256-r") for number in range(MORE)]
    for asked, said in zip(names, drawn(names), strict=True):
        digest = seal.digest(*asked)
        ours = [{"width": width, "tone": tone, "d": seal.path(points)} for width, tone, points in seal.lines(digest)]
        assert (said["digest"], said["lines"]) == (digest.hex(), ours)

"""Seals drawn in another language, from docs/protocol.md 5.13 alone, are the same line for line: `verify/seal.mjs` on Node.

The golden vectors are asked with those of the other papers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from stall.wire import seal
from tests.interop.questions import answered_by_node

MORE = 200

pytestmark = pytest.mark.node


def drawn(names: Sequence[Sequence[object]]) -> list[dict[str, Any]]:
    return [said["found"] for said in answered_by_node({"kind": "seal", "names": each} for each in names)]


def test_it_draws_many_as_we_do() -> None:
    names = [("did:key:z6MkOne", "a-drop", "sha256-m", number or None, "sha256-r") for number in range(MORE)]
    for asked, said in zip(names, drawn(names), strict=True):
        digest = seal.digest(*asked)
        ours = [{"width": width, "tone": tone, "d": seal.path(points)} for width, tone, points in seal.lines(digest)]
        assert (said["digest"], said["lines"]) == (digest.hex(), ours)

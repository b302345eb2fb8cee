"""Whatever two boxes sell, take back and are refused in a night, each number has one fate, and its certificate the grade of that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from stall.creator import verdicts
from stall.store import attempts
from stall.wire import certificate, closing
from tests.creator import closing_scene
from tests.creator.closing_scene import DROP, EDITION, Scene, claim, refund, refuse, sell, settle
from tests.flows import selling


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=strategies.lists(strategies.tuples(strategies.sampled_from(["one", "two"]), strategies.sampled_from(
    ["cash", "comp", "card", "offline", "claim", "refund", "refuse"])), max_size=14), kept=strategies.booleans())  # fmt: skip
def test_any_night_of_two_boxes_leaves_each_number_one_fate(
    night: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]], kept: bool
) -> None:
    with closing_scene.opened(night, tmp_path_factory.mktemp("any") / "night") as scene:
        papers = any_night(scene, steps)
        counted, token = scene.close(artist=[(12, 12)] if kept else ())
        said = closing.verify(token, {scene.creator.thumbprint: scene.creator.public})
        assert [entry.ed for entry in said.editions or ()] == list(range(1, EDITION + 1))
        graded = verdicts.judge([scene.paper(token), scene.paper(scene.token), *map(scene.paper, papers)])
        assert [one.verdict for one in graded[:2]] == ["valid"] * 2
        sold = {entry.cert for entry in said.editions or () if entry.cert is not None}
        for document, verdict in zip(papers, graded[2:], strict=True):
            expected = "VALID-FINAL" if certificate.digest(document) in sold else "INVALID"
            assert verdict.grade == expected
        assert sold == {one.certificate for one in counted.fates.all if one.certificate}


def any_night(scene: Scene, steps: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """Live through it; every payment read offline arrives or is refused in the end. Return the certificates."""
    papers: list[dict[str, Any]] = []
    waiting: list[tuple[str, int]] = []
    sales: dict[str, list[int]] = {"one": [], "two": []}
    for name, step in steps:
        stall = scene.boxes[name]
        if step in {"cash", "comp", "card", "offline"}:
            if not selling.left(stall, DROP):
                continue
            sales[name].append(sell(stall, step))
            if step == "offline":
                waiting.append((name, sales[name][-1]))
        elif sales[name] and step == "claim":
            papers += claim(stall, sales[name][-1])
        elif sales[name] and step == "refund" and (name, sales[name][-1]) not in waiting:
            sale = sales[name].pop()
            if not any(one.tender == "comp" for one in attempts.of_sale(stall.box.db.read(), sale)):
                refund(stall, sale)
        elif sales[name] and step == "refuse" and (name, sales[name][-1]) in waiting:
            waiting.remove((name, sales[name][-1]))
            refuse(stall, sales[name].pop())
    for name, sale in waiting:
        settle(scene.boxes[name], sale)
    unique = {certificate.digest(one): one for one in papers}
    return list(unique.values())

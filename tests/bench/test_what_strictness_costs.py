"""The benchmark of verification compares two ways of reading the same receipt, and judges what it must."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import verify


@pytest.mark.parametrize("lines", verify.LINES)
def test_both_ways_read_the_same_receipt(lines: int) -> None:
    signed = verify.token(lines)
    strict, bare = verify.strictly(signed)(), verify.barely(signed)()
    assert isinstance(bare, dict)
    assert len(bare["items"]) == len(strict.items) == lines  # type: ignore[attr-defined]  # it is a receipt


def test_a_receipt_of_any_length_is_held_against_the_bar() -> None:
    rows = [
        {"lines": lines, "ratio": ratio, "strict_us": 1, "bare_us": 1}
        for lines, ratio in zip(verify.LINES, (1.8, 1.2, 1.7, 1.71), strict=True)
    ]
    assert verify.missed(rows) == [1, 150]
    assert [line.split()[-1] for line in verify.table(rows).splitlines()[1:]] == ["MISSED", "ok", "ok", "MISSED"]


def test_it_tells_what_it_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = verify.main(["--rounds", "1", "--json", str(tmp_path / "told.json")])
    told = json.loads((tmp_path / "told.json").read_text())
    assert [row["lines"] for row in told["receipts"]] == list(verify.LINES)
    assert code == (1 if told["missed"] else 0)
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(verify.LINES)

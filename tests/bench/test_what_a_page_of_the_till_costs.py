"""The benchmark of the till's pages asks for every page there is, and judges what it must."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import till


def test_a_page_is_held_against_the_bar() -> None:
    rows: list[dict[str, float | str]] = [
        {"page": page, "p50_ms": 1.0, "p95_ms": p95, "bare_ms": 0.5, "ratio": 2.0}
        for page, p95 in (("/", 150.0), ("/day", 150.1), ("/day/all", 9000.0))
    ]
    assert till.missed(rows) == ["/day"]
    assert [line.split()[-1] for line in till.table(rows).splitlines()[1:]] == ["ok", "MISSED", "ok"]


def test_it_tells_what_it_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = till.main(["--sales", "60", "--rounds", "1", "--json", str(tmp_path / "told.json")])
    told = json.loads((tmp_path / "told.json").read_text())
    pages = [row["page"] for row in told["pages"]]
    assert {"/", "/state", "/day", "/at-risk", "/shift", "/z"} <= set(pages)
    assert any(page.startswith("/sale/") and page.endswith("long") for page in pages)
    assert code == (1 if told["missed"] else 0)
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(pages)

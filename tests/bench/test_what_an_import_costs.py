"""The benchmark of imports holds what it measured against its bars, and does import; memory does not grow with a pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import importing

GOOD = {
    "least_s": 1.0,
    "file_ratio": 1.3,
    "pipe_ratio": 1.45,
    "file_mb": 60.0,
    "pipe_mb": 60.0,
    "file_large_mb": 64.0,
    "pipe_large_mb": 64.0,
}


@pytest.mark.parametrize(
    ("name", "value", "misses"),
    [
        ("file_ratio", 1.3, []),
        ("file_ratio", 1.31, ["file_ratio"]),
        ("pipe_ratio", 1.46, ["pipe_ratio"]),
        ("pipe_large_mb", 64.5, ["pipe_mb"]),
    ],
)
def test_each_bar_can_be_missed(name: str, value: float, misses: list[str]) -> None:
    told = GOOD | {name: value}
    assert importing.missed(told) == misses
    assert importing.table(told).count("MISSED") == len(misses)


def test_an_import_takes_no_more_memory_for_a_larger_pack(tmp_path: Path) -> None:
    """Of processes of their own, by the largest size that the kernel noted."""
    sizes = {}
    for megabytes in (8, 72):
        folder = tmp_path / str(megabytes)
        importing.lay_out(folder, 2, megabytes)
        sizes[megabytes] = importing.spent(folder, "pipe").peak_mb
    assert sizes[72] - sizes[8] < importing.GROWTH_MB

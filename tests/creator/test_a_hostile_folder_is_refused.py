"""Answers and folders nobody writes by hand: one sentence, never a pack that is other than what was written there."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from stall.creator import answers
from stall.creator import folder as folders
from stall.errors import StallError


@pytest.mark.parametrize(
    "line",
    [
        "edition = 0",
        "edition = 100_001",
        "window-days = 0",
        "window-days = -5",
        "window-days = 1000000000000000",
        'kind = "evil"',
        "sample = " + "[" * 30_000,
        'title = "Night"\n' + "# a word too many\n" * 4000,
    ],
    ids=lambda line: line[:20],
)
def test_answers_that_cannot_be_meant_are_refused_and_never_passed_over(tmp_path: Path, line: str) -> None:
    (tmp_path / answers.FILE).write_text(f"{line}\n", "utf-8")
    with pytest.raises(StallError) as refused:
        answers.read(tmp_path)
    assert refused.value.code == "answers-unreadable"
    assert len(refused.value.sentence) < 400


def test_a_folder_without_end_is_refused_early(tmp_path: Path) -> None:
    before = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1200):
            Path("d").mkdir()
            os.chdir("d")
        Path("x").write_bytes(b"x")
        with pytest.raises(StallError) as refused:
            folders.find(tmp_path)
        assert refused.value.code == "path-too-long"
    finally:
        with contextlib.suppress(OSError):  # by hand: what tidies up goes down by calling itself
            Path("x").unlink()
            while Path.cwd() != tmp_path:
                os.chdir("..")
                Path("d").rmdir()
        os.chdir(before)


def test_names_that_some_systems_take_for_one_are_said_to_be_so(tmp_path: Path) -> None:
    for name in ("\u00e9.txt", "e\u0301.txt"):
        (tmp_path / name).write_bytes(b"x")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this disk takes them for one itself")
    with pytest.raises(StallError) as refused:
        folders.find(tmp_path)
    assert refused.value.code == "path-not-unique"
    assert "accent" in refused.value.sentence

"""`stall doctor --power-cut-test`, in two acts: a program that counts until it is cut off, and what is left of that in the next boot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stall import clock
from stall.box.machine import power_cut
from tests.commands.conftest import Run


@pytest.fixture
def cut_off(tmp_path: Path) -> tuple[Path, int]:
    """A test that was begun as somebody far away sees it, and cut off in the midst of it; the last number seen."""
    command = [sys.executable, "-m", "stall", "doctor", "--data", str(tmp_path), "--power-cut-test"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        seen = [line.strip() for line in (running.stdout.readline() for _ in range(5))]
        running.kill()
    assert seen[0].startswith("Look on from another machine")
    return tmp_path, int(seen[-1])


def test_every_number_that_was_seen_is_there_in_the_next_boot(
    stall: Run, cut_off: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, seen = cut_off
    same = stall("doctor", "--data", folder, "--power-cut-test", "--seen", str(seen))
    assert (same.code, "has not been off since" in same.err) == (1, True)
    monkeypatch.setattr(clock, "_kernel_boot_id", lambda: "the next boot")
    after = stall("doctor", "--data", folder, "--power-cut-test", "--seen", str(seen))
    assert (after.code, after.out.startswith(f"All {seen} records you saw are there")) == (0, True)
    assert not power_cut.armed(folder)


def test_what_is_missing_is_counted(stall: Run, cut_off: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, seen = cut_off
    path = folder / power_cut.FILE
    path.write_bytes(path.read_bytes()[: (seen - 2) * power_cut.RECORD_BYTES])
    monkeypatch.setattr(clock, "_kernel_boot_id", lambda: "the next boot")
    told = stall("doctor", "--data", folder, "--power-cut-test", "--seen", str(seen), "--json")
    assert (told.code, told.json["lost"]) == (1, 3)


def test_without_a_test_it_says_so(stall: Run, tmp_path: Path) -> None:
    told = stall("doctor", "--data", tmp_path, "--power-cut-test", "--seen", "40")
    assert (told.code, "power-cut-not-armed" in told.err) == (1, True)

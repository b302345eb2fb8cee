"""The maker's own command line: switches and the clock, without a PIN."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes import stock
from tests.fakes.clock import START_MS, FakeClock


def test_a_drop_is_closed_and_opened(run: Run) -> None:
    assert run("drop", "close", stock.PRINTS, "--json").json["drops"][0]["state"] == "paused"
    assert "[drop-not-open]" in run("sell", stock.PRINTS, "--cash").err
    assert "open, 5 left here, edition of 5, €4.50" in run("drop", "open", stock.PRINTS).out


def test_status_shows_every_drop_or_the_one_asked_for(run: Run) -> None:
    names = [drop["drop"] for drop in run("drop", "status", "--json").json["drops"]]
    assert names == [stock.PRINTS, stock.ZINE, stock.SAMPLER]
    assert run("drop", "status", stock.ZINE).out.count("\n") == 1


def test_a_drop_that_is_not_there_is_refused(run: Run) -> None:
    for what in ("open", "close", "status"):
        ran = run("drop", what, "nothing")
        assert ran.code == 1
        assert "[drop-unknown]" in ran.err


def test_where_nobody_names_the_data_folder_the_environment_does(
    stall: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Missing option '--data'" in stall("drop", "status").err
    monkeypatch.setenv("STALL_DATA", str(data))
    assert stock.PRINTS in stall("drop", "status").out
    assert "[box-missing]" in stall("drop", "status", "--data", data / "keys").err


def test_a_folder_without_a_stall_is_refused_by_every_command(run: Run, data: Path) -> None:
    (data / "stall.sqlite").rename(data / "elsewhere")
    for command in (("drop", "status"), ("clock", "show"), ("report", "reconcile"), ("sell", stock.ZINE, "--cash")):
        ran = run(*command)
        assert ran.code == 1
        assert "[box-missing]" in ran.err


def test_confirming_the_clock_makes_it_sure_for_this_boot(run: Run, clock: FakeClock) -> None:
    clock.source = None
    clock.reboot(wall=START_MS + 60 * 3600 * 1000)
    assert run("clock", "show", "--json").json["clk"] == "floor"
    assert run("clock", "confirm").out == "2026-11-23 12:00:00 UTC, confirmed by you\n"
    assert run("clock", "show", "--json").json == {"ok": True, "now_ms": clock.wall, "clk": "operator"}


def test_a_clock_that_jumped_is_told_and_the_right_time_can_be_given(run: Run, clock: FakeClock) -> None:
    clock.wall = START_MS + 9 * 365 * 86_400_000  # somebody's server of time, nine years ahead
    told = run("clock", "show").out
    assert "not sure" in told
    assert "The machine's clock says 2035-11-19" in told
    assert run("clock", "confirm", "--utc", "2026-11-21 14:05").out == "2026-11-21 14:05:00 UTC, confirmed by you\n"
    assert run("clock", "show").out == "2026-11-21 14:05:00 UTC, confirmed by you\n"


def test_a_time_that_is_none_is_refused(run: Run) -> None:
    ran = run("clock", "confirm", "--utc", "tomorrow")
    assert (ran.code, "[time-malformed]" in ran.err) == (1, True)

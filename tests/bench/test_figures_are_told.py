"""The benchmark's table says what is demanded, what was reached, and whether that is enough."""

from __future__ import annotations

from pathlib import Path

from tests.bench import figures
from tests.bench.claims import FULL, QUICK, Bench, results

GOOD = {bar.name: bar.aim for bar in figures.BARS}


def test_a_figure_is_held_against_its_bar_from_the_right_side() -> None:
    assert figures.missed(GOOD) == []
    assert figures.missed({"lone": 0.34, "till_p99": 6.0, "bytes": 14.1}) == ["lone", "bytes"]


def test_the_table_has_a_line_for_every_bar_measured_or_not() -> None:
    lines = figures.table({"lone": 0.5, "syncs": 0.2}).splitlines()[1:]
    assert len(lines) == len(figures.BARS)
    assert [line.split()[-1] for line in lines] == ["ok", "-", "-", "-", "-", "MISSED", "-", "-", "-"]


def test_results_are_medians_of_the_rounds_and_only_of_what_was_measured() -> None:
    bench = Bench(QUICK, Path())
    for ratio in (0.1, 0.9, 0.4):
        bench.add("fast 1", ratio=ratio)
    for size, cpu in ((1_000, 100.0), (100_000, 112.0)):
        bench.add(f"journal {size}", cpu_us=cpu)
    assert results(bench) == {"lone": 0.4, "growth": 1.12}


def test_the_whole_run_compares_a_thousand_events_with_a_million() -> None:
    assert (min(FULL.sizes), max(FULL.sizes)) == (1_000, 1_000_000)

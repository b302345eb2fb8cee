"""SIGKILL under load, in real processes: what was acknowledged is there, once, and the stall sells on.

The short run of `python -m tests.faults --only kill`; a failure names the folder it left and how to see it again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import kills, points
from tests.faults.kills import Job

SEED = 20_261_121
#: A busy machine takes ten times as long.
pytestmark = pytest.mark.timeout(400)


def test_killed_at_random_instants_it_keeps_every_promise(tmp_path: Path) -> None:
    summary = kills.play(Job("random", SEED, 14), tmp_path)
    assert summary.found == []
    assert summary.kills >= 20
    assert summary.promised > 20


def test_dying_at_steps_of_the_journal_it_keeps_every_promise(tmp_path: Path) -> None:
    summary = kills.play(Job("points", SEED, 7), tmp_path)
    assert summary.found == []
    assert summary.points == 7


def test_the_steps_are_every_event_of_every_process_on_both_sides() -> None:
    told = {point.told for point in points.every()}
    for event in ("sale", "grant", "certificate", "delivery", "attempt.approved", "attempt.paid", "attempt.unknown"):
        for step in ("append", "commit"):
            assert {f"{step}:before:{event}:1", f"{step}:after:{event}:1"} <= told
    assert {point.part for point in points.every()} == {"web", "reader", "sync"}


def test_a_run_takes_every_step_and_as_many_points_as_were_asked_for() -> None:
    made = kills.jobs(1000, seed=5)
    assert sum(job.count for job in made) == 1000
    taken = [point for job in made if job.kind == "points" for point in kills.points_of(job)]
    assert sorted(map(str, taken)) == sorted(map(str, points.every()))
    assert all(Job.parse(str(job)) == job for job in made)

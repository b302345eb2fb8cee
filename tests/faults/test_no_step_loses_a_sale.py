"""A process dies exactly before or after it appends an event or commits it: what was acknowledged is there, once.

The short run takes three of the steps: before the COMMIT of a sale, when nobody may have been answered, and both sides
of the one that makes a card payment `paid`. The long run takes them all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import kills, points
from tests.faults.kills import Job

FEW = Job("points", 70_059, 3)


@pytest.mark.timeout(400)  # a busy machine takes ten times as long
def test_dying_at_steps_of_the_journal_it_keeps_every_promise(tmp_path: Path) -> None:
    told = {point.told for point in kills.points_of(FEW)}
    assert told == {"commit:before:sale:1", "commit:before:attempt.paid:1", "commit:after:attempt.paid:1"}
    summary = kills.play(FEW, tmp_path)
    assert summary.found == []
    assert (summary.points, summary.kills) == (3, 3)


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

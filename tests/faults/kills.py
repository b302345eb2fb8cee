"""SIGKILL under load: at random instants, and at every step of the journal. After each, the stall is judged.

One job is one stall: it is killed again and again while people buy, judged after each restart through the product's
reading connection, and at the end judged whole, audit and cloud included.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults import points, progress, stage, stocked, verdict
from tests.faults.load import Load
from tests.faults.points import Point
from tests.faults.stage import NotInTime, Stage
from tests.faults.summary import Summary

#: Kills at random instants, and steps of the journal, before a stall is judged whole and a new one is made.
KILLS_A_STALL = 25
STEPS_A_STALL = 13
#: Who is killed, and how often; "all" is a power cut that the disk does not notice.
VICTIMS = {"web": 5, "reader": 4, "sync": 2, "all": 6}
#: The shortest and longest time between two kills (s).
BETWEEN_S = (0.03, 0.5)


@dataclass(frozen=True)
class Job:
    """What is done to one stall: `count` kills at random instants, or `count` steps of the journal from `first` on.

    The seed decides everything that can be decided; which thread gets there first cannot.
    """

    kind: str
    seed: int
    count: int
    first: int = 0

    @classmethod
    def parse(cls, text: str) -> Job:
        """Read what `str` wrote."""
        kind, seed, count, first = text.split(":")
        return cls(kind, int(seed), int(count), int(first))

    def __str__(self) -> str:
        return f"{self.kind}:{self.seed}:{self.count}:{self.first}"


def play(job: Job, root: Path) -> Summary:
    """Do one job in `root`, until it is done or something was found."""
    summary = Summary()
    folder = root / f"{job.kind}-{job.seed}-{job.first}"
    try:
        with stage.running(stocked.make(folder)) as running, Load(running, job.seed) as load:
            missed = list(_faults(running, load, job, summary))
            if not summary.found:
                _to_the_end(running, load, summary)
        summary.found += [f"The stall never came to the point: {point}." for point in missed]
    except NotInTime as late:
        summary.found.append(str(late))
    return closed(summary, folder, str(job))


def closed(summary: Summary, folder: Path, job: str) -> Summary:
    """Take a stall away in which nothing was found; else say with each finding where it lies and how to see it again."""
    if summary.found:
        command = f"python -m tests.faults --replay '{job}'"
        summary.found = [f"{sentence}\n    folder {folder}; again: {command}" for sentence in summary.found]
    else:
        shutil.rmtree(folder)
    return summary


def jobs(wanted: int, seed: int) -> list[Job]:
    """As many jobs as make `wanted` points: half of them steps of the journal until each was taken, the rest at random."""
    steps = min(len(points.every()), (wanted + 1) // 2)
    made = [Job("points", seed, min(STEPS_A_STALL, steps - n), n) for n in range(0, steps, STEPS_A_STALL)]
    rest = wanted - steps
    return made + [Job("random", seed + n, min(KILLS_A_STALL, rest - n)) for n in range(0, rest, KILLS_A_STALL)]


def points_of(job: Job) -> list[Point]:
    """The steps one job dies at: its share of all of them, in an order the seed decides."""
    every = points.every()
    random.Random(job.seed).shuffle(every)
    return every[job.first : job.first + job.count]


def _faults(running: Stage, load: Load, job: Job, summary: Summary) -> Iterator[Point]:
    """Kill and judge, until the job is done or something was found; give the steps that never came."""
    deaths = (
        _at_random(running, load, job, summary) if job.kind == "random" else _at_points(running, load, job, summary)
    )
    for death, missed in deaths:
        found = verdict.judge_box(running.observer, load.now(), terminal=running.home.books, audited=False)
        summary.found += [f"{sentence} (after {death})" for sentence in found]
        progress.mark(running.home.root.parent, death, found)
        if missed is not None:
            yield missed
        if found:
            return


def _at_random(running: Stage, load: Load, job: Job, summary: Summary) -> Iterator[tuple[str, None]]:
    chance = random.Random(job.seed)
    for _ in range(job.count):
        load.wait(chance.uniform(*BETWEEN_S))
        (victim,) = chance.choices([*VICTIMS], [*VICTIMS.values()])
        killed = running.kill(stage.WRITERS if victim == "all" else [victim])
        running.wait_until_answering()
        summary.point(f"kill {victim}", killed)
        yield f"{victim} was killed", None


def _at_points(running: Stage, load: Load, job: Job, summary: Summary) -> Iterator[tuple[str, Point | None]]:
    for point in points_of(job):
        reached = points.die_at(running, load, point)
        running.wait_until_settled()
        summary.point(f"step {point.part}", int(reached))
        yield f"{point} died", None if reached else point


def _to_the_end(running: Stage, load: Load, summary: Summary) -> None:
    """Everybody goes home; every payment ends; the cloud has everything; the whole stall is judged, and sells on."""
    load.stop()
    running.wait_until_settled()
    stage.eventually(running.uploaded, stage.SETTLED_WITHIN_S, "the cloud to have everything", 0.1)
    home, promised = running.home, load.promised
    summary.promised += promised.count
    promised.save(home.root / "promised.json")
    summary.found += [*load.complaints, *running.complaints()]
    summary.found += verdict.judge(home.box, promised, terminal=home.books)
    summary.found += verdict.sells_again(home.box, promised)
    summary.found += verdict.judge(home.box, promised, terminal=home.books)

"""Break a stall again and again and look whether it kept its word; `python -m tests.faults` calls this.

Kills its processes, cuts its power, spoils its disk and its clock, copies its database. Prints how far it is and, for
each finding, how to see it again; the exit code is 1 when anything was found.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from itertools import cycle, islice
from pathlib import Path

import click

from tests.faults import clocks, copies, kills, makings, progress
from tests.faults.kills import Job
from tests.faults.summary import Summary

KINDS = ("kill", "power", "disk", "clock", "copy")
RUNS, SAY_EVERY_S = 300, 10.0
#: Images of the power cut are judged so many at a time, so that there is something to say in between.
IMAGES_AT_ONCE = 2500
#: And disks are spoiled so many times in one job, which is one stall.
TROUBLES_AT_ONCE = 24
#: A run with so many kills also lets the maker's commands die.
MAKINGS_FROM = 100


def main(arguments: list[str]) -> int:
    """Do what was asked; 0 when nothing was found, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=(__doc__ or "").partition(";")[0])
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"how many points in all (default {RUNS})")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="decides everything that can be decided")
    parser.add_argument("--workers", type=int, default=2, metavar="W", help="how many stalls at once (default 2)")
    parser.add_argument("--only", choices=KINDS, help="faults of this kind alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary here too")
    parser.add_argument("--replay", metavar="JOB", help="do one job again, as a finding names it")
    chosen = parser.parse_args(arguments)
    seed = int(time.time()) if chosen.seed is None else chosen.seed
    root = Path(tempfile.mkdtemp(prefix=f"stall-faults-{seed}-"))
    began = time.monotonic()
    if chosen.replay:
        summary = play(chosen.replay, root)
    else:
        click.echo(f"Faults: {chosen.runs} points, seed {seed}, {chosen.workers} at once. Folders: {root}")
        summary = run(shares(chosen.runs, chosen.only), seed, chosen.workers, root)
    told = {"seed": seed, "seconds": round(time.monotonic() - began), **summary.told()}
    if chosen.json:
        chosen.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if not summary.found:
        shutil.rmtree(root)
    say(summary, seed, told["seconds"])
    return 1 if summary.found or not summary.points else 0


def shares(runs: int, only: str | None) -> dict[str, int]:
    """How many points of each kind; what is left over is power cuts, which are the cheapest."""
    if only:
        return {only: runs}
    parts = {"kill": runs * 7 // 100, "disk": runs // 50, "clock": runs // 250, "copy": runs // 1000}
    parts = {kind: max(1, count) for kind, count in parts.items()}
    return {**parts, "power": max(0, runs - sum(parts.values()))}


def run(wanted: dict[str, int], seed: int, workers: int, root: Path) -> Summary:
    """Everything, kind after kind."""
    summary = Summary()
    named = [str(job) for job in kills.jobs(wanted.get("kill", 0), seed)]
    if wanted.get("kill", 0) >= MAKINGS_FROM:
        named.append(f"makings:{seed}")
    named += [f"clock:{name}:{seed + n}" for n, name in enumerate(islice(cycle(clocks.WRONG), wanted.get("clock", 0)))]
    named += [
        f"copy:{name}:{seed + n}" for n, name in enumerate(islice(cycle(copies.SCENARIOS), wanted.get("copy", 0)))
    ]
    spoiled = wanted.get("disk", 0)
    named += [f"disk:{seed + n}:{min(TROUBLES_AT_ONCE, spoiled - n)}" for n in range(0, spoiled, TROUBLES_AT_ONCE)]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(play, job, root) for job in named}
        while waiting:
            done, waiting = wait(waiting, timeout=SAY_EVERY_S)
            for each in done:
                summary.add(each.result())
            click.echo(f"  {progress.points(root)} points, {len(summary.found)} findings", err=True)
    for first in range(0, wanted.get("power", 0), IMAGES_AT_ONCE):
        summary.add(power(min(IMAGES_AT_ONCE, wanted["power"] - first), seed + first, workers))
        click.echo(f"  {summary.points} points, {len(summary.found)} findings", err=True)
    return summary


def play(job: str, root: Path) -> Summary:
    """One job by its name. What breaks the harness itself is a finding too: nothing was proven then."""
    kind, *rest = job.split(":")
    players: dict[str, Callable[[], Summary]] = {
        "points": lambda: kills.play(Job.parse(job), root),
        "random": lambda: kills.play(Job.parse(job), root),
        "makings": lambda: makings.scenario(int(rest[0]), root),
        "clock": lambda: clocks.scenario(rest[0], int(rest[1]), root),
        "copy": lambda: copies.scenario(rest[0], int(rest[1]), root),
        "disk": lambda: disk(int(rest[1]), int(rest[0]), root),
    }
    try:
        return players[kind]()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs go on
        return Summary(found=[f"The job {job} could not be done: {error!r}"])


def power(images: int, seed: int, workers: int) -> Summary:
    """Power cuts, out of recordings of real processes."""
    from tests.faults.power import run as cuts

    told = cuts.run(images, seed, workers)
    summary = Summary(promised=told.told, found=told.found)
    summary.kinds["power cut"] = told.images
    return summary


def disk(points: int, seed: int, root: Path) -> Summary:
    """A disk that is full, failing or read-only."""
    from tests.faults import disk_points

    home = root / f"disk-{seed}"
    home.mkdir()
    summary = disk_points.run(points, seed, home=home)
    for _ in range(summary.points):
        progress.mark(root, "disk", ())
    return kills.closed(summary, home, f"disk:{seed}:{points}")


def say(summary: Summary, seed: int, seconds: object) -> None:
    """Print what it came to."""
    for kind, count in sorted(summary.kinds.items()):
        click.echo(f"{count:8}  {kind}")
    click.echo(
        f"{summary.points:8}  points, {summary.kills} processes killed, {summary.promised} promises,"
        f" {len(summary.found)} findings; seed {seed}, {seconds} s"
    )
    for sentence in summary.found:
        click.echo(f"FOUND {sentence}")

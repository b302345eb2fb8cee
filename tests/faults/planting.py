"""Planted bugs: patches that each break one promise, applied to a copy of the tree. The harness must find every one.

A harness that never goes red proves nothing. `./setup.sh bench faults --planted` plants each in turn, runs the faults
that concern it in the copy, and fails for a bug that was not found. The tree it runs from is never changed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).with_name("planted")
#: What a run needs of the tree.
PARTS = ("stall", "static", "tests", "pyproject.toml")
#: How a finding begins that says only that the harness itself could not do its work.
NOTHING_PROVEN = "The job "
#: Longer than the slowest short run takes on a busy machine (s).
ENOUGH_S = 420


@dataclass(frozen=True, slots=True)
class Planted:
    """One bug: its patch is `planted/<name>.patch`; `finds` are the arguments of `python -m tests.faults` that must go red."""

    name: str
    breaks: str
    finds: tuple[str, ...]


BUGS = (
    Planted(
        "acknowledge-before-commit",
        "Buyers are answered before the disk has their sale.",
        ("--only", "power", "--runs", "120"),
    ),
    Planted("synchronous-normal", "COMMIT returns without a sync.", ("--only", "power", "--runs", "120")),
    Planted("beside-the-door", "A write of the reader passes no door.", ("--only", "power", "--runs", "20")),
    Planted("retry-an-unknown", "An unclear card payment is sent again.", ("--only", "kill", "--runs", "40")),
    Planted("receipt-before-paid", "The receipt is signed with the approval.", ("--only", "kill", "--runs", "40")),
    Planted(
        "numbers-inherited", "A new epoch goes on selling the old one's numbers.", ("--only", "copy", "--runs", "2")
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the harness said of one bug. `found` holds its sentences; `words` its output when it did not work at all."""

    bug: Planted
    found: list[str]
    words: str = ""


def plant(bug: Planted, folder: Path) -> Path:
    """Copy the tree below `folder` and plant the bug there; return the copy. Raises CalledProcessError for a patch that does not apply."""
    tree = folder / bug.name
    tree.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, tree / part, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / part)
    apply(bug, tree)
    return tree


def apply(bug: Planted, tree: Path) -> None:
    """Apply the patch to a tree. Raises CalledProcessError."""
    patch = PATCHES / f"{bug.name}.patch"
    outside = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(patch)],
        cwd=tree,
        env=outside,
        check=True,
        capture_output=True,
        text=True,
    )


def hunt(bug: Planted, folder: Path, seed: int) -> Outcome:
    """Run the faults that concern a bug in a tree that has it."""
    tree = plant(bug, folder)
    report = folder / f"{bug.name}.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", *bug.finds, "--seed", str(seed), "--json", str(report)],
        cwd=tree,
        env={
            **os.environ,
            "PYTHONPATH": str(tree),
            "TMPDIR": str(folder),
        },  # what it leaves behind goes with the folder
        capture_output=True,
        text=True,
        timeout=ENOUGH_S,
        check=False,
    )
    found = [str(each) for each in json.loads(report.read_text())["found"]] if report.is_file() else []
    found = [each for each in found if not each.startswith(NOTHING_PROVEN)]
    return Outcome(bug, found, "" if found else (done.stdout + done.stderr)[-2000:])


def main(arguments: list[str]) -> int:
    """Hunt the bugs named, or all; 0 when each was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults --planted", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(bug.name for bug in BUGS))
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.names) - {bug.name for bug in BUGS}
    if unknown:
        parser.error(f"there is no planted bug {min(unknown)!r}")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="stall-planted-") as folder:
        for bug in BUGS:
            if not chosen.names or bug.name in chosen.names:
                missed += _tell(hunt(bug, Path(folder), chosen.seed))
    return 1 if missed else 0


def _tell(outcome: Outcome) -> int:
    click.echo(f"{'red' if outcome.found else 'NOT FOUND'}  {outcome.bug.name}: {outcome.bug.breaks}")
    click.echo(f"     {outcome.found[0] if outcome.found else outcome.words}")
    return 0 if outcome.found else 1

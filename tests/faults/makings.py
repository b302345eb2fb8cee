"""A maker's command dies at each of its steps: making a box, accepting papers, importing, opening, moving in.

Done again it does the rest, whatever was there already; in the end the stall is whole and sells.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from stall import app
from stall.clock import SystemClock
from stall.creator import delegations, keyring
from stall.creator.keyring import Creator
from stall.store import journal
from stall.store.schema import FREE
from stall.wire import keys
from tests.faults import progress, stocked, verdict
from tests.faults.kills import closed
from tests.faults.part import environment
from tests.faults.points import SIDES, STEPS
from tests.faults.promised import Promised
from tests.faults.stocked import Home
from tests.faults.summary import Summary
from tests.faults.times import Told

ENOUGH_S = 60
#: What a box that is asked for again may say when it was there already.
_THERE = re.compile(r"\[box-exists\]")


def scenario(seed: int, root: Path) -> Summary:
    """Make a stall by its commands, each dying at each of its steps before it is let do its work."""
    summary, folder = Summary(), root / f"makings-{seed}"
    home = Home(folder)
    for each in ("documents", "files", "terminal"):
        (folder / each).mkdir(parents=True)
    (folder / "files" / stocked.FILE_NAME).write_bytes(stocked.FILE_BYTES)
    Told().write(folder / "clock.json")
    creator = keyring.new(folder / "creator", "Salt & Paper")
    _make(home, creator, summary)
    if not summary.found:
        _move_in(home, summary)
    for found in (verdict.judge(home.box, Promised()), verdict.sells_again(home.box)):
        summary.found += found
    progress.mark(root, "makings", summary.found)
    return closed(summary, folder, f"makings:{seed}")


def _make(home: Home, creator: Creator, summary: Summary) -> None:
    now_s = SystemClock().wall_ms() // 1000
    box = ["--data", str(home.box)]
    _until_done(home, ["keys", "new", "box", *box], "epoch", summary)
    looked = app.open_box(home.box, looking=True)
    own, epoch = looked.secrets.signing, journal.read_head(looked.db.read()).epoch_text
    looked.close()
    granted = home.root / "documents" / "box.delegation"
    granted.write_text(delegations.delegate(creator, own.did, "box", now_s=now_s), encoding="ascii")
    _until_done(home, ["accept", *box, str(granted)], "delegation", summary)
    for drop in (stocked.FREE, stocked.ZINE, stocked.GIFT):
        pack = stocked.pack(home, creator, drop, now_s)
        _until_done(home, ["pack", "import", *box, str(pack.path)], "import" if drop == stocked.FREE else "", summary)
    _accept_lease(home, own, epoch, summary)
    for drop in (stocked.FREE, stocked.ZINE, stocked.GIFT):
        _until_done(home, ["drop", "open", *box, drop], "drop" if drop == stocked.ZINE else "", summary)


def _accept_lease(home: Home, own: keys.SigningKey, epoch: str, summary: Summary) -> None:
    paper = home.root / "documents" / f"{epoch}.lease"
    paper.write_text(stocked.issue(home, stocked.FREE, own.thumbprint, epoch, 50), encoding="ascii")
    _until_done(home, ["accept", "--data", str(home.box), str(paper)], "lease", summary)


def _move_in(home: Home, summary: Summary) -> None:
    """Each copy of the box dies once while it begins its new epoch, and then begins it, and sells no number."""
    for event, step, side in product(("epoch", "exception"), STEPS, SIDES):
        twin = Home(home.root, f"{event}-{step}-{side}")
        shutil.copytree(home.box, twin.box)
        sell = ["sell", stocked.GIFT, "--comp", "--data", str(twin.box)]
        _dies(home, sell, f"{step}:{side}:{event}:1", summary)
        _done(home, sell, summary)
        summary.found += [*verdict.judge(twin.box, Promised()), *_left(twin)]
        summary.found += verdict.sells_again(twin.box)


def _left(home: Home) -> list[str]:
    box = app.open_box(home.box)
    try:
        (left,) = box.db.read().execute("SELECT count(*) FROM numbers WHERE state = ?", (FREE,)).fetchone()
    finally:
        box.close()
    return [f"A new epoch begins with {left} numbers to sell."] if left else []


def _until_done(home: Home, command: Sequence[str], event: str, summary: Summary) -> None:
    """Let a command die at each step of appending `event`, then let it do its work."""
    if event:
        for step, side in product(STEPS, SIDES):
            _dies(home, command, f"{step}:{side}:{event}:1", summary)
    _done(home, command, summary)


def _dies(home: Home, command: Sequence[str], told: str, summary: Summary) -> None:
    """A command that finds its work done already comes to no such step, and says so or does nothing."""
    done = _run(home, command, STALL_FAULT_DIE=told)
    summary.point(f"step {command[0]}", done.returncode == -signal.SIGKILL)
    if done.returncode != -signal.SIGKILL and not _fine(done):
        summary.found.append(
            f"{' '.join(command[:3])} told to die at {told} ended with {done.returncode}: {done.stderr}"
        )


def _done(home: Home, command: Sequence[str], summary: Summary) -> None:
    done = _run(home, command)
    if not _fine(done):
        summary.found.append(f"{' '.join(command[:3])} done again ended with {done.returncode}: {done.stderr}")


def _fine(done: subprocess.CompletedProcess[str]) -> bool:
    return done.returncode == 0 or _THERE.search(done.stderr) is not None


def _run(home: Home, command: Sequence[str], **told: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "tests.faults.child", *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(STALL_FAULT_CLOCK=str(home.root / "clock.json"), **told),
        timeout=ENOUGH_S,
        check=False,
    )

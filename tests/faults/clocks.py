"""The clock goes wrong while people buy: forward, backward, standing still, or vouched for by nobody.

Selling goes on, no event is earlier than the one before it, and none is dated further ahead than a clock may jump.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

from stall.clock import JUMP_LIMIT_MS
from tests.faults import progress, stage, stocked, verdict
from tests.faults.kills import closed
from tests.faults.load import Load
from tests.faults.stage import NotInTime, Stage
from tests.faults.summary import Summary
from tests.faults.times import DAY_MS, Told

HOUR_MS = 3600 * 1000
#: What the system's clock says while people buy; frozen is filled in at the moment.
WRONG = {
    "forward 3 days": Told(ahead_ms=3 * DAY_MS),
    "forward 10 years": Told(ahead_ms=3652 * DAY_MS),
    "forward 30 hours": Told(ahead_ms=30 * HOUR_MS),
    "backward 2 hours": Told(ahead_ms=-2 * HOUR_MS),
    "backward 20 years": Told(ahead_ms=-7305 * DAY_MS),
    "frozen": Told(frozen_ms=0),
    "nobody vouches": Told(source=None),
}
#: Each stretch of selling: before the clock goes wrong, meanwhile, after a restart with the wrong clock, and after (s).
STRETCH_S = 0.6
_SLACK_MS = 60_000


def scenario(name: str, seed: int, root: Path) -> Summary:
    """Sell through one of the WRONG clocks, with a power cut in the middle of it, and back again."""
    summary = Summary()
    folder = root / f"clock-{name.replace(' ', '-')}-{seed}"
    home = stocked.make(folder, confirmed=False)
    clock = folder / "clock.json"
    Told().write(clock)
    try:
        with (
            stage.running(home, always={"STALL_FAULT_CLOCK": str(clock)}) as running,
            Load(running, seed) as load,
        ):
            _through(running, load, name, clock, random.Random(seed))
            load.stop()
            running.wait_until_settled()
            summary.promised += load.promised.count
            summary.found += [*load.complaints, *running.complaints(), *_dates(running)]
            summary.found += verdict.judge(home.box, load.promised, terminal=home.books)
            summary.found += verdict.sells_again(home.box, load.promised)
    except NotInTime as late:
        summary.found.append(str(late))
    summary.point(f"clock {name}", len(stage.WRITERS))
    progress.mark(root, f"clock {name}", summary.found)
    return closed(summary, folder, f"clock:{name}:{seed}")


def _through(running: Stage, load: Load, name: str, clock: Path, chance: random.Random) -> None:
    sold = load.promised.count
    stage.eventually(lambda: load.promised.count > sold + 3, stage.READY_WITHIN_S, "the first sales")
    wrong = WRONG[name]
    (Told(frozen_ms=time.time_ns() // 1_000_000) if wrong.frozen_ms == 0 else wrong).write(clock)
    for step in ("the clock went wrong", "everything was started with the wrong clock", "the clock is right again"):
        load.wait(STRETCH_S * chance.uniform(0.5, 1.5))
        sold = load.promised.count
        stage.eventually(lambda sold=sold: load.promised.count > sold + 5, stage.READY_WITHIN_S, f"sales after {step}")  # type: ignore[misc]  # a lambda's default
        if step == "the clock went wrong":
            running.kill(stage.WRITERS)
            running.wait_until_answering()
        else:
            Told().write(clock)


def _dates(running: Stage) -> list[str]:
    """No event may be dated further from the truth than a clock may jump without the maker."""
    now_ms = time.time_ns() // 1_000_000
    rows = running.observer.db.read().execute("SELECT bytes FROM events ORDER BY id").fetchall()
    dates = [int(json.loads(row[0])["at"]) for row in rows]
    found = [
        f"Event {seq} is dated {(at - now_ms) / HOUR_MS:.0f} hours ahead."
        for seq, at in enumerate(dates)
        if at > now_ms + JUMP_LIMIT_MS + _SLACK_MS
    ]
    return found[:3]

"""Disk trouble drawn at random while people buy: what fails, where, when, how. For the long run.

Each point: the running `stall web` meets the trouble; what it answered stands, it ends with 75 or goes on, and started
again on a mended disk it sells. The draws follow from the seed; who buys when does not.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from tests.faults import troubled, verdict
from tests.faults.power import replay
from tests.faults.power.making import ZINE
from tests.faults.power.selling import Refusal, sell, take
from tests.faults.summary import Summary
from tests.faults.troubled import UNKNOWN, Troubled, answered
from tests.preload.faults import ANY
from tests.preload.records import Op

LOG, DATABASE, DOOR, ANYWHERE = "stall.sqlite-wal", "stall.sqlite", "stall.door", ""
BUYERS = 4
#: Points met by one stall, before it is stopped, judged whole, and a new one is taken.
A_STALL = 24
LONGEST_WAIT = 20
#: Kinds of calls and the files they are made on.
MEETINGS = (
    ((Op.WRITE,), LOG),
    ((Op.WRITE,), LOG),
    ((Op.SYNC,), LOG),
    ((Op.WRITE, Op.SYNC), ANYWHERE),
    ((Op.WRITE, Op.SYNC, Op.TRUNCATE), DATABASE),  # while the log is copied back
    ((Op.OPEN,), DOOR),
    ((Op.OPEN,), ANYWHERE),
    (ANY, LOG),
    (ANY, ANYWHERE),
)


@dataclass(frozen=True, slots=True)
class Point:
    """Which calls fail (see `Faults.arm`), and how."""

    ops: tuple[Op, ...]
    error: int
    suffix: str
    after: int
    always: bool
    halve: bool

    @classmethod
    def draw(cls, rng: Random) -> Point:
        """One point; the log, on which everything hangs, most often."""
        ops, suffix = rng.choice(MEETINGS)
        error = rng.choice([errno.EIO, errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT])
        return cls(ops, error, suffix, rng.randrange(LONGEST_WAIT), rng.random() < 0.7, rng.random() < 0.3)

    def __str__(self) -> str:
        what = "+".join(op.name.lower() for op in self.ops) if len(self.ops) < 5 else "everything"
        how = f"{'always' if self.always else 'once'} after {self.after}{', halved' if self.halve else ''}"
        return f"{errno.errorcode[self.error]} on {what} of {self.suffix or 'any file'}, {how}"


def run(points: int, seed: int, *, home: Path) -> Summary:
    """Meet so many points; what was found stays below `home`, with the stall it was found in."""
    summary, rng = Summary(), Random(seed)
    template = troubled.make_template(home / "made")
    for n in range(-(-points // A_STALL)):
        stall = Troubled(home / f"stall-{n}", template)
        troubled.fill_log(stall.box)
        try:
            for found in _meet(stall, [Point.draw(rng) for _ in range(min(A_STALL, points - n * A_STALL))], summary):
                summary.found.append(f"{found} (disk trouble, seed {seed}, see {stall.box})")
        finally:
            summary.promised += stall.told.promised.count
            stall.close()
    return summary


def _meet(stall: Troubled, points: list[Point], summary: Summary) -> Iterator[str]:
    stall.start()
    for point in points:
        stall.faults.arm(
            *point.ops,
            error=point.error,
            suffix=point.suffix,
            after=point.after,
            always=point.always,
            halve=point.halve,
        )
        _crowd(stall)
        stall.faults.disarm()
        struck = "struck" if stall.faults.hits else "missed"
        summary.point(f"disk {errno.errorcode[point.error]} {struck}")
        if not stall.alive:
            code = stall.died()
            if code != UNKNOWN:
                yield f"{point}: web ended with {code}: {stall.last_words}"
            stall.start()
        yield from (f"{point}: {each}" for each in _goes_on(stall))
    if (code := stall.end()) != 0:
        yield f"web stopped with {code}: {stall.last_words}"
    yield from replay.judge(stall.box, stall.told)


def _crowd(stall: Troubled) -> None:
    """Buyers and the till at once, three times each; a no is an answer, no answer ends somebody's visit."""

    def buys(_who: int) -> None:
        with stall.buyer() as buyer:
            all(_tries(partial(take, buyer, claim=claim)) for claim in (False, True, False))

    def sells() -> None:
        with stall.maker() as maker:
            all(_tries(partial(sell, maker, ZINE, card=False)) for _ in range(3))

    with ThreadPoolExecutor(BUYERS + 1) as people:
        done = [people.submit(sells), *(people.submit(buys, n) for n in range(BUYERS))]
        for each in done:
            each.result()


def _tries(act: Callable[[], object]) -> bool:
    """False when the stall went away; a no is an answer."""
    try:
        return answered(act)
    except Refusal:
        return True


def _goes_on(stall: Troubled) -> Iterator[str]:
    """On a mended disk everything told is there, and the next buyer is served."""
    try:
        with stall.buyer() as buyer:
            if not answered(lambda: take(buyer, claim=True)):
                yield f"web went away on a mended disk: {stall.last_words}"
    except Refusal as no:
        yield f"nothing can be had on a mended disk: {no}"
    yield from verdict.judge(stall.box, stall.told.promised)

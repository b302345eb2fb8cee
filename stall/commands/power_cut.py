"""`stall doctor --power-cut-test`: find out with a real power cut whether the disk keeps what it says it keeps."""

from __future__ import annotations

from pathlib import Path

from stall.box.machine import power_cut
from stall.box.machine.power_cut import Found
from stall.clock import SystemClock
from stall.commands import say

_BEGIN = (
    "Look on from another machine (ssh): what this one shows is gone with it. While the numbers count, pull its plug.",
    "Keep the last number you see. After the start ask: stall doctor --data {data} --power-cut-test --seen NUMBER",
)


def run(folder: Path, seen: int | None, *, as_json: bool) -> int:
    """Begin the test, or, with the number `seen` last, say what the disk kept; 1 when it lost anything. Raises what `power_cut` raises."""
    if seen is None:
        return _begin(folder, as_json=as_json)
    found = power_cut.check(folder, SystemClock().boot_id(), seen)
    power_cut.forget(folder)
    if as_json:
        say.facts({"seen": seen, "kept": found.kept, "lost": found.lost, "damaged": found.damaged})
    else:
        say.line(_verdict(found))
    return 1 if found.lost else 0


def _begin(folder: Path, *, as_json: bool) -> int:
    if not as_json:
        say.lines(*(line.format(data=folder) for line in _BEGIN))
    power_cut.arm(folder, SystemClock().boot_id(), lambda number: say.line(str(number)))
    power_cut.forget(folder)
    say.warning("Nobody pulled the plug, so there is nothing to say about the disk. Begin again.")
    return 1


def _verdict(found: Found) -> str:
    if found.lost:
        return (
            f"This disk lies: it said it had kept {found.seen} records, and {found.lost} of them are not there."
            " Sell nothing with it; take another card, and test that one too."
        )
    more = f", and {found.kept - found.seen} more" if found.kept > found.seen else ""
    return f"All {found.seen} records you saw are there{more}. This time the disk kept what it said; three times make it likely."

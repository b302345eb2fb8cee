"""The last chapters: the power goes in the middle of sales, again and again, and what is left is judged."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.vm import chapters
from tests.vm.machine import PHONES as PHONES_LINE
from tests.vm.machine import TILL as TILL_LINE
from tests.vm.run import BUYERS, DATA, TILL, Run
from tests.vm.terminal import ACKNOWLEDGED, APPROVED, ASKED

#: When the power goes: at these instants of a card payment, while a crowd takes and pays; or at any.
ANY, FLUSH = "any", "flush"
INSTANTS = {
    APPROVED: "as the terminal's approval arrives",
    ACKNOWLEDGED: "as our acknowledgement of the approval has left, before anything more is known",
    ASKED: "as the amount has just been sent to the terminal",
    FLUSH: "while the card has not yet flushed what is being committed",
    ANY: "at no particular instant",
}
ORDER = (APPROVED, FLUSH, ACKNOWLEDGED, ASKED, FLUSH, ANY)
#: How long the crowd has been there at least, and how long such an instant is waited for (s).
CROWD_S, INSTANT_WITHIN_S = 15.0, 150.0


def cuts(run: Run, numbers: Sequence[int]) -> int:
    """Make the cuts with these numbers, from 0, as far as the time goes; give how many were made."""
    longest = 0.0
    for made, number in enumerate(numbers):
        if run.report.left_s() < longest * 1.2:
            run.report.saw(f"{run.report.left_s() / 60:.1f} minutes are left: no time for another cut")
            return made
        began = time.monotonic()
        _cut(run, number + 1, ORDER[number % len(ORDER)])
        longest = max(longest, time.monotonic() - began)
    return len(numbers)


def _cut(run: Run, number: int, instant: str) -> None:
    report, promises = run.report, run.promises
    report.chapter(f"Power cut {number}, {INSTANTS[instant]} (seed {run.seed})")
    before = promises.told.count
    _crowd_comes(run)
    run.eventually(lambda: promises.told.count > before, INSTANT_WITHIN_S)
    if instant == ANY:
        time.sleep(CROWD_S + run.chance.random() * CROWD_S)
    else:
        time.sleep(CROWD_S + run.chance.random() * CROWD_S)
        run.terminal.expect()
        wait = run.machine.in_a_commit if instant == FLUSH else lambda most: run.terminal.wait(instant, most)
        if not wait(INSTANT_WITHIN_S):
            report.saw("that instant did not come; the power goes all the same")
    lost = run.machine.cut(run.chance)
    promises.power_gone()
    told = promises.told
    report.saw(
        f"the power is gone; {told.count - before} more promises were out: {len(told.takes)} takes, {len(told.cash)} cash, {len(told.cards)} card sales in all"
    )
    report.saw(f"of what the card had not flushed, {lost.kept} writes were kept, {lost.torn} torn, {lost.lost} lost")
    for words in promises.complaints:
        report.fault(words)
    promises.complaints.clear()
    report.saw(f"it boots again: the agent speaks after {run.machine.boot():.0f} s")
    after(run)


def after(run: Run) -> None:
    """Everything runs by itself, unclear payments are cleared up, and nothing promised is missing."""
    report = run.report
    if not chapters.up(run):
        return
    said = run.said("dmesg | grep -i 'EXT4-fs (vdb)' | tail -n 2")
    report.saw(f"the file system of the card: {said or 'nothing said'}")
    chapters.hold_cable(run)
    settled = run.ours("judge", DATA, "settle")
    report.saw(
        f"card payments before recovery {settled.get('at_first')}, after {settled.get('in_the_end')} ({settled.get('seconds')} s)"
    )
    report.must(settled.get("left") == [], "every card payment has an end", settled)
    chapters.judged(run)


def _crowd_comes(run: Run) -> None:
    """Buyers on a phone that has joined the Wi-Fi, and the till with cash and card."""
    chapters.hold_cable(run)
    chapters.join(run, 1)
    chapters.ready(run)
    run.crowd("phones", BUYERS, PHONES_LINE, phone=1)
    run.crowd("till", TILL, TILL_LINE)


def last(run: Run) -> None:
    """The stall sells once more, and all of its journal holds."""
    run.report.chapter("In the end")
    sold = run.ours("judge", DATA, "sell")
    for words in sold.get("found", []):
        run.report.fault(words)
    run.report.must(sold.get("found") == [], "it sells for cash and gives away", sold.get("error", ""))
    done = run.sh(f"stall journal verify --data {DATA}", 300)
    run.report.must(done.code == 0, f"stall journal verify: {done.out.strip().splitlines()[-1:] or ''}", done.words)
    failed = run.said("systemctl --failed --no-legend --plain | grep stall")
    run.report.must(not failed, "no unit of the stall has failed", failed)

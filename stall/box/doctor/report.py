"""What was found as a page for a person, 80 columns wide, and as facts for a program."""

from __future__ import annotations

import datetime
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from stall.box.doctor import boot, versions
from stall.box.doctor.finding import WORST_FIRST, Finding, State
from stall.box.doctor.patient import Patient

#: The sign and the word of a state: the word alone says it all.
SIGNS = {
    State.FAULT: "✗ FAULT",
    State.WARNING: "! WARNING",
    State.UNKNOWN: "? NOT SEEN",
    State.NOTE: "i note",
    State.OK: "✓ fine",
}
_COUNTED = {
    State.FAULT: ("fault", "faults"),
    State.WARNING: ("warning", "warnings"),
    State.UNKNOWN: ("thing not seen", "things not seen"),
    State.NOTE: ("note", "notes"),
}
_MARGIN = 12


def facts(patient: Patient, found: Sequence[Finding]) -> dict[str, object]:
    """Everything as one object: when and where, how many of each state, and every finding, the worst first."""
    at = datetime.datetime.fromtimestamp(patient.clock.wall_ms() // 1000, datetime.UTC)
    counts = Counter(each.state for each in found)
    return {
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "data": str(patient.data),
        "versions": versions.software(patient),
        "counts": {state.value: counts[state] for state in WORST_FIRST},
        "findings": [{**asdict(each), "facts": dict(each.facts)} for each in found],
    }


def page(patient: Patient, found: Sequence[Finding], width: int, *, everything: bool) -> Iterator[str]:
    """Head, sum, then each finding that is not fine with its cure; what is fine by its name only, or `everything`."""
    told = versions.software(patient)
    yield from textwrap.wrap(f"Stall {told['stall']} on {told['board'] or 'this machine'}, {told['system']}", width)
    up = boot.uptime_s(patient)
    yield from textwrap.wrap(f"{patient.data}{f', machine up {boot.spelled(up)}' if up is not None else ''}", width)
    yield ""
    yield from textwrap.wrap(summed(found), width)
    for each in found:
        if each.state is not State.OK:
            yield ""
            yield from _told(each, width)
    fine = [each for each in found if each.state is State.OK]
    yield ""
    if everything:
        for each in fine:
            yield from _hung(SIGNS[State.OK], f"{each.group}: {each.what}", width)
    elif fine:
        troubled = {each.group for each in found if each.state is not State.OK}
        groups = [name for name in dict.fromkeys(each.group for each in fine) if name not in troubled]
        yield from _hung(SIGNS[State.OK], ", ".join(groups) or f"{len(fine)} things", width)


def summed(found: Iterable[Finding]) -> str:
    """How many there are of each state, in one sentence."""
    counts = Counter(each.state for each in found)
    said = [f"{counts[state]} {names[counts[state] > 1]}" for state, names in _COUNTED.items() if counts[state]]
    if not said:
        return "All is well."
    *before, last = said
    return f"{', '.join(before)} and {last}." if before else f"{last}."


def _told(each: Finding, width: int) -> Iterator[str]:
    yield from _hung(SIGNS[each.state], f"{each.group}: {each.what}", width)
    yield from _hung("", f"→ {each.cure}", width)


def _hung(head: str, text: str, width: int) -> Iterator[str]:
    """Text in lines behind a margin, in which the first has its head."""
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=head.ljust(_MARGIN),
        subsequent_indent=" " * _MARGIN + ("  " if text.startswith("→ ") else ""),
        break_on_hyphens=False,
        break_long_words=False,
    )
    yield from lines

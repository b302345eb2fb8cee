"""When papers count: on the day asked about or, for what others rest on, when those were signed. Reads no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stall.creator import chains
from stall.creator.chains import Said
from stall.errors import Hostile


@dataclass(frozen=True)
class Span:
    """The time asked about, from its first second UTC to its last: one moment, or a day."""

    first_s: int
    last_s: int


@dataclass(frozen=True)
class Needs:
    """What papers handed in together need of each other: by name, when it was rested on; by kind, which there are."""

    times: Mapping[str, Sequence[int]]
    kin: Mapping[str, Sequence[Said]]


def needs(papers: Iterable[Said]) -> Needs:
    """Gather what the papers that hold rest on, and when."""
    times: dict[str, list[int]] = defaultdict(list)
    kin: dict[str, list[Said]] = defaultdict(list)
    for said in papers:
        if said.kin is not None:
            kin[said.kin].append(said)
        for name, at_s in said.rests:
            times[name].append(at_s)
        if said.delegate is not None and said.dated is not None:
            times[chains.name_of(said.delegate)].append(said.dated)
    return Needs(times, kin)


def check(said: Said, asked: Span | None, known: Needs) -> tuple[str, ...]:
    """Check that a paper counts at the time asked about; return what there is to say of it.

    What is over is no fault where the papers beside it were signed before: only what is dated later would lack it.
    Raises Hostile `verify-not-yet`, `verify-over`.
    """
    if asked is None:
        return ()
    if said.dated is not None and asked.last_s < said.dated:
        raise Hostile(
            "verify-not-yet", f"This counts from {chains.day(said.dated)} on, later than the day asked about. Wait."
        )
    if said.until is None or asked.first_s <= said.until:
        return ()
    over = f"over since {chains.day(said.until)}."
    if _was_needed(said, known):
        return (f"It was in force when these were signed; {over}",)
    if any(_was_needed(one, known) or _counts(one, asked) for one in known.kin.get(said.kin or "", ())):
        return (f"Another of its kind beside it counts for these; this one is {over}",)
    raise Hostile(
        "verify-over",
        f"This counted until {chains.day(said.until)}, before the day asked about. Ask for a newer one.",
    )


def _was_needed(said: Said, known: Needs) -> bool:
    """Say whether a paper beside it was signed while it was in force."""
    until_s = said.until
    return until_s is not None and any(
        (said.dated or 0) <= at_s <= until_s for at_s in known.times.get(said.own or "", ())
    )


def _counts(said: Said, asked: Span) -> bool:
    return (said.dated or 0) <= asked.last_s and (said.until is None or asked.first_s <= said.until)

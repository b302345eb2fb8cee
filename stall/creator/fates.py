"""What became of every copy of a drop, by the journals of all its boxes and what the creator leased. Pure.

Nobody is asked here: what only a person can decide is named, and raised if it was not decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from stall.creator import ranges
from stall.creator.copies import Copy, Told
from stall.creator.ranges import Range
from stall.errors import Refused
from stall.wire.closing import Entry
from stall.wire.lease import Lease

State = Literal["sold", "burned", "unsold", "artist"]

LOST, REVOKED = "leased to a box that is lost", "revoked"
NEVER_LEASED, NOT_SOLD, GIVEN_BACK = "never leased", "not sold", "given back by its box"


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What the person decided: boxes that are lost (thumbprints), numbers the creator keeps, whose receipt holds a number.

    `earliest` lets the sale that was journaled first hold a number two boxes sold; `unclaimed` leaves copies without number out
    that nobody claimed yet.
    """

    lost: frozenset[str] = frozenset()
    artist: Sequence[Range] = ()
    keep: Mapping[int, str] = field(default_factory=dict)
    earliest: bool = False
    unclaimed: bool = False


@dataclass(frozen=True)
class Fate:
    """What became of one copy, and why; the line that sold it, if it counts."""

    st: State
    why: str
    copy: Copy | None = None
    certificate: str | None = None


@dataclass(frozen=True)
class Twice:
    """A number that two boxes sold: the sale that holds it, and those that do not."""

    number: int
    holds: Copy
    others: tuple[Copy, ...]


@dataclass(frozen=True)
class Fates:
    """All copies of a drop: by number, or those without one. `left_out`: copies without number whose code nobody claimed."""

    numbered: Mapping[int, Fate] = field(default_factory=dict)
    others: Sequence[Fate] = ()
    twice: Sequence[Twice] = ()
    left_out: int = 0

    @property
    def all(self) -> list[Fate]:
        """Of every copy."""
        return [*self.numbered.values(), *self.others]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The list of a closing statement (docs/protocol.md 5.9)."""
        numbered = [Entry(st=one.st, ed=number, cert=one.certificate) for number, one in self.numbered.items()]
        rest = [Entry(st=one.st, cert=one.certificate) for one in self.others if one.st == "sold"]
        return (*numbered, *sorted(rest, key=lambda one: one.cert or ""))


def of_numbers(
    edition: int,
    told: Sequence[Told],
    leases: Sequence[Lease],
    returned: Mapping[str, Sequence[Range]],
    revoked: Collection[int],
    newest: Mapping[str, str],
    decided: Decided,
) -> Fates:
    """Say what became of the numbers 1 to `edition`.

    `returned` are numbers given back, by box; `revoked` the ids of copies (`id(copy)`) the creator revoked; `newest` maps a
    certificate to the one it was passed on by. Raises Refused `close-number-twice`, `close-artist`, `close-keep`.
    """
    copies: defaultdict[int, list[Copy]] = defaultdict(list)
    for one in told:
        for copy in one.copies:
            copies[copy.number or 0].append(copy)
    twice = [
        _held(number, standing, decided)
        for number, found in sorted(copies.items())
        if len(standing := _standing(found, revoked)) > 1
    ]
    _check_decided(twice, decided)
    holds = {one.number: one.holds for one in twice}
    of_lease = _by_lease(leases, returned, decided.lost)
    numbered = {
        number: _fate(number, copies[number], holds.get(number), revoked, newest, of_lease, decided)
        for number in range(1, edition + 1)
    }
    _check_artist(numbered, decided.artist, edition)
    return Fates(numbered, (), twice)


def without_numbers(
    told: Sequence[Told], revoked: Collection[int], newest: Mapping[str, str], decided: Decided
) -> Fates:
    """Say what became of the copies of an open edition. Raises Refused `close-unclaimed`."""
    found: list[Fate] = []
    left_out = 0
    for copy in (copy for one in told for copy in one.copies):
        if copy.back is not None or id(copy) in revoked:
            found.append(Fate("burned", copy.back or REVOKED, copy))
        elif copy.certificate is None:
            left_out += 1
        else:
            found.append(Fate("sold", "sold", copy, _last(copy.certificate, newest)))
    if left_out and not decided.unclaimed:
        raise Refused(
            "close-unclaimed",
            f"{left_out} sold copies were never claimed and have no certificate. Once the drop is closed none signed later"
            " counts. Ask their buyers to claim them and export the journals again, or leave them out with --leave-unclaimed.",
        )
    return Fates({}, found, (), left_out)


def _standing(found: Sequence[Copy], revoked: Collection[int]) -> list[Copy]:
    """The sales of a number that were not taken back: the one journaled first stands first."""
    standing = [copy for copy in found if copy.back is None and id(copy) not in revoked]
    return sorted(standing, key=lambda copy: (copy.at_ms, copy.box, copy.jti))


def _held(number: int, standing: Sequence[Copy], decided: Decided) -> Twice:
    chosen = decided.keep.get(number)
    holds = next((copy for copy in standing if chosen in {copy.jti, copy.certificate}), standing[0])
    if chosen is not None and chosen not in {holds.jti, holds.certificate}:
        raise Refused(
            "close-keep",
            f"No sale of number {number} has the receipt or certificate “{chosen}”. Give one of those named.",
        )
    return Twice(number, holds, tuple(copy for copy in standing if copy is not holds))


def _check_decided(twice: Sequence[Twice], decided: Decided) -> None:
    wrong = set(decided.keep) - {one.number for one in twice}
    if wrong:
        raise Refused("close-keep", f"Number {min(wrong)} was not sold twice. Leave --keep out for it.")
    undecided = [one for one in twice if one.number not in decided.keep and not decided.earliest]
    if undecided:
        named = "; ".join(said_of(one) for one in undecided)
        raise Refused(
            "close-number-twice",
            f"Two boxes sold one number. {named}. The sale journaled first holds it if you add --earliest; for another give"
            " --keep NUMBER=RECEIPT. The other buyer needs another copy, or the money back.",
        )


def said_of(one: Twice) -> str:
    """Name the sales of a number that was sold twice, the one that holds it first."""
    return f"Number {one.number}: {_sale(one.holds)} holds it, before " + " and ".join(map(_sale, one.others))


def _sale(copy: Copy) -> str:
    when = f"{datetime.fromtimestamp(copy.at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    named = f", certificate {copy.certificate}" if copy.certificate else ", no certificate"
    return f"receipt {copy.jti} (box {copy.box[:12]}, {when}{named})"


class _Leased:
    """Of each number: whether a lost box may have sold it, whether anybody was leased it, whether it was given back."""

    def __init__(self) -> None:
        self.lost: list[Range] = []
        self.leased: list[Range] = []
        self.returned: list[Range] = []


def _by_lease(leases: Sequence[Lease], returned: Mapping[str, Sequence[Range]], lost: Collection[str]) -> _Leased:
    found = _Leased()
    for one in leases:
        own = ranges.without(one.ranges, returned.get(one.sub, ()))
        found.leased = ranges.joined([*found.leased, *one.ranges])
        if one.sub in lost:
            found.lost = ranges.joined([*found.lost, *own])
    found.returned = ranges.joined(part for parts in returned.values() for part in parts)
    return found


def _fate(
    number: int,
    found: Sequence[Copy],
    holds: Copy | None,
    revoked: Collection[int],
    newest: Mapping[str, str],
    of_lease: _Leased,
    decided: Decided,
) -> Fate:
    standing = [holds] if holds else _standing(found, revoked)
    if standing:
        copy = standing[0]
        why = "sold" if copy.certificate else "sold, never claimed"
        return Fate("sold", why, copy, None if copy.certificate is None else _last(copy.certificate, newest))
    spoiled = [copy for copy in found if copy.spoiled or id(copy) in revoked]
    if spoiled:
        return Fate("burned", spoiled[-1].back or REVOKED, spoiled[-1])
    if _has(of_lease.lost, number):
        return Fate("burned", LOST)
    if _has(decided.artist, number):
        return Fate("artist", "kept by you")
    if not _has(of_lease.leased, number):
        return Fate("unsold", NEVER_LEASED)
    return Fate("unsold", GIVEN_BACK if _has(of_lease.returned, number) else NOT_SOLD)


def _last(certificate: str, newest: Mapping[str, str]) -> str:
    """The certificate that a copy has now, after it was passed on."""
    seen = {certificate}
    while (following := newest.get(certificate)) is not None and following not in seen:
        certificate = following
        seen.add(following)
    return certificate


def _has(found: Sequence[Range], number: int) -> bool:
    return any(low <= number <= high for low, high in found)


def _check_artist(numbered: Mapping[int, Fate], artist: Sequence[Range], edition: int) -> None:
    beyond = ranges.without(artist, [(1, edition)])
    taken = [n for n, one in numbered.items() if _has(artist, n) and one.st != "artist"]
    if beyond or taken:
        named = ranges.text(beyond or ranges.joined((n, n) for n in taken))
        raise Refused(
            "close-artist",
            f"You cannot keep {named}: those numbers are sold, void, or above the edition. Keep numbers that nobody sold.",
        )

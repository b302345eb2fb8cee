"""What would change: every path that is to be another than it is, in words and as data. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from stall.box.config import fragments, places
from stall.box.install import manifest
from stall.box.install.machine import Machine
from stall.box.install.manifest import Manifest, Stood, Wanted

What = Literal["make", "replace", "rights", "note", "put back", "remove", "forget"]
#: Files there have no rights of their own (FAT).
_NO_RIGHTS = places.BOOT


@dataclass(frozen=True, slots=True)
class Change:
    """One path. `wanted` is None where ours goes; `by_hand`: what stands there is neither ours nor what we
    found at first; `first`: none of ours stood there before; `leaves`: it is ours no more.
    """

    path: str
    what: What
    wanted: Wanted | None
    stands: Stood
    before: Stood
    by_hand: bool = False
    first: bool = False
    leaves: bool = False

    def __str__(self) -> str:
        """For a list."""
        return f"{self.what} {self.path}" + (
            " (changed by hand: kept beside it as .stall-kept)" if self.by_hand else ""
        )


def changes(machine: Machine, installed: Manifest, wanted: Sequence[Wanted]) -> list[Change]:
    """What must change so that every path is as wanted, and ours that are wanted no more are as they were.

    Raises Broken `path-taken` and OSError.
    """
    found = []
    for each in wanted:
        own = installed.entry(each.path)
        stands = manifest.look(machine.at(each.path))
        before = own.before if own else stands
        by_hand = own is not None and not own.edited and stands.kind != "nothing" and stands.sha256 != own.sha256
        if stands.kind == "nothing":
            found.append(Change(each.path, "make", each, stands, before, first=own is None))
        elif stands.sha256 != each.sha256 or (stands.kind == "link") != bool(each.link):
            found.append(Change(each.path, "replace", each, stands, before, by_hand, own is None))
        elif not each.link and not _has_rights(machine, each, stands):
            found.append(Change(each.path, "rights", each, stands, before, first=own is None))
        elif own is None and not each.edited:  # ours to the last byte, and nobody wrote it down: the manifest was lost
            found.append(Change(each.path, "note", each, stands, Stood("nothing")))
    paths = {each.path for each in wanted}
    for entry in installed.entries:
        if entry.path not in paths:
            found += removal(machine, entry)
    return found


def removal(machine: Machine, entry: manifest.Entry) -> list[Change]:
    """What must change so that a path is as it was before us; nothing if it is."""
    stands = manifest.look(machine.at(entry.path))
    if stands.kind == "nothing" and entry.before.kind == "nothing":
        return [Change(entry.path, "forget", None, stands, entry.before, leaves=True)]
    by_hand = stands.kind != "nothing" and stands.sha256 != entry.sha256
    if entry.edited and by_hand:
        return [_without_ours(machine, entry, stands)]
    if by_hand and stands.sha256 == entry.before.sha256:
        return [Change(entry.path, "forget", None, stands, stands, leaves=True)]  # somebody put it back already
    what: What = "remove" if entry.before.kind == "nothing" else "put back"
    return [Change(entry.path, what, None, stands, entry.before, by_hand, leaves=True)]


def _without_ours(machine: Machine, entry: manifest.Entry, stands: Stood) -> Change:
    """A file of others that they changed since: only our part goes."""
    place = machine.at(entry.path)
    content = fragments.undo(entry.path, place.read_bytes())
    wanted = Wanted(entry.path, stands.mode, content=content, edited=True)
    return Change(entry.path, "put back", wanted, stands, entry.before, leaves=True)


def _has_rights(machine: Machine, wanted: Wanted, stands: Stood) -> bool:
    if wanted.path.startswith(tuple(f"{place}/" for place in _NO_RIGHTS)):
        return True
    if stands.mode != wanted.mode:
        return False
    if wanted.edited:
        return True
    return os.geteuid() != 0 or (stands.uid, stands.gid) == (machine.uid(wanted.owner), machine.gid(wanted.group))

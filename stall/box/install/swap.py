"""Many files replaced in one go, so that a power cut at any instant ends with all of the old or all of the new.

Everything new lies beside its place before anything is replaced, and what stands there is copied first. A record in
`/etc/stall/swap` says which paths those are; while it is there the swap is not over, and whoever comes next puts the old back
(`undo`, at the next boot or the next run). Removing the record is what makes the new hold.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from stall import disk
from stall.box.config import places
from stall.box.install import manifest
from stall.box.install.machine import Machine
from stall.box.install.manifest import BEFORE, Entry, Manifest, Stood, Wanted
from stall.box.install.plan import Change
from stall.errors import Broken

FOLDER = "/etc/stall/swap"
RECORD = "record.json"
NEW, KEPT = ".stall-new", ".stall-kept"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One path of a swap and what stood there; a file's bytes are in `old/<its number>`."""

    path: str
    old: Stood


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A swap that is not over. `begun`: from here on paths may have been replaced.

    `running`: the stall ran before it; `units` were switched on with it, `rivals` off, `migrated`: the database was brought to a newer form.
    """

    steps: tuple[Step, ...] = ()
    folders: tuple[str, ...] = ()
    begun: bool = False
    running: bool = False
    units: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    migrated: bool = False


def pending(machine: Machine) -> Record | None:
    """The swap that is not over, or None. Raises Broken `swap-unreadable`."""
    place = machine.at(FOLDER) / RECORD
    try:
        return msgspec.json.decode(place.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Broken(
            "swap-unreadable", f"{place} cannot be read ({error}). Run this as root, or mend the disk."
        ) from error


def apply(
    machine: Machine, old: Manifest, new: Manifest, changes: Sequence[Change], record: Record | None = None
) -> None:
    """Replace every path of `changes`, and the manifest with `new`, whose `entries` and `folders` are filled in here.

    `record` says what else goes with it. Not over until `finish`. Raises what `disk.whole_file` raises; nothing was replaced then.
    """
    folder = machine.at(FOLDER)
    _clear(machine)
    made = _missing_folders(machine, changes)
    full = _manifest(old, new, changes, made)
    content = manifest.encode(full)
    wanted = Wanted(places.MANIFEST, content=content)
    stands = manifest.look(machine.at(places.MANIFEST))
    every = [*changes, Change(places.MANIFEST, "replace", wanted, stands, stands)]
    steps = tuple(Step(change.path, change.stands) for change in every)
    (folder / "old").mkdir(mode=0o700, parents=True, exist_ok=True)
    machine.at(BEFORE).mkdir(mode=0o700, exist_ok=True)
    record = msgspec.structs.replace(record or Record(), steps=steps, folders=made)
    _write(machine, record)
    for path in made:
        with disk.sentences(machine.at(path)):
            machine.at(path).mkdir(mode=0o755, exist_ok=True)
            machine.at(path).chmod(0o755)
    for number, change in enumerate(every):
        _keep(machine, number, change)
        _stage(machine, change)
    os.sync()
    _write(machine, msgspec.structs.replace(record, begun=True))
    for change in every:
        _replace(machine, change)
    os.sync()


def note_migration(machine: Machine) -> None:
    """Say in the record that the database is about to be brought to a newer form."""
    if (record := pending(machine)) is not None:
        _write(machine, msgspec.structs.replace(record, migrated=True))


def finish(machine: Machine) -> None:
    """Let the new hold."""
    (machine.at(FOLDER) / RECORD).unlink(missing_ok=True)
    disk.sync_folder(machine.at(FOLDER))
    for entry in _unused_copies(machine):
        entry.unlink(missing_ok=True)
    shutil.rmtree(machine.at(FOLDER))
    with contextlib.suppress(OSError):  # it holds a copy, or there never was one
        machine.at(BEFORE).rmdir()


def undo(machine: Machine) -> Record | None:
    """Put back all that a swap that is not over replaced; says which one that was, or None. May be cut off and done again."""
    record = pending(machine)
    if record is None:
        _clear(machine)
        return None
    for step in record.steps:
        _beside(machine.at(step.path)).unlink(missing_ok=True)
    if record.begun:
        for number, step in reversed(list(enumerate(record.steps))):
            _put_back(machine, machine.at(step.path), step.old, machine.at(FOLDER) / "old" / str(number))
    for path in reversed(record.folders):
        if path != places.ETC:
            with contextlib.suppress(OSError):  # somebody put something there
                machine.at(path).rmdir()
    os.sync()
    finish(machine)
    _clear(machine)
    return record


def _clear(machine: Machine) -> None:
    """What a swap left that was over, or had not begun its record."""
    if machine.at(FOLDER).is_dir() and not (machine.at(FOLDER) / RECORD).exists():
        shutil.rmtree(machine.at(FOLDER))
    for path in (BEFORE, places.ETC):
        with contextlib.suppress(OSError):  # it is not empty, or not there
            machine.at(path).rmdir()


def _write(machine: Machine, record: Record) -> None:
    with disk.whole_file(machine.at(FOLDER) / RECORD, 0o600) as file:
        file.write(msgspec.json.encode(record))


def _missing_folders(machine: Machine, changes: Sequence[Change]) -> tuple[str, ...]:
    """The folders that must be made, outermost first."""
    found: dict[str, None] = {}
    for change in changes:
        if change.wanted is not None:
            above = [str(each) for each in Path(change.path).parents if not machine.at(str(each)).is_dir()]
            found.update(dict.fromkeys(reversed(above)))
    if not machine.at(places.ETC).is_dir():
        found = {places.ETC: None, **found}
    return tuple(found)


def _manifest(old: Manifest, new: Manifest, changes: Sequence[Change], made: tuple[str, ...]) -> Manifest:
    """What the manifest says when the swap is over: entries that stay, and those of the changes."""
    entries = {entry.path: entry for entry in old.entries}
    for change in changes:
        if change.leaves or change.wanted is None:
            entries.pop(change.path, None)
            continue
        wanted, before = change.wanted, change.before
        if before.kind == "file" and not before.kept:
            before = msgspec.structs.replace(before, kept=quote(change.path, safe=""))
        kind = "link" if wanted.link else "file"
        entries[change.path] = Entry(change.path, kind, wanted.mode, wanted.sha256, before, wanted.edited)
    folders = tuple(dict.fromkeys([*old.folders, *made]))
    ordered = tuple(entries[path] for path in sorted(entries))
    return msgspec.structs.replace(new, entries=ordered, folders=folders)


def _keep(machine: Machine, number: int, change: Change) -> None:
    """Copy what stands there: for the way back of this swap, for an uninstall, and for whoever changed it by hand."""
    if change.stands.kind != "file":
        return
    place = machine.at(change.path)
    copies = [machine.at(FOLDER) / "old" / str(number)]
    if change.first:
        copies.append(machine.at(BEFORE) / quote(change.path, safe=""))
    for copy in copies:
        _copy(place, change.stands, copy)
    if change.by_hand:
        _copy(place, change.stands, place.with_name(place.name + KEPT))


def _copy(place: Path, stands: Stood, copy: Path) -> None:
    _lay(copy, place.read_bytes(), stands.mode)
    if os.geteuid() == 0:
        os.chown(copy, stands.uid, stands.gid)


def _lay(place: Path, content: bytes, mode: int) -> None:
    """Write a file that is nobody's yet: half of it is written again by whoever comes after a power cut. Raises as `disk.whole_file`."""
    with disk.sentences(place):
        place.unlink(missing_ok=True)
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        place.chmod(mode)


def _beside(place: Path) -> Path:
    return place.with_name(place.name + NEW)


def _stage(machine: Machine, change: Change) -> None:
    """Lay the new beside its place."""
    place, wanted = _beside(machine.at(change.path)), change.wanted
    place.unlink(missing_ok=True)
    if wanted is None:
        if change.what == "forget":
            return
        if change.before.kind == "file":
            _restore(place, change.before, machine.at(BEFORE) / change.before.kept)
        elif change.before.kind == "link":
            place.symlink_to(change.before.link)
        return
    with disk.sentences(place):
        if wanted.link:
            place.symlink_to(wanted.link)
            return
        _lay(place, wanted.content, wanted.mode)
        _rights(machine, change.path, place, wanted)


def _rights(machine: Machine, path: str, place: Path, wanted: Wanted) -> None:
    if wanted.edited:  # another's file keeps its own; one of the boot partition has none
        with contextlib.suppress(PermissionError):
            shutil.copystat(machine.at(path), place)
            os.chown(place, machine.at(path).stat().st_uid, machine.at(path).stat().st_gid)
    elif not path.startswith(tuple(f"{boot}/" for boot in places.BOOT)):
        machine.give(place, wanted.owner, wanted.group)
        place.chmod(wanted.mode)


def _replace(machine: Machine, change: Change) -> None:
    place = machine.at(change.path)
    if _beside(place).is_symlink() or _beside(place).exists():
        _beside(place).replace(place)
    elif change.wanted is None and change.what != "forget":
        place.unlink(missing_ok=True)


def _put_back(machine: Machine, place: Path, old: Stood, copy: Path) -> None:
    if old.kind == "nothing":
        place.unlink(missing_ok=True)
        return
    beside = _beside(place)
    if old.kind == "link":
        beside.unlink(missing_ok=True)
        beside.symlink_to(old.link)
    else:
        _restore(beside, old, copy)
    beside.replace(place)


def _restore(place: Path, old: Stood, copy: Path) -> None:
    _lay(place, copy.read_bytes(), old.mode)
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):  # a file of the boot partition has no owner
            os.chown(place, old.uid, old.gid)


def _unused_copies(machine: Machine) -> list[Path]:
    """Copies in `before/` that no entry names any more."""
    named = {entry.before.kept for entry in manifest.read(machine).entries}
    folder = machine.at(BEFORE)
    return [each for each in folder.iterdir() if each.name not in named] if folder.is_dir() else []

"""Turning the machine into the appliance, and back again where it does not come up. One run at a time, and a second changes nothing."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, Protocol

import msgspec

from stall.box.config import places
from stall.box.install import everything, firmware, health, manifest, plan, services, swap
from stall.box.install.machine import Machine
from stall.box.install.manifest import Manifest
from stall.box.install.plan import Change
from stall.box.install.swap import Record
from stall.errors import Broken, Refused, Retry
from stall.settings import Settings

LOCK = "/run/stall-install.lock"
#: What is read once, when the machine starts.
_READ_AT_START = ("/boot/", places.FSTAB, places.MODPROBE)
Say = Callable[[str], None]


#: Why the new release stays though it is not well.
SOLD_SINCE = (
    "Something happened at the stall with the new release already, and the one before cannot read its database: the new one stays, so that nothing"
    " is lost. `sudo stall doctor` says what is wrong."
)


class BoxSide(Protocol):
    """What is done with the data folder, as the user of the stall."""

    def prepare(self) -> Settings:
        """Make the box if there is none, complete its settings, see to its certificate; the settings it has then."""

    def busy(self) -> str:
        """Why the release must not change now, as part of a sentence; empty where nothing speaks against it."""

    def migrate(self) -> None:
        """Bring the database to the form of this release, keeping a copy from before."""

    def happened_since(self) -> bool:
        """Whether anything happened at the stall since that copy, which would be lost with it."""

    def put_back(self) -> None:
        """Take that copy, if there is one."""

    def settled(self) -> None:
        """The release has come up: the copy goes."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run came to: what changed, what did not come up beside the stall, whether the machine must start anew."""

    changes: tuple[Change, ...] = ()
    beside: tuple[str, ...] = ()
    reboot: bool = False


def apply(machine: Machine, release: str, box: BoxSide, say: Say, *, now: bool = False, goes_back: bool = True) -> Done:
    """Install `release`; without `goes_back` there is no way back to the one before.

    Raises Refused `appliance-busy`, `config-refused`; Retry `appliance-locked`; Broken `appliance-did-not-start`, `appliance-sold-since`.
    """
    with alone(machine), stopping():
        settle(machine, box, say, start=True)
        installed = manifest.read(machine)
        if not now and installed.release not in {"", release} and (why := box.busy()):
            raise Refused("appliance-busy", f"Nothing was changed, because {why}. Close it first, or say --now.")
        services.make_user(machine)
        _data_folder(machine)
        settings = box.prepare()
        previous = _before(machine, installed, release) if goes_back else ""
        wanted = everything.of(machine, release, settings, goes_back=bool(previous))
        units = services.units_of(wanted)
        new = Manifest(release, previous, units=units, rivals=installed.rivals)
        todo = plan.changes(machine, installed, wanted)
        if not todo and not _off(machine, units):
            return Done()
        return _swap(machine, installed, new, todo, box, settings, say)


def stage(machine: Machine, release: str, asked: bytes, units: Path) -> Done:
    """Install into a system that does not run: the release, and what lets its first boot do the rest."""
    with alone(machine):
        swap.undo(machine)
        installed = manifest.read(machine)
        todo = plan.changes(machine, installed, everything.staged(release, asked, units))
        if todo:
            swap.apply(machine, installed, Manifest(release), todo, Record())
            swap.finish(machine)
        _clear_releases(machine, Manifest(release))
        return Done(tuple(todo))


def check(machine: Machine, release: str, settings: Settings | None) -> list[str]:
    """What `apply` would change, in words; without settings, of which nobody may know, only what needs none. Changes nothing."""
    installed = manifest.read(machine)
    told = ["put back what an interrupted run left"] if swap.pending(machine) else []
    if machine.uid(places.USER) is None:
        told.append(f"make the user {places.USER}")
    previous = _before(machine, installed, release)
    if settings is None:
        wanted = everything.links(release, goes_back=bool(previous))
        own = {each.path for each in wanted}
        installed = Manifest(installed.release, entries=tuple(e for e in installed.entries if e.path in own))
        return [*told, *map(str, plan.changes(machine, installed, wanted))]
    wanted = everything.of(machine, release, settings, goes_back=bool(previous))
    told += map(str, plan.changes(machine, installed, wanted))
    told += [firmware.TO_DO] if firmware.to_choose(machine, settings) else []
    return [*told, *(f"switch on {unit}" for unit in _off(machine, services.units_of(wanted)))]


def settle(machine: Machine, box: BoxSide, say: Say, *, start: bool = False) -> bool:
    """Put back what a run left that was cut off; whether there was any. With `start`, what runs reads it anew.

    Raises what `swap.undo` raises.
    """
    if swap.pending(machine) is None:
        swap.undo(machine)
        return False
    if put_back(machine, box, start=start):
        say("An installation was cut off. What stood before was put back.")
    else:
        say(f"An installation was cut off. {SOLD_SINCE}")
    return True


def _swap(
    machine: Machine,
    installed: Manifest,
    new: Manifest,
    todo: Sequence[Change],
    box: BoxSide,
    settings: Settings,
    say: Say,
) -> Done:
    was_up = [unit for unit, state in health.states(machine, new.units).items() if state.active]
    rivals = services.rivals(machine)
    new = msgspec.structs.replace(new, rivals=tuple(dict.fromkeys([*new.rivals, *rivals])))
    gone = tuple(unit for unit in installed.units if unit not in new.units)
    fresh = tuple(unit for unit in new.units if unit not in installed.units)
    record = Record(running=services.active(machine, services.TARGET), units=fresh, rivals=tuple(rivals))
    paths = [change.path for change in todo]
    try:
        services.switch_off(machine, gone)
        swap.apply(machine, installed, new, todo, record)
        services.switch_on(machine, new.units, rivals)
        _told(machine, paths)
        if machine.live:
            if installed.release != new.release:
                _migrate(machine, box)
            say("Starting the stall.")
            services.restart(machine)
            required = [unit for unit in new.units if unit in {*health.CORE, *was_up} and "@" not in unit]
            if why := health.wait(machine, required, settings.web.address, time.sleep, time.monotonic):
                raise Broken(
                    "appliance-did-not-start", f"The stall did not come up, so what stood before was put back. {why}"
                )
    except BaseException as error:
        with undisturbed():
            back = put_back(machine, box, start=True)
        if not back:
            raise Broken("appliance-sold-since", f"The stall did not come up. {SOLD_SINCE}") from error
        raise
    swap.finish(machine)
    if machine.live and installed.release != new.release:
        box.settled()
    _clear_releases(machine, new)
    beside = tuple(
        f"{unit} does not run: {services.said_last(machine, unit)}"
        for unit, state in health.states(machine, new.units).items()
        if state.failed
    )
    return Done(tuple(todo), beside, any(path.startswith(_READ_AT_START) for path in paths))


def _migrate(machine: Machine, box: BoxSide) -> None:
    """Bring the database to the form of this release, while nobody has it open.

    From the note on an undoing takes the copy from before, so none may be there that an earlier run left: it lacks what was sold since.
    """
    box.settled()
    swap.note_migration(machine)
    services.stop(machine)
    box.migrate()


def _told(machine: Machine, paths: Sequence[str]) -> None:
    if machine.live:
        if machine.at(places.TMPFILES).exists():
            machine.run(["systemd-tmpfiles", "--create", places.TMPFILES])
        services.tell(machine, paths)


def put_back(machine: Machine, box: BoxSide, *, start: bool) -> bool:
    """All as it was before a swap that is not over; with `start`, what ran runs again. What fails on the way is left to the next run.

    False where the new stays, because something happened at the stall with its database, which the release before does not read.
    """
    record = swap.pending(machine)
    if record is None:
        swap.undo(machine)
        return True
    if start or record.migrated:
        services.stop(machine)
    if record.migrated and box.happened_since():  # then everything is in its place: nothing is sold before
        swap.finish(machine)
        box.settled()
        _start(machine, record, start=start)
        return False
    services.switch_off(machine, record.units)
    if record.migrated:
        box.put_back()
    swap.undo(machine)
    services.switch_on(machine, manifest.read(machine).units, ())
    services.give_back(machine, record.rivals)
    if machine.live:
        machine.run(["systemctl", "reset-failed", "--all", "stall*"])
        services.tell(machine, [step.path for step in record.steps])
    _start(machine, record, start=start)
    return True


def _start(machine: Machine, record: Record, *, start: bool) -> None:
    """Let what ran run again; at a boot the service manager does."""
    if machine.live and start and record.running:
        machine.run(["systemctl", "restart", "--no-block", services.TARGET])


def _before(machine: Machine, installed: Manifest, release: str) -> str:
    """Which release there is to go back to from `release`."""
    before = installed.previous if installed.release == release else installed.release
    return before if before in everything.releases(machine) else ""


def _off(machine: Machine, units: Sequence[str]) -> list[str]:
    """Units that are not as they are to be: not switched on, or all of it not started."""
    on = services.enabled(machine, units)
    off = [unit for unit in units if unit not in on]
    if machine.live and not off and not services.active(machine, services.TARGET):
        return [services.TARGET]
    return off


def _data_folder(machine: Machine) -> None:
    """The data folder, the stall's own; what is in it is its business. A partition that was just made for it is root's."""
    place = machine.at(places.DATA)
    if not place.is_dir():
        place.mkdir(mode=0o750, parents=True)
    if place.stat().st_uid != machine.uid(places.USER):
        place.chmod(0o750)
        machine.give(place, places.USER, places.GROUP)


def _clear_releases(machine: Machine, kept: Manifest) -> None:
    """Only the release that runs and the one before are kept."""
    for name in everything.releases(machine):
        if name not in {kept.release, kept.previous}:
            shutil.rmtree(machine.at(f"{places.RELEASES}/{name}"), ignore_errors=True)


@contextlib.contextmanager
def alone(machine: Machine) -> Iterator[None]:
    """Nobody else installs meanwhile. Raises Retry `appliance-locked`."""
    place = machine.at(LOCK)
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Retry(
                "appliance-locked",
                "Somebody else installs the stall right now. Wait until that is done, then try again.",
                60,
            ) from None
        yield
    finally:
        os.close(descriptor)


def under_way(machine: Machine) -> bool:
    """Whether somebody installs right now."""
    try:
        with alone(machine):
            return False
    except Retry:
        return True


def stopping() -> contextlib.AbstractContextManager[None]:
    """Whoever ends us lets us put back first what was begun."""
    return _handled(_stop, signal.SIGTERM, signal.SIGHUP)


def undisturbed() -> contextlib.AbstractContextManager[None]:
    """Whoever ends us waits until what was begun is put back."""
    return _handled(signal.SIG_IGN, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _handled(
    handler: Callable[[int, FrameType | None], object] | signal.Handlers, *signals: signal.Signals
) -> Iterator[None]:
    old = {each: signal.signal(each, handler) for each in signals}
    try:
        yield
    finally:
        for each, before in old.items():
            signal.signal(each, before)

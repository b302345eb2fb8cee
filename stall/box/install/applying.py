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
from types import FrameType
from typing import NoReturn, Protocol

from stall.box.config import places
from stall.box.install import everything, health, manifest, plan, services, swap
from stall.box.install.machine import Machine
from stall.box.install.manifest import Manifest
from stall.box.install.plan import Change
from stall.errors import Broken, Refused, Retry
from stall.settings import Settings

LOCK = "/run/stall-install.lock"
Say = Callable[[str], None]


class BoxSide(Protocol):
    """What is done with the data folder, as the user of the stall."""

    def prepare(self) -> Settings:
        """Make the box if there is none, complete its settings, see to its certificate; the settings it has then."""

    def busy(self) -> str:
        """Why the release must not change now, as part of a sentence; empty where nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run came to: what changed, what did not come up beside the stall, whether the machine must start anew."""

    changes: tuple[Change, ...] = ()
    beside: tuple[str, ...] = ()
    reboot: bool = False


def apply(machine: Machine, release: str, box: BoxSide, say: Say, *, now: bool = False) -> Done:
    """Install `release`. Raises Refused `appliance-busy`, `config-refused`; Retry `appliance-locked`; Broken `appliance-did-not-start`."""
    with _alone(machine), _handled(_stop, signal.SIGTERM, signal.SIGHUP):
        settle(machine, say)
        installed = manifest.read(machine)
        if not now and installed.release not in {"", release} and (why := box.busy()):
            raise Refused("appliance-busy", f"Nothing was changed, because {why}. Close it first, or say --now.")
        services.make_user(machine, None)
        _data_folder(machine)
        settings = box.prepare()
        new = _next(machine, installed, release)
        wanted = everything.of(machine, release, settings, goes_back=bool(new.previous))
        units = services.units_of(wanted)
        new = Manifest(release, new.previous, units=units, rivals=installed.rivals)
        todo = plan.changes(machine, installed, wanted)
        if not todo and not _off(machine, units):
            return Done()
        return _swap(machine, installed, new, todo, settings, say)


def check(machine: Machine, release: str, settings: Settings | None) -> list[str]:
    """What `apply` would change, in words; without settings, of which nobody may know, only what needs none. Changes nothing."""
    installed = manifest.read(machine)
    told = ["put back what an interrupted run left"] if swap.pending(machine) else []
    if machine.uid(places.USER) is None:
        told.append(f"make the user {places.USER}")
    previous = _next(machine, installed, release).previous
    if settings is None:
        wanted = everything.links(release, goes_back=bool(previous))
        own = {each.path for each in wanted}
        installed = Manifest(installed.release, entries=tuple(e for e in installed.entries if e.path in own))
        return [*told, *map(str, plan.changes(machine, installed, wanted))]
    wanted = everything.of(machine, release, settings, goes_back=bool(previous))
    told += map(str, plan.changes(machine, installed, wanted))
    return [*told, *(f"switch on {unit}" for unit in _off(machine, services.units_of(wanted)))]


def settle(machine: Machine, say: Say) -> bool:
    """Put back what a run left that was cut off; whether there was any. Raises what `swap.undo` raises."""
    record = swap.undo(machine)
    if record is None:
        return False
    say("An installation was cut off. What stood before was put back.")
    if machine.live:
        services.systemctl(machine, "daemon-reload")
    return True


def _swap(
    machine: Machine, installed: Manifest, new: Manifest, todo: Sequence[Change], settings: Settings, say: Say
) -> Done:
    ran = services.active(machine, services.TARGET)
    before = health.states(machine, new.units) if machine.live else {}
    was_up = [unit for unit, (state, _) in before.items() if state == "active"]
    rivals = services.rivals(machine)
    new = Manifest(new.release, new.previous, units=new.units, rivals=tuple(dict.fromkeys([*new.rivals, *rivals])))
    try:
        swap.apply(machine, installed, new, todo, running=ran)
        paths = [change.path for change in todo]
        _switch(machine, installed, new, paths)
        required = [unit for unit in new.units if unit in {*health.CORE, *was_up} and "@" not in unit]
        if machine.live:
            say("Starting the stall.")
            services.restart(machine)
            why = health.wait(machine, required, settings.web.address, time.sleep, time.monotonic)
            if why:
                raise Broken("appliance-did-not-start", why)
    except BaseException as error:
        _go_back(machine, new, installed, ran=ran)
        if isinstance(error, Broken) and error.code == "appliance-did-not-start":
            raise Broken(
                "appliance-did-not-start",
                f"The stall did not come up, so what stood before was put back. {error.sentence}",
            ) from error
        raise
    swap.finish(machine)
    _clear_releases(machine, new)
    now = health.states(machine, new.units) if machine.live else {}
    beside = tuple(
        f"{unit} does not run: {services.said_last(machine, unit)}"
        for unit, (state, _) in now.items()
        if state == "failed"
    )
    reboot = any(path.startswith(("/boot/", "/etc/fstab", "/etc/modprobe.d/")) for path in paths)
    return Done(tuple(todo), beside, reboot)


def _switch(machine: Machine, installed: Manifest, new: Manifest, paths: Sequence[str]) -> None:
    services.switch(machine, installed, new.units)
    if machine.at(places.TMPFILES).exists() and machine.live:
        machine.run(["systemd-tmpfiles", "--create", places.TMPFILES])
    services.tell(machine, paths)


def _go_back(machine: Machine, new: Manifest, installed: Manifest, *, ran: bool) -> None:
    """All as it was before the swap; what ran, runs again. What fails on the way is left to the next run."""
    with _handled(signal.SIG_IGN, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        _put_back(machine, new, installed, ran=ran)


def _put_back(machine: Machine, new: Manifest, installed: Manifest, *, ran: bool) -> None:
    services.stop(machine)
    root = [] if machine.live else [f"--root={machine.root}"]
    if gone := [unit for unit in new.units if unit not in installed.units]:
        machine.run(["systemctl", *root, "disable", *gone])
    record = swap.pending(machine)
    paths = [step.path for step in record.steps] if record else []
    swap.undo(machine)
    rivals = [unit for unit in new.rivals if unit not in installed.rivals]
    if rivals:
        machine.run(["systemctl", *root, "enable", *(["--now"] if machine.live else []), *rivals])
    if machine.live:
        machine.run(["systemctl", "daemon-reload"])
        machine.run(["systemctl", "reset-failed", "stall*"])
        services.tell(machine, paths)
        if ran:
            machine.run(["systemctl", "restart", services.TARGET])


def _next(machine: Machine, installed: Manifest, release: str) -> Manifest:
    """Which release runs then, and which one may be gone back to."""
    if installed.release == release:
        return installed
    before = installed.release if installed.release in everything.releases(machine) else ""
    return Manifest(release, before)


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
def _alone(machine: Machine) -> Iterator[None]:
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


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """Whoever ends us lets us put back first what was begun."""
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

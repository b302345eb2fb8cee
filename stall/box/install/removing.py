"""Taking the stall away: everything as it stood before it came, byte for byte; the data folder stays unless that is asked for too."""

from __future__ import annotations

import contextlib
import shutil

import msgspec

from stall.box.config import places
from stall.box.install import manifest, plan, services, swap
from stall.box.install.applying import BoxSide, Say, alone, put_back, settle, stopping, undisturbed
from stall.box.install.machine import Machine
from stall.box.install.manifest import BEFORE, Manifest
from stall.box.install.plan import Change
from stall.box.install.swap import Record
from stall.errors import Refused


def remove(machine: Machine, box: BoxSide, say: Say, *, now: bool = False, data: bool = False) -> tuple[Change, ...]:
    """Take everything of ours away; what changed. May be cut off and done again.

    With `data` the data folder and the user go too. Raises Refused `appliance-missing`, `appliance-busy`, and what the disk raises.
    """
    with alone(machine), stopping():
        settle(machine, box, say)
        if not machine.at(places.MANIFEST).exists():
            raise Refused("appliance-missing", "There is no stall on this machine, so there is nothing to take away.")
        if not now and (why := box.busy()):
            raise Refused("appliance-busy", f"Nothing was changed, because {why}. Close it first, or say --now.")
        installed = manifest.read(machine)
        todo = [change for entry in installed.entries for change in plan.removal(machine, entry)]
        record = Record(running=services.active(machine, services.TARGET))
        try:
            services.stop(machine)
            services.switch_off(machine, installed.units)
            swap.apply(machine, installed, Manifest(folders=installed.folders, rivals=installed.rivals), todo, record)
        except BaseException:
            with undisturbed():
                put_back(machine, box, start=True)
            raise
        swap.finish(machine)
        services.switch_on(machine, (), ())
        services.give_back(machine, installed.rivals)
        services.tell(machine, [change.path for change in todo])
        if machine.live:
            machine.run(["systemctl", "reset-failed", "--all", "stall*"])
            shutil.rmtree(machine.at(places.RUN), ignore_errors=True)
        if data:
            shutil.rmtree(machine.at(places.DATA), ignore_errors=True)
            services.remove_user(machine)
        _last_of_it(machine, msgspec.structs.replace(installed, entries=()))
        return tuple(change for change in todo if change.what != "forget")


def _last_of_it(machine: Machine, installed: Manifest) -> None:
    """The folders we made, if nobody put anything there, and our own notes last."""
    shutil.rmtree(machine.at(BEFORE), ignore_errors=True)
    for path in reversed(installed.folders):
        if path != places.ETC:
            with contextlib.suppress(OSError):
                machine.at(path).rmdir()
    machine.at(places.MANIFEST).unlink(missing_ok=True)
    if places.ETC in installed.folders:
        with contextlib.suppress(OSError):
            machine.at(places.ETC).rmdir()

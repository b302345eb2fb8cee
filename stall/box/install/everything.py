"""Everything that is put on the machine: the files of the configuration, and what leads to the release that runs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from stall.box.config import boards, files, fragments, places, validate
from stall.box.install.machine import Machine
from stall.box.install.manifest import Wanted
from stall.errors import Refused
from stall.settings import Settings

#: As root it becomes the user of the stall, but for what the machine itself is changed by: a file that root made in the data folder
#: would be one the stall cannot read.
WRAPPER = f"""#!/bin/sh
# Runs the release of the stall that is current; called by root, as the user of the stall, and on its data.
STALL_RUNTIME={places.RUN} STALL_DATA="${{STALL_DATA:-{places.DATA}}}"
export STALL_RUNTIME STALL_DATA
case "$(id -u) ${{1:-}}" in
    "0 appliance" | "0 lan" | "0 doctor") exec {places.PROGRAM} "$@" ;;
    0\\ *) HOME={places.DATA} exec setpriv --reuid={places.USER} --regid={places.GROUP} --init-groups {places.PROGRAM} "$@" ;;
    *) exec {places.PROGRAM} "$@" ;;
esac
"""
#: What was asked of the installer where it could not do all of it, and the unit that does the rest.
FIRST_BOOT = "/etc/stall/first-boot.json"
FIRST_BOOT_UNIT = "stall-firstboot.service"
#: A digest of the settings that the processes were started with: one that stands in no file of the configuration changes them too.
SETTINGS_READ = "/etc/stall/settings.sha256"
_SCHEMA = re.compile(r"^VERSION = ([0-9]+)$", re.MULTILINE)
#: While there is a release to go back to: the third failed start within two minutes starts the way back (ADR 46).
TRIAL = f"{places.UNITS}/stall-web.service.d/10-back.conf"
_TRIAL = """# There is a release to go back to. Removed once it was gone back to.
[Unit]
StartLimitIntervalSec=120
StartLimitBurst=3
OnFailure=stall-fallback.service

[Service]
# Since systemd 254 a service that is started anew counts as failed in between, unless it says this; older ones know no other way.
RestartMode=direct
"""


def links(release: str, *, goes_back: bool) -> list[Wanted]:
    """What leads to a release; with `goes_back`, to the one before too, should it not start."""
    found = [
        Wanted(places.CURRENT, link=f"releases/{release}"),
        Wanted(places.STATIC, link=f"{places.CURRENT}/static"),
        Wanted(places.WRAPPER, mode=0o755, content=WRAPPER.encode()),
    ]
    return [*found, Wanted(TRIAL, content=_TRIAL.encode())] if goes_back else found


def of(machine: Machine, release: str, settings: Settings, *, goes_back: bool) -> list[Wanted]:
    """Every path of the appliance, each judged by the program that will read it.

    Raises Refused `config-refused` and what the table of files raises.
    """
    board = boards.read(machine.root, settings.network.lan)
    planned = files.plan(settings, board)
    faults = [fault for fault in validate.check(planned) if not fault.unchecked]
    if faults:
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise Refused(
            "config-refused",
            f"Nothing was changed: the program that reads it refuses what would be installed. {faults[0].sentence}{more}",
        )
    own = [Wanted(each.path, each.mode, each.owner, each.group, each.content) for each in planned]
    edited = [
        Wanted(each.path, machine.at(each.path).stat().st_mode & 0o7777, content=each.after, edited=True)
        for each in fragments.edits(machine.root, settings, board)
        if each.before != each.after or each.before != fragments.undo(each.path, each.before)
    ]
    read = hashlib.sha256(msgspec.json.encode(settings, order="deterministic")).hexdigest().encode() + b"\n"
    return [*own, *edited, Wanted(SETTINGS_READ, 0o600, content=read), *links(release, goes_back=goes_back)]


def staged(release: str, asked: bytes, units: Path) -> list[Wanted]:
    """What a system that does not run yet gets, so that its first boot does the rest; `asked` is what was asked of the installer."""
    name = FIRST_BOOT_UNIT
    return [
        *links(release, goes_back=False),
        Wanted(f"{places.UNITS}/{name}", content=(units / name).read_bytes()),
        Wanted(f"{places.UNITS}/multi-user.target.wants/{name}", link=f"{places.UNITS}/{name}"),
        Wanted(FIRST_BOOT, 0o600, content=asked),
    ]


def schema_of(machine: Machine, release: str) -> int:
    """The form of the database that a release reads."""
    text = machine.at(f"{places.RELEASES}/{release}/stall/store/schema.py").read_text("utf-8")
    found = _SCHEMA.search(text)
    return int(found[1]) if found else 0


def releases(machine: Machine) -> list[str]:
    """The releases that are here, whole ones only."""
    folder = machine.at(places.RELEASES)
    return sorted(each.name for each in folder.iterdir() if _whole(each)) if folder.is_dir() else []


def _whole(release: Path) -> bool:
    return release.is_dir() and not release.name.endswith(".part")

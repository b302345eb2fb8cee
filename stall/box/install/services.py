"""systemd, as the installer needs it: users, folders, units on and off, and what a unit that failed said last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from stall.box.config import places
from stall.box.install.machine import Machine, last_words
from stall.box.install.manifest import Wanted
from stall.errors import Broken

TARGET = "stall.target"
#: What works in the data folder, and what would start it.
HOLD_DATA = ("stall-web.socket", "stall-web.service", "stall-sync.service", "stall-reader@*.service")
#: Units of other packages that would sit on our ports or our radio, as Debian starts them.
RIVALS = ("nginx.service", "hostapd.service", "dnsmasq.service")
#: What must hear of a changed file, by the path it begins with. None of it may fail the installation.
_TOLD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("/etc/sysctl.d/", ("systemctl", "restart", "systemd-sysctl.service")),
    ("/etc/udev/rules.d/", ("udevadm", "control", "--reload")),
    ("/etc/udev/rules.d/", ("udevadm", "trigger", "--subsystem-match=tty", "--subsystem-match=usb")),
    ("/etc/systemd/journald.conf.d/", ("systemctl", "try-restart", "systemd-journald.service")),
    ("/etc/systemd/timesyncd.conf.d/", ("systemctl", "try-restart", "systemd-timesyncd.service")),
    ("/etc/NetworkManager/", ("systemctl", "try-reload-or-restart", "NetworkManager.service")),
    ("/etc/systemd/system.conf.d/", ("systemctl", "daemon-reexec")),
)


def make_user(machine: Machine) -> None:
    """Make the user of the stall, and let it and nginx's into their groups. Raises Broken `user-missing`."""
    if machine.uid(places.USER) is None or machine.gid(places.GROUP) is None:
        told = f'u {places.USER} - "Stall" {places.DATA}\n'
        done = machine.run(["systemd-sysusers", f"--root={machine.root}", "-"], given=told)
        if done.returncode != 0 or machine.uid(places.USER) is None:
            raise Broken("user-missing", f"The user {places.USER} could not be made: {last_words(done)}.")
    for group in places.GROUPS:
        if machine.gid(group) is not None:
            join(machine, places.USER, group)
    if machine.uid(places.WEB_USER) is not None:
        join(machine, places.WEB_USER, places.GROUP)


def remove_user(machine: Machine) -> None:
    """Remove the user and the group of the stall."""
    for program, name in (("userdel", places.USER), ("groupdel", places.GROUP)):
        machine.run([program, *(["-P", str(machine.root)] if str(machine.root) != "/" else []), name])


def join(machine: Machine, user: str, group: str) -> None:
    """Let a user into a group it is not in."""
    if user in machine.members(group):
        return
    done = machine.run(["gpasswd", *_prefix(machine), "-a", user, group])
    if done.returncode != 0:
        raise Broken("user-missing", f"{user} could not be let into the group {group}: {last_words(done)}.")


def _prefix(machine: Machine) -> list[str]:
    return [] if str(machine.root) == "/" else ["-Q", str(machine.root)]


def units_of(wanted: Sequence[Wanted]) -> tuple[str, ...]:
    """The units to switch on: those that say with what they start."""
    found = []
    for each in wanted:
        path = PurePosixPath(each.path)
        if str(path.parent) == places.UNITS and b"[Install]" in each.content and "@." not in path.name:
            found.append(path.name)
    return tuple(sorted(found))


def systemctl(machine: Machine, *arguments: str) -> str:
    """Ask or tell systemd; what it says. Raises Broken `systemd-refused`."""
    done = machine.run(["systemctl", *_root(machine), *arguments])
    if done.returncode != 0:
        raise Broken(
            "systemd-refused", f"The service manager refused: systemctl {' '.join(arguments)}: {last_words(done)}."
        )
    return done.stdout


def facts(machine: Machine, units: Sequence[str]) -> dict[str, dict[str, str]]:
    """What systemd knows of units, asked once: whether switched on, how they do, how often started anew. Only of one that runs."""
    if not units or not machine.live:
        return {}
    properties = "Id,UnitFileState,ActiveState,NRestarts,Job"
    blocks = machine.run(["systemctl", "show", f"--property={properties}", *units]).stdout.split("\n\n")
    told = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in blocks]
    return {unit["Id"]: unit for unit in told if "Id" in unit}


def enabled(machine: Machine, units: Sequence[str]) -> list[str]:
    """Which of these units are switched on."""
    if machine.live:
        found = facts(machine, units)
        return [unit for unit in units if found.get(unit, {}).get("UnitFileState") == "enabled"]
    told = ((unit, machine.run(["systemctl", *_root(machine), "is-enabled", unit]).stdout.strip()) for unit in units)
    return [unit for unit, state in told if state == "enabled"]


def active(machine: Machine, unit: str) -> bool:
    """Whether a unit is up, or about to be: a target is not up while one of its units waits for a radio."""
    found = facts(machine, [unit]).get(unit, {})
    return found.get("ActiveState") in {"active", "reloading", "activating"} or found.get("Job", "0") not in {"", "0"}


def rivals(machine: Machine) -> list[str]:
    """Units of other packages that are switched on and would be in the way."""
    return enabled(machine, [unit for unit in RIVALS if _there(machine, unit)])


def _there(machine: Machine, unit: str) -> bool:
    return any(
        machine.at(f"{folder}/{unit}").exists()
        for folder in ("/usr/lib/systemd/system", "/lib/systemd/system", places.UNITS)
    )


def switch_on(machine: Machine, units: Sequence[str], in_the_way: Sequence[str]) -> None:
    """Let systemd read its files, switch our units on and rivals off. Raises as `systemctl`."""
    if machine.live:
        systemctl(machine, "daemon-reload")
    if in_the_way:
        systemctl(machine, "disable", *_now(machine), *in_the_way)
    on = enabled(machine, units)
    if off := [unit for unit in units if unit not in on]:
        systemctl(machine, "enable", *off)


def switch_off(machine: Machine, units: Sequence[str]) -> None:
    """Switch units off, while their files are still there."""
    if units:
        machine.run(["systemctl", *_root(machine), "disable", *units])


def give_back(machine: Machine, units: Sequence[str]) -> None:
    """Switch on again what was in our way."""
    if units:
        machine.run(["systemctl", *_root(machine), "enable", *_now(machine), *units])


def _root(machine: Machine) -> list[str]:
    return [] if machine.live else [f"--root={machine.root}"]


def _now(machine: Machine) -> list[str]:
    return ["--now"] if machine.live else []


def tell(machine: Machine, paths: Sequence[str]) -> None:
    """Let the programs of the system know of files of theirs that changed."""
    if not machine.live:
        return
    for begins, command in _TOLD:
        if any(path.startswith(begins) for path in paths) and machine.has(command[0]):
            machine.run(command)


def restart(machine: Machine) -> None:
    """Start the whole stall, or start it anew, without waiting: a radio that is not there is waited for. Raises as `systemctl`."""
    # With --all also those that stand still: how often they were started lately would count against them.
    machine.run(["systemctl", "reset-failed", "--all", "stall*"])
    systemctl(machine, "restart", "--no-block", TARGET)


def started_anew(machine: Machine, unit: str) -> int:
    """How often systemd started a unit by itself since somebody did; no number, none."""
    told = machine.run(["systemctl", "show", "-p", "NRestarts", "--value", unit]).stdout.strip()
    return int(told) if told.isdecimal() else 0


def stop(machine: Machine) -> None:
    """Stop the whole stall, if it is there, and wait for it; never what calls us, which is a unit of ours at the first boot.

    A target has stopped before what belongs to it: whoever holds the data folder is waited for by name.
    """
    if machine.live:
        machine.run(["systemctl", "stop", TARGET, *HOLD_DATA])


def said_last(machine: Machine, unit: str) -> str:
    """The last line a unit wrote to the journal."""
    for match in ([f"_SYSTEMD_UNIT={unit}"], ["-u", unit]):  # its own words; else what systemd says of it
        done = machine.run(["journalctl", "--no-pager", "--quiet", "-o", "cat", "-n", "3", *match])
        if lines := [line.strip() for line in done.stdout.splitlines() if line.strip()]:
            return lines[-1]
    return "it left no line in the journal"

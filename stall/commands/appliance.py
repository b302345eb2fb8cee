"""`stall appliance`: turn this machine into the appliance, look at it, go back, take it away. `./setup.sh install` calls it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import appliance_box, say

if TYPE_CHECKING:
    from stall.box.install.applying import Done
    from stall.box.install.machine import Machine
    from stall.box.install.plan import Change

#: Something would change: what `--check` of the installer answers, as its callers know it from others.
WOULD_CHANGE = 3
#: So often systemd started the web anew in vain when it gives up at the third start.
_FELL = 2
ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    help="Root folder of another system.",
)
NAME = click.option("--name", default="", help="The stall's name, as buyers read it.")
COUNTRY = click.option("--country", default="", help="Where the radio stands, two letters like DE.")
FROM = click.option(
    "--from", "given", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A settings.toml to take."
)
NOW = click.option("--now", is_flag=True, help="Also while a shift or a drop is open.")


@click.group()
def appliance() -> None:
    """Turn this machine into the appliance, and back. `./setup.sh install` builds the release and calls `apply`."""


appliance.add_command(appliance_box.box)


@appliance.command("apply")
@ROOT
@NOW
@NAME
@COUNTRY
@FROM
@click.option("--no-back", is_flag=True, hidden=True)
def apply(*, root: Path, now: bool, name: str, country: str, given: Path | None, no_back: bool) -> None:
    """Install the release that this program belongs to: users, box, configuration, services. A second run changes nothing."""
    from stall.box.install import applying

    machine = _machine(root)
    _need_root(machine)
    box = appliance_box.Side(machine, name=name, country=country, given=given.read_bytes() if given else None)
    done = applying.apply(machine, own_release(), box, _say, now=now, goes_back=not no_back)
    _tell(done)
    _radio(machine)
    if box.pin and machine.live:
        for line in appliance_box.welcome(box):
            say.line(line)


@appliance.command("stage")
@ROOT
@NAME
@COUNTRY
@FROM
@click.option("--check", "only_look", is_flag=True, help="Only say what would change: exit code 3 if anything would.")
def stage(*, root: Path, name: str, country: str, given: Path | None, only_look: bool) -> None:
    """Put the release into a system that does not run; its first boot does the rest. Nothing of this machine gets in."""
    from stall.box.config import files
    from stall.box.install import applying, everything, manifest, plan

    machine = _machine(root, live=False)
    asked = {"name": name, "country": country, "given": given.read_text("utf-8") if given else None}
    content = json.dumps(asked).encode() + b"\n"
    if only_look:
        wanted = everything.staged(own_release(), content, files.UNITS)
        told = plan.changes(machine, manifest.read(machine), wanted)
        for change in told:
            say.line(str(change))
        click.get_current_context().exit(WOULD_CHANGE if told else 0)
    _tell(applying.stage(machine, own_release(), content, files.UNITS))


@appliance.command("first-boot")
@ROOT
def first_boot(root: Path) -> None:
    """Do at the first boot what `stage` left for it. The PIN and the Wi-Fi go to the console and to
    stall-first-boot.txt on the boot partition, or in root's folder where there is none."""
    from stall import disk
    from stall.box.config import boards
    from stall.box.install import applying, everything

    machine = _machine(root)
    _need_root(machine)
    asked = json.loads(machine.at(everything.FIRST_BOOT).read_bytes())
    given = asked["given"].encode() if asked["given"] else None
    box = appliance_box.Side(machine, name=asked["name"], country=asked["country"], given=given, silent=True)
    done = applying.apply(machine, own_release(), box, _say)
    _radio(machine)
    told = [f"The maker's PIN: {box.pin}", *appliance_box.welcome(box)] if box.pin else []
    _show(machine, told)
    boot = boards.read(machine.root, "wlan0").boot
    if told:
        with disk.whole_file(machine.at(f"{boot or '/root'}/stall-first-boot.txt"), 0o600) as note:
            note.write("\n".join([*told, "Write this down, then delete this file.", ""]).encode())
    if done.reboot and machine.live:
        machine.run(["systemctl", "--no-block", "reboot"])


def _radio(machine: Machine) -> None:
    """The radio's firmware, and what a maker should know of it."""
    from stall.box.install import firmware

    found = appliance_box.settings_of(machine)
    if found is None:
        return
    if told := firmware.choose(machine, found):
        say.line(told)
    for each in firmware.warnings(machine, found):
        say.warning(each)


def _show(machine: Machine, lines: Sequence[str]) -> None:
    """Write to the console of the machine alone: what we say on standard output is kept in the journal, and this is secret."""
    import contextlib

    with (
        contextlib.suppress(OSError),
        machine.at("/dev/console").open("r+b", buffering=0) as console,
    ):  # none may be there
        console.write("".join(f"{line}\r\n" for line in lines).encode())


@appliance.command("settle")
@ROOT
def settle(root: Path) -> None:
    """Put back what an installation left that was cut off; at every boot, before anything of the stall starts."""
    from stall.box.install import applying

    machine = _machine(root)
    _need_root(machine)
    with applying.alone(machine):
        if not applying.settle(machine, appliance_box.Side(machine), _say):
            say.line("Nothing was cut off.")


@appliance.command("remove")
@ROOT
@NOW
@click.option("--purge-data", is_flag=True, help="The data folder too: sales, keys, all of it.")
@click.option("--yes", is_flag=True, help="Do not ask for the stall's name before the data folder goes.")
def remove(*, root: Path, now: bool, purge_data: bool, yes: bool) -> None:
    """Take the stall away and put back what stood there before it. The data folder stays."""
    from stall.box.config import places
    from stall.box.install import firmware, removing
    from stall.errors import Refused

    machine = _machine(root)
    _need_root(machine)
    box = appliance_box.Side(machine)
    found = appliance_box.settings_of(machine) if purge_data and not yes else None
    if found is not None:
        typed = click.prompt(
            f"All sales and keys of “{found.name}” go for ever. Type the stall's name to go on", err=True
        )
        if typed.strip() != found.name:
            raise Refused(
                "appliance-name-differs", f"That is not the stall's name, “{found.name}”. Nothing was changed."
            )
    own = appliance_box.settings_if_readable(machine)
    gone = removing.remove(machine, box, _say, now=now, data=purge_data)
    if own is not None:
        firmware.give_back(machine, own)
    _by_hand(gone)
    say.line(f"Taken away: {len(gone)} files are as they were.")
    if not purge_data and machine.at(places.DATA).is_dir():
        say.line(f"The data folder stays: {places.DATA}, and with it the user {places.USER}.")


@appliance.command("read-only")
@ROOT
@click.argument("how", type=click.Choice(["on", "off"]))
def read_only(root: Path, how: str) -> None:
    """From the next start on let nothing but the partition for data be written, or all of the card again."""
    from stall import disk
    from stall.box.config import boards, partitions
    from stall.errors import Refused

    machine = _machine(root)
    _need_root(machine)
    boot = boards.read(machine.root, "wlan0").boot
    line = machine.at(f"{boot}/cmdline.txt")
    if not boot or not line.is_file():
        raise Refused(
            "read-only-no-pi", "Only the card of a Raspberry Pi can be made read-only, and this machine is none."
        )
    if how == "on":
        told = machine.run(["dpkg-query", "--show", "--showformat=${Status}", partitions.OVERLAY_PACKAGE])
        packages = [partitions.OVERLAY_PACKAGE] if told.stdout.endswith(" installed") else []
        partitions.may_be_read_only(partitions.read(machine.root), packages)
    before = line.read_bytes()
    after = partitions.command_line(before, read_only=how == "on")
    if after == before:
        say.line(f"Nothing to change: read-only is {how} already.")
        return
    with disk.whole_file(line, 0o644) as file:
        file.write(after)
    say.line(f"Read-only is {how} from the next start on: sudo reboot")


@appliance.command("back")
@ROOT
@NOW
def back(root: Path, now: bool) -> None:
    """Go back to the release before this one."""
    from stall.box.install import manifest
    from stall.errors import Refused

    machine = _machine(root)
    _need_root(machine)
    previous = manifest.read(machine).previous
    if not previous:
        raise Refused("appliance-no-way-back", "There is no release before this one on this machine.")
    _check_reads(machine, previous)
    program = machine.at(_program(previous))
    os.execv(program, [str(program), "appliance", "apply", "--root", str(root), *(["--now"] if now else [])])  # noqa: S606 - our own program, in our place


@appliance.command("fallback", hidden=True)
@ROOT
def fallback(root: Path) -> None:
    """What `stall-fallback.service` does when the web did not start three times: go back, once, then only try again."""
    from stall.box.install import applying, manifest, services
    from stall.errors import Refused

    machine = _machine(root)
    _need_root(machine)
    if applying.under_way(machine):
        return  # whoever installs sees that it does not start, and puts back what stood before
    tried = machine.at("/run/stall-fallback")
    previous = manifest.read(machine).previous
    # Somebody who starts it three times in two minutes meets the limit too.
    fell = services.started_anew(machine, "stall-web.service") >= _FELL
    if previous and fell and not tried.exists():
        tried.touch()
        try:
            _check_reads(machine, previous)
            say.line(f"The release does not start. Going back to {previous}.")
            done = machine.run(
                [str(machine.at(_program(previous))), "appliance", "apply", "--now", "--no-back", "--root", str(root)]
            )
            say.lines(*done.stdout.splitlines(), *done.stderr.splitlines())
            if done.returncode == 0:
                return
        except Refused as refused:
            say.warning(refused.sentence)
    machine.run(["systemctl", "reset-failed", "stall-web.service"])
    machine.run(["systemctl", "start", "--no-block", "stall.target"])


@appliance.command("check")
@ROOT
def check(root: Path) -> None:
    """Say what `apply` would change, and change nothing. Exit code 3 if anything would, 0 if nothing."""
    from stall.box.install import applying
    from stall.errors import Broken

    machine = _machine(root)
    try:
        found = appliance_box.settings_of(machine)
        told = applying.check(machine, own_release(), found)
    except (PermissionError, Broken) as error:
        if isinstance(error, Broken) and error.code not in {
            "settings-unreadable",
            "manifest-unreadable",
            "swap-unreadable",
        }:
            raise
        say.warning(
            "Only root may read the settings, so the configuration was not compared. Run this with sudo for all of it."
        )
        told = applying.check(machine, own_release(), None)
    else:
        if found is None:
            told.append("make a box, its settings and all configuration that comes of them")
    for line in told:
        say.line(line)
    if not told:
        say.line("Nothing would change.")
    click.get_current_context().exit(WOULD_CHANGE if told else 0)


@appliance.command("status")
@ROOT
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(root: Path, as_json: bool) -> None:
    """Say which release is installed, which one may be gone back to, and whether the stall is busy."""
    from stall.box.install import everything, manifest, services, swap

    machine = _machine(root)
    found = manifest.read(machine)
    facts = {
        "release": found.release,
        "previous": found.previous,
        "releases": everything.releases(machine),
        "cut_off": swap.pending(machine) is not None,
        "running": services.active(machine, services.TARGET),
        "busy": appliance_box.Side(machine).busy(),
    }
    if as_json:
        say.facts(facts)
        return
    if not found.release:
        say.line("This machine is no appliance.")
        return
    say.line(f"Release {found.release}, {'running' if facts['running'] else 'stopped'}.")
    say.line(f"To go back to: {found.previous or 'none'}.")
    if facts["busy"]:
        say.line(f"The release should not be changed now, because {facts['busy']}.")


def _tell(done: Done) -> None:
    if not done.changes:
        say.line("Nothing to change: this machine is as it should be.")
    else:
        files = "file" if len(done.changes) == 1 else "files"
        say.line(f"Installed release {own_release()}: {len(done.changes)} {files} changed.")
    _by_hand(done.changes)
    for words in done.beside:
        say.warning(words)
    if done.reboot:
        say.line("Start this machine anew once, so that it reads what changed for its start: sudo reboot")


def _by_hand(changes: Sequence[Change]) -> None:
    for each in changes:
        if each.by_hand:
            say.warning(f"{each.path} was changed by hand; that version is kept beside it as .stall-kept")


def _say(text: str) -> None:
    say.line(text, err=True)


def _program(release: str) -> str:
    from stall.box.config import places

    return f"{places.RELEASES}/{release}/.venv/bin/stall"


def _check_reads(machine: Machine, previous: str) -> None:
    """An older release reads no database that a newer one brought to its form. Raises Refused `appliance-no-way-back`."""
    from stall.box.install import everything
    from stall.errors import Refused

    if everything.schema_of(machine, previous) < everything.schema_of(machine, own_release()):
        raise Refused(
            "appliance-no-way-back",
            f"Release {previous} cannot read the database as it is now. Install a newer one that is mended instead.",
        )


def own_release() -> str:
    """The name of the release this program runs from. Raises Refused `appliance-no-release`."""
    import stall
    from stall.box.config import places
    from stall.errors import Refused

    folder = Path(stall.__file__).resolve().parents[1]
    if folder.parent.as_posix().endswith(places.RELEASES):
        return folder.name
    raise Refused(
        "appliance-no-release", "This program is no release of an appliance. Run ./setup.sh install, which builds one."
    )


def _machine(root: Path, *, live: bool = True) -> Machine:
    from stall.box.install.machine import Machine

    here = root.resolve() == Path("/")
    return Machine(root, live=live and here and Path("/run/systemd/system").is_dir())


def _need_root(machine: Machine) -> None:
    from stall.errors import Refused

    if os.geteuid() != 0 and str(machine.root) == "/":
        raise Refused("appliance-not-root", "Only root may change this machine. Say sudo before the command.")

"""`stall appliance`: turn this machine into the appliance, look at it, go back, take it away. `./setup.sh install` calls it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import appliance_box, say

if TYPE_CHECKING:
    from stall.box.install.machine import Machine

#: Something would change: what `--check` of the installer answers, as its callers know it from others.
WOULD_CHANGE = 3
ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    help="Root folder of another system.",
)
NOW = click.option("--now", is_flag=True, help="Also while a shift or a drop is open.")


@click.group()
def appliance() -> None:
    """Turn this machine into the appliance, and back. `./setup.sh install` builds the release and calls `apply`."""


appliance.add_command(appliance_box.box)


@appliance.command("apply")
@ROOT
@NOW
@click.option("--name", default="", help="The stall's name, as buyers read it.")
@click.option("--country", default="", help="Where the radio stands, two letters like DE.")
@click.option(
    "--from", "given", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A settings.toml to take."
)
def apply(*, root: Path, now: bool, name: str, country: str, given: Path | None) -> None:
    """Install the release that this program belongs to: users, box, configuration, services. A second run changes nothing."""
    from stall.box.install import applying

    machine = _machine(root)
    _need_root(machine)
    box = appliance_box.Side(machine, name=name, country=country, given=given.read_bytes() if given else None)
    done = applying.apply(machine, own_release(), box, lambda text: say.line(text, err=True), now=now)
    if not done.changes:
        say.line("Nothing to change: this machine is as it should be.")
    else:
        say.line(f"Installed release {own_release()}: {len(done.changes)} files changed.")
    for each in done.changes:
        if each.by_hand:
            say.warning(f"{each.path} was changed by hand; that version is kept beside it as .stall-kept")
    for words in done.beside:
        say.warning(words)
    if machine.live:
        appliance_box.welcome(box, first=box.pin != "")
    if done.reboot:
        say.line("Start this machine anew once, so that it reads what changed for its start: sudo reboot")


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


def _machine(root: Path) -> Machine:
    from stall.box.install.machine import Machine

    here = root.resolve() == Path("/")
    return Machine(root, live=here and Path("/run/systemd/system").is_dir())


def _need_root(machine: Machine) -> None:
    from stall.errors import Refused

    if os.geteuid() != 0 and str(machine.root) == "/":
        raise Refused("appliance-not-root", "Only root may change this machine. Say sudo before the command.")

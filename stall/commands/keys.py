"""`stall keys`: make and show the keys of a creator or a box."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import DATA_VARIABLE, recovery, say
from stall.commands import tls as tls_command
from stall.commands.recovery import CHOSEN, FILE, FOLDER, JSON, NO_PASSPHRASE

if TYPE_CHECKING:
    from stall.creator.keyring import Shown

#: How a key is kept, in words; the first word of each pair is what `--json` says.
CREATOR_KEPT = {
    "passphrase": "sealed with a passphrase",
    "file": "a file without a passphrase: whoever reads it can sign (stall keys passphrase)",
}
BOX_KEPT = {
    "board": "bound to this board: on another one a copy of the card does not sign",
    "file": "a file only its owner may read (0600): a copy of the card signs on any board",
}


@click.group()
def keys() -> None:
    """Make, show and recover keys. A creator's key stays on the laptop, a box's key on the box."""


for each in (recovery.sheet, recovery.recover, recovery.passphrase):
    keys.add_command(each)
keys.add_command(tls_command.tls)


@keys.group("new")
def new() -> None:
    """Make a key; none is ever overwritten."""


@new.command("creator")
@click.option("--out", type=FOLDER, required=True, help="Folder to make for the key. Back it up.")
@click.option("--name", required=True, help="The creator's name, as buyers read it.")
@CHOSEN
@NO_PASSPHRASE
@click.option("--sheet", "sheet_file", type=FILE, help="Write the recovery sheet there: a page to print, or text.")
@JSON
def creator(
    *, out: Path, name: str, passphrase_file: Path | None, no_passphrase: bool, sheet_file: Path | None, as_json: bool
) -> None:
    """Make a creator's folder with a fresh key, sealed with a passphrase."""
    from stall.creator import handover, keyring

    keyring.check_free(out)
    if sheet_file is not None:
        handover.check_free(sheet_file)
    made = keyring.new(out, name, recovery.chosen(out, passphrase_file, no_passphrase))
    if sheet_file is not None:
        recovery.write_sheet(made, sheet_file)
    if as_json:
        say.facts(_creator_facts(out))
        return
    say.line(f"Made the key of {made.name} in {out}. Back this folder up: nobody can make the key again.")
    if sheet_file is None:
        say.line(f"Print its recovery sheet: stall keys sheet {shlex.quote(str(out))} --out FILE.html")
    say.lines("Your public name, for posters and web pages:", made.did)


@new.command("box")
@click.option("--data", type=FOLDER, required=True, help="Data folder to make for the box.")
@click.option("--name", default="Stall", show_default=True, help="The stall's name, as buyers read it.")
@JSON
def box(data: Path, name: str, as_json: bool) -> None:
    """Make a box: its keys, its database and its PIN."""
    from stall.app import create_box

    made = create_box(data, name)
    if as_json:
        facts = {"did": made.did, "thumbprint": made.thumbprint, "epoch": made.epoch, "pin": made.pin}
        say.facts({**facts, "protection": _protection(made.bound)})
        return
    say.line(f"Made a box in {data}. Its PIN, shown this once: {made.pin}")
    say.line(f"Its key is {BOX_KEPT[_protection(made.bound)]}.")
    say.lines("Its name, for the creator to delegate:", made.did, "Its epoch, for leases:", made.epoch)


@keys.command("pin")
@click.option("--data", envvar=DATA_VARIABLE, type=FOLDER, required=True, help="Data folder of the box.")
def pin(data: Path) -> None:
    """Make a new maker's PIN for a box and show it; the old one is void at once."""
    from stall.app import new_pin

    say.line(f"The new PIN, shown this once: {new_pin(data)}")


@keys.command("bind")
@click.option("--data", envvar=DATA_VARIABLE, type=FOLDER, required=True, help="Data folder of the box.")
@JSON
def bind(data: Path, as_json: bool) -> None:
    """Bind a box's key to the board it runs on. It stays the same key; nothing is burnt into the board."""
    from stall.app import open_box
    from stall.store import secrets

    open_box(data, looking=True).close()  # says first what is the matter with a folder that is no box
    fresh = secrets.bind(data / "keys")
    if as_json:
        say.facts({"protection": "board", "new": fresh})
        return
    say.line(f"The key of this box is {BOX_KEPT['board']}." + ("" if fresh else " It was before."))
    if fresh:
        say.line(
            "Whoever runs the stall must be in the group video. A backup made before still holds the key as a file, and so may"
            " the free space of this card: where that matters, make a new box on this board instead."
        )


@keys.command("show")
@click.argument("folder", type=FOLDER)
@JSON
def show(folder: Path, as_json: bool) -> None:
    """Show the key in FOLDER, a creator's or a box's: its names, and how it is kept."""
    from stall.creator import keyring
    from stall.errors import Refused

    is_box = (folder / "keys").is_dir()
    is_creator = (folder / keyring.KEY_FILE).exists() or (keyring.lost_key(folder) and not is_box)
    if not is_creator and not is_box:
        raise Refused(
            "keys-none",
            f"“{folder}” holds neither a creator's key nor a box. Check the name; `stall keys new creator` and"
            " `stall keys new box` make one.",
        )
    facts = _creator_facts(folder) if is_creator else _box_facts(folder)
    if as_json:
        say.facts(facts)
        return
    facts["protection"] = (CREATOR_KEPT if is_creator else BOX_KEPT)[facts["protection"]]
    for what, value in facts.items():
        say.line(f"{what:<12} {value}")


def _creator_facts(folder: Path) -> dict[str, str]:
    from stall.creator import keyring

    found: Shown = keyring.show(folder)
    if found.warning:
        say.warning(found.warning)
    return {
        "kind": "creator",
        "name": found.name,
        "fingerprint": found.fingerprint,
        "did": found.did,
        "thumbprint": found.thumbprint,
        "protection": "passphrase" if found.sealed else "file",
    }


def _box_facts(folder: Path) -> dict[str, str]:
    from stall.app import open_box
    from stall.store import journal
    from stall.wire import fingerprint

    opened = open_box(folder)
    try:
        epoch = journal.read_head(opened.db.read()).epoch_text
        key, hw = opened.secrets.signing, opened.secrets.hw
        return {
            "kind": "box",
            "name": opened.settings.name,
            "fingerprint": fingerprint.of(key.public),
            "did": key.did,
            "thumbprint": key.thumbprint,
            "epoch": epoch,
            "protection": _protection(opened.secrets.bound),
            **({"hw": hw} if hw else {}),
        }
    finally:
        opened.close()


def _protection(bound: bool) -> str:
    return "board" if bound else "file"

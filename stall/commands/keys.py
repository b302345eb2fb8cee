"""`stall keys`: make and show the keys of a creator or a box."""

from __future__ import annotations

import json
from pathlib import Path

import click

FOLDER = click.Path(path_type=Path, file_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def keys() -> None:
    """Make and show keys. A creator's key stays on the laptop, a box's key on the box."""


@keys.group("new")
def new() -> None:
    """Make a key; none is ever overwritten."""


@new.command("creator")
@click.option("--out", type=FOLDER, required=True, help="Folder to make for the key. Back it up.")
@click.option("--name", required=True, help="The creator's name, as buyers read it.")
@JSON
def creator(out: Path, name: str, as_json: bool) -> None:
    """Make a creator's folder with a fresh key."""
    from stall.creator import keyring

    made = keyring.new(out, name)
    if as_json:
        click.echo(json.dumps({"did": made.did, "thumbprint": made.key.thumbprint, "name": made.name}))
        return
    click.echo(f"Made the key of {made.name} in {out}. Back this folder up: nobody can make the key again.")
    click.echo(f"Your public name, for posters and web pages:\n{made.did}")


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
        click.echo(json.dumps(facts))
        return
    click.echo(f"Made a box in {data}. Its PIN, shown this once: {made.pin}")
    click.echo(f"Its name, for the creator to delegate:\n{made.did}\nIts epoch, for leases:\n{made.epoch}")


@keys.command("pin")
@click.option("--data", type=FOLDER, required=True, help="Data folder of the box.")
def pin(data: Path) -> None:
    """Make a new maker's PIN for a box and show it; the old one is void at once."""
    from stall.app import new_pin

    click.echo(f"The new PIN, shown this once: {new_pin(data)}")


@keys.command("show")
@click.argument("folder", type=FOLDER)
@JSON
def show(folder: Path, as_json: bool) -> None:
    """Show the public side of the key in FOLDER, a creator's or a box's."""
    from stall.creator import keyring
    from stall.errors import Refused

    is_creator = (folder / keyring.KEY_FILE).exists()
    if not is_creator and not (folder / "keys").is_dir():
        raise Refused(
            "keys-none",
            f"“{folder}” holds neither a creator's key nor a box. Check the name; `stall keys new creator` and"
            " `stall keys new box` make one.",
        )
    facts = _creator_facts(folder) if is_creator else _box_facts(folder)
    if as_json:
        click.echo(json.dumps(facts))
        return
    for what, value in facts.items():
        click.echo(f"{what:<11} {value}")


def _creator_facts(folder: Path) -> dict[str, str]:
    from stall.creator import keyring

    found = keyring.load(folder)
    if found.warning:
        click.echo(f"warning: {found.warning}", err=True)
    return {"kind": "creator", "name": found.name, "did": found.did, "thumbprint": found.key.thumbprint}


def _box_facts(folder: Path) -> dict[str, str]:
    from stall.app import open_box
    from stall.store import journal

    opened = open_box(folder)
    try:
        epoch = journal.read_head(opened.db.read()).epoch_text
        key = opened.secrets.signing
        return {
            "kind": "box",
            "name": opened.settings.name,
            "did": key.did,
            "thumbprint": key.thumbprint,
            "epoch": epoch,
        }
    finally:
        opened.close()

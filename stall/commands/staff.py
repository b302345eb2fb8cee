"""`stall staff`: the people who may sign in at the till, from the command line of the box."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from stall.commands import DATA_VARIABLE, say

if TYPE_CHECKING:
    from stall.store.db import Tx

DATA = click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="The box's data folder.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
PIN_DIGITS = 6
T = TypeVar("T")


@click.group("staff")
def staff() -> None:
    """Add people, list them, give them PINs, let them go. It asks for no PIN: whoever may run it owns the box."""


@staff.command("add")
@click.argument("name")
@DATA
@click.option("--role", type=click.Choice(["maker", "staff", "bookkeeper"]), default="staff", show_default=True)
@JSON
def add(name: str, data: Path, role: str, as_json: bool) -> None:
    """Add NAME with a PIN that is shown this once; they can change it at the till."""
    from stall.domain.rights import Role
    from stall.flows import keep_people

    named = keep_people.read_name(name)
    pin, pin_hash = _new_pin()
    no = write(data, lambda tx: keep_people.add_person(tx, named, Role(role), pin_hash))
    if as_json:
        say.facts({"person": no, "name": named, "role": role, "pin": pin})
        return
    say.line(f"{named} is person {no}, {role}. The PIN, shown this once: {pin}")


@staff.command("list")
@DATA
@JSON
def show(data: Path, as_json: bool) -> None:
    """List everybody, with number and role."""
    from stall.app import open_box
    from stall.store import people

    box = open_box(data, looking=True)
    try:
        everybody = people.every(box.db.read())
    finally:
        box.close()
    if as_json:
        rows = [{"person": p.no, "name": p.name, "role": p.role.value, "active": p.active} for p in everybody]
        say.facts({"people": rows})
        return
    for person in everybody:
        say.line(f"{person.no:>3}  {person.role.value:<10}  {person.name}{'' if person.active else ' (left)'}")


@staff.command("pin")
@click.argument("person", type=int)
@DATA
def pin(person: int, data: Path) -> None:
    """Give PERSON, by number, a new PIN and show it this once; they are signed out everywhere."""
    from stall.flows import keep_people

    chosen, pin_hash = _new_pin()
    write(data, lambda tx: keep_people.set_own_pin(tx, person, pin_hash))
    say.line(f"The new PIN of person {person}, shown this once: {chosen}")


@staff.command("end")
@click.argument("person", type=int)
@DATA
def end(person: int, data: Path) -> None:
    """Let PERSON, by number, go: signed out everywhere, and their PIN opens nothing. The last maker stays."""
    from stall.flows import keep_people

    write(data, lambda tx: keep_people.change_person(tx, person, active=False))
    say.line(f"Person {person} does not work here any more.")


def _new_pin() -> tuple[str, str]:
    from stall.flows.staff_pin import HASHER

    chosen = "".join(str(secrets.randbelow(10)) for _ in range(PIN_DIGITS))
    return chosen, HASHER.hash(chosen)


def write(data: Path, work: Callable[[Tx], T]) -> T:
    """Do one piece of work to the box in a folder."""
    from stall.app import open_box

    box = open_box(data)
    try:
        return box.write("payment", work)
    finally:
        box.close()

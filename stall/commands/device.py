"""`stall device`: the phones and tablets that may open the till over https."""

from __future__ import annotations

from pathlib import Path

import click

from stall.commands import say
from stall.commands.staff import DATA, JSON, write


@click.group("device")
def device() -> None:
    """Make the label's code, list enrolled phones and tablets, end one that was lost."""


@device.command("enrol")
@DATA
@JSON
def enrol(data: Path, as_json: bool) -> None:
    """Make the code for the box's label and show it this once; the label before enrols nothing any more."""
    from stall import settings
    from stall.flows import enrol_device
    from stall.store import tls_files
    from stall.web.till.devices import address_of
    from stall.wire import claimcode, crockford

    code = claimcode.encode(write(data, lambda tx: enrol_device.new_code(tx, once=False)))
    address = f"{address_of(settings.load(data))}/enrol#{code}"
    shown = tls_files.find(data / "keys")
    if as_json:
        say.facts({"code": code, "address": address, "fingerprint": None if shown is None else shown.spelled})
        return
    say.code(address)
    say.lines("For the label, as a code to scan and as text:", address, crockford.grouped(code))
    if shown is None:
        say.warning(
            "This box has no certificate yet. Make one with `stall keys tls`, and print its fingerprint on the label."
        )
    else:
        say.lines("And the fingerprint of its certificate, to compare in the browser:", shown.spelled)
    say.line(
        "Whoever has it can enrol a phone, and then still needs a PIN. Make another one if the label was seen by others."
    )


@device.command("list")
@DATA
@JSON
def show(data: Path, as_json: bool) -> None:
    """List every device, with its number."""
    from stall.app import open_box
    from stall.store import devices

    box = open_box(data, looking=True)
    try:
        every = devices.every(box.db.read())
    finally:
        box.close()
    if as_json:
        rows = [{"device": d.no, "name": d.name, "active": d.ended_ms is None} for d in every]
        say.facts({"devices": rows})
        return
    for each in every:
        say.line(f"{each.no:>3}  {each.name}{'' if each.ended_ms is None else ' (ended)'}")
    if not every:
        say.line("No phone or tablet is enrolled. The till opens on the box itself.")


@device.command("end")
@click.argument("number", type=int)
@DATA
def end(number: int, data: Path) -> None:
    """End device NUMBER: what it holds opens nothing from now on."""
    from stall.flows import enrol_device

    write(data, lambda tx: enrol_device.end_device(tx, number))
    say.line(f"Device {number} opens nothing any more.")

"""`stall pack`: build a pack on the laptop, check one anywhere, import one on the box."""

from __future__ import annotations

from pathlib import Path

import click

from stall.commands import given, progress, say, versions
from stall.commands.pack_build import build
from stall.commands.pack_import import import_
from stall.commands.pack_preview import preview
from stall.commands.pack_show import diff, inspect

FILE = click.Path(path_type=Path, dir_okay=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def pack() -> None:
    """Make, check and import packs: the files of a drop with their signed manifest.

    \b
    From a folder of files to the first sale, in this order:
      on the box      stall keys new box --data BOX
                      stall keys show BOX --json > box.json
      on the laptop   stall keys new creator --out ME --name NAME
                      stall delegate --creator ME --box box.json --out box.delegation
                      stall pack build FILES --creator ME --title TITLE --price 4.50
                            --edition 20 --out night.stallpack
                      stall lease issue --creator ME --pack night.stallpack
                            --box box.json --count 20 --out box.lease
      on the box      stall clock confirm --data BOX
                      stall accept --data BOX box.delegation
                      stall pack import --data BOX night.stallpack
                      stall accept --data BOX box.lease
                      stall drop open --data BOX DROP
    A drop without --edition needs no lease.
    """


pack.add_command(build)


@pack.command("verify")
@click.argument("file", type=FILE)
@click.option("--creator-did", callback=given.creator, help="Only accept a pack of this creator.")
@JSON
def verify(file: Path, creator_did: str | None, as_json: bool) -> None:
    """Check every byte of the pack FILE against its creator's signature."""
    from stall.store import packfile

    with packfile.open_pack(file, creator_did) as opened:
        with progress.bar("Checking") as seen:
            count = progress.counted(seen, opened.total_bytes)
            for entry in opened.entries:
                opened.check(entry, count)
        signed, total = opened.manifest, opened.total_bytes
    if as_json:
        facts = {"creator": signed.iss, "drop": signed.drop.id, "ver": signed.ver}
        say.facts({**facts, "files": len(signed.files), "bytes": total})
        return
    say.lines(f"All of it is as its creator signed it: {versions.described(signed)}", f"Signed by {signed.iss}")


pack.add_command(import_)
pack.add_command(inspect)
pack.add_command(diff)
pack.add_command(preview)

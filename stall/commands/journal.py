"""`stall journal`: check the journal, and write it out for anyone to check."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stall.store.box import Box

_DATA = click.option("--data", type=click.Path(path_type=Path), required=True, help="Data folder of the box.")


@click.group()
def journal() -> None:
    """Check the journal of a box, or export it."""


@journal.command()
@_DATA
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(data: Path, as_json: bool) -> int:
    """Recompute root, signatures, money and edition numbers, and compare them with the tables."""
    from stall.app import open_box
    from stall.store.audit import audit, describe

    box = open_box(data)
    try:
        found = audit(box.db.read(), box.secrets.signing.public)
    finally:
        box.close()
    if as_json:
        click.echo(json.dumps(describe(found)))
    else:
        for sentence in found.findings:
            click.echo(f"wrong: {sentence}")
        if found.ok:
            click.echo(f"ok: {found.events} events, {found.receipts} receipts, root {describe(found)['root']}")
    return 0 if found.ok else 1


@journal.command()
@_DATA
@click.option("--out", type=click.Path(path_type=Path), help="File to write; standard output when left out.")
def export(data: Path, out: Path | None) -> None:
    """Write the journal as JSON Lines: the signed checkpoint, then every event it covers."""
    from stall import disk
    from stall.app import open_box

    box = open_box(data)
    try:
        if out is None:
            sys.stdout.writelines(_lines(box))
            return
        with disk.whole_file(out) as file:
            file.writelines(line.encode() for line in _lines(box))
    finally:
        box.close()


def _lines(box: Box) -> Iterator[str]:
    """One JSON object a line; events are the exact bytes whose hashes make the signed root."""
    from stall.flows.checkpoint import sign_checkpoint
    from stall.store import journal as kept
    from stall.wire import b64, note

    with box.db.transaction() as tx:
        text = sign_checkpoint(tx)
    signer = box.secrets.signing
    head = kept.read_head(box.db.read())
    origin = note.origin(signer.thumbprint, head.epoch)
    size = note.Checkpoint.parse(note.open(text, [note.Verifier(origin, signer.public)]).body).size
    yield json.dumps({"type": "checkpoint", "note": text, "box": signer.did, "epoch": head.epoch_text}) + "\n"
    for seq, data in kept.all_events(box.db.read(), head.epoch_no):
        if seq < size:
            yield json.dumps({"type": "event", "seq": seq, "bytes": b64.encode(data)}) + "\n"

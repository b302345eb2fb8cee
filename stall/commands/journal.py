"""`stall journal`: check the journal, and write it out for anyone to check."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from stall.commands import DATA_VARIABLE, say

_DATA = click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, readable=False),
    required=True,
    help="Data folder of the box.",
)


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

    box = open_box(data, looking=True)
    try:
        found = audit(box.db.read(), box.secrets.signing.public)
    finally:
        box.close()
    if as_json:
        say.facts(describe(found))
    else:
        for sentence in found.findings:
            say.line(f"wrong: {sentence}")
        if found.ok:
            lives = "" if found.epochs == 1 else f" in {found.epochs} epochs"
            say.line(f"ok: {found.events} events{lives}, {found.receipts} receipts, root {describe(found)['root']}")
    return 0 if found.ok else 1


@journal.command()
@_DATA
@click.option("--out", type=click.Path(path_type=Path), help="File to write; standard output when left out.")
def export(data: Path, out: Path | None) -> None:
    """Write the journal as JSON Lines: each epoch's signed checkpoint, every event it covers, and proofs.

    Anybody can check the file with docs/check/check_journal.py.
    """
    from stall.app import open_box
    from stall.creator import handover
    from stall.flows.export_journal import export_journal

    if out is not None:
        handover.check_free(out)
    box = open_box(data, looking=True)
    try:
        if out is None:
            sys.stdout.writelines(export_journal(box))
            return
        events, epochs = _written(out, export_journal(box))
    finally:
        box.close()
    said = f"{_counted(events, 'event')} of {_counted(epochs, 'epoch')}"
    say.line(f"Wrote {said} to {out}.", err=True)


def _written(out: Path, lines: Iterable[str]) -> tuple[int, int]:
    """Write the lines of an export to a file; give how many events of how many epochs they are."""
    from stall import disk

    events = epochs = 0
    with disk.whole_file(out) as file:
        for line in lines:
            file.write(line.encode())
            begins = line.startswith('{"type": "checkpoint"')
            epochs, events = epochs + begins, events + (not begins)
    return events, epochs


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"

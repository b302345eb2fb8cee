"""`stall pack import`: take a pack into a box, from a file or while it streams in."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import DATA_VARIABLE, progress, say, versions

if TYPE_CHECKING:
    from stall.flows.import_pack import Imported
    from stall.store.box import Box

_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_FOLDER = click.Path(path_type=Path, file_okay=False, readable=False)
#: Selling goes first: the kernel derives how urgent our reads and writes are from this, too.
_NICE = 10


@click.command("import")
@click.argument("file", type=_FILE, required=False)
@click.option("--data", envvar=DATA_VARIABLE, type=_FOLDER, required=True, help="Data folder of the box.")
@click.option("--forget", is_flag=True, help="Instead: delete what imports left that were cut off.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def import_(file: Path | None, data: Path, forget: bool, as_json: bool) -> None:
    """Take the pack FILE into a box, checking every byte. The drop is opened apart: stall drop open.

    \b
    With - as FILE the pack is read while it comes in:
      ssh LAPTOP cat night.stallpack | stall pack import - --data BOX
    Cut off, it goes on where it was when the same pack is imported again; what
    nobody goes on with is deleted after a week.
    """
    from stall.app import open_box
    from stall.domain.drop import Offer
    from stall.flows.forget_imports import forget_imports
    from stall.store import catalogue

    if forget == (file is not None):
        raise click.UsageError("Give a FILE to import, or --forget.")
    box = open_box(data)
    try:
        if file is None:
            _say_forgotten(forget_imports(box.db), as_json=as_json)
            return
        before = {card.drop_id: card.offer for card in catalogue.cards(box.db.read(), box.now_ms())}
        done = _imported(box, file)
    finally:
        box.close()
    if as_json:
        facts = {"drop": done.drop_id, "ver": done.ver, "files": done.files, "bytes": done.bytes, "new": done.new}
        say.facts(facts | {"mended": done.mended, "lacking": done.lacking})
        return
    if not done.new:
        what = (
            f"{versions.files(done.mended)} of it had been lost and can be had again."
            if done.mended
            else "Nothing was changed."
        )
        say.line(f"“{done.title}”, version {done.ver}, was here already. {what}")
        return
    say.line(f"Imported “{done.title}”, version {done.ver}: {versions.files(done.files)}.")
    if done.lacking:
        say.line(
            f"Of {versions.files(done.lacking)} nobody hears or sees a snippet before paying: cutting one needs ffmpeg on this"
            " machine. Install it and import the pack again, or let the creator mark samples."
        )
    if before.get(done.drop_id, Offer.PAUSED) is Offer.PAUSED:  # a new version of an open drop sells on at once
        say.line(f"Open it: stall drop open --data {shlex.quote(str(data))} {done.drop_id}")


def _imported(box: Box, file: Path) -> Imported:
    from stall.flows.import_pack import import_pack

    total = 0
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    with progress.bar("Checking and storing") as seen:
        done = 0

        def sized(size: int) -> None:
            nonlocal total
            total = size

        def count(more: int) -> None:
            nonlocal done
            done += more
            seen(min(done, total), total)

        imported = import_pack(box, _standard_input() if str(file) == "-" else file, count, sized)
        seen(total, total)
    return imported


def _standard_input() -> int:
    """The descriptor a pack comes in by. Raises Refused `pack-terminal` where it was closed."""
    from stall.store.packstream import nothing_comes

    if sys.stdin is None:
        raise nothing_comes()
    return sys.stdin.fileno()


def _say_forgotten(freed: int, *, as_json: bool) -> None:
    if as_json:
        say.facts({"freed": freed})
    elif freed:
        say.line(f"Deleted what unfinished imports had left: {-(-freed // 1_000_000)} MB.")
    else:
        say.line("There was nothing left of unfinished imports.")

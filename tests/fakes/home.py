"""Tells a copied data folder that it lies where it belongs: a test's template is no stall that was copied."""

from __future__ import annotations

import shutil
from pathlib import Path

from stall.store import place
from stall.store.place import Kept


def copied(template: Path, folder: Path) -> Path:
    """Copy a data folder as if it had been made at its new place."""
    return settled(Path(shutil.copytree(template, folder)))


def settled(folder: Path) -> Path:
    """Note that a data folder belongs where it lies now; the checkpoint noted beside it stays."""
    kept = place.read(folder)
    assert kept is not None
    place.keep(folder, Kept(place.here(folder), kept.witness))
    return folder

"""The ZIP that buyers get of a pack, built at once from files that lie on the disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stall import disk
from stall.store import packfile, packzip


class Zipped(NamedTuple):
    """A ZIP that was built: its size in bytes and its key (`wire.pack.zip_key`)."""

    size: int
    key: str


def build(files: Sequence[tuple[str, Path]], manifest_token: str, out: Path, with_page: bytes | None = None) -> Zipped:
    """Build it at `out` from files that lie on the disk, given as (manifest path, source), each read once for its CRC-32.

    Raises Refused `pack-not-found` or Broken `pack-unreadable` for a source, and the errors of `disk.whole_file`.
    """
    with contextlib.ExitStack() as stack:
        opened = [(path, stack.enter_context(packfile.opened(source)), source) for path, source in files]
        sizes = [(path, os.fstat(file.fileno()).st_size) for path, file, _ in opened]
        plan = packzip.Plan(manifest_token, packzip.page() if with_page is None else with_page, sizes)
        crcs = {}
        with disk.whole_file(out) as target:
            for (path, file, source), (_, size) in zip(opened, sizes, strict=True):
                crcs[path] = packzip.crc_of(file.fileno(), size, source)
                packzip.copy(file.fileno(), 0, target.fileno(), plan.places[path], size)
            plan.finish(target.fileno(), crcs)
        return Zipped(plan.size, plan.key)

"""Import a pack: verify it while it comes, store its files under their hashes, build the buyer's ZIP, make the pictures, then write the rows.

The files go first, outside the door; the rows come last, in one transaction. Whatever fails before that leaves the catalogue as it
was. An import that was cut off, by the disk, the power or a person, leaves the files that were whole and verified, and the next
import of the same manifest goes on from there; a pack that is not what was signed leaves nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stall.errors import Hostile, Refused
from stall.flows import make_previews as pictures
from stall.flows import make_snippets as tastes
from stall.flows.forget_imports import alone
from stall.flows.make_previews import make_cover, make_previews
from stall.flows.make_snippets import make_snippets
from stall.flows.record_pack import Prepared, catch_up, check_version, price_here, record_pack, trusted_manifest
from stall.store import begun, catalogue, documents, packzip, previews, room, snippets
from stall.store.box import Box
from stall.store.packfile import OnBytes, PackFile, open_pack
from stall.store.packstream import PackStream, open_stream
from stall.store.packzip import Plan
from stall.store.painter import Painter
from stall.store.taking import Taker, is_there
from stall.wire import jws
from stall.wire.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to; `new` is False when this very pack was here already, of which `mended` files were lost and are there again."""

    drop_id: str
    title: str
    ver: int
    files: int
    bytes: int
    new: bool
    mended: int = 0
    lacking: int = 0
    """Songs and films without a snippet on their page, because the tool that cuts it is missing."""


def import_pack(
    box: Box, source: Path | int, on_bytes: OnBytes | None = None, on_size: Callable[[int], None] | None = None
) -> Imported:
    """Import the pack at a path, or one that comes in by a file descriptor.

    `on_size` hears how many bytes its files have, as soon as that is known, and `on_bytes` of bytes that were taken.
    Raises what `open_pack` or `open_stream`, `Arriving.take`, `trusted_manifest`, `check_version` and `record_pack` raise, and
    Refused `disk-too-small`, `already-running`.
    """
    with alone(box.folder), _opened(box, source) as pack:
        signed, token = pack.manifest, pack.manifest_token
        trusted_manifest(box.db.read(), token)
        price_here(signed, box.settings.cur)
        with box.db.transaction() as tx:
            new = check_version(tx, signed, token)
        if on_size is not None:
            on_size(pack.total_bytes)
        done = Imported(signed.drop.id, signed.drop.title, signed.ver, len(signed.files), pack.total_bytes, new=new)
        if new:
            return replace(done, lacking=_take_in(box, pack, on_bytes))
        return replace(done, mended=_mend(box, pack, on_bytes))


@contextmanager
def _opened(box: Box, source: Path | int) -> Iterator[PackFile | PackStream]:
    delegations = documents.delegations(box.db.read())
    if isinstance(source, int):
        with open_stream(source, delegations) as stream:
            yield stream
    else:
        with open_pack(source, delegations=delegations) as pack:
            yield pack


def _take_in(box: Box, pack: PackFile | PackStream, on_bytes: OnBytes | None) -> int:
    """Store a pack that is not here, and write its rows; return how many snippets lack a tool. Raises as `import_pack`."""
    folder, signed, token = box.folder, pack.manifest, pack.manifest_token
    plan = _plan(pack)
    taker = _taker(box, pack, plan, on_bytes)
    note = begun.begin(folder, token, plan.key, box.now_ms() / 1000, box.db.read())
    try:
        taker.take_all(pack.arriving())
    except Hostile as wrong:
        if wrong.code != "pack-truncated":  # cut off on its way, it is as good as cut off here
            begun.take_away(folder, box.db.read(), note, taker.stored)
        raise
    cut = make_snippets(folder, signed)
    prepared = _drawn(
        folder, signed, Prepared(None, f"{signed.drop.id}.zip", plan.size, plan.key, snippets=cut.by_file)
    )
    with box.db.transaction() as tx:
        if check_version(tx, signed, token):
            record_pack(tx, signed, token, prepared, box.settings.cur)
    note.unlink(missing_ok=True)
    return cut.lacking


def _drawn(folder: Path, signed: Manifest, prepared: Prepared) -> Prepared:
    with Painter() as painter:
        cover = make_cover(folder, signed, painter)
        return replace(prepared, cover=cover, pictures=make_previews(folder, signed, cover, painter))


def _mend(box: Box, pack: PackFile | PackStream, on_bytes: OnBytes | None) -> int:
    """See after a pack that is here already: put back what was lost of it, and draw what it lacks; return how many files were lost.

    Its ZIP stays the one it is, whatever page this release has, for downloads of it go on; where it was lost, it is built anew.
    """
    signed, token, folder = pack.manifest, pack.manifest_token, box.folder
    with box.db.transaction() as tx:
        pack_no = previews.pack_of(tx, jws.token_hash(token))
        zipped, before = catalogue.whole_pack(tx.conn, pack_no), snippets.noted(tx.conn, pack_no)
    plan = None if (folder / "zips" / f"{zipped.sha256}.zip").is_file() else _plan(pack)
    lost = {one.sha256 for one in signed.files if not is_there(folder, one.sha256, one.size)}
    if lost or plan is not None:
        _taker(box, pack, plan, on_bytes).take_all(pack.arriving())
    size, key = (zipped.size, zipped.sha256) if plan is None else (plan.size, plan.key)
    cut = make_snippets(folder, signed, before)
    made = _drawn(folder, signed, Prepared(None, zipped.path, size, key, snippets=cut.by_file))
    with box.db.transaction() as tx:
        catch_up(tx, signed, token, made)
    begun.note_of(folder, token).unlink(missing_ok=True)  # of an import that was cut off after its rows were written
    return len(lost) + (plan is not None)


def _plan(pack: PackFile | PackStream) -> Plan:
    return Plan(pack.manifest_token, packzip.page(), [(file.path, file.size) for file in pack.manifest.files])


def _taker(box: Box, pack: PackFile | PackStream, plan: Plan | None, on_bytes: OnBytes | None) -> Taker:
    """What takes the files, once the disk has room for what is missing. Raises Refused `disk-too-small`."""
    if plan is not None and (box.folder / "zips" / f"{plan.key}.zip").is_file():
        plan = None  # it got that name when it was whole
    missing = {one.sha256: one.size for one in pack.manifest.files if not is_there(box.folder, one.sha256, one.size)}
    needed = sum(missing.values()) + (plan.size if plan else 0) + box.room.kept_back
    needed += pictures.room_for(pack.manifest) + tastes.room_for(pack.manifest)
    if _free(box.folder) < needed:  # what imports left that were given up makes way first
        begun.forget(box.folder, box.db.read(), but=begun.note_of(box.folder, pack.manifest_token))
    free = _free(box.folder)
    if free < needed:
        raise Refused(
            "disk-too-small",
            f"The pack needs {needed // room.MB} MB on the box and {free // room.MB} MB are free. Free some space, then import again.",
        )
    return Taker(box.folder, plan, box.room.kept_back, on_bytes)


def _free(folder: Path) -> int:
    free = room.free_bytes(folder)
    return sys.maxsize if free is None else free

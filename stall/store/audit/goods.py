"""Signed documents are the very ones that were accepted, and what is offered is what they say: price, edition, files."""

from __future__ import annotations

import sqlite3

from stall.errors import StallError
from stall.store import documents
from stall.store.audit.found import Audit
from stall.store.schema import ZIP, file_id
from stall.wire import jws
from stall.wire.manifest import Manifest


def check(conn: sqlite3.Connection, found: Audit) -> None:
    """Compare every document with its hash, and every pack with the manifest it came from."""
    for no, typ, kept, token in conn.execute("SELECT no, typ, hash, token FROM documents"):
        if jws.token_hash(token) != kept:
            found.add(f"The signed document {no} ({typ}) is not the one that was accepted.")
    rows = conn.execute(
        "SELECT p.*, d.drop_id, d.ver, d.edition, d.pack AS current, t.token, c.did FROM packs p JOIN drops d ON d.no = p.drop_no"
        " JOIN documents t ON t.no = p.document JOIN creators c ON c.no = d.creator"
    )
    newest: dict[str, tuple[int, int]] = {}
    for row in rows.fetchall():
        try:
            signed = documents.manifest_of(conn, row["token"])
        except StallError as error:
            found.add(f"The manifest of {row['drop_id']} does not hold: {error.sentence}")
            continue
        _check_offer(found, row, signed)
        _check_files(conn, found, row["no"], signed)
        newest[row["drop_id"]] = max(newest.get(row["drop_id"], (0, 0)), (signed.ver, row["no"]))
    _check_current(conn, found, {drop: pack for drop, (_, pack) in newest.items()})


def _check_current(conn: sqlite3.Connection, found: Audit, newest: dict[str, int]) -> None:
    """A drop sells the newest version of its own pack: another row would be another price."""
    for drop, pack in conn.execute("SELECT drop_id, pack FROM drops"):
        if newest.get(drop) not in {None, pack}:
            found.add(f"{drop} is not offered in the newest version that was imported.")


def _check_offer(found: Audit, row: sqlite3.Row, signed: Manifest) -> None:
    window, limits, listing = signed.drop.window, signed.limits, signed.drop.listing
    offered = {
        "drop_id": signed.drop.id,
        "title": signed.drop.title,
        "kind": signed.drop.kind,
        "description": listing.desc if listing else "",
        "licence": signed.drop.licence,
        "opens_ms": window.nbf * 1000,
        "closes_ms": window.exp * 1000,
        "expires_ms": signed.exp * 1000,
        "max_devices": limits.max_devices,
        "max_downloads": limits.max_downloads,
        "code_ttl_s": limits.code_ttl_s,
        "bytes": sum(file.size for file in signed.files),
        "manifest_hash": jws.token_hash(row["token"]),
    }
    if row["current"] == row["no"]:
        offered |= {"ver": signed.ver, "edition": signed.drop.edition}
    wrong = [name for name, value in offered.items() if row[name] != value]
    if (row["cur"], row["price_minor"]) not in {(price.cur, price.minor) for price in signed.price if not price.cohort}:
        wrong.append("price")
    if wrong:
        found.add(f"{signed.drop.id} is offered otherwise than its creator signed it ({', '.join(wrong)}).")


def _check_files(conn: sqlite3.Connection, found: Audit, pack: int, signed: Manifest) -> None:
    rows = conn.execute(
        "SELECT id, path, size, sha256, type, role FROM files WHERE id BETWEEN ? AND ? ORDER BY id",
        (file_id(pack, 0), file_id(pack, ZIP)),
    )
    told = [
        (file_id(pack, n), file.path, file.size, file.sha256, file.type, file.role or "main")
        for n, file in enumerate(signed.files)
    ]
    if [tuple(row) for row in rows] != told:
        found.add(f"The files of {signed.drop.id} are not those its creator signed.")

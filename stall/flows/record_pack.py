"""Put an imported pack into the catalogue: the rows only; its files are already verified on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from stall.errors import Refused
from stall.flows.note_exception import note_exception
from stall.flows.switch_drop import close_drop
from stall.store import documents, previews, snippets
from stall.store.catalogue import Snippet
from stall.store.db import Tx
from stall.store.numbers import end_lease
from stall.store.previews import NO_PICTURES, Pictures
from stall.store.schema import file_id
from stall.wire import jws, keys, manifest, numbers, versions
from stall.wire.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Prepared:
    """What import made on disk before the rows are written."""

    cover: str | None
    zip_name: str
    zip_size: int
    zip_key: str
    pictures: Pictures = NO_PICTURES
    snippets: Mapping[int, Snippet] = field(default_factory=dict)


def trusted_manifest(conn: sqlite3.Connection, token: str) -> Manifest:
    """Verify a manifest: signed by a creator this box knows, or by a signer whose delegation it accepted.

    Raises Refused `manifest-signer` when it is signed by nobody known here, and what `manifest.verify` raises for a bad
    signature or claim.
    """
    signer, by_kid = jws.unverified_kid(token), documents.signers(conn, "signer")
    if signer not in by_kid:
        raise Refused(
            "manifest-signer",
            "The pack is signed by nobody this box knows. Accept the creator's delegation of this box, or of the signer, first (stall accept).",
        )
    return documents.manifest_of(conn, token)


def check_version(tx: Tx, found: Manifest, token: str) -> bool:
    """Say whether the pack is new here (True) or the very one we have (False).

    Raises Refused `manifest-expired`, `manifest-other-creator`, `manifest-other-content`, `manifest-older` and what
    `manifest.check_successor` and `versions.check_alloc_kept` raise when the chain does not hold.
    """
    if found.exp * 1000 <= tx.now_ms:
        raise Refused(
            "manifest-expired",
            f"The pack “{found.drop.id}” is no longer for sale: its manifest is over. Ask the creator for a new version.",
        )
    row = tx.conn.execute(
        "SELECT d.ver, c.did, t.token FROM drops d JOIN creators c ON c.no = d.creator JOIN packs p ON p.no = d.pack"
        " JOIN documents t ON t.no = p.document WHERE d.drop_id = ?",
        (found.drop.id,),
    ).fetchone()
    if row is None:
        return True
    if row["token"] == token:
        return False
    if row["did"] != found.iss:
        raise Refused(
            "manifest-other-creator",
            f"A drop “{found.drop.id}” of another creator is already here. Ask one of them for another id.",
        )
    if found.ver == row["ver"]:
        raise Refused(
            "manifest-other-content",
            f"This box has version {found.ver} of “{found.drop.id}” with other content. Ask its creator for a new version,"
            " built with --after. Nothing was changed.",
        )
    if found.ver < row["ver"]:
        raise Refused(
            "manifest-older",
            f"This box has version {row['ver']} of “{found.drop.id}”; version {found.ver} is older. Nothing was changed.",
        )
    old = documents.accepted(row["token"])
    manifest.check_successor(old, row["token"], found)
    if numbers.pool_of(found, documents.delegations(tx.conn), found.iat) != keys.thumbprint_of_did(found.iss):
        versions.check_alloc_kept(old, found)
    return True


def price_here(found: Manifest, cur: str) -> int:
    """What a pack costs in the currency of the stall, in minor units. Raises Refused `manifest-currency`."""
    price = next((p.minor for p in found.price if p.cur == cur and not p.cohort), None)
    if price is None:
        raise Refused(
            "manifest-currency",
            f"The pack “{found.drop.id}” has no price in {cur}, the currency of this stall. Ask its creator for one.",
        )
    return price


def record_pack(tx: Tx, found: Manifest, token: str, made: Prepared, cur: str) -> int:
    """Write the rows of a verified pack and journal it; return the drop's number."""
    price = price_here(found, cur)
    creator = documents.creator_no(tx.conn, found.iss)
    document = documents.keep(tx, manifest.TYP, token)
    drop_no = _drop_row(tx, found, creator or 0)
    pack = _pack_row(tx, found, token, made, drop_no=drop_no, document=document, price=price, cur=cur)
    tx.conn.executemany(
        "INSERT INTO files (id, path, size, sha256, type, role) VALUES (?, ?, ?, ?, ?, ?)",
        ((file_id(pack, n), f.path, f.size, f.sha256, f.type, f.role or "main") for n, f in enumerate(found.files)),
    )
    previews.write(tx, pack, made.pictures)
    snippets.write(tx, pack, made.snippets)
    tx.conn.execute(
        "UPDATE drops SET pack = ?, ver = ?, edition = ? WHERE no = ?", (pack, found.ver, found.drop.edition, drop_no)
    )
    tx.raise_floor(found.iat * 1000)
    tx.append(
        "import",
        {"drop": found.drop.id, "manifest": jws.token_hash(token), "ver": found.ver, "files": len(found.files)},
    )
    _apply_revoked(tx, found, creator or 0)
    return drop_no


def catch_up(tx: Tx, found: Manifest, token: str, made: Prepared) -> None:
    """Note what the rows of a pack lack that was imported before such a thing was noted, and the size and key of its ZIP."""
    pack = previews.pack_of(tx, jws.token_hash(token))
    if previews.noted(tx, pack) != made.pictures:
        previews.write(tx, pack, made.pictures)
    if snippets.noted(tx.conn, pack) != made.snippets:
        snippets.write(tx, pack, made.snippets)
    tx.conn.execute("UPDATE packs SET zip_size = ?, zip_key = ? WHERE no = ?", (made.zip_size, made.zip_key, pack))
    tx.conn.execute("UPDATE packs SET lang = ? WHERE no = ? AND lang IS NULL", (_lang(found), pack))


def _lang(found: Manifest) -> str | None:
    return found.drop.listing.lang if found.drop.listing else None


def _apply_revoked(tx: Tx, found: Manifest, creator: int) -> None:
    """Stop what the manifest revokes: a lease gives no more numbers, and this box sells nothing of that creator any more.

    Running checkouts still finish: their buyers have paid, or are about to.
    """
    for one in found.revoked:
        if one.kind == "lease":
            end_lease(tx, creator, one.ref)
        elif one.kind == "box" and one.ref == tx.secrets.signing.thumbprint:
            for (drop,) in tx.conn.execute("SELECT drop_id FROM drops WHERE creator = ?", (creator,)).fetchall():
                close_drop(tx, drop)
            note_exception(
                tx,
                "revoked",
                f"The creator of {found.drop.title} took back this box's right to sell. Their drops were closed for good.",
            )


def _drop_row(tx: Tx, found: Manifest, creator: int) -> int:
    tx.conn.execute(
        "INSERT INTO drops (drop_id, creator, pack, ver, edition) VALUES (?, ?, 0, 0, ?) ON CONFLICT (drop_id) DO NOTHING",
        (found.drop.id, creator, found.drop.edition),
    )
    return int(tx.conn.execute("SELECT no FROM drops WHERE drop_id = ?", (found.drop.id,)).fetchone()[0])


def _pack_row(
    tx: Tx, found: Manifest, token: str, made: Prepared, *, drop_no: int, document: int, price: int, cur: str
) -> int:
    window, limits, listing = found.drop.window, found.limits, found.drop.listing
    cursor = tx.conn.execute(
        "INSERT INTO packs (drop_no, document, manifest_hash, title, kind, description, licence, price_minor, cur, opens_ms, closes_ms,"
        " expires_ms, max_devices, max_downloads, code_ttl_s, cover, zip_name, zip_size, zip_key, bytes, lang)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            drop_no, document, jws.token_hash(token), found.drop.title, found.drop.kind, listing.desc if listing else "", found.drop.licence,
            price, cur, window.nbf * 1000, window.exp * 1000, found.exp * 1000,
            limits.max_devices, limits.max_downloads, limits.code_ttl_s,
            made.cover, made.zip_name, made.zip_size, made.zip_key, sum(f.size for f in found.files),
            _lang(found),
        ),
    )  # fmt: skip
    return int(cursor.lastrowid or 0)

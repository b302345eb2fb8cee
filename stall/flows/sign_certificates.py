"""Sign the certificates of a paid sale, at its first claim: one per number, or per item without one."""

from __future__ import annotations

import json
import sqlite3
import uuid
from functools import lru_cache

from stall.domain.payment import Settlement
from stall.errors import Broken, LocalWireError, Refused
from stall.flows.note_exception import note_exception
from stall.store import attempts, catalogue, claims, documents, journal, returns, sales
from stall.store.claims import Bought
from stall.store.db import Tx
from stall.store.sales import Sale
from stall.store.schema import line_id
from stall.wire import certificate, event, jws, keys


def sign_certificates(tx: Tx, sale: int, owner: str | None = None) -> None:
    """Sign what is not signed yet; a later claim of the same sale signs nothing again.

    `owner` is the did of the buyer's key; without it the certificates name no owner. Raises Refused `sale-taken-back` for
    a sale that is void, and as `check_owner` does.
    A certificate is `pending` while money behind the sale is only stored in the terminal. One that
    cannot be signed now (the creator's delegation ran out since the sale) is an exception on the
    report and tried again at the next claim: what is paid for is delivered all the same.
    """
    check_not_taken_back(sales.get(tx.conn, sale))
    if owner is not None:
        check_owner(tx.conn, tx.secrets.signing.did, owner)
    stored = any(a.settlement == Settlement.STORED for a in attempts.kept(attempts.of_sale(tx.conn, sale)))
    receipt_hash = jws.token_hash(receipt_token(tx, sale))
    paused = returns.paused(tx.conn, sale)
    for item in claims.bought(tx.conn, sale):
        if item.certificate is None and item.line not in paused:
            try:
                _sign(tx, sale, item, receipt_hash, "pending" if stored else "settled", owner)
            except LocalWireError as trouble:
                note_exception(tx, "certificate", f"Sale {sale}, line {item.line + 1}: {trouble.sentence}")


def check_not_taken_back(sale: Sale) -> None:
    """Check that a sale stands. Raises Refused `sale-taken-back`: its number may be sold to somebody else since."""
    if sale.void_event is not None:
        raise Refused(
            "sale-taken-back", "This sale was taken back and its money with it, so nothing is signed or opened for it."
        )


def check_owner(conn: sqlite3.Connection, box_did: str, owner: str) -> None:
    """Check that a did is a buyer's: fit to sign, and neither this box's nor a creator's (protocol 5.5).

    Raises WireError for an unfit one, Refused `owner-not-buyer`.
    """
    keys.public_from_did(owner)
    known = conn.execute("SELECT 1 FROM creators WHERE did = ?", (owner,)).fetchone()
    if owner == box_did or known is not None:
        raise Refused(
            "owner-not-buyer",
            "That is the key of the stall or of a creator, so it proves nothing for a buyer. Take the buyer's own, from: stall owner did",
        )


def receipt_token(tx: Tx, sale: int) -> str:
    """The signed receipt of a paid sale, out of its event. Raises Broken `receipt-missing`."""
    row = tx.conn.execute("SELECT receipt_event FROM sales WHERE no = ?", (sale,)).fetchone()
    data = None if row is None or row[0] is None else journal.event_bytes(tx.conn, row[0])
    token = None if data is None else event.decode(data).body.get("receipt")
    if not isinstance(token, str):
        raise Broken(
            "receipt-missing",
            f"The receipt of sale {sale} is not in the journal. Ask at the stall; there, run: stall journal verify",
        )
    return token


def _sign(tx: Tx, sale: int, item: Bought, receipt_hash: str, settlement: str, owner: str | None) -> None:
    row = tx.conn.execute(
        "SELECT p.manifest_hash, p.licence, d.creator, d.pack, c.did FROM packs p JOIN drops d ON d.no = p.drop_no"
        " JOIN creators c ON c.no = d.creator WHERE p.no = ?",
        (item.pack,),
    ).fetchone()
    delegated = documents.delegation_of(tx.conn, row["creator"], tx.secrets.signing.thumbprint)
    name = uuid.uuid4()
    document = certificate.build(
        tx.secrets.signing,
        id=str(name),
        title=item.title,
        issuer_name=(delegated and delegated[1].name) or "Stall",
        creator=row["did"],
        drop=item.drop_id,
        manifest=row["manifest_hash"],
        receipt=receipt_hash,
        settlement=settlement,
        licence=row["licence"],
        valid_from_s=tx.now_ms // 1000,
        delegation=None if delegated is None else delegated[0],
        edition=item.ed,
        edition_size=None if item.ed is None else _edition_size(tx, item, row["pack"]),
        owner=owner,
    )
    event_key = tx.next_event
    tx.append(
        "certificate",
        {"sale": sale, "line": item.line, "uuid": str(name), "hash": certificate.digest(document)}
        | ({} if item.ed is None else {"drop": item.drop_id, "ed": item.ed}),
    )
    tx.conn.execute(
        "INSERT INTO certificates (line, uuid, event, document) VALUES (?, ?, ?, ?)",
        (line_id(sale, item.line), name.bytes, event_key, json.dumps(document, ensure_ascii=False, indent=1)),
    )


def _edition_size(tx: Tx, item: Bought, current_pack: int) -> int | None:
    """The edition as the version sold says; a later one may be smaller than the number sold."""
    return item.edition if item.pack == current_pack else _edition_of(catalogue.pack_manifest(tx.conn, item.pack))


@lru_cache(maxsize=16)
def _edition_of(manifest_token: str) -> int | None:
    """Read from a manifest verified at import; a sale may hold 200 numbers of it."""
    edition: int | None = jws.unverified_claims(manifest_token)["drop"].get("edition")
    return edition

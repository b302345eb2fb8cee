"""The box accepts what a creator signs once a drop is over: the closing statement, and certificates signed anew by their own hand."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from stall.errors import Hostile, Refused
from stall.flows.accept_document import creators
from stall.flows.note_exception import note_exception
from stall.flows.switch_drop import close_drop
from stall.store import catalogue, documents
from stall.store.db import Tx
from stall.store.schema import SOLD, edition_number, number_id
from stall.wire import certificate, closing, credential, jws, manifest
from stall.wire.closing import Close, Entry
from stall.wire.credential import VerifiedCredential

_MOST_NAMED = 20
_SAID = ("sold", "burned", "unsold", "artist")


class _Drop(NamedTuple):
    """The drop that is closed: its number, and the closing statement it has already."""

    no: int
    document: int | None


def accept_close(tx: Tx, token: str) -> Close:
    """Close a drop for good, as its creator says. The same statement again changes nothing.

    What it says otherwise than this box knows is noted for a person to look at; the creator's word stands all the same. Raises
    Refused `close-no-drop`, `close-no-manifest`, `close-running`, Hostile `close-twice`, and what `closing.verify` and
    `closing.check_manifest` raise.
    """
    known = creators(tx.conn)
    if jws.unverified_kid(token) not in known:
        raise Refused("close-no-drop", "This box has no drop of that creator, so there is nothing to close.")
    close = closing.verify(token, known)
    drop = _drop(tx.conn, close)
    named = _manifest(tx.conn, drop.no, close)
    closing.check_manifest(close, manifest.parse(jws.unverified_claims(named)), named)
    if drop.document is not None:
        _check_same(close, documents.token(tx.conn, drop.document), token)
        return close
    _check_at_rest(tx.conn, drop.no, close.drop)
    close_drop(tx, close.drop)
    document, event = documents.keep(tx, closing.TYP, token), tx.next_event
    counts: Counter[str] = Counter(one.st for one in close.editions or ())
    told = {st: counts[st] for st in _SAID} if close.editions is not None else {"copies": close.count}
    tx.append("close", {"drop": close.drop, "hash": jws.token_hash(token), **told})
    tx.conn.execute("UPDATE drops SET closing = ?, closing_document = ? WHERE no = ?", (event, document, drop.no))
    tx.raise_floor(close.iat * 1000)
    for sentence in _differences(tx.conn, drop.no, close):
        note_exception(tx, "close", sentence)
    return close


class Checked(NamedTuple):
    """A certificate that its creator signed anew, and where it belongs: its line."""

    document: dict[str, Any]
    held: VerifiedCredential
    name: uuid.UUID
    line: int


def check_certificate(conn: sqlite3.Connection, document: dict[str, Any]) -> Checked:
    """Check that a certificate is one of this box, signed anew by its creator. Reads only.

    Raises Refused `countersign-not-creator`, `countersign-unknown`, `countersign-differs`, and what `credential.verify` raises.
    """
    held = credential.verify(document)
    if not held.by_creator or documents.creator_no(conn, held.creator) is None:
        raise Refused(
            "countersign-not-creator",
            "This certificate is not signed by a creator whose drops this box sells. Give those that `stall close certificates` wrote.",
        )
    name = uuid.UUID(document["id"].removeprefix("urn:uuid:"))
    row = conn.execute(
        "SELECT line, document, countersigned FROM certificates WHERE uuid = ?", (name.bytes,)
    ).fetchone()
    if row is None:
        raise Refused(
            "countersign-unknown",
            f"This box signed no certificate {name}. It belongs on the box that sold the copy; one passed on is for its owner alone.",
        )
    if _unsigned(document) != _unsigned(json.loads(row["document"])):
        raise _differs(name)
    _is_kept(row["countersigned"], document, name)
    return Checked(document, held, name, row["line"])


def _is_kept(text: str | None, document: Mapping[str, Any], name: uuid.UUID) -> bool:
    """Whether `text`, which the box has as its creator signed it, is this certificate. Raises Refused `countersign-differs` where it is another."""
    if text is not None and certificate.digest(json.loads(text)) != certificate.digest(document):
        raise _differs(name)
    return text is not None


def _differs(name: uuid.UUID) -> Refused:
    return Refused(
        "countersign-differs",
        f"Certificate {name} is not the one this box signed, or was signed anew in another way before. It was not taken.",
    )


def accept_certificate(tx: Tx, checked: Checked) -> bool:
    """Keep a checked certificate, to be handed out from now on; whether it is new. Raises Refused `countersign-differs`."""
    held, name = checked.held, checked.name
    (kept,) = tx.conn.execute("SELECT countersigned FROM certificates WHERE uuid = ?", (name.bytes,)).fetchone()
    if _is_kept(kept, checked.document, name):  # it may have come twice since it was checked
        return False
    told = {
        "sale": checked.line >> 8,
        "line": checked.line & 255,
        "uuid": str(name),
        "hash": certificate.digest(checked.document),
    }
    tx.append("countersigned", told | ({} if held.edition is None else {"drop": held.drop, "ed": held.edition}))
    text = json.dumps(checked.document, ensure_ascii=False, indent=1)
    tx.conn.execute("UPDATE certificates SET countersigned = ? WHERE uuid = ?", (text, name.bytes))
    return True


def _drop(conn: sqlite3.Connection, close: Close) -> _Drop:
    row = conn.execute(
        "SELECT d.no, d.closing_document FROM drops d JOIN creators c ON c.no = d.creator WHERE d.drop_id = ? AND c.did = ?",
        (close.drop, close.iss),
    ).fetchone()
    if row is None:
        raise Refused(
            "close-no-drop", f"This box has no drop “{close.drop}” of that creator, so there is nothing to close."
        )
    return _Drop(row[0], row[1])


def _manifest(conn: sqlite3.Connection, drop_no: int, close: Close) -> str:
    row = conn.execute("SELECT no FROM packs WHERE drop_no = ? AND manifest_hash = ?", (drop_no, close.man)).fetchone()
    if row is None:
        raise Refused(
            "close-no-manifest",
            f"The statement names a version of “{close.drop}” that this box does not have. Import the newest pack first.",
        )
    return catalogue.pack_manifest(conn, row[0])


def _check_same(close: Close, kept: str, token: str) -> None:
    if kept == token:
        return
    other = closing.parse(jws.unverified_claims(kept))
    if _says(close) != _says(other):
        raise Hostile(
            "close-twice",
            "Its creator signed another closing statement of the drop beside this one, and they differ. Ask which one holds.",
        )


def _says(close: Close) -> tuple[object, ...]:
    return close.man, close.editions, close.root, close.count


def _check_at_rest(conn: sqlite3.Connection, drop_no: int, drop_id: str) -> None:
    """No payment may be running, and no money lie, for a sale of the drop that is not finished."""
    row = conn.execute(
        "SELECT count(DISTINCT s.no) FROM sales s JOIN attempts a ON a.sale = s.no JOIN lines l ON l.id >> 8 = s.no"
        " JOIN packs p ON p.no = l.pack WHERE s.state = 'basket' AND p.drop_no = ?"
        " AND a.state NOT IN ('declined', 'not_sent', 'reversed')",
        (drop_no,),
    ).fetchone()
    if row[0]:
        raise Refused(
            "close-running",
            f"{row[0]} sales of “{drop_id}” are being paid here right now. Finish them, or give the money back; then the creator"
            " needs this box's journal anew.",
        )


def _differences(conn: sqlite3.Connection, drop_no: int, close: Close) -> Iterator[str]:
    """What the statement says otherwise than this box sold."""
    said: Mapping[int | None, Entry] = {one.ed: one for one in close.editions or () if one.ed is not None}
    if not said:
        return
    rows = conn.execute(
        "SELECT n.id, c.document FROM numbers n LEFT JOIN lines l ON l.id BETWEEN n.sale << 8 AND n.sale << 8 | 255"
        " AND l.ed = n.id & 1048575 AND l.of_line IS NULL LEFT JOIN certificates c ON c.line = l.id"
        " WHERE n.state = ? AND n.id BETWEEN ? AND ? ORDER BY n.id",
        (SOLD, number_id(drop_no, 0), number_id(drop_no + 1, 0)),
    )
    found = []
    for key, document in rows.fetchall():
        number = edition_number(key)
        own = None if document is None else certificate.digest(json.loads(document))
        entry = said.get(number)
        if entry is None or entry.st != "sold" or (own is not None and entry.cert not in {own, None}):
            found.append(number)
    if found:
        named = ", ".join(map(str, found[:_MOST_NAMED])) + (" and more" if len(found) > _MOST_NAMED else "")
        yield (
            f"The closing statement of {close.drop} gives numbers this box sold to nobody, or to another certificate: {named}."
            " If its buyer did not pass it on, ask the creator: the certificate of this box does not count any more."
        )


def _unsigned(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a countersignature may not change: all but who signs, how, and whether the payment is settled."""
    plain = {name: value for name, value in document.items() if name not in {"issuer", "proof"}}
    subject = {name: value for name, value in plain["credentialSubject"].items() if name != "settlement"}
    return {**plain, "credentialSubject": subject}

"""The box accepts a signed document: whose creator it is, what it may sign, which numbers it may sell."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from stall.errors import Hostile, Refused
from stall.store import catalogue, documents, journal
from stall.store.db import Tx
from stall.store.schema import FREE, FROZEN, number_id
from stall.wire import delegation, jws, keys, lease, numbers
from stall.wire.delegation import Delegation
from stall.wire.lease import Lease
from stall.wire.manifest import Manifest


def accept_delegation(tx: Tx, token: str) -> Delegation:
    """Trust a creator's delegation to this box (or to a cloud).

    The first delegation to this box also makes its creator known: the maker hands it over in
    person, as a file. Raises Hostile for a bad signature, Refused `delegation-not-ours`,
    `delegation-other-board`, `delegation-older`, `box-revoked`.
    """
    creator_did = str(jws.unverified_claims(token).get("iss", ""))
    public = keys.public_from_did(creator_did)
    given = delegation.verify(token, {keys.thumbprint(public): public})
    if given.iss != creator_did:
        raise Hostile(
            "delegation-issuer", "The delegation was not signed by the creator it names. Ask the creator for a new one."
        )
    subject = keys.thumbprint(keys.public_from_did(given.sub))
    if given.role == "box" and subject != tx.secrets.signing.thumbprint:
        raise Refused(
            "delegation-not-ours",
            f"This delegation is for another box. Ask for one that names {tx.secrets.signing.did}",
        )
    if given.role == "box" and given.hw not in {None, tx.secrets.hw}:
        raise Refused(
            "delegation-other-board",
            "This delegation is for this box on another board. Ask the creator for a new one, with what `stall keys show"
            " --json` prints here.",
        )
    creator = _creator(tx, creator_did, public)
    if ("box", subject) in documents.revoked(tx.conn, creator):
        raise _box_revoked()
    row = tx.conn.execute(
        "SELECT seq, document FROM delegations WHERE creator = ? AND subject = ?", (creator, subject)
    ).fetchone()
    if row is not None and row[0] >= given.seq:
        if documents.token(tx.conn, row[1]) == token:
            return given
        raise Refused(
            "delegation-older", "This box already holds a newer delegation of that creator. That one stays in force."
        )
    document = documents.keep(tx, delegation.TYP, token)
    tx.conn.execute(
        "INSERT INTO delegations (document, creator, role, subject, seq) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (creator, subject) DO UPDATE SET document = excluded.document, role = excluded.role, seq = excluded.seq",
        (document, creator, given.role, subject, given.seq),
    )
    tx.raise_floor(given.iat * 1000)
    tx.append(
        "delegation",
        {"creator": creator_did, "hash": jws.token_hash(token), "role": given.role, "seq": given.seq, "sub": subject},
    )
    return given


def accept_lease(tx: Tx, token: str) -> Lease:
    """Take edition numbers this box may sell; each becomes a row that is free.

    The creator of the drop leases them, or a cloud they delegated that to. Raises Refused `lease-not-ours`,
    `lease-epoch`, `lease-no-drop`, `lease-older`, `lease-overlap`, `lease-expired`, `lease-revoked`, `box-revoked`, `drop-closed`, and what
    `numbers.check_in_manifest` and `numbers.check_allocator` raise.
    """
    trusted = documents.signers(tx.conn, "cloud")
    if jws.unverified_kid(token) not in trusted:
        raise Hostile(
            "lease-signer",
            "The lease is signed by nobody this box knows. Accept the creator's delegation of this box, or of the cloud, first.",
        )
    given = lease.verify(token, trusted)
    drop = _leased_drop(tx, given)
    head = journal.read_head(tx.conn)
    if given.sub != tx.secrets.signing.thumbprint:
        raise Refused("lease-not-ours", "This lease is for another box. Ask for one that names this box.")
    if given.epoch != head.epoch_text:
        raise Refused(
            "lease-epoch",
            f"The lease names an earlier database of this box. Ask for one that names epoch {head.epoch_text}",
        )
    if given.exp * 1000 <= tx.now_ms:
        raise Refused("lease-expired", "The lease is over. Ask the creator for a new one.")
    if drop.closed:
        raise Refused("drop-closed", f"The creator closed “{given.drop}” for good. It is sold no more.")
    _check_not_revoked(tx, token, drop)
    known = tx.conn.execute(
        "SELECT t.token FROM leases l JOIN documents t ON t.no = l.document WHERE l.jti = ?", (given.jti,)
    ).fetchone()
    if known is not None and known[0] == token:
        return given
    _check_right(tx, given, token, drop)
    _take_numbers(tx, given, token, drop.no, head.epoch_no)
    tx.raise_floor(given.iat * 1000)
    return given


def creators(conn: sqlite3.Connection) -> dict[str, bytes]:
    """The keys of the creators this box knows, by thumbprint."""
    return {keys.thumbprint(public): bytes(public) for (public,) in conn.execute("SELECT public FROM creators")}


def _creator(tx: Tx, did: str, public: bytes) -> int:
    tx.conn.execute("INSERT INTO creators (did, public) VALUES (?, ?) ON CONFLICT (did) DO NOTHING", (did, public))
    number = documents.creator_no(tx.conn, did)
    if number is None:
        raise Hostile("creator-unknown", "The creator could not be recorded. Try again.")
    return number


class _Drop(NamedTuple):
    """The drop a lease speaks of, its creator, and the newest manifest of it that this box has."""

    no: int
    creator: int
    signed: Manifest
    closed: bool


def _leased_drop(tx: Tx, given: Lease) -> _Drop:
    """The drop a lease speaks of, which must be of a creator its signer may lease for, and limited."""
    row = tx.conn.execute(
        "SELECT d.no, d.creator, c.did, d.closing FROM drops d JOIN creators c ON c.no = d.creator WHERE d.drop_id = ?",
        (given.drop,),
    ).fetchone()
    if row is None or given.iss not in _lessors(tx, row["did"]):
        raise Refused(
            "lease-no-drop",
            f"This box has no drop “{given.drop}” of that creator. Import its pack first, then the lease.",
        )
    signed = documents.accepted(catalogue.manifest_token(tx.conn, given.drop) or "")
    return _Drop(row["no"], row["creator"], signed, row["closing"] is not None)


def _lessors(tx: Tx, creator_did: str) -> set[str]:
    """The creator, and the clouds they delegated anything to."""
    clouds = {one.sub for one in documents.delegations(tx.conn) if one.iss == creator_did and one.role == "cloud"}
    return {keys.thumbprint_of_did(did) for did in (creator_did, *clouds)}


def _check_right(tx: Tx, given: Lease, token: str, drop: _Drop) -> None:
    """Check that these numbers may be leased, to this box, by that signer."""
    rows = tx.conn.execute("SELECT manifest_hash FROM packs WHERE drop_no = ?", (drop.no,))
    numbers.check_in_manifest(given, drop.signed, {row[0] for row in rows.fetchall()})
    numbers.check_allocator(given, drop.signed, documents.delegations(tx.conn))


def _check_not_revoked(tx: Tx, token: str, drop: _Drop) -> None:
    revoked = documents.revoked(tx.conn, drop.creator)
    if ("lease", jws.token_hash(token)) in revoked:
        raise Refused("lease-revoked", "The creator revoked this lease. Ask them for a new one.")
    if ("box", tx.secrets.signing.thumbprint) in revoked:
        raise _box_revoked()


def _box_revoked() -> Refused:
    return Refused(
        "box-revoked",
        "The creator revoked the key of this box for good. Make a stall with a new key and ask them to delegate that.",
    )


def _take_numbers(tx: Tx, given: Lease, token: str, drop_no: int, epoch_no: int) -> None:
    newest = tx.conn.execute("SELECT max(lease_seq) FROM leases WHERE drop_no = ?", (drop_no,)).fetchone()[0]
    if newest is not None and newest >= given.lease_seq:
        raise Refused("lease-older", "This box already holds a newer lease of that drop. Ask for a new one.")
    document = documents.keep(tx, lease.TYP, token)
    cursor = tx.conn.execute(
        "INSERT INTO leases (document, jti, drop_no, lease_seq, epoch_no, expires_ms) VALUES (?, ?, ?, ?, ?, ?)",
        (document, given.jti, drop_no, given.lease_seq, epoch_no, given.exp * 1000),
    )
    _check_repeated(tx, given, drop_no, epoch_no)
    for low, high in given.ranges:
        tx.conn.executemany(
            "INSERT INTO numbers (id, lease) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET lease = excluded.lease, state = 0",
            ((number_id(drop_no, number), cursor.lastrowid) for number in range(low, high + 1)),
        )
    tx.append(
        "lease",
        {"drop": given.drop, "jti": given.jti, "lease_seq": given.lease_seq, "ranges": [list(r) for r in given.ranges]},
    )


def _check_repeated(tx: Tx, given: Lease, drop_no: int, epoch_no: int) -> None:
    """Refuse numbers that were sold here or that a lease in force has, and name the rest, which may be leased.

    What an earlier epoch left unsold, or a lease that is over or revoked, is frozen until it is leased to this one.
    """
    repeated: list[int] = []
    for low, high in given.ranges:
        rows = tx.conn.execute(
            "SELECT n.id FROM numbers n JOIN leases l ON l.no = n.lease"
            " WHERE n.id BETWEEN ? AND ? AND (l.epoch_no = ? AND l.expires_ms > ? OR n.state NOT IN (?, ?))",
            (number_id(drop_no, low), number_id(drop_no, high), epoch_no, tx.now_ms, FREE, FROZEN),
        )
        repeated += [key - number_id(drop_no, 0) for (key,) in rows.fetchall()]
    if not repeated:
        return
    taken = set(repeated)
    rest = _as_ranges(number for low, high in given.ranges for number in range(low, high + 1) if number not in taken)
    raise Refused(
        "lease-overlap",
        f"The lease names numbers this box sold or was leased before: {_as_ranges(repeated)}. Nothing was taken."
        + (f" Ask for a lease of the rest, with: --again {rest}" if rest else " Ask for others."),
    )


def _as_ranges(numbers: Iterable[int]) -> str:
    """Ascending numbers as `stall lease issue` takes them, like 2-7,9."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in found)

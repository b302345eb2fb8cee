"""A buyer turns a claim into a grant: one phone's right to download. The first one signs the certificates."""

from __future__ import annotations

import json
import sqlite3

from stall.errors import Refused
from stall.flows.sign_certificates import sign_certificates
from stall.store import claims, epochs, presses, returns, sales
from stall.store.claims import Claim
from stall.store.db import Tx
from stall.store.schema import line_id
from stall.wire import claimcode


def redeem_code(tx: Tx, code: bytes, press: bytes, owner: str | None = None) -> int:
    """Redeem a 16-byte claim code; return the grant's number. The same press returns the same grant.

    `owner` is the did of a key the buyer made; certificates that are signed now name it (design 7).
    Raises WireError for an unfit one, Refused `owner-late` where they are all signed and do not name it, `claim-unknown` alike for codes that are unknown, revoked and expired (so that
    guessing teaches nothing), `claim-devices` when every device of the claim is used, `claim-going-back` as
    `check_not_going_back`.
    """
    return _redeem(tx, claims.by_digest(tx.conn, claimcode.digest(code)), press, owner)


def redeem_order(tx: Tx, sale_no: int, press: bytes, owner: str | None = None) -> int:
    """Redeem the claim of an order page the buyer holds; as `redeem_code`."""
    sale = sales.get(tx.conn, sale_no)
    return _redeem(tx, claims.of_sale(tx.conn, sale_no, sale.issue), press, owner)


def check_claim(claim: Claim | None, now_ms: int) -> Claim:
    """Let only a live claim through, with one answer for every other. Raises Refused `claim-unknown`."""
    if claim is None or claim.state != "active" or claim.expires_ms <= now_ms:
        raise Refused(
            "claim-unknown", "This code opens nothing here. Check each letter, or ask at the stall for a new one."
        )
    return claim


def check_not_going_back(conn: sqlite3.Connection, sale: int) -> None:
    """Hand nothing out while the money of all that is left of a sale is on its way back, or owed: what is out then is not sold again.

    Raises Refused `claim-going-back`.
    """
    paused = returns.paused(conn, sale)
    if paused and all(item.line in paused for item in claims.bought(conn, sale)):
        raise going_back()


def going_back() -> Refused:
    """What to tell who opens what is on its way back."""
    return Refused(
        "claim-going-back",
        "The money for this is on its way back, so nothing is handed out now. Ask at the stall.",
    )


def _check_named(conn: sqlite3.Connection, sale: int, owner: str) -> None:
    """Nobody keeps a code that owns nothing: certificates made out before must name this key. Raises Refused `owner-late`."""
    bought = claims.bought(conn, sale)
    kept = [claims.certificate(conn, one.certificate) for one in bought if one.certificate is not None]
    named = [json.loads(one[1])["credentialSubject"].get("id") for one in kept if one is not None]
    if bought and len(kept) == len(bought) and owner not in named:
        raise Refused(
            "owner-late",
            "The certificate was made out before this code came, so the code owns nothing: throw it away. Open the page again and"
            " download without it.",
        )


def _redeem(tx: Tx, found: Claim | None, press: bytes, owner: str | None) -> int:
    claim = check_claim(found, tx.now_ms)
    if owner is not None:
        _check_named(tx.conn, claim.sale, owner)
    bound = presses.bind("claim", claim.id, press)
    earlier = presses.first(tx, bound)
    if earlier is not None:
        return earlier
    check_not_going_back(tx.conn, claim.sale)
    used, allowed = tx.conn.execute(
        "SELECT (SELECT count(*) FROM grants WHERE claim = ?), min(p.max_devices) FROM lines l JOIN packs p ON p.no = l.pack"
        " WHERE l.id >= ? AND l.id < ?",
        (claim.id, line_id(claim.sale, 0), line_id(claim.sale + 1, 0)),
    ).fetchone()
    if used >= allowed:
        raise Refused(
            "claim-devices",
            f"This code was already used on {used} devices. Use one of them, or ask at the stall for another.",
            n=used,
        )
    sign_certificates(tx, claim.sale, owner)
    grant = epochs.next_grant(tx.conn)
    tx.conn.execute(
        "INSERT INTO grants (no, claim, created_ms, expires_ms) VALUES (?, ?, ?, ?)",
        (grant, claim.id, tx.now_ms, claim.expires_ms),
    )
    presses.remember(tx, bound, grant)
    tx.append("grant", {"sale": claim.sale, "issue": claim.issue, "grant": grant})
    return grant

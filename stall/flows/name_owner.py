"""Make a paid sale's certificates out to an owner code that the till shows on its screen or prints (design 7).

The code is not in the database. The one on the screen is made of the press of the form and a key of the box, so pressing again shows
the same one as long as that page is open, and nobody can make it later. The one on paper is drawn when the printer is ready for it.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Sequence

from stall.errors import Broken, Refused
from stall.flows.claim import check_not_going_back
from stall.flows.sign_certificates import check_not_taken_back, sign_certificates
from stall.store import claims, presses, print_jobs, returns, sales
from stall.store.db import Tx
from stall.wire import ownercode

#: How long after its first press a page may show its code again (ms).
SHOWN_MS = 10 * 60_000
SHOWN_INSTEAD = "The code was shown on the till's screen instead."

_PURPOSE = b"stall owner code "


def name_owner(tx: Tx, sale_no: int, press: bytes) -> bytes:
    """Draw an owner code for a sale, sign its certificates for that key, and return the code (16 bytes).

    A slip that waits for the printer is not printed then. Raises Refused `owner-shown` for a press of long ago, and what `sign_for`
    raises.
    """
    bound = presses.bind("owner", sale_no, press)
    if presses.first(tx, bound) is not None:
        return shown_again(tx, sale_no, press)
    code = _code(tx, press)
    sign_for(tx, sale_no, ownercode.key_of(code).did)
    print_jobs.end_asked_of(tx, print_jobs.OWNER, sale_no, SHOWN_INSTEAD)
    presses.remember(tx, bound, sale_no)
    return code


def shown_again(tx: Tx, sale_no: int, press: bytes) -> bytes:
    """The code that a press of this form drew before. Raises Refused `owner-shown`, `sale-taken-back`."""
    check_not_taken_back(sales.get(tx.conn, sale_no))
    pressed_ms = presses.pressed_ms(tx.conn, presses.bind("owner", sale_no, press))
    if pressed_ms is None or tx.now_ms - pressed_ms > SHOWN_MS:
        raise Refused(
            "owner-shown",
            "The owner code of this sale was shown once and is kept nowhere. Whoever copied it has it; another is not drawn.",
        )
    return _code(tx, press)


def sign_for(tx: Tx, sale_no: int, did: str) -> None:
    """Sign the certificates of a paid sale for an owner's did, all of them or none.

    Raises Refused `sale-unknown`, `sale-taken-back`, `owner-not-paid`, `owner-too-late`, `claim-going-back`; Broken `owner-not-signed`.
    """
    check_drawable(tx.conn, sale_no)
    sign_certificates(tx, sale_no, did)
    paused = returns.paused(tx.conn, sale_no)
    if any(item.certificate is None and item.line not in paused for item in claims.bought(tx.conn, sale_no)):
        raise Broken(
            "owner-not-signed",
            "The certificate could not be signed, so no owner code was made. The Day page says why; ask the creator for a new delegation.",
        )


def check_drawable(conn: sqlite3.Connection, sale_no: int) -> None:
    """Check that an owner code can be drawn for a sale. Raises Refused as `sign_for` does."""
    sale = sales.get(conn, sale_no)
    check_not_taken_back(sale)
    if sale.state != "paid":
        raise Refused("owner-not-paid", "This sale is not paid yet. Take the money first, then ask for the owner code.")
    if not may_name_owner(claims.bought(conn, sale_no)):
        raise Refused(
            "owner-too-late",
            "The certificates of this sale are made out already, or it has none. An owner code is drawn before the buyer opens the code.",
        )
    check_not_going_back(conn, sale_no)


def may_name_owner(bought: Sequence[claims.Bought]) -> bool:
    """Whether an owner code can still be drawn for what was bought."""
    return bool(bought) and all(item.certificate is None for item in bought)


def owner_of(conn: sqlite3.Connection, sale_no: int) -> str | None:
    """The did that the certificates of a sale name as their owner, or None."""
    for each in claims.certified(conn, sale_no):
        kept = claims.certificate(conn, each.certificate)
        owner = None if kept is None else json.loads(kept[1])["credentialSubject"].get("id")
        if isinstance(owner, str):
            return owner
    return None


def _code(tx: Tx, press: bytes) -> bytes:
    return hmac.digest(tx.secrets.claim_key, _PURPOSE + press, "sha256")[: ownercode.CODE_BYTES]

"""Make a paid sale's certificates out to an owner code that the till shows once: on its screen, or printed (design 7).

The code is not stored anywhere: it is made of the press of the form and a key of the box, so pressing again shows the same one
as long as that page is open, and nobody can make it later.
"""

from __future__ import annotations

import hmac

from stall.errors import Broken, Refused
from stall.flows.claim import check_not_going_back
from stall.flows.sign_certificates import check_not_taken_back, sign_certificates
from stall.store import claims, presses, returns, sales
from stall.store.db import Tx
from stall.wire import ownercode

_PURPOSE = b"stall owner code "


def name_owner(tx: Tx, sale_no: int, press: bytes) -> bytes:
    """Draw an owner code for a sale, sign its certificates for that key, and return the code (16 bytes).

    Raises Refused `sale-unknown`, `sale-taken-back`, `owner-not-paid`, `owner-too-late`, `claim-going-back`; Broken `owner-not-signed`, and nothing is signed then.
    """
    sale = sales.get(tx.conn, sale_no)
    check_not_taken_back(sale)
    bound = presses.bind("owner", sale_no, press)
    code = hmac.digest(tx.secrets.claim_key, _PURPOSE + press, "sha256")[: ownercode.CODE_BYTES]
    if presses.first(tx, bound) is not None:
        return code
    if sale.state != "paid":
        raise Refused("owner-not-paid", "This sale is not paid yet. Take the money first, then ask for the owner code.")
    if not may_name_owner(claims.bought(tx.conn, sale_no)):
        raise Refused(
            "owner-too-late",
            "The certificates of this sale are made out already, or it has none. An owner code is drawn before the buyer opens the code.",
        )
    check_not_going_back(tx.conn, sale_no)
    sign_certificates(tx, sale_no, ownercode.key_of(code).did)
    paused = returns.paused(tx.conn, sale_no)
    if any(item.certificate is None and item.line not in paused for item in claims.bought(tx.conn, sale_no)):
        raise Broken(
            "owner-not-signed",
            "The certificate could not be signed, so no owner code was made. The Day page says why; ask the creator for a new delegation.",
        )
    presses.remember(tx, bound, sale_no)
    return code


def may_name_owner(bought: list[claims.Bought]) -> bool:
    """Whether an owner code can still be drawn for what was bought."""
    return bool(bought) and all(item.certificate is None for item in bought)

"""The unguessable names in addresses: orders, grants, receipts; and the random key of a form's button.

A name is a row number sealed under a key of the box, so it opens exactly one thing and no table has to
be searched for it. What was never sealed here finds nothing, and the answer does not say why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from stall.errors import Refused, StallError
from stall.store import presses
from stall.store.presses import KEY_BYTES
from stall.store.secrets import BoxSecrets
from stall.wire import b64, capability

_NAME_CHARS = PRESS_CHARS = 22  # base64url of 16 bytes
#: What nginx puts the number of a request in the place of: 32 hex digits of 16 random bytes (firmware_config/nginx).
PRESS_MARK = "the-key-of-this-press-comes-here"
_COMPLETED = re.compile(r"[0-9a-f]{40}")


def order_id(own: BoxSecrets, sale: int) -> str:
    """Name a sale's order page."""
    return b64.encode(capability.seal(own.claim_key, "order", sale))


def order_ids(own: BoxSecrets, sales: Iterable[int]) -> list[str]:
    """Name the order pages of several sales."""
    return [b64.encode(sealed) for sealed in capability.seal_all(own.claim_key, "order", sales)]


def order_sale(own: BoxSecrets, name: str) -> int:
    """The sale an order page belongs to. Raises Refused `page-unknown`."""
    return _opened(own.claim_key, "order", name)


def grant_id(own: BoxSecrets, grant: int) -> str:
    """Name a grant's download page."""
    return b64.encode(capability.seal(own.link_key, "grant", grant))


def grant_no(own: BoxSecrets, name: str) -> int:
    """The grant a download page belongs to. Raises Refused `page-unknown`."""
    return _opened(own.link_key, "grant", name)


def receipt_id(own: BoxSecrets, event: int) -> str:
    """Name a receipt; the `jti` it was signed with."""
    return b64.encode(capability.seal(own.claim_key, "receipt", event))


def receipt_event(own: BoxSecrets, name: str) -> int:
    """The event a receipt travelled in. Raises Refused `page-unknown`."""
    return _opened(own.claim_key, "receipt", name)


def certificate_uuid(name: str) -> bytes:
    """The uuid of a certificate's page, as it is kept; what is none finds none."""
    try:
        return UUID(name).bytes
    except ValueError:
        return b""


def new_press() -> str:
    """Draw the key of one form: pressed twice, its button is still one press."""
    return b64.encode(presses.new_key())


def begun_press(number: int) -> str:
    """The key of the `number`-th form of a page that nginx keeps for a moment: it puts 32 digits of its own in place of the mark."""
    return presses.begun_key(number).hex() + PRESS_MARK


def read_press(text: str) -> bytes:
    """Read a form's key, as we spell it or as nginx completes it. Raises Refused `press-malformed`."""
    if _COMPLETED.fullmatch(text):
        return bytes.fromhex(text)[:KEY_BYTES]
    try:
        key = b64.decode(text[:_NAME_CHARS])
    except StallError:
        key = b""
    if len(text) != _NAME_CHARS or len(key) != KEY_BYTES:
        raise Refused("press-malformed", "This form is too old or was changed. Open the page again.")
    return key


def unknown_page() -> Refused:
    """The one answer to every address that names nothing, so that guessing teaches nothing."""
    return Refused("page-unknown", "There is nothing at this address. Go back to the stall's first page.")


def _opened(key: bytes, purpose: str, name: str) -> int:
    try:
        number = capability.unseal(key, purpose, b64.decode(name)) if len(name) == _NAME_CHARS else None
    except StallError:
        number = None
    if number is None or number >= 1 << 62:  # SQLite's integers end at 63 bits
        raise unknown_page()
    return number

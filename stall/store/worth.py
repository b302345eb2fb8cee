"""What a certificate of this box is worth, by all that the box knows (docs/protocol.md 8). Reads only.

The box sees its own journal, its creators' manifests and closing statements, and what its cloud countersigned. Not what was
revoked since the last manifest came: who checks it elsewhere may know more.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stall.domain.payment import Settlement
from stall.errors import StallError
from stall.settings import Cloud
from stall.store import attempts, closings, documents, journal, returns, sales, uploads
from stall.store.sales import Sale
from stall.store.schema import event_epoch_no, event_seq
from stall.wire import b64, closing, credential, delegation, event, grade, jws, keys, note, receipt
from stall.wire.credential import VerifiedCredential
from stall.wire.grade import Graded, Known
from stall.wire.keys import SigningKey
from stall.wire.manifest import Revoked
from stall.wire.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate as text, the event that tells of it, and the sale it was signed for.

    `by_creator`: its creator signed it anew, and the journal has it as the box signed it before.
    """

    text: str
    event: int
    sale: Sale
    by_creator: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """The certificate read."""
        return dict(json.loads(self.text))


def find(conn: sqlite3.Connection, uuid: bytes) -> Held | None:
    """The certificate with a uuid, as its creator signed it once they did; or None."""
    row = conn.execute(
        "SELECT line >> 8, event, coalesce(countersigned, document), countersigned IS NOT NULL FROM certificates WHERE uuid = ?",
        (uuid,),
    ).fetchone()
    return None if row is None else Held(row[2], row[1], sales.get(conn, row[0]), bool(row[3]))


def graded(conn: sqlite3.Connection, own: SigningKey, held: Held, cloud: Cloud | None = None) -> Graded:
    """Grade a certificate this box signed. `cloud` is the one that countersigns its journal, if there is one."""
    try:
        proven = credential.verify(held.document)
    except StallError as error:
        return grade.invalid(error)
    return grade.judge(proven, _known(conn, own, proven, held, cloud))


def arrived(conn: sqlite3.Connection, sale: int) -> bool:
    """Whether nothing of what a sale was paid with is still to be sent to the bank, or was refused there."""
    kept = attempts.kept(attempts.of_sale(conn, sale))
    return not {one.settlement for one in kept} & {Settlement.STORED, Settlement.DECLINED_LATE}


def _known(conn: sqlite3.Connection, own: SigningKey, proven: VerifiedCredential, held: Held, cloud: Cloud | None) -> Known:  # fmt: skip
    creator = documents.creator_no(conn, proven.creator) or 0
    revoked = documents.revocations(conn, creator)
    refused = attempts.refused_late(attempts.of_sale(conn, held.sale.no)) > 0
    return Known(
        receipt=_signed(conn, own, held.sale.receipt_event)[1],
        revoked=revoked,
        leases=documents.leases(conn, proven.drop) if any(one.kind == "lease" for one in revoked) else {},
        returns=_returns(conn, own, held.sale),
        declined=[grade.Declined(proven.receipt)] if refused else [],
        closed=_closed(closings.statement(conn, proven.drop)),
        logged_s=None if cloud is None else _logged_s(conn, proven, held, cloud, creator, revoked),
    )


@lru_cache(maxsize=4)
def _closed(token: str | None) -> grade.Closed | None:
    """What a closing statement says of the copies, read once; it was verified when it was accepted."""
    listed = None if token is None else closing.parse(jws.unverified_claims(token)).editions
    return None if listed is None else grade.Closed(tuple(grade.Entry(one.ed, one.st, one.cert) for one in listed))


def _returns(conn: sqlite3.Connection, own: SigningKey, sale: Sale) -> list[tuple[str, Receipt]]:
    events = {one.receipt_event for one in returns.of_sale(conn, sale.no)} | {sale.void_event}
    found = [_signed(conn, own, key) for key in sorted(key for key in events if key is not None)]
    return [(typ, paper) for typ, paper in found if paper is not None]


def _signed(conn: sqlite3.Connection, own: SigningKey, key: int | None) -> tuple[str, Receipt | None]:
    """The paper that travelled in an event; None where there is none."""
    data = None if key is None else journal.event_bytes(conn, key)
    token = None if data is None else event.decode(data).body.get("receipt")
    return receipt.verify_any(token, {own.thumbprint: own.public}) if isinstance(token, str) else ("", None)


def _logged_s(
    conn: sqlite3.Connection, proven: VerifiedCredential, held: Held, cloud: Cloud, creator: int, revoked: tuple[Revoked, ...]
) -> int | None:  # fmt: skip
    """When the cloud countersigned the journal with this certificate in it, if its creator lets it (docs/protocol.md 7.5)."""
    state = uploads.read_state(conn, event_epoch_no(held.event))
    if state.cosigned is None or state.beside or (state.cosigned_size or 0) <= event_seq(held.event):
        return None
    try:
        public = b64.decode(cloud.public)
        given = documents.delegation_of(conn, creator, keys.thumbprint(public))
        opened = note.open(state.cosigned, [note.Verifier(cloud.name, public, note.COSIGNATURE_KIND)])
        signed = opened.signed_by(cloud.name, note.COSIGNATURE_KIND)
        if given is None or signed is None or signed.time_s is None:
            return None
        delegation.check_use(given[1], "cosign", proven.drop, signed.time_s)
    except StallError:
        return None
    may = proven.delegation is not None and "log" in proven.delegation.cap
    gone = any((one.kind, one.ref) == ("box", keys.thumbprint(public)) for one in revoked)
    return signed.time_s if may and not gone else None

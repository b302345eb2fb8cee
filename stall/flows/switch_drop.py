"""Open and close a drop. Whether it sells is computed at each look; this is the maker's switch."""

from __future__ import annotations

from stall.clock import Source
from stall.errors import Refused
from stall.store import documents, journal
from stall.store.db import Tx


def open_drop(tx: Tx, drop_id: str) -> None:
    """Switch a drop on. Opening again changes nothing.

    Raises Refused `drop-unknown`, `clock-unsure`, `drop-no-numbers`, `drop-closed`, `delegation-missing`, `box-revoked`.
    """
    row = _drop(tx, drop_id)
    if row[1]:
        return
    if row[4] is not None:
        raise Refused("drop-closed", f"The creator closed “{drop_id}” for good. It is sold no more.")
    if tx.moment.source is Source.FLOOR:
        raise Refused(
            "clock-unsure",
            "The box does not know the time for sure. Confirm the clock at the till, then open the drop.",
        )
    if ("box", tx.secrets.signing.thumbprint) in documents.revoked(tx.conn, row[3]):
        raise Refused(
            "box-revoked",
            f"The creator of “{drop_id}” revoked this box for good. Make a stall with a new key and ask them to delegate that.",
        )
    delegated = tx.conn.execute(
        "SELECT count(*) FROM delegations g JOIN drops d ON d.creator = g.creator WHERE d.no = ? AND g.subject = ?",
        (row[0], tx.secrets.signing.thumbprint),
    ).fetchone()[0]
    if not delegated:
        raise Refused(
            "delegation-missing", "The creator has not delegated this box. Accept a delegation first (stall accept)."
        )
    leased = tx.conn.execute(
        "SELECT count(*) FROM leases WHERE drop_no = ? AND epoch_no = ?", (row[0], journal.read_head(tx.conn).epoch_no)
    ).fetchone()[0]
    if row[2] is not None and not leased:
        raise Refused(
            "drop-no-numbers",
            f"“{drop_id}” is limited and this box holds no numbers of it. Accept a lease first (stall accept).",
        )
    _switch(tx, row[0], drop_id, 1)


def close_drop(tx: Tx, drop_id: str) -> None:
    """Switch a drop off; running checkouts still finish. Closing again changes nothing. Raises Refused `drop-unknown`."""
    row = _drop(tx, drop_id)
    if row[1]:
        _switch(tx, row[0], drop_id, 0)


def _drop(tx: Tx, drop_id: str) -> tuple[int, int, int | None, int, int | None]:
    row = tx.conn.execute(
        "SELECT no, switched_on, edition, creator, closing FROM drops WHERE drop_id = ?", (drop_id,)
    ).fetchone()
    if row is None:
        raise Refused("drop-unknown", f"This box has no drop “{drop_id}”. See what it has with: stall drop status")
    return row[0], row[1], row[2], row[3], row[4]


def _switch(tx: Tx, drop_no: int, drop_id: str, to: int) -> None:
    tx.conn.execute("UPDATE drops SET switched_on = ? WHERE no = ?", (to, drop_no))
    tx.append("drop", {"drop": drop_id, "open": bool(to)})

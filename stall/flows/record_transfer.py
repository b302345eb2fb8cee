"""Count what went over the air: a transfer ended, whole or cut. Housekeeping, after the bytes are gone."""

from __future__ import annotations

from dataclasses import dataclass

from stall.errors import Refused
from stall.store import claims, sales
from stall.store.db import Tx


@dataclass(frozen=True, slots=True)
class Transfer:
    """One answer that carried file bytes: `first` is the offset it began at, `sent` how many went out."""

    grant: int
    file: int
    size: int
    first: int
    sent: int


def record_transfer(tx: Tx, done: Transfer) -> None:
    """Record a transfer and count a download when it is complete.

    Complete means: the last byte went out, and the bytes sent under the grant since the last
    completion reach the file's size. So a resume does not burn a download, and parts fetched
    twice do not make one. What ends after its sale was taken back is counted, but the journal tells of no
    delivery of what is sold no more; its number stays void, because the code was opened.
    """
    grant = claims.grant(tx.conn, done.grant)
    if grant is None or done.sent <= 0:
        return
    tx.conn.execute(
        "INSERT INTO transfers (grant_no, file, sent, last, at_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT (grant_no, file)"
        " DO UPDATE SET sent = sent + excluded.sent, last = max(last, excluded.last), at_ms = excluded.at_ms",
        (done.grant, done.file, done.sent, int(done.first + done.sent >= done.size), tx.now_ms),
    )
    reached, ended = tx.conn.execute(
        "SELECT sent, last FROM transfers WHERE grant_no = ? AND file = ?", (done.grant, done.file)
    ).fetchone()
    if ended and reached >= done.size:
        _count(tx, grant, done.file)


def check_download(count: int, allowed: int) -> None:
    """Refuse a file that was downloaded as often as the creator allows. Raises Refused `download-limit`."""
    if count >= allowed:
        raise Refused(
            "download-limit",
            f"This file was downloaded {count} times, the most its creator allows. Ask at the stall for help.",
            n=count,
        )


def _count(tx: Tx, grant: claims.Grant, file: int) -> None:
    tx.conn.execute("DELETE FROM transfers WHERE grant_no = ? AND file = ?", (grant.no, file))
    first = tx.conn.execute("SELECT 1 FROM downloads WHERE claim = ? LIMIT 1", (grant.claim,)).fetchone() is None
    tx.conn.execute(
        "INSERT INTO downloads (claim, file, count) VALUES (?, ?, 1) ON CONFLICT (claim, file) DO UPDATE SET count = count + 1",
        (grant.claim, file),
    )
    if (
        first and sales.get(tx.conn, grant.sale).void_event is None and claims.bought(tx.conn, grant.sale)
    ):  # one event a claim: that something was delivered is the fact a later return asks for
        tx.append("delivery", {"sale": grant.sale, "grant": grant.no})

"""What the owner may read: a journal's root and totals, recomputed from the stored bytes. No writes."""

from __future__ import annotations

from sqlalchemy import Connection

from stall.cloud import findings, ledger
from stall.cloud.ledger import JournalHead, JournalKey
from stall.errors import Refused
from stall.wire import b64, merkle

MAX_DOUBTFUL = 200
MAX_PAGE_EVENTS = 1000
MAX_PAGE_BYTES = 1024 * 1024  # of event bytes, before base64url


def journal(conn: Connection, key: JournalKey) -> dict[str, object]:
    """Size and root, from every stored byte and not from the frontier kept beside them.

    Raises Refused `journal-unknown`, Broken `cloud-journal-damaged`.
    """
    head = _head(conn, key)
    frontier = merkle.Frontier.empty()
    for data in ledger.iterate_bytes(conn, key, head.next):
        frontier = frontier.append(merkle.leaf_hash(data))
    return {
        "epoch": key.epoch,
        "size": frontier.size,
        "root": b64.encode(frontier.root()),
        "matches_cursor": frontier == head.frontier,
        "cosigned": head.cosigned,
        "cosigned_size": head.cosigned_size,
        "forked": ledger.was_forked(conn, key),
    }


def totals(conn: Connection, key: JournalKey) -> dict[str, object]:
    """Sums per tender (minor units), numbers sold, and what a person should look at.

    Raises Refused `journal-unknown`.
    """
    head = _head(conn, key)
    return {
        "epoch": key.epoch,
        "size": head.next,
        "receipts": findings.count_receipts(conn, key, test=False),
        "test_receipts": findings.count_receipts(conn, key, test=True),
        "tenders": [
            {"m": each.m, "st": each.st, "cur": each.cur, "minor": each.minor, "count": each.count}
            for each in findings.tender_totals(conn, key)
        ],
        "editions": [
            {"drop": each.drop, "ed": each.ed, "receipt": each.jti, "taken_back": each.taken_back}
            for each in findings.sold_editions(conn, key)
        ],
        "doubtful": [
            {"seq": each.seq, "verdict": each.verdict, "reason": each.reason}
            for each in findings.doubtful_events(conn, key, MAX_DOUBTFUL)
        ],
    }


def events(conn: Connection, key: JournalKey, first: int, limit: int) -> dict[str, object]:
    """Return the stored bytes of up to `limit` events (at most 1000, at most 1 MiB) from `first` on.

    Raises Refused `journal-unknown`.
    """
    head = _head(conn, key)
    page: list[dict[str, object]] = []
    taken = 0
    for held in ledger.read_held(conn, key, first, min(first + limit, head.next)):
        taken += len(held.data)
        if page and taken > MAX_PAGE_BYTES:
            break
        page.append({"seq": held.seq, "verdict": held.verdict, "reason": held.reason, "event": b64.encode(held.data)})
    return {"epoch": key.epoch, "size": head.next, "events": page}


def _head(conn: Connection, key: JournalKey) -> JournalHead:
    head = ledger.read_head(conn, key)
    if head is None:
        raise Refused(
            "journal-unknown", "No event of this box and epoch has arrived yet. Check both, or wait for its upload."
        )
    return head

"""Takes one batch of a box's journal into the store and says what became of every event.

One call is one transaction, and the same batch again changes nothing: a lost reply costs a repeat,
never a second sale. Facts are never rejected; what cannot stand in the journal is kept beside it
(design.md 11). Nothing here talks HTTP.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from stall.cloud import findings, ledger, lives
from stall.cloud.folder import CloudFolder
from stall.cloud.judge import Judged, Verdict, judge
from stall.cloud.ledger import Held, JournalKey
from stall.cloud.lives import Child
from stall.cloud.upload import Batch
from stall.wire import merkle, note, receipt, takeback

STANDING = (Verdict.ACCEPTED, Verdict.QUARANTINED)
KEPT_BESIDE = (Verdict.BAD, Verdict.FORK)
MS = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What one upload came to. `cosigned` is our signature over our own root, or None.

    `newest` is the box's own note with the most events, if that is another than the one just sent; `children` are
    the epochs that go on from this one.
    """

    judged: list[Judged]
    next: int
    cosigned: str | None
    newest: str | None
    children: list[Child]


def take(conn: Connection, folder: CloudFolder, batch: Batch, now_ms: int) -> Answer:
    """Store what is new in `batch`, judge all of it, and cosign if our root is the box's root."""
    key = JournalKey(folder.owner_id, batch.box, batch.epoch)
    ledger.know_owner(conn, folder.owner_id, folder.creator, now_ms)
    head = ledger.read_head(conn, key) or ledger.start_journal(conn, key, batch.delegation, now_ms)
    newest = lives.keep_newest(conn, key, batch.checkpoint, batch.note_text, now_ms)
    shown = None if newest == batch.note_text else newest
    if batch.beside:
        judged = [Judged(batch.first + n, data, Verdict.FORK, "sent-beside") for n, data in enumerate(batch.events)]
        _keep_beside(conn, key, batch, judged, now_ms)
        return Answer(judged, head.next, None, shown, lives.children(conn, key))
    held = ledger.read_held(conn, key, batch.first, min(batch.end, head.next))
    known = [_compare(stored, data) for stored, data in zip(held, batch.events, strict=False)]
    fresh = _judge_fresh(batch, known, head.next)
    if _contradicts(conn, key, batch, head.frontier):
        known, fresh = [_forked(each) for each in known], [_forked(each) for each in fresh]
    fresh = _mark_double_sales(conn, key, fresh)
    _store(conn, key, batch, held, known, fresh, now_ms)
    frontier = _grown(head.frontier, [each.data for each in fresh if each.verdict in STANDING])
    ledger.advance(conn, key, head, frontier, batch.delegation, now_ms)
    judged = known + fresh
    if head.next == 0 < frontier.size:
        lives.record(conn, key, batch.events[0], now_ms)
    cosigned = None
    if not any(each.verdict is Verdict.FORK for each in judged):
        cosigned = _cosign(conn, folder, key, batch, frontier, now_ms)
    return Answer(judged, frontier.size, cosigned, shown, lives.children(conn, key))


def _compare(stored: Held, data: bytes) -> Judged:
    if stored.data != data:
        return Judged(stored.seq, data, Verdict.FORK, "other-bytes-held")
    if stored.verdict == Verdict.QUARANTINED:  # said again, so that a lost reply hides nothing
        return Judged(stored.seq, data, Verdict.QUARANTINED, stored.reason)
    return Judged(stored.seq, data, Verdict.DUPLICATE)


def _judge_fresh(batch: Batch, known: list[Judged], held: int) -> list[Judged]:
    """Judge the events that are not held yet, in order."""
    forked = any(each.verdict is Verdict.FORK for each in known)
    waiting = batch.first > held
    judged: list[Judged] = []
    for seq, data in enumerate(batch.events[len(known) :], start=batch.first + len(known)):
        if forked:
            judged.append(Judged(seq, data, Verdict.FORK, "follows-a-fork"))
        elif waiting:
            judged.append(Judged(seq, data, Verdict.GAP))
        else:
            judged.append(judge(data, seq, batch.box, batch.public, batch.epoch))
            waiting = judged[-1].verdict is Verdict.BAD
    return judged


def _contradicts(conn: Connection, key: JournalKey, batch: Batch, held: merkle.Frontier) -> bool:
    """Whether the box signed another past than the one we hold.

    Without the look at what stands before the batch, a clone could continue the journal of the
    original wherever that stopped.
    """
    if batch.first > held.size:
        return False
    if batch.before != _frontier_at(conn, key, held, batch.first):
        return True
    size = batch.checkpoint.size
    return size <= held.size and _frontier_at(conn, key, held, size).root() != batch.checkpoint.root


def _forked(each: Judged) -> Judged:
    return replace(each, verdict=Verdict.FORK, reason="root-differs", receipt=None)


def _store(
    conn: Connection,
    key: JournalKey,
    batch: Batch,
    held: list[Held],
    known: list[Judged],
    fresh: list[Judged],
    now_ms: int,
) -> None:
    ledger.store_events(conn, key, [each for each in fresh if each.verdict in STANDING], now_ms)
    beside = [each for stored, each in zip(held, known, strict=True) if stored.data != each.data]
    beside += [each for each in fresh if each.verdict in KEPT_BESIDE]
    _keep_beside(conn, key, batch, beside, now_ms)
    if any(each.verdict is Verdict.FORK for each in known):
        ledger.store_fork_note(conn, key, batch.checkpoint, batch.note_text, now_ms)


def _keep_beside(conn: Connection, key: JournalKey, batch: Batch, beside: list[Judged], now_ms: int) -> None:
    for each in beside:
        ledger.store_branch(conn, key, each, now_ms)
    if any(each.verdict is Verdict.FORK for each in beside):
        ledger.store_fork_note(conn, key, batch.checkpoint, batch.note_text, now_ms)


def _mark_double_sales(conn: Connection, key: JournalKey, fresh: list[Judged]) -> list[Judged]:
    """Quarantine, in its place, every second sale of a number: both were paid, a person decides."""
    numbers = {number for each in fresh for number in _numbers(each)}
    sellers = findings.sellers(conn, key.owner_id, numbers)
    marked: list[Judged] = []
    for each in fresh:
        if each.receipt is None or each.receipt.test:
            marked.append(each)
        else:
            for number in _given_back(each, sellers):  # only who signed a receipt can take it back
                sellers[number].discard((key.box, each.receipt.ref or ""))
            marked.append(_sold_by(key.box, each, each.receipt.jti, sellers))
    return marked


def _sold_by(box: str, each: Judged, jti: str, sellers: dict[findings.Number, set[findings.Sale]]) -> Judged:
    twice = False
    for number in _numbers(each):
        twice = twice or bool(sellers[number])
        sellers[number].add((box, jti))
    return replace(each, verdict=Verdict.QUARANTINED, reason="edition-sold-twice") if twice else each


def _given_back(each: Judged, sellers: Collection[findings.Number]) -> list[findings.Number]:
    """Which of these numbers an event's receipt gives back; a void gives back all of its own."""
    if each.receipt is None or each.receipt.ref is None:
        return []
    if each.receipt_typ == receipt.VOID:
        return list(sellers)
    back = {(item.drop, item.ed) for item in takeback.returned(each.receipt_typ, each.receipt)}
    return [number for number in sellers if number in back]


def _numbers(each: Judged) -> list[findings.Number]:
    """The edition numbers an event's receipt sells."""
    if each.receipt is None or each.receipt_typ != receipt.RECEIPT:
        return []
    return [(item.drop, item.ed) for item in each.receipt.items if item.drop and item.ed and item.minor >= 0]


def _cosign(
    conn: Connection, folder: CloudFolder, key: JournalKey, batch: Batch, held: merkle.Frontier, now_ms: int
) -> str | None:
    size = batch.checkpoint.size
    if size > held.size or _frontier_at(conn, key, held, size).root() != batch.checkpoint.root:
        return None
    cosigned = note.cosign(folder.key, folder.name, batch.note_text, now_ms // MS)
    ledger.keep_cosigned(conn, key, cosigned, size)
    return cosigned


def _frontier_at(conn: Connection, key: JournalKey, held: merkle.Frontier, size: int) -> merkle.Frontier:
    """The frontier of the first `size` events we hold; for an earlier one every byte is read again."""
    if size == held.size:
        return held
    return _grown(merkle.Frontier.empty(), ledger.iterate_bytes(conn, key, size))


def _grown(frontier: merkle.Frontier, data: Iterable[bytes]) -> merkle.Frontier:
    for each in data:
        frontier = frontier.append(merkle.leaf_hash(each))
    return frontier

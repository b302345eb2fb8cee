"""What the receipts in the cloud's journals add up to. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, exists, func, literal_column, not_, or_, select

from stall.cloud.ledger import JournalKey
from stall.cloud.schema import branches, editions, events, receipts, returned, tenders
from stall.wire import receipt

ASKED_AT_ONCE = 400  # values in one IN list; every database takes that many

Number = tuple[str, int]
"""A drop and an edition number of it."""

Sale = tuple[str, str]
"""A box and the jti of the receipt it signed."""


@dataclass(frozen=True, slots=True)
class TenderTotal:
    """Sum and count of one way of paying; `minor` in minor units of `cur`."""

    m: str
    st: str
    cur: str
    minor: int
    count: int


@dataclass(frozen=True, slots=True)
class SoldEdition:
    """One number that a valid receipt sold; `taken_back` by a refund or a void since."""

    drop: str
    ed: int
    jti: str
    taken_back: bool


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An event of which the owner should know: quarantined in place, or kept as a branch."""

    seq: int
    verdict: str
    reason: str


def sellers(conn: Connection, owner_id: str, numbers: Collection[Number]) -> dict[Number, set[Sale]]:
    """Which sales hold these edition numbers: those not taken back by a refund or a void since."""
    found: dict[Number, set[Sale]] = {number: set() for number in numbers}
    for drop in {drop for drop, _ in numbers}:
        asked = sorted(ed for each, ed in numbers if each == drop)
        for at in range(0, len(asked), ASKED_AT_ONCE):
            rows = conn.execute(
                select(editions.c.ed, editions.c.box, receipts.c.jti)
                .join(receipts, _same_place(editions))
                .where(
                    editions.c.owner_id == owner_id,
                    editions.c.drop == drop,
                    editions.c.ed.in_(asked[at : at + ASKED_AT_ONCE]),
                    receipts.c.typ == receipt.RECEIPT,
                    receipts.c.test == 0,
                    not_(_taken_back()),
                )
            )
            for ed, box, jti in rows:
                found[(drop, ed)].add((box, jti))
    return found


def tender_totals(conn: Connection, key: JournalKey) -> list[TenderTotal]:
    """Sum and count per tender, settlement and currency; test receipts are left out."""
    per = (tenders.c.m, tenders.c.st, tenders.c.cur)
    rows = conn.execute(
        select(*per, func.sum(tenders.c.minor), func.count())
        .join(receipts, _same_place(tenders))
        .where(key.rows_of(tenders), receipts.c.test == 0)
        .group_by(*per)
        .order_by(*per)
    )
    return [TenderTotal(m, st, cur, int(minor), count) for m, st, cur, minor, count in rows]


def sold_editions(conn: Connection, key: JournalKey) -> list[SoldEdition]:
    """Every number sold in this journal, in order of drop and number; test receipts left out."""
    rows = conn.execute(
        select(editions.c.drop, editions.c.ed, receipts.c.jti, _taken_back().label("taken_back"))
        .join(receipts, _same_place(editions))
        .where(key.rows_of(editions), receipts.c.typ == receipt.RECEIPT, receipts.c.test == 0)
        .order_by(editions.c.drop, editions.c.ed, editions.c.seq)
    )
    return [SoldEdition(drop, ed, jti, bool(taken)) for drop, ed, jti, taken in rows]


def count_receipts(conn: Connection, key: JournalKey, test: bool) -> int:
    """How many receipts, refunds and voids this journal holds."""
    found = conn.scalar(
        select(func.count()).select_from(receipts).where(key.rows_of(receipts), receipts.c.test == int(test))
    )
    return found or 0


def doubtful_events(conn: Connection, key: JournalKey, limit: int) -> list[Doubtful]:
    """The first `limit` quarantined events and the first `limit` branched ones."""
    quarantined = conn.execute(
        select(events.c.seq, events.c.verdict, events.c.reason)
        .where(key.rows_of(events), events.c.verdict == "quarantined")
        .order_by(events.c.seq)
        .limit(limit)
    )
    branched = conn.execute(
        select(branches.c.seq, branches.c.verdict, branches.c.reason)
        .where(key.rows_of(branches))
        .order_by(branches.c.seq, branches.c.digest)
        .limit(limit)
    )
    return [Doubtful(seq, verdict, reason or "") for seq, verdict, reason in [*quarantined, *branched]]


def _same_place(table: Table) -> ColumnElement[bool]:
    return and_(*(table.c[name] == receipts.c[name] for name in ("owner_id", "box", "epoch", "seq")))


def _taken_back() -> ColumnElement[bool]:
    """Whether the number in the enclosing query was given back: its receipt is void, or a refund or an exchange of it names the number."""
    taker = receipts.alias("taker")
    of_it = and_(
        taker.c.owner_id == receipts.c.owner_id,
        taker.c.box == receipts.c.box,  # only who signed a receipt can take it back
        taker.c.ref == receipts.c.jti,
    )
    void: Select[Any] = select(literal_column("1")).select_from(taker).where(of_it, taker.c.typ == receipt.VOID)
    same_place = and_(*(returned.c[name] == taker.c[name] for name in ("owner_id", "box", "epoch", "seq")))
    named: Select[Any] = (
        select(literal_column("1"))
        .select_from(taker.join(returned, same_place))
        .where(of_it, returned.c.drop == editions.c.drop, returned.c.ed == editions.c.ed)
    )
    return or_(exists(void.correlate(receipts)), exists(named.correlate(receipts, editions)))

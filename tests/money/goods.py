"""Did every buyer get what was paid for, once? Reads receipts and voids out of the journal as plain JSON."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from stall.domain.payment import Kind, State
from stall.store import attempts
from stall.store.schema import SOLD, VOID, edition_number
from stall.wire import jws, receipt
from tests.faults import stocked
from tests.money.plan import Wanted

Number = tuple[str, int]


@dataclass
class Told:
    """What the papers tell: of each sale what its receipt sold, and which number belongs to which sale now."""

    sold: dict[int, Counter[str]] = field(default_factory=dict)
    numbers: dict[int, list[Number]] = field(default_factory=dict)
    minor: dict[int, int] = field(default_factory=dict)
    owner: dict[Number, int] = field(default_factory=dict)
    void: set[int] = field(default_factory=set)
    certified: Counter[tuple[int, int]] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)


def read(conn: sqlite3.Connection) -> Told:
    """Read the journal in order: a number that a void lets go may be sold again after it, never before."""
    told = Told()
    for (data,) in conn.execute("SELECT bytes FROM events ORDER BY id"):
        event = json.loads(data)
        body = event["body"]
        if event["kind"] == "certificate":
            told.certified[body["sale"], body["line"]] += 1
        if "receipt" in body:
            _paper(told, int(body["sale"]), body["receipt"])
    told.found += [
        f"Line {line} of sale {sale} was certified {n} times." for (sale, line), n in told.certified.items() if n > 1
    ]
    return told


def _paper(told: Told, sale: int, token: str) -> None:
    claims = jws.unverified_claims(token)
    numbers = [(item["drop"], item["ed"]) for item in claims["items"] if "ed" in item]
    if jws.unverified_typ(token) == receipt.VOID:
        if sale in told.void or sale not in told.sold:
            told.found.append(f"Sale {sale} was made void, which it could not be.")
        told.void.add(sale)
        for number in numbers:
            if told.owner.pop(number, None) != sale:
                told.found.append(f"The void of sale {sale} lets go of {number}, which it did not have.")
        return
    if sale in told.sold:
        told.found.append(f"Sale {sale} has two receipts.")
    told.sold[sale] = Counter()
    for item in claims["items"]:
        told.sold[sale][item["drop"]] += item["qty"]
    told.numbers[sale] = numbers
    told.minor[sale] = sum(item["minor"] for item in claims["items"])
    for number in numbers:
        if number in told.owner:
            told.found.append(f"{number} was sold to sale {told.owner[number]} and to sale {sale}.")
        told.owner[number] = sale


def compare(conn: sqlite3.Connection, told: Told, wanted: Mapping[int, Wanted]) -> list[str]:
    """Hold the papers against the tables, and against what was wanted."""
    found = [*told.found]
    paid = {int(row[0]) for row in conn.execute("SELECT no FROM sales WHERE state = 'paid'")}
    found += [f"Sale {sale} is paid and has no receipt." for sale in paid - told.sold.keys()]
    found += [f"Sale {sale} has a receipt and is not paid." for sale in told.sold.keys() - paid]
    for sale in sorted(paid & told.sold.keys()):
        found += _as_wanted(told, sale, wanted.get(sale))
        found += _as_paid(conn, told, sale)
    return [*found, *_numbers(conn, told)]


def _as_wanted(told: Told, sale: int, buyer: Wanted | None) -> Iterator[str]:
    """One number for each print, none for a zine, and no more or less of anything than was wanted."""
    if buyer is None:
        yield f"Sale {sale} is paid, and nobody began it."
        return
    asked = +Counter({stocked.PRINTS: buyer.prints, stocked.ZINE: buyer.zines})
    if told.sold[sale] != asked:
        yield f"Sale {sale} is of {dict(asked)}, and its receipt of {dict(told.sold[sale])}."
    drops = Counter(drop for drop, _ in told.numbers[sale])
    if drops != +Counter({stocked.PRINTS: buyer.prints}) or len(set(told.numbers[sale])) != len(told.numbers[sale]):
        yield f"The buyer of sale {sale} paid for {buyer.prints} numbers and got {told.numbers[sale]}."
    if told.minor[sale] != buyer.minor:
        yield f"Sale {sale} costs {buyer.minor}, and its receipt says {told.minor[sale]}."


def _as_paid(conn: sqlite3.Connection, told: Told, sale: int) -> Iterator[str]:
    """Paid once and whole; void exactly when all of it went back."""
    tried = attempts.of_sale(conn, sale)
    taken = sum(each.amount_minor for each in tried if each.kind == Kind.PAY and each.state is State.PAID)
    kept = sum(each.amount_minor for each in attempts.kept(tried))
    if taken != told.minor[sale]:
        yield f"Sale {sale} costs {told.minor[sale]}, and {taken} was taken for it."
    if kept != (0 if sale in told.void else taken):
        yield f"Of sale {sale}, {taken - kept} of {taken} was given back, and it is {'' if sale in told.void else 'not '}void."


def _numbers(conn: sqlite3.Connection, told: Told) -> Iterator[str]:
    """The numbers marked as sold are those in receipts that are not void; what a certificate names is never sold again."""
    rows = conn.execute(
        "SELECT n.id, n.sale, (SELECT d.drop_id FROM drops d WHERE d.no = n.id >> 20) FROM numbers n WHERE n.state = ?",
        (SOLD,),
    ).fetchall()
    sold = {(str(drop), edition_number(key)): int(sale) for key, sale, drop in rows}
    for number in sorted(sold.keys() | told.owner.keys()):
        if sold.get(number) != told.owner.get(number):
            yield f"{number} belongs to sale {sold.get(number)} in its table, and to sale {told.owner.get(number)} by its receipt."
    certified = conn.execute(
        "SELECT l.id >> 8 AS sale, n.id, n.state FROM certificates c JOIN lines l ON l.id = c.line JOIN packs p ON p.no = l.pack"
        " JOIN numbers n ON n.id = (p.drop_no << 20) + l.ed"
    ).fetchall()
    for sale, key, state in certified:
        if state != (VOID if sale in told.void else SOLD):
            yield f"A certificate of sale {sale} names number {edition_number(key)}, which is in state {state}."

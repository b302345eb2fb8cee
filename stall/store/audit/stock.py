"""Edition numbers: each leased once, sold once, held by a sale that is being paid, or nobody's. Journal against table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from stall.errors import StallError
from stall.store import documents
from stall.store.audit.found import Audit
from stall.store.schema import FREE, FROZEN, HELD, SOLD, VOID
from stall.wire import lease
from stall.wire.event import Event
from stall.wire.receipt import Item

_STATES = {FREE: "free", HELD: "held", SOLD: "sold", VOID: "void", FROZEN: "frozen"}
_OF_DROP = "n.id BETWEEN d.no << 20 AND ((d.no + 1) << 20) - 1"


@dataclass(frozen=True, slots=True)
class _Lease:
    """A lease as the journal tells it."""

    drop: str
    epoch_no: int
    seq: int
    ranges: tuple[tuple[int, int], ...]

    def covers(self, number: int) -> bool:
        return any(low <= number <= high for low, high in self.ranges)


class Stock:
    """The edition numbers of a box, as its journal tells of them."""

    def __init__(self, conn: sqlite3.Connection, found: Audit) -> None:
        """Begin before the first lease."""
        self._conn = conn
        self._found = found
        self._leases: dict[str, _Lease] = {}
        self._void: set[tuple[str, int]] = set()
        self._kept: set[tuple[str, int]] = set()  # never free again: a certificate names them, or their code was opened
        self._sold_to: dict[tuple[str, int], tuple[int, str | None]] = {}  # sale and lease of the last receipt

    def lease(self, epoch_no: int, read: Event) -> None:
        """Take a lease into account; the signed document behind it must say the same."""
        body = read.body
        ranges = tuple((int(low), int(high)) for low, high in body["ranges"])
        told = _Lease(str(body["drop"]), epoch_no, int(body["lease_seq"]), ranges)
        self._leases[str(body["jti"])] = told
        row = self._conn.execute(
            "SELECT t.token, d.drop_id, l.epoch_no, l.lease_seq FROM leases l JOIN documents t ON t.no = l.document"
            " JOIN drops d ON d.no = l.drop_no WHERE l.jti = ?",
            (body["jti"],),
        ).fetchone()
        if row is None or (row[1], row[2], row[3]) != (told.drop, told.epoch_no, told.seq):
            self._found.add(f"The lease of event {read.seq} is not in the table of leases as the journal tells it.")
            return
        try:
            signed = lease.verify(row[0], documents.signers(self._conn, "cloud"))
        except StallError as error:
            self._found.add(f"The lease of event {read.seq} does not hold: {error.sentence}")
            return
        if (signed.drop, signed.epoch, signed.lease_seq, signed.ranges) != (told.drop, read.epoch, told.seq, ranges):
            self._found.add(f"The lease of event {read.seq} grants other numbers than its signed document.")

    def sell(self, epoch_no: int, seq: int, sale: int, items: Iterable[Item]) -> None:
        """Every number that lines sell: leased to this epoch, and sold for the first time or again after it came back."""
        for item in items:
            if item.drop is None or item.ed is None:
                continue
            named, number = f"number {item.ed} of {item.drop}", (item.drop, item.ed)
            if number in self._found.sold:
                self._found.add(f"Event {seq} sells {named} a second time.")
            if number in self._kept:
                self._found.add(f"Event {seq} sells {named} anew though a certificate names it or its code was opened.")
            self._found.sold.add(number)
            self._void.discard(number)
            self._sold_to[number] = (sale, item.lease)
            held = self._leases.get(item.lease or "")
            if held is None or (held.drop, held.epoch_no) != (item.drop, epoch_no) or not held.covers(item.ed):
                self._found.add(f"Event {seq} sells {named} without a lease of this epoch.")

    def void(self, items: Iterable[Item], *, opened: bool) -> None:
        """Take back the numbers that lines give back; they stay void where the code was `opened`, or come free again."""
        for item in items:
            if item.drop is not None and item.ed is not None:
                self._void.add((item.drop, item.ed))
                if opened:
                    self._kept.add((item.drop, item.ed))
                self._found.sold.discard((item.drop, item.ed))

    def check_certified(self, seq: int, drop: str, number: int, sale: int) -> None:
        """A certificate is for a number that its sale bought."""
        self._kept.add((drop, number))
        row = self._row(drop, number)
        if row is None or row[1] != sale or row[0] not in {SOLD, VOID}:
            self._found.add(
                f"The certificate of event {seq} is for number {number} of {drop}, which sale {sale} did not buy."
            )

    def check_table(self) -> None:
        """Every row of the table of numbers has a reason in the journal, and every leased number a row."""
        leased = self._check_leased()
        rows = self._conn.execute(
            f"SELECT d.drop_id, n.id - (d.no << 20), n.state, n.sale, l.jti, l.epoch_no = (SELECT epoch_no FROM journal)"
            f" FROM drops d JOIN numbers n ON {_OF_DROP} JOIN leases l ON l.no = n.lease"
        )
        counted = 0
        for drop, number, state, sale, jti, running in rows:
            counted += 1
            held = self._leases.get(jti)
            if held is None or held.drop != drop or not held.covers(number):
                self._found.add(f"Number {number} of {drop} stands under a lease that does not grant it.")
            wrong = _wrong_state(
                state,
                sale,
                sold=(drop, number) in self._found.sold,
                void=(drop, number) in self._void,
                running=bool(running),
            )
            if wrong is not None:
                self._found.add(f"Number {number} of {drop} is {_STATES[state]} in the table of numbers, {wrong}.")
            elif state in {SOLD, VOID} and self._sold_to[drop, number] != (sale, jti):
                self._found.add(f"Number {number} of {drop} belongs to another sale in the table than in its receipt.")
        if counted != leased:
            self._found.add(f"{leased} numbers were leased and {counted} are accounted for.")
        self._check_holds()

    def _check_leased(self) -> int:
        """How many different numbers the leases of the journal grant together; the table must have no other lease."""
        if self._conn.execute("SELECT count(*) FROM leases").fetchone()[0] != len(self._leases):
            self._found.add("The table of leases has others than the journal.")
        granted: dict[str, set[int]] = {}
        for each in self._leases.values():
            numbers = chain.from_iterable(range(low, high + 1) for low, high in each.ranges)
            granted.setdefault(each.drop, set()).update(numbers)
        return sum(map(len, granted.values()))

    def _check_holds(self) -> None:
        """A held number is on a line of an unpaid sale that somebody is paying, or whose time is not over."""
        rows = self._conn.execute(
            "SELECT d.drop_id, n.id - (d.no << 20), n.sale, s.state,"
            " EXISTS (SELECT 1 FROM lines l JOIN packs p ON p.no = l.pack WHERE l.id >= n.sale << 8 AND l.id < (n.sale + 1) << 8"
            "  AND p.drop_no = d.no AND l.ed = n.id - (d.no << 20) AND l.lease = n.lease),"
            " s.hold_until_ms IS NOT NULL OR EXISTS (SELECT 1 FROM attempts a WHERE a.sale = n.sale AND (a.state = 'paid' OR a.state IN"
            "  ('requested', 'sent', 'approved', 'reversing', 'unknown')))"
            f" FROM numbers n JOIN drops d ON {_OF_DROP} LEFT JOIN sales s ON s.no = n.sale WHERE n.state = 1"
        )
        for drop, number, sale, state, wanted, alive in rows:
            if state != "basket" or not wanted:
                self._found.add(f"Number {number} of {drop} is held by no open sale (sale {sale}).")
            elif not alive:
                self._found.add(
                    f"Number {number} of {drop} is held by sale {sale}, which nobody is paying, and would never come free."
                )

    def _row(self, drop: str, number: int) -> tuple[int, int | None, str] | None:
        row = self._conn.execute(
            "SELECT n.state, n.sale, l.jti FROM drops d JOIN numbers n ON n.id = (d.no << 20) + ? JOIN leases l ON l.no = n.lease"
            " WHERE d.drop_id = ?",
            (number, drop),
        ).fetchone()
        return None if row is None else (row[0], row[1], row[2])


def _wrong_state(state: int, sale: int | None, *, sold: bool, void: bool, running: bool) -> str | None:
    """What is wrong with a number's state, in the words after “is …, ”; None when nothing is."""
    if sold != (state == SOLD):
        return "and sold in a receipt" if sold else "and no receipt sells it"
    if state == VOID and not void:
        return "and nothing in the journal made it so"
    if state in {FREE, HELD} and not running:
        return "though its lease is of an earlier epoch"
    if state == FROZEN and running:
        return "though its lease is of this epoch"
    if (sale is None) != (state in {FREE, FROZEN}):
        return "and belongs to a sale" if sale is not None else "and belongs to no sale"
    return None

"""Receipts, claims and certificates of the journal against the rows of sales, one by one."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from typing import Any

from stall.domain.payment import Kind, Settlement, Tender
from stall.domain.product import is_voucher
from stall.errors import StallError
from stall.store import journal
from stall.store.audit.back import Back
from stall.store.audit.found import Audit
from stall.store.audit.stock import Stock
from stall.store.schema import claim_id, event_id, line_id
from stall.wire import b64, certificate, event, keys, receipt, takeback
from stall.wire.event import Event
from stall.wire.receipt import Receipt

_LINES = (
    "SELECT d.drop_id, p.manifest_hash, s.jti, l.ed, l.sku, l.qty, l.minor, l.vat_bp, l.disc_minor FROM lines l LEFT JOIN packs p ON p.no = l.pack"
    " LEFT JOIN drops d ON d.no = p.drop_no LEFT JOIN leases s ON s.no = l.lease WHERE l.id >= ? AND l.id < ? ORDER BY l.id"
)


class Sold:
    """What was sold. `claimable` counts receipts with a claim code, `parts` is money taken for sales not finished."""

    def __init__(self, conn: sqlite3.Connection, found: Audit, public: bytes, stock: Stock) -> None:
        """Begin before the first sale."""
        self.finished = 0
        self.claimable = 0
        self.voided = 0
        self.vouchers_back = 0
        self._void_sales: set[int] = set()
        self._opened: set[int] = set()  # sales whose claim a phone redeemed
        self.parts: defaultdict[int, list[tuple[str, str | None, int]]] = defaultdict(list)
        self._revoked: set[int] = set()  # sales whose code is, and of which no void or return was told yet
        self.back = Back(conn, found)
        self._conn = conn
        self._found = found
        self._keys = {keys.thumbprint(public): public}
        self._stock = stock

    def paid(self, body: dict[str, Any]) -> None:
        """Remember a paid attempt until the receipt of its sale."""
        tender = str(body["tender"])
        # a person who decided may not know whether the terminal was online: the receipt then says that it was
        settled = str(body.get("settlement", Settlement.ONLINE)) if tender == Tender.CARD else None
        minor = int(body["minor"]) * (1 if body["kind"] == Kind.PAY else -1)
        self.parts[int(body["sale"])].append((tender, settled, minor))

    def given_back(self, body: dict[str, Any]) -> None:
        """Forget a part of an unfinished sale whose money went back in it; that of a finished one is told by its void."""
        sale, minor = int(body["sale"]), int(body["minor"])
        if "receipt" in body:
            return
        part = next((one for one in self.parts[sale] if (one[0], one[2]) == (str(body["tender"]), minor)), None)
        if part is None:
            self._found.add(f"Payment {body['attempt']} gave back what sale {sale} had not taken.")
            return
        self.parts[sale].remove(part)

    def declined_late(self, read: Event) -> None:
        """A sale whose payment the bank refused later hands out nothing any more; its code opens nothing."""
        sale = int(read.body["sale"])
        self._void_sales.add(sale)
        self._revoked.discard(sale)
        self._check_no_code(sale, "refused by the bank")

    def end(self) -> None:
        """After the last event: a code is revoked by the void of its sale, by a late refusal, and by nothing else."""
        self.back.end()
        for sale in sorted(self._revoked):
            self._found.add(f"The claim code of sale {sale} is revoked and nothing in the journal made it so.")

    def receipt(self, epoch_no: int, read: Event) -> None:
        """Check a receipt, and what it says against the rows of its sale."""
        token, where = read.body["receipt"], f"the receipt in event {read.seq}"
        try:
            typ, signed = receipt.verify_any(token, self._keys)
        except StallError as error:
            self._found.add(f"The receipt in event {read.seq} does not hold: {error.sentence}")
            return
        if (signed.epoch, signed.seq) != (read.epoch, read.seq):
            self._found.add(f"The receipt in event {read.seq} says it belongs to event {signed.seq}.")
        self._found.receipts += 1
        for pay in signed.pay:
            self._found.tenders[pay.m] = self._found.tenders.get(pay.m, 0) + pay.minor
        sale = int(read.body["sale"])
        of = self.back.refers_to(sale)
        if typ == receipt.VOID and of is None:
            self._void(epoch_no, read, signed)
            return
        self._sale(epoch_no, read, signed, where)
        if of is not None:
            self._return(epoch_no, read, of, typ, signed)
        elif typ != receipt.RECEIPT or signed.ref is not None:
            self._found.add(f"Sale {sale}: {where} takes something back and its row does not say of which sale.")

    def _sale(self, epoch_no: int, read: Event, signed: Receipt, where: str) -> None:
        """The paper that finishes a sale: payments, row, lines, claim and numbers."""
        sale = int(read.body["sale"])
        self.finished += 1
        taken = Counter(self.parts.pop(sale, []))
        tenders = Counter((pay.m, str(pay.st) if pay.m == "card" else None, pay.minor) for pay in signed.pay)
        if taken != tenders:
            self._found.add(f"Sale {sale}: {where} names other payments than the journal has.")
        row = self._conn.execute(
            "SELECT state, epoch_no, receipt_event, cur, total_minor, tip_minor, round_minor, paid_ms FROM sales WHERE no = ?",
            (sale,),
        ).fetchone()
        total = sum(pay.minor for pay in signed.pay)
        expected = (
            "paid", epoch_no, event_id(epoch_no, read.seq), signed.pay[0].cur, total, signed.tip, signed.round, read.at
        )  # fmt: skip
        if row is None:
            self._found.add(f"Sale {sale} has a receipt in event {read.seq} and is not in the table of sales.")
        elif tuple(row) != expected:
            self._found.add(f"Sale {sale}: {where} says otherwise than the table of sales.")
        lines = [tuple(line) for line in self._conn.execute(_LINES, (line_id(sale, 0), line_id(sale + 1, 0)))]
        items = [(i.drop, i.man, i.lease, i.ed, i.sku, i.qty, i.minor, i.vat, i.disc) for i in signed.items]
        if lines != items:
            self._found.add(f"Sale {sale}: {where} lists other items than the table.")
        self._claim(sale, signed.code)
        self._stock.sell(epoch_no, read.seq, sale, self.back.going_out(sale, signed))

    def _return(self, epoch_no: int, read: Event, of: int, typ: str, signed: Receipt) -> None:
        """A paper that takes something of another sale back: what is left there, numbers, code, vouchers."""
        back = self.back.take(read, of, typ, signed)
        self._stock.void(back, opened=of in self._opened)
        self.vouchers_back += sum(is_voucher(item.sku) for item in back)
        if typ == receipt.VOID:
            self._void_sales.add(of)
            self.voided += 1
            row = self._conn.execute("SELECT void_event FROM sales WHERE no = ?", (of,)).fetchone()
            if row is None or row[0] != event_id(epoch_no, read.seq):
                self._found.add(f"Sale {of} is void by event {read.seq} and by another or none in the table of sales.")
        if typ == receipt.VOID or self.back.nothing_left(of):
            self._revoked.discard(of)
            self._check_no_code(of, "given back")

    def _claim(self, sale: int, code: str | None) -> None:
        """The row a buyer's code is found by must be the one the receipt vouches for."""
        if code is None:
            return
        self.claimable += 1
        row = self._conn.execute("SELECT id >> 8, state FROM claims WHERE digest = ?", (b64.decode(code),)).fetchone()
        if row is None or row[0] != sale:
            self._found.add(f"The claim code on the receipt of sale {sale} opens nothing here, or another sale.")
        elif row[1] != "active":
            self._revoked.add(sale)

    def _void(self, epoch_no: int, read: Event, signed: Receipt) -> None:
        """A void takes back all of its own sale, whose code then opens nothing any more."""
        sale = int(read.body["sale"])
        self._stock.void(signed.items, opened=sale in self._opened)
        self.vouchers_back += sum(is_voucher(item.sku) for item in signed.items)
        self._void_sales.add(sale)
        self._revoked.discard(sale)
        row = self._conn.execute(
            "SELECT receipt_event, void_event FROM sales WHERE no = ? AND state = 'paid'", (sale,)
        ).fetchone()
        self.voided += 1
        if row is not None and row[1] != event_id(epoch_no, read.seq):
            self._found.add(f"Sale {sale} is void by event {read.seq} and by another or none in the table of sales.")
        try:
            token = event.decode(journal.event_bytes(self._conn, row[0]) or b"").body["receipt"] if row else ""
            takeback.check(receipt.verify(token, self._keys), receipt.VOID, signed)
        except StallError as error:
            self._found.add(f"The void of sale {sale} in event {read.seq} does not hold: {error.sentence}")
        self._check_no_code(sale, "void")

    def _check_no_code(self, sale: int, why: str) -> None:
        (alive,) = self._conn.execute(
            "SELECT count(*) FROM claims WHERE state = 'active' AND id >= ? AND id < ?",
            (claim_id(sale, 0), claim_id(sale + 1, 0)),
        ).fetchone()
        if alive:
            self._found.add(f"Sale {sale} is {why} and its claim code still opens it.")

    def handed_over(self, read: Event) -> None:
        """Nothing is certified, granted or delivered of a sale that was taken back before."""
        sale = int(read.body["sale"])
        line = read.body.get("line")
        if sale in self._void_sales or (line is not None and self.back.is_back(sale, int(line))):
            self._found.add(
                f"Event {read.seq} ({read.kind}) hands out something of sale {sale}, which is void, came back or was not paid after all."
            )
        if read.kind == "grant":
            self._opened.add(sale)

    def certificate(self, epoch_no: int, read: Event) -> None:
        """The certificate that is kept must be the one whose hash was journaled."""
        self.handed_over(read)
        body = read.body
        row = self._conn.execute(
            "SELECT uuid, event, document FROM certificates WHERE line = ?", (line_id(body["sale"], body["line"]),)
        ).fetchone()
        if row is None or row[1] != event_id(epoch_no, read.seq):
            self._found.add(f"The certificate of event {read.seq} is not in the table of certificates.")
            return
        try:
            digest = certificate.digest(json.loads(row[2]))
        except (ValueError, TypeError, StallError):
            digest = ""
        if digest != body["hash"] or row[0].hex() != str(body["uuid"]).replace("-", ""):
            self._found.add(
                f"The certificate of sale {body['sale']} is not the one the journal has in event {read.seq}."
            )
        if "ed" in body:
            self._stock.check_certified(read.seq, str(body["drop"]), int(body["ed"]), int(body["sale"]))

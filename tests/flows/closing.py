"""Short words for tests of shifts: press a button of the running shift, close it, read its Z-report; and the same report from the journal alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from stall.domain import drawer
from stall.domain.drawer import Way
from stall.domain.zreport import ZReport
from stall.flows import shift
from stall.flows.shift import CashMove, Closing, Press
from stall.store import journal, presses, shifts
from stall.store.box import Box
from stall.store.schema import event_id
from stall.wire import event, jws


def press(box: Box) -> Press:
    """A button of a form that was drawn just now."""
    return Press(presses.new_key(), shifts.running(box.db.read()).no)


def put_float(box: Box, minor: int = 5000, by: Press | None = None) -> int:
    with box.db.transaction() as tx:
        return shift.record_float(tx, by or press(box), minor)


def move(box: Box, way: Way, minor: int, reason: str = "other", words: str = "", by: Press | None = None) -> int:
    with box.db.transaction() as tx:
        return shift.move_cash(tx, by or press(box), CashMove(way, minor, reason, words))


def count(box: Box, pieces: Mapping[int, int] | None, total: int = 0, by: Press | None = None) -> int:
    with box.db.transaction() as tx:
        return shift.count_drawer(tx, by or press(box), "EUR", pieces, total)


def close(box: Box, by: Press | None = None, *, counted: bool = False, despite_open: bool = False, blind: bool = False) -> int:  # fmt: skip
    how = Closing("EUR", cloud=True, blind=blind, counted=counted, despite_open=despite_open)
    with box.db.transaction() as tx:
        return shift.close_shift(tx, by or press(box), how)


def report(box: Box, no: int | None = None) -> ZReport:
    """A Z-report as it stands in the journal, the newest unless another is named."""
    conn = box.db.read()
    newest = shifts.newest(conn)
    assert newest is not None
    return shifts.report_of(conn, shifts.get(conn, no or newest.no))


def expected(box: Box) -> int:
    """What the books say lies in the drawer now."""
    after = shifts.running(box.db.read()).after
    asked = "SELECT coalesce(sum(minor), 0) FROM postings WHERE event > ? AND account = 'drawer'"
    return int(box.db.read().execute(asked, (after,)).fetchone()[0])


def pieces_for(minor: int) -> dict[int, int]:
    """The fewest notes and coins that make an amount."""
    found: dict[int, int] = {}
    for worth in drawer.of_currency("EUR"):
        found[worth], minor = divmod(minor, worth)
    return found


def recomputed(box: Box, no: int) -> dict[str, Any]:
    """The sums of a Z-report by decoding every event and receipt of its period; nothing of our tables is asked.

    As docs/z-report.md tells a bookkeeper to do it by hand.
    """
    tenders: dict[str, Counter[str]] = {}
    vat: dict[int, Counter[str]] = {}
    found: Counter[str] = Counter()
    for fact in _period(box, no):
        body = fact.body
        if fact.kind == "drawer":
            found[f"drawer {body['way']}"] += body["minor"] if body["way"] != "count" else 1
        if body.get("state") == "paid" and body["tender"] != "comp":
            name = "card_stored" if body["tender"] == "card" and body.get("settlement") == "stored" else body["tender"]
            row = tenders.setdefault(name, Counter())
            back = body["kind"] != "pay"
            row["back" if back else "taken"] += -body["minor"] if back else body["minor"]
            row["returns" if back else "payments"] += body["minor"] != 0
            found["money"] += -body["minor"] if back else body["minor"]
        if "receipt" in body:
            _add_receipt(found, vat, body)
    found["unfinished"] = found["money"] - found["goods"]
    return {
        "tenders": {name: dict(+row) | {"back": row["back"]} for name, row in tenders.items()},
        "vat": {rate: (row["net"], row["vat"]) for rate, row in sorted(vat.items()) if row["net"] or row["vat"]},
        **{name: value for name, value in found.items() if value},
    }


def _add_receipt(found: Counter[str], vat: dict[int, Counter[str]], body: Mapping[str, Any]) -> None:
    typ = jws.unverified_typ(body["receipt"]).split("-")[1].split("+")[0]
    claims = jws.unverified_claims(body["receipt"])
    found["exchange" if typ == "receipt" and "ref" in claims else typ] += 1
    found["comps"] += claims["pay"][0]["m"] == "comp" and "decided_by" in body
    found["tips"] += claims.get("tip", 0)
    found["rounding"] += claims.get("round", 0)
    found["goods"] += sum(pay["minor"] for pay in claims["pay"])
    found["discounts"] += sum(item.get("disc", 0) for item in claims["items"])
    sold = sum(item["minor"] for item in claims["items"] if item.get("sku", "").startswith("voucher/"))
    found["issued"] += sold
    for tax in claims["tax"]:
        row = vat.setdefault(tax["rate"], Counter())
        row["net"] += tax["net"] - (sold if tax["rate"] == 0 else 0)
        row["vat"] += tax["vat"]


def _period(box: Box, no: int) -> list[event.Event]:
    """The events of a shift, by the places its report names, of which the last is the report itself."""
    conn = box.db.read()
    told = report(box, no).period
    inside = False
    found: list[event.Event] = []
    for epoch_no in journal.epoch_numbers(conn):
        for seq, data in journal.all_events(conn, epoch_no):
            fact = event.decode(data)
            inside = inside or (fact.epoch, fact.seq) == (told.first.epoch, told.first.seq)
            if (fact.epoch, fact.seq) == (told.last.epoch, told.last.seq):
                assert shifts.get(conn, no).event == event_id(epoch_no, seq)
                return found
            if inside:
                found.append(fact)
    raise AssertionError("the journal has no end of that shift")


def told(report: ZReport) -> dict[str, Any]:
    """A report in the words of `recomputed`."""
    facts = {
        "drawer float": report.drawer.float_minor, "drawer in": report.drawer.paid_in, "drawer out": report.drawer.paid_out,
        "drawer count": report.drawer.counts, "money": report.money, "unfinished": report.unfinished,
        "goods": report.money - report.unfinished, "tips": report.tips, "rounding": report.rounding,
        "discounts": report.discounts, "issued": report.vouchers.issued, "receipt": report.receipts.sales,
        "refund": report.receipts.refunds, "exchange": report.receipts.exchanges, "void": report.receipts.voids,
        "comps": report.receipts.comps,
    }  # fmt: skip
    rows = {
        row.tender: {"taken": row.taken, "back": row.back, "payments": row.payments, "returns": row.returns}
        for row in report.tenders
    }
    return {
        "tenders": {name: {k: v for k, v in row.items() if v > 0 or k == "back"} for name, row in rows.items()},
        "vat": {row.rate_bp: (row.net, row.vat) for row in report.vat},
        **{name: value for name, value in facts.items() if value},
    }

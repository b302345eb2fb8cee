"""The Z-reports of an exported journal against the events they are of: numbered without gaps, each of its own period and sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from stall.domain import zbody, zreport
from stall.domain.zreport import Place
from stall.errors import WireError
from stall.wire.event import Event
from stall.wire.receipt import Receipt

_SIGNED = {True: "taken", False: "back"}


class Shifts:
    """What the events since the last Z-report add up to."""

    def __init__(self) -> None:
        """Begin before the first event."""
        self._newest = 0
        self._first: Place | None = None
        self._sums: Counter[tuple[str, object]] = Counter()

    def begin(self, fact: Event) -> None:
        """Take note of where the period begins; every event is told of."""
        if self._first is None:
            self._first = Place(fact.epoch, fact.seq)

    def paid(self, body: Mapping[str, Any]) -> None:
        """Add a payment, or money given back."""
        pays = body["kind"] == "pay"
        stored = body["tender"] == "card" and body.get("settlement") == "stored"
        self._sums[_SIGNED[pays], "card_stored" if stored else body["tender"]] += (
            body["minor"] if pays else -body["minor"]
        )

    def moved(self, body: Mapping[str, Any]) -> None:
        """Add cash that moved without a sale."""
        if body["way"] != "count":
            self._sums["drawer", body["way"]] += body["minor"]

    def signed(self, told: Receipt) -> None:
        """Add what a receipt, refund or void says."""
        self._sums["sum", "tips"] += told.tip
        self._sums["sum", "rounding"] += told.round
        self._sums["sum", "discounts"] += sum(item.disc for item in told.items)
        vouchers = sum(item.minor for item in told.items if (item.sku or "").startswith("voucher/"))
        self._sums["sum", "issued"] += vouchers
        self._sums["net", 0] -= vouchers
        for row in told.tax:
            self._sums["net", row.rate] += row.net
            self._sums["vat", row.rate] += row.vat

    def closed(self, fact: Event, where: str) -> None:
        """Compare a Z-report with all that, and begin the next period. Raises WireError `export-z`."""
        report = zbody.read(fact.body)
        said: Counter[tuple[str, object]] = Counter()
        for tender in report.tenders:
            said["taken", tender.tender], said["back", tender.tender] = tender.taken, tender.back
        for rate in report.vat:
            said["net", rate.rate_bp], said["vat", rate.rate_bp] = rate.net, rate.vat
        drawer, sums = report.drawer, (report.tips, report.rounding, report.discounts, report.vouchers.issued)
        said.update(
            dict(zip((("sum", name) for name in ("tips", "rounding", "discounts", "issued")), sums, strict=True))
        )
        moves = (("float", drawer.float_minor), ("in", drawer.paid_in), ("out", drawer.paid_out))
        said.update({("drawer", way): minor for way, minor in moves})
        place = Place(fact.epoch, fact.seq)
        told = (self._newest + 1, self._first or place, place, fact.at)
        period = report.period
        if (report.no, period.first, period.last, period.closed_ms) != told:
            raise _wrong(where, "is not the next one, or of another period")
        if {k: v for k, v in said.items() if v} != {k: v for k, v in self._sums.items() if v} or any(
            zreport.unequal(report)
        ):
            raise _wrong(where, "says other sums than its events add up to")
        self._newest, self._first = report.no, None
        self._sums.clear()


def _wrong(where: str, what: str) -> WireError:
    return WireError("export-z", f"The Z-report in {where} {what}. Do not rely on it: no stall keeps its journal so.")

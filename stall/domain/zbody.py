"""A Z-report as the body of its event `shift_close` (docs/protocol.md 7.1), and back. Pure.

Every number is an integer; what is not known is left out. What `read` makes of what `body` wrote is the same report, but for
who closed it: that the journal adds to the event, as to every other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stall.domain.zreport import (
    AtRisk,
    CardSum,
    DayEnd,
    Drawer,
    Edition,
    Move,
    Offline,
    OpenPayment,
    Owed,
    Period,
    Place,
    Rate,
    Receipts,
    TenderSum,
    Vouchers,
    ZReport,
)


def body(report: ZReport) -> dict[str, Any]:
    """Write the report as the body of its event: integers, text, true and false; what is not known is left out."""
    period, drawer, receipts = report.period, report.drawer, report.receipts
    told: dict[str, Any] = {
        "z": report.no,
        "cur": report.cur,
        "period": _known(
            first=_place(period.first), last=_place(period.last), begun=period.begun_ms, opened=period.opened_ms,
            closed=period.closed_ms, root=period.root,
        ),
        "drawer": _known(
            float=drawer.float_minor, sales=drawer.sales, refunds=drawer.refunds, paid_in=drawer.paid_in, paid_out=drawer.paid_out,
            expected=drawer.expected, counted=drawer.counted, over=drawer.over, left=drawer.left, blind=drawer.blind,
            counts=drawer.counts, pieces={str(worth): count for worth, count in drawer.pieces} or None,
        ),
        "moves": [{"at": m.at_ms, "way": m.way, "minor": m.minor, "reason": m.reason} for m in report.moves],
        "tenders": [
            {"tender": row.tender, "taken": row.taken, "back": row.back, "payments": row.payments, "returns": row.returns}
            for row in report.tenders
        ],
        "vat": [{"rate": row.rate_bp, "net": row.net, "vat": row.vat} for row in report.vat],
        "tips": report.tips, "rounding": report.rounding, "discounts": report.discounts,
        "vouchers": {"issued": report.vouchers.issued, "spent": report.vouchers.spent, "liability": report.vouchers.liability},
        "unfinished": {"minor": report.unfinished, "in_all": report.unfinished_in_all},
        "receipts": _known(
            sales=receipts.sales, refunds=receipts.refunds, exchanges=receipts.exchanges, voids=receipts.voids,
            comps=receipts.comps, free=receipts.free,
            first=receipts.first and _place(receipts.first), last=receipts.last and _place(receipts.last),
        ),
        "at_risk": _known(count=report.at_risk.count, minor=report.at_risk.minor, since=report.at_risk.since_ms),
        "offline": {"settled": report.offline.settled, "written_off": report.offline.written_off},
        "editions": [
            {"drop": e.drop, "sold": e.sold, "returned": e.returned, "numbers": e.numbers, "granted": e.granted,
             "standing": e.standing, "void": e.void, "frozen": e.frozen, "remaining": e.remaining}
            for e in report.editions
        ],
        "day_ends": [
            _known(at=d.at_ms, tid=d.tid, theirs=d.theirs, count=d.count, ours=d.ours, payments=d.payments, returns=d.returns)
            for d in report.day_ends
        ],
        "since": {"minor": report.since.minor, "payments": report.since.payments, "returns": report.since.returns},
        "open": [{"attempt": o.attempt, "sale": o.sale, "state": o.state, "minor": o.minor} for o in report.open],
        "exceptions": report.exceptions,
        "queued": {"count": report.queued.count, "minor": report.queued.minor},
        "software": report.software,
    }  # fmt: skip
    return told if report.unsent is None else {**told, "unsent": report.unsent}


def read(told: Mapping[str, Any]) -> ZReport:
    """Read the body of an event `shift_close`. Raises KeyError, TypeError or ValueError where it is none."""
    period, drawer, receipts, risk = told["period"], told["drawer"], told["receipts"], told["at_risk"]
    return ZReport(
        no=told["z"], cur=told["cur"],
        period=Period(
            Place(**period["first"]), Place(**period["last"]), period["begun"], period.get("opened"), period["closed"], period["root"]
        ),
        drawer=Drawer(
            drawer["float"], drawer["sales"], drawer["refunds"], drawer["paid_in"], drawer["paid_out"], drawer.get("counted"),
            drawer["blind"], drawer["counts"],
            tuple(sorted(((int(worth), count) for worth, count in drawer.get("pieces", {}).items()), reverse=True)),
        ),
        moves=tuple(Move(m["at"], m["way"], m["minor"], m["reason"]) for m in told["moves"]),
        tenders=tuple(TenderSum(r["tender"], r["taken"], r["back"], r["payments"], r["returns"]) for r in told["tenders"]),
        vat=tuple(Rate(r["rate"], r["net"], r["vat"]) for r in told["vat"]),
        tips=told["tips"], rounding=told["rounding"], discounts=told["discounts"],
        vouchers=Vouchers(told["vouchers"]["issued"], told["vouchers"]["spent"], told["vouchers"]["liability"]),
        unfinished=told["unfinished"]["minor"], unfinished_in_all=told["unfinished"]["in_all"],
        receipts=Receipts(
            receipts["sales"], receipts["refunds"], receipts["exchanges"], receipts["voids"], receipts["comps"], receipts["free"],
            Place(**receipts["first"]) if "first" in receipts else None, Place(**receipts["last"]) if "last" in receipts else None,
        ),
        at_risk=AtRisk(risk["count"], risk["minor"], risk.get("since")),
        offline=Offline(**told["offline"]),
        editions=tuple(Edition(**each) for each in told["editions"]),
        day_ends=tuple(
            DayEnd(d["at"], d.get("tid", ""), d["theirs"], d.get("count"), d["ours"], d["payments"], d["returns"])
            for d in told["day_ends"]
        ),
        since=CardSum(**told["since"]),
        open=tuple(OpenPayment(**each) for each in told["open"]),
        exceptions=told["exceptions"], unsent=told.get("unsent"), queued=Owed(**told["queued"]), software=told["software"],
        by=told.get("by"),
    )  # fmt: skip


def own(told: Mapping[str, Any]) -> dict[str, Any]:
    """What of an event's body is the report's own, without who brought it about."""
    return {name: value for name, value in told.items() if name not in {"by", "device", "decided_by"}}


def _place(place: Place) -> dict[str, Any]:
    return {"epoch": place.epoch, "seq": place.seq}


def _known(**facts: object) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value is not None}

"""A bookkeeper's own sums: every Z-report of an exported journal added up anew from its events, with nothing of ours.

Run as `python recomputed_z.py journal.jsonl`; needs the standard library. Follows docs/z-report.md and docs/protocol.md 7.1 and 7.6, and
writes a list of reports as JSON, each with the report as the journal has it (`said`) and as it adds up (`adds_up`).
Signatures are not its business: docs/check/check_journal.py checks those.
"""

import base64
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts_of(token: str) -> tuple[str, dict[str, Any]]:
    """The `typ` of a signed paper and what it says."""
    head, body, _ = token.split(".")
    return str(json.loads(b64(head))["typ"]), json.loads(b64(body))


class Shift:
    """The events of one shift, and what was before it that its sums need."""

    def __init__(self, before: list[Event]) -> None:
        self.before, self.events = before, list[Event]()

    def add_up(self, closing: Event) -> dict[str, Any]:
        papers = papers_in(self.events)
        taken, back = money_in(self.events)
        ever_issued, ever_spent = vouchers_in(papers_in(self.before) + papers, [*self.before, *self.events])
        issued, spent = vouchers_in(papers, self.events)
        ends, since = self._terminal()
        return {
            "first": place(self.events[0] if self.events else closing),
            "last": place(closing),
            "drawer": self._drawer(taken, back),
            "moves": [
                {
                    name: event[name] if name == "at" else event["body"].get(name, "")
                    for name in ("at", "way", "minor", "reason")
                }
                for event in self.events
                if event["kind"] == "drawer" and event["body"]["way"] != "count"
            ],
            "tenders": tenders(self.events),
            "vat": rates(papers),
            "tips": sum(paper.get("tip", 0) for _, paper, _ in papers),
            "rounding": sum(paper.get("round", 0) for _, paper, _ in papers),
            "discounts": sum(item.get("disc", 0) for _, paper, _ in papers for item in paper["items"]),
            "vouchers": {"issued": issued, "spent": spent, "liability": ever_issued + ever_spent},
            "unfinished": {
                "minor": sum(taken.values())
                + sum(back.values())
                - sum(p["minor"] for _, paper, _ in papers for p in paper["pay"])
            },
            "receipts": counts(papers),
            "editions": copies(papers),
            "day_ends": ends,
            "since": since,
        }

    def _drawer(self, taken: dict[str, int], back: dict[str, int]) -> dict[str, Any]:
        moved: dict[str, int] = defaultdict(int)
        counted, counts_made = None, 0
        for event in self.events:
            body = event["body"]
            if event["kind"] == "drawer" and body["way"] == "count":
                counted, counts_made = body["minor"], counts_made + 1
            elif event["kind"] == "drawer":
                moved[body["way"]] += body["minor"]
                counted = None
            elif body.get("tender") == "cash" and body.get("state") == "paid" and body["minor"]:
                counted = None  # cash moved since
        found = {
            "float": moved["float"],
            "sales": taken.get("cash", 0),
            "refunds": back.get("cash", 0),
            "paid_in": moved["in"],
            "paid_out": moved["out"],
        }
        expected = sum(found.values())
        found |= {"expected": expected, "counts": counts_made, "left": expected if counted is None else counted}
        return found if counted is None else found | {"counted": counted, "over": counted - expected}

    def _terminal(self) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Each end of day beside our card payments since the one before, in whichever shift that was; then those since the last."""
        ends: list[dict[str, Any]] = []
        ours = {"minor": 0, "payments": 0, "returns": 0}
        for event in [*self.before, None, *self.events]:
            if event is None:
                ends = []  # those of earlier shifts
            elif event["kind"] == "day_end":
                ends.append(
                    {
                        "theirs": event["body"]["total"],
                        "ours": ours["minor"],
                        "payments": ours["payments"],
                        "returns": ours["returns"],
                    }
                )
                ours = {"minor": 0, "payments": 0, "returns": 0}
            elif is_paid(event) and event["body"]["tender"] == "card":
                pays = event["body"]["kind"] == "pay"
                ours["minor"] += event["body"]["minor"] if pays else -event["body"]["minor"]
                ours["payments" if pays else "returns"] += 1
        return ends, ours


def is_paid(event: Event) -> bool:
    return event["kind"] in {"attempt", "sale"} and event["body"].get("state") == "paid"


def signed(body: dict[str, Any]) -> int:
    return int(body["minor"]) if body["kind"] == "pay" else -int(body["minor"])


def papers_in(events: list[Event]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every receipt, refund and void: its type, what it says, and the body of the event it travels in."""
    return [(*parts_of(event["body"]["receipt"]), event["body"]) for event in events if "receipt" in event["body"]]


def label(body: dict[str, Any]) -> str:
    return "card_stored" if body["tender"] == "card" and body.get("settlement") == "stored" else str(body["tender"])


def money_in(events: list[Event]) -> tuple[dict[str, int], dict[str, int]]:
    taken: dict[str, int] = defaultdict(int)
    back: dict[str, int] = defaultdict(int)
    for event in filter(is_paid, events):
        minor = signed(event["body"])
        (taken if minor > 0 else back)[label(event["body"])] += minor
    return taken, back


def tenders(events: list[Event]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, int]] = {}
    for event in filter(is_paid, events):
        minor, name = signed(event["body"]), label(event["body"])
        if not minor:
            continue  # given free: no money
        row = rows.setdefault(name, {"taken": 0, "back": 0, "payments": 0, "returns": 0})
        row["taken" if minor > 0 else "back"] += minor
        row["payments" if minor > 0 else "returns"] += 1
    return [{"tender": name, **rows[name]} for name in sorted(rows)]


def is_voucher(item: dict[str, Any]) -> bool:
    return str(item.get("sku", "")).startswith("voucher/")


def rates(papers: list[tuple[str, dict[str, Any], dict[str, Any]]]) -> list[dict[str, int]]:
    net: dict[int, int] = defaultdict(int)
    vat: dict[int, int] = defaultdict(int)
    for _, paper, _ in papers:
        for row in paper["tax"]:
            net[row["rate"]] += row["net"]
            vat[row["rate"]] += row["vat"]
        net[0] -= sum(item["minor"] for item in paper["items"] if is_voucher(item))
    return [{"rate": rate, "net": net[rate], "vat": vat[rate]} for rate in sorted(net) if net[rate] or vat[rate]]


def vouchers_in(papers: list[tuple[str, dict[str, Any], dict[str, Any]]], events: list[Event]) -> tuple[int, int]:
    issued = sum(item["minor"] for _, paper, _ in papers for item in paper["items"] if is_voucher(item))
    return issued, sum(
        -signed(event["body"]) for event in filter(is_paid, events) if event["body"]["tender"] == "voucher"
    )


def counts(papers: list[tuple[str, dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(("sales", "refunds", "exchanges", "voids", "comps", "free"), 0)
    if papers:
        found |= {"first": place(papers[0][1]), "last": place(papers[-1][1])}
    for typ, paper, body in papers:
        kind = {"stall-refund+jwt": "refunds", "stall-void+jwt": "voids"}.get(
            typ, "exchanges" if "ref" in paper else "sales"
        )
        found[kind] += 1
        if kind == "sales" and [pay["m"] for pay in paper["pay"]] == ["comp"]:
            found["comps" if "decided_by" in body else "free"] += 1
    return found


def copies(papers: list[tuple[str, dict[str, Any], dict[str, Any]]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(lambda: {"sold": 0, "returned": 0})
    for typ, paper, _ in papers:
        for item in paper["items"]:
            if "drop" in item:
                gone_back = typ != "stall-receipt+jwt" or item["minor"] < 0
                found[item["drop"]]["returned" if gone_back else "sold"] += item["qty"]
    return dict(found)


def place(event: Event) -> dict[str, Any]:
    return {"epoch": event["epoch"], "seq": event["seq"]}


def reports(lines: list[str]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    shift = Shift([])
    for line in map(json.loads, lines):
        if line["type"] != "event":
            continue
        event = json.loads(b64(line["bytes"]))
        if event["kind"] == "shift_close":
            told.append({"said": event["body"], "adds_up": shift.add_up(event)})
            shift = Shift([*shift.before, *shift.events, event])
        else:
            shift.events.append(event)
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(reports(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())))

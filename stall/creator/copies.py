"""What the exported journal of one box says of the copies of one drop: sold, certified, opened, taken back, refused by a bank.

Pure. The journal was checked before (`journals`, `books`), so that here every event is believed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stall.creator.journals import MOST_LINE_BYTES, Life, Report
from stall.creator.ranges import Range
from stall.domain import payment
from stall.domain.epoch import Cause
from stall.wire import b64, event, jws, keys, receipt, strict_json, takeback
from stall.wire.event import Event
from stall.wire.receipt import Receipt

VOID, REFUNDED, EXCHANGED, DECLINED = "void", "refunded", "exchanged", "refused by the bank"
_BACK = {receipt.VOID: VOID, receipt.REFUND: REFUNDED, receipt.RECEIPT: EXCHANGED}


@dataclass
class Copy:
    """One line of a receipt that sold the drop. `receipt` is the hash of its token, `at_ms` when the journal took it (UTC)."""

    box: str
    at_ms: int
    iat: int
    receipt: str
    jti: str
    sale: object
    lease: str | None
    number: int | None
    certificate: str | None = None
    opened: bool = False
    stored: bool = False
    back: str | None = None

    @property
    def spoiled(self) -> bool:
        """Whether its number stays void for ever if it does not count: a certificate names it, or its code was opened."""
        return self.certificate is not None or self.opened or self.back == DECLINED


@dataclass
class Told:
    """What one box's journal says of a drop."""

    box: str
    report: Report
    copies: list[Copy] = field(default_factory=list)
    leased: defaultdict[str, list[Range]] = field(default_factory=lambda: defaultdict(list))  # by epoch
    on_sale: bool = False
    others: int = 0  # lines of a drop of that name by another creator
    ended: tuple[Life, ...] = ()  # lives of which only older exports have all
    put_back: set[str] = field(default_factory=set)  # the lives that others saw longer than the box remembers

    @property
    def lives(self) -> list[Life]:
        """The epochs it has, each as long as it was ever shown."""
        longer = {life.name: life for life in self.ended}
        known = [longer.pop(life.name, life) for life in self.report.lives]
        return [*known, *longer.values()]

    @property
    def epochs(self) -> set[str]:
        """The names of its epochs."""
        return {life.name for life in self.lives}


def read(lines: Iterable[bytes], report: Report, drop: str, manifests: Collection[str]) -> Told:
    """Read what the lines of an export, checked as `report`, say of `drop`, sold under one of these manifests (hashes)."""
    told = Told(keys.thumbprint_of_did(report.box), report)
    reader = _Reader(told, drop, manifests)
    for data in lines:
        told_of = fact(data)
        if told_of is not None:
            reader.take(told_of)
    reader.end()
    return told


def joined(exports: Sequence[Told]) -> Told:
    """Join exports of one box: the last of them as it is, with what only the others know.

    A box that was put back from a backup has forgotten what it sold since. A later export of the same life says all that the
    earlier one does, so that nothing is joined to it.
    """
    last = max(exports, key=lambda one: (len(one.report.lives), one.report.events))
    sold: dict[str, list[Copy]] = {}
    for copy in last.copies:
        sold.setdefault(copy.receipt, []).append(copy)
    longest = {life.name: life for life in last.report.lives}
    for other in exports:
        for life in other.report.lives:
            known = longest.get(life.name)
            if known is None or known.checkpoint.size < life.checkpoint.size:
                longest[life.name] = life
        theirs: dict[str, list[Copy]] = {}
        for copy in other.copies:
            theirs.setdefault(copy.receipt, []).append(copy)
        for receipt_hash, found in theirs.items():
            for copy, same in zip(
                sold.setdefault(receipt_hash, found), found, strict=True
            ):  # one receipt, the same lines
                copy.certificate = copy.certificate or same.certificate
                copy.back = copy.back or same.back
                copy.opened |= same.opened
                copy.stored &= same.stored
    last.copies = [copy for found in sold.values() for copy in found]
    last.ended = tuple(life for life in longest.values() if life not in last.report.lives)
    last.put_back -= {life.name for life in last.ended}
    return last


def fact(data: bytes) -> Event | None:
    """Read the event of one line of a checked journal; None for a checkpoint. Raises WireError."""
    line = strict_json.loads(data.strip(), max_bytes=MOST_LINE_BYTES)
    coded = line.get("bytes") if isinstance(line, dict) else None
    return event.decode(b64.decode(coded)) if isinstance(coded, str) else None


class _Reader:
    """What was read so far."""

    def __init__(self, told: Told, drop: str, manifests: Collection[str]) -> None:
        self.told, self.drop, self.manifests = told, drop, manifests
        self.by_line: dict[tuple[object, int], Copy] = {}
        self.by_jti: defaultdict[str, list[Copy]] = defaultdict(list)
        self.bought: Counter[str] = Counter()  # copies without number, by the receipt's `jti`
        self.back: Counter[str] = Counter()
        self.opened: set[object] = set()
        self.declined: set[object] = set()
        self.stored: dict[object, object] = {}  # sales by the payment that is still to be sent in

    def take(self, fact: Event) -> None:
        body = fact.body
        match fact.kind:
            case "sale" | "attempt" | "finish":
                self._pays(body)
                if "receipt" in body:
                    self._receipt(fact)
            case "certificate":
                copy = self.by_line.get((body["sale"], body["line"]))
                if copy is not None:
                    copy.certificate = body["hash"]
            case "grant":
                self.opened.add(body["sale"])
            case "settled":
                for attempt in body["attempts"]:
                    self.stored.pop(attempt, None)
            case "declined_late":
                self.stored.pop(body["attempt"], None)
                self.declined.add(body["sale"])
            case "lease" if body["drop"] == self.drop:
                self.told.leased[fact.epoch] += [(low, high) for low, high in body["ranges"]]
            case "epoch" if body.get("reason") == Cause.PUT_BACK and isinstance(body.get("parent"), dict):
                self.told.put_back.add(body["parent"]["epoch"])
            case "drop" if body["drop"] == self.drop:
                self.told.on_sale = body["open"]

    def _pays(self, body: Mapping[str, Any]) -> None:
        if body.get("kind") != payment.Kind.PAY or body.get("state") != payment.State.PAID:
            return
        if body.get("settlement") == payment.Settlement.STORED:
            self.stored[body["attempt"]] = body["sale"]
        else:
            self.stored.pop(body["attempt"], None)

    def _receipt(self, fact: Event) -> None:
        token, sale = fact.body["receipt"], fact.body["sale"]
        typ, signed = jws.unverified_typ(token), receipt.parse(jws.unverified_claims(token))
        if signed.ref is not None:
            self._taken_back(typ, signed)
        if typ == receipt.RECEIPT and not signed.test:
            for line, copy in self._sold(fact, signed, jws.token_hash(token), sale):
                self.by_line[sale, line] = copy
                self.by_jti[signed.jti].append(copy)
                self.told.copies.append(copy)

    def _sold(self, fact: Event, signed: Receipt, name: str, sale: object) -> Iterator[tuple[int, Copy]]:
        for line, item in enumerate(signed.items):
            if item.drop != self.drop or item.minor < 0:
                continue
            if item.man not in self.manifests:
                self.told.others += 1
                continue
            if item.ed is None:
                self.bought[signed.jti] += item.qty
            yield line, Copy(self.told.box, fact.at, signed.iat, name, signed.jti, sale, item.lease, item.ed)

    def _taken_back(self, typ: str, signed: Receipt) -> None:
        """Copies without number are alike: they count until as many are back as the receipt sold (docs/protocol.md 8)."""
        ref = signed.ref or ""
        for item in takeback.returned(typ, signed):
            if item.drop != self.drop:
                continue
            if item.ed is None:
                self.back[ref] += item.qty
            for copy in self.by_jti[ref]:
                all_back = item.ed is None and self.back[ref] >= self.bought[ref]
                if copy.number == item.ed and (item.ed is not None or all_back):
                    copy.back = copy.back or _BACK[typ]

    def end(self) -> None:
        waiting = set(self.stored.values())
        for copy in self.told.copies:
            copy.opened = copy.sale in self.opened
            copy.stored = copy.sale in waiting
            if copy.sale in self.declined:
                copy.back = copy.back or DECLINED

"""What the events of an exported journal say, held against each other: payments, receipts, numbers, papers.

Pure, and fed in order by `journals`, which knows that the events are the box's own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stall.creator import owners
from stall.creator.leftover import Payments, Sold, own_money, sold_by
from stall.creator.once import Refusal
from stall.creator.shifts import Shifts
from stall.domain import payment
from stall.errors import WireError
from stall.wire import b64, delegation, jws, keys, receipt
from stall.wire.delegation import Delegation
from stall.wire.event import Event
from stall.wire.receipt import Item, Receipt

_BEGINNING = {payment.State.REQUESTED, payment.State.PAID}  # cash is paid at once


@dataclass(frozen=True)
class Entry:
    """An event, and the key of the box that wrote it."""

    fact: Event
    public: bytes

    @property
    def where(self) -> str:
        """Name it in a sentence."""
        return f"event {self.fact.seq} of epoch {self.fact.epoch}"


@dataclass(frozen=True)
class Limits:
    """The delegations that are at hand, and the creators of the manifests that are, by their hash."""

    delegations: Sequence[Delegation] = ()
    creators: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _by_box(self) -> Mapping[str, Mapping[str, Sequence[Delegation]]]:
        """The delegations by the box's thumbprint and by creator."""
        found: defaultdict[str, defaultdict[str, list[Delegation]]] = defaultdict(lambda: defaultdict(list))
        for one in self.delegations:
            found[keys.thumbprint_of_did(one.sub)][one.iss].append(one)
        return found

    def refusals(self, told: Receipt, stored: Counter[str], among: Collection[str]) -> Iterator[tuple[str, WireError]]:
        """Why a receipt is not covered, by each creator who let its box sell; of those `among` only, if there are any."""
        for creator, chains in self._by_box.get(told.iss, {}).items():
            if (not among or creator in among) and (error := self._refusal(told, stored, chains)) is not None:
                yield creator, error

    def _refusal(self, told: Receipt, stored: Counter[str], chains: Sequence[Delegation]) -> WireError | None:
        """Check a receipt, and what was stored in all by then, against the delegation of one creator that held."""
        lines = [item for item in told.items if item.drop is not None]
        own = [item for item in lines if self.creators.get(item.man or "", chains[0].iss) == chains[0].iss]
        held = delegation.holding(chains, told.iat)
        if held is None or (lines and not own):
            return None  # it sells nothing of this creator's
        drops: set[str | None] = {item.drop for item in own}
        try:
            for drop in drops or {None}:
                owners.check_use(held, "receipt", drop, told.iat)
        except WireError as error:
            sure = bool(own) and all(item.man in self.creators for item in own)
            may_be_anothers = error.code in {"delegation-drop", "delegation-cap"} and not sure
            return None if may_be_anothers else error
        return _over_limit(told, stored, held)


def _over_limit(told: Receipt, stored: Counter[str], held: Delegation) -> WireError | None:
    try:
        delegation.check_receipt(held, told)
    except WireError as error:
        return error
    limit = held.max
    if limit is None or all(part.st != "stored" for part in told.pay) or stored[limit.cur] <= limit.stored_total:
        return None
    return WireError(
        "export-over-limit",
        f"With receipt {told.jti} more was due from cards read offline than the creator allowed. Ask the stall.",
    )


@dataclass
class Books:
    """What the events of all epochs add up to."""

    ended: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    receipts: dict[tuple[str, int], str] = field(default_factory=dict)  # by epoch and event: the hash of the token
    money: Counter[tuple[str, str]] = field(default_factory=Counter)
    sold: dict[tuple[str, int], object] = field(default_factory=dict)
    certified: set[tuple[object, object]] = field(default_factory=set)
    refused: dict[str, Refusal] = field(
        default_factory=dict
    )  # by creator: the first receipt their delegations do not cover
    accepted: set[str] = field(default_factory=set)  # creators whose delegation the box took
    manifests: set[str] = field(default_factory=set)  # of what was sold
    returns: list[tuple[str, str]] = field(default_factory=list)  # types and tokens of refunds, voids and exchanges
    times: tuple[int, ...] = ()  # of the first and the last receipt
    _receipt_of: dict[object, Sold] = field(default_factory=dict)  # by sale: what is left of it
    _by_jti: dict[str, Sold] = field(default_factory=dict)
    _payments: Payments = field(default_factory=Payments)
    _named: set[tuple[str, int]] = field(default_factory=set)  # numbers a certificate is for
    _opened: set[object] = field(default_factory=set)  # sales whose code a phone opened
    _states: dict[object, str] = field(default_factory=dict)
    _paid: defaultdict[object, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    _leases: dict[tuple[str, str], tuple[str, list[Any]]] = field(default_factory=dict)
    _shifts: Shifts = field(default_factory=Shifts)
    _stored: Counter[str] = field(default_factory=Counter)
    _stored_by: dict[object, int] = field(default_factory=dict)

    @property
    def open_payments(self) -> list[tuple[object, str]]:
        """The payments without a final state, by their number."""
        return [(number, state) for number, state in self._states.items() if payment.TRANSITIONS[payment.State(state)]]

    @property
    def unfinished(self) -> list[object]:
        """The sales that took money and have no receipt yet."""
        return [sale for sale, parts in self._paid.items() if parts]

    def take(self, entry: Entry, limits: Limits) -> None:
        """Take in the next event. Raises WireError `export-…` if it contradicts one before it."""
        try:
            self._take(entry, limits)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise WireError(
                "export-fact", f"What {entry.where} says is not written as it must be. Export the journal again."
            ) from error

    def _take(self, entry: Entry, limits: Limits) -> None:
        fact, body = entry.fact, entry.fact.body
        if (fact.kind == "epoch") != (fact.seq == 0):
            raise WireError(
                "export-parent", f"An epoch begins in its midst, at {entry.where}. Export the journal again."
            )
        if fact.kind != "shift_close":
            self._shifts.begin(fact)
        match fact.kind:
            case "drawer":
                self._shifts.moved(body)
            case "shift_close":
                self._shifts.closed(fact, entry.where)
            case "epoch":
                self._parent(entry, body["parent"])
            case "delegation":
                self._delegation(entry, body)
            case "lease":
                self._leases[fact.epoch, body["jti"]] = (body["drop"], body["ranges"])
            case "sale" | "attempt" | "finish":
                if fact.kind != "finish":
                    self._attempt(entry, body)
                if "receipt" in body:
                    self._receipt(entry, body, limits)
            case "certificate" | "grant" | "delivery":
                self._handed_over(entry, body)

    def _delegation(self, entry: Entry, body: Mapping[str, Any]) -> None:
        """A creator's delegation shows whom they trust; that the box took it, for whom it sells."""
        if (body["role"], body["sub"]) == ("box", keys.thumbprint(entry.public)):
            self.accepted.add(body["creator"])

    def _parent(self, entry: Entry, parent: Mapping[str, Any] | None) -> None:
        if parent is None and not self.ended:
            return
        ended = self.ended.get(parent["epoch"]) if parent else None
        if parent is None or ended != (parent["size"], b64.decode(parent["root"])):
            raise WireError(
                "export-parent",
                f"The epoch before {entry.where} is not in the export, or ended otherwise. Export the journal again.",
            )

    def _attempt(self, entry: Entry, body: Mapping[str, Any]) -> None:
        number, state, before = body["attempt"], payment.State(body["state"]), self._states.get(body["attempt"])
        following = _BEGINNING if before is None else payment.TRANSITIONS[payment.State(before)]
        settled = before == state == payment.State.PAID and body.get("settlement") is not None
        if state not in following and not settled:
            raise WireError(
                "export-attempt",
                f"A payment goes from {before or 'nothing'} to {state} in {entry.where}. Do not rely on it: no stall keeps its journal so.",
            )
        self._states[number] = state
        if state != payment.State.PAID:
            return
        if not settled and body["minor"]:
            self._shifts.paid(body)
        if body["kind"] != payment.Kind.PAY:
            if "of" in body:
                self._given_back(entry, body)
            else:  # it undoes no payment: the stall pays out, as for a deposit that comes back
                self._paid[body["sale"]].append((body["tender"], -body["minor"]))
            return
        if not settled:
            self._paid[body["sale"]].append((body["tender"], body["minor"]))
            self._payments.take(number, body["sale"], body["tender"], body["minor"])
        self._store(number, body)

    def _given_back(self, entry: Entry, body: Mapping[str, Any]) -> None:
        """Take off what is given back: of its own unfinished sale a part of its money; of another sale it is a part of this one."""
        of_sale = self._payments.give(body["of"], body["tender"], body["minor"])
        if of_sale is None:
            raise _not_taken_back(entry)
        if body["of"] in self._stored_by:
            self._stored[body["cur"]] -= body["minor"]
            self._stored_by[body["of"]] -= body["minor"]
        part, paid = (body["tender"], body["minor"]), self._paid[body["sale"]]
        if (
            of_sale != body["sale"] or "receipt" in body
        ):  # of another sale, or of its own that is finished: its void tells
            paid.append((body["tender"], -body["minor"]))
        elif part not in paid:
            raise _not_taken_back(entry)
        else:
            paid.remove(part)

    def _store(self, number: object, body: Mapping[str, Any]) -> None:
        """Keep what cards read offline still owe."""
        cur, later = body["cur"], body.get("settlement")
        self._stored[cur] -= self._stored_by.pop(number, 0)
        if later == payment.Settlement.STORED:
            self._stored_by[number] = body["minor"]
            self._stored[cur] += body["minor"]

    def _receipt(self, entry: Entry, body: Mapping[str, Any], limits: Limits) -> None:
        token, sale = body["receipt"], body["sale"]
        typ = jws.unverified_typ(token)
        if typ not in receipt.TYPES:
            raise WireError("token-wrong-type", f"The receipt in {entry.where} is none. Export the journal again.")
        told = receipt.verify(token, {keys.thumbprint(entry.public): entry.public}, typ)
        if (told.epoch, told.seq) != (entry.fact.epoch, entry.fact.seq):
            raise WireError("export-receipt", f"The receipt in {entry.where} belongs to another. Export again.")
        self._shifts.signed(told)
        for creator, error in limits.refusals(told, self._stored, self.accepted):
            self.refused.setdefault(creator, Refusal.of(error))
        self.manifests |= {item.man for item in told.items if item.man is not None}
        self.times = (*self.times[:1], told.iat)
        self.receipts[entry.fact.epoch, entry.fact.seq] = jws.token_hash(token)
        for part in told.pay:
            self.money[part.m, part.cur] += part.minor
        if told.ref is not None:
            self.returns.append((typ, token))
            self._taken_back(entry, typ, told)
        self._names_its_payments(entry, told, sale)
        if typ == receipt.RECEIPT:
            self._sold(entry, told, sale)

    def _taken_back(self, entry: Entry, typ: str, told: Receipt) -> None:
        """What takes back takes what is left of the receipt it names, a void all of it.

        Numbers that come back may be sold again, but those a certificate names and those whose code was opened: they
        stay void for ever.
        """
        sold = self._by_jti.get(told.ref or "")
        back = None if sold is None else sold.take(typ, told)
        if sold is None or back is None:
            raise _not_taken_back(entry)
        for item in back:
            number = (item.drop or "", item.ed or 0)
            if item.ed is None:
                continue
            if self.sold.get(number) != sold.sale:
                raise _not_taken_back(entry)
            if number not in self._named and sold.sale not in self._opened:
                self.sold.pop(number, None)

    def _names_its_payments(self, entry: Entry, told: Receipt, sale: object) -> None:
        if not own_money(self._paid.pop(sale, []), told):
            raise self._second(entry)

    def _second(self, entry: Entry) -> WireError:
        return WireError(
            "export-receipt",
            f"The receipt in {entry.where} is a second one, or names other payments than were made. Ask the stall about it.",
        )

    def _sold(self, entry: Entry, told: Receipt, sale: object) -> None:
        if sale in self._receipt_of:
            raise self._second(entry)
        self._receipt_of[sale] = self._by_jti[told.jti] = sold_by(sale, told)
        for item in told.items:
            if item.minor >= 0:
                self._number(entry, item, sale)

    def _number(self, entry: Entry, item: Item, sale: object) -> None:
        if item.ed is None or item.drop is None:
            return
        drop, ranges = self._leases.get((entry.fact.epoch, item.lease or ""), ("", []))
        leased = drop == item.drop and any(low <= item.ed <= high for low, high in ranges)
        if (item.drop, item.ed) in self.sold or not leased:
            raise WireError(
                "export-number",
                f"Number {item.ed} of {item.drop} is sold twice, or without a lease, in {entry.where}. Ask the stall about it.",
            )
        self.sold[item.drop, item.ed] = sale

    def _handed_over(self, entry: Entry, body: Mapping[str, Any]) -> None:
        sale = body["sale"]
        wrong = sale not in self._receipt_of or self._receipt_of[sale].closed
        if entry.fact.kind == "certificate":
            wrong |= (sale, body["line"]) in self.certified
            wrong |= "ed" in body and self.sold.get((body["drop"], body["ed"])) != sale
            self.certified.add((sale, body["line"]))
            if "ed" in body:
                self._named.add((body["drop"], body["ed"]))
        if entry.fact.kind == "grant":
            self._opened.add(sale)
        if wrong:
            raise WireError(
                "export-delivery",
                f"In {entry.where} something is handed over that was not bought, or was already. Ask the stall about it.",
            )


def _not_taken_back(entry: Entry) -> WireError:
    return WireError(
        "export-taken-back",
        f"In {entry.where} something is taken back that was not sold, or too much or too little of it. Ask the stall about it.",
    )

"""What the events of an exported journal say, held against each other: payments, receipts, numbers, papers.

Pure, and fed in order by `journals`, which knows that the events are the box's own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stall.creator import evidence
from stall.domain import payment
from stall.errors import StallError, WireError
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
    """The delegations of the box that are at hand: how much it may take by cards read offline."""

    delegations: Sequence[Delegation] = ()

    def refusal(self, told: Receipt) -> StallError | None:
        """Why none of the box's delegations for what a receipt sells covers it, as a receipt alone would be judged."""
        drops: set[str | None] = {item.drop for item in told.items} or {None}
        known = [one for one in self.delegations if keys.thumbprint_of_did(one.sub) == told.iss]
        refusals = []
        for chain in sorted(known, key=lambda one: one.seq, reverse=True):
            try:
                for drop in drops:
                    evidence.check_use(chain, "receipt", drop, told.iat)
            except WireError as error:
                refusals.append(error)
            else:
                return None
        of_time = [error for error in refusals if error.code not in {"delegation-drop", "delegation-cap"}]
        return of_time[0] if of_time else None  # what another creator's delegation would cover is not judged

    def check(self, told: Receipt, stored: Counter[str]) -> None:
        """Check a receipt, and what was stored in all by then, against the delegation that held. Raises WireError."""
        drops = {item.drop for item in told.items if item.drop is not None}
        of_drops = [one for one in self.delegations if delegation.ANY_DROP in one.drops or drops <= set(one.drops)]
        for creator in {one.iss for one in of_drops}:
            held = delegation.holding([one for one in of_drops if one.iss == creator], told.iat)
            if held is None or held.max is None or not held.nbf <= told.iat <= held.exp:
                continue
            delegation.check_receipt(held, told)
            if any(part.st == "stored" for part in told.pay) and stored[held.max.cur] > held.max.stored_total:
                raise WireError(
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
    refusal: StallError | None = None  # of the first receipt that no delegation at hand covers
    times: tuple[int, ...] = ()  # of the first and the last receipt
    _receipt_of: dict[object, tuple[str, int]] = field(default_factory=dict)  # its id, and what was not given back
    _named: set[tuple[str, int]] = field(default_factory=set)  # numbers a certificate is for
    _states: dict[object, str] = field(default_factory=dict)
    _paid: defaultdict[object, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    _leases: dict[tuple[str, str], tuple[str, list[Any]]] = field(default_factory=dict)
    _stored: Counter[str] = field(default_factory=Counter)
    _stored_by: dict[object, int] = field(default_factory=dict)

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
        match fact.kind:
            case "epoch":
                self._parent(entry, body["parent"])
            case "lease":
                self._leases[fact.epoch, body["jti"]] = (body["drop"], body["ranges"])
            case "sale" | "attempt" | "finish":
                if fact.kind != "finish":
                    self._attempt(entry, body)
                if "receipt" in body:
                    self._receipt(entry, body, limits)
            case "certificate" | "grant" | "delivery":
                self._handed_over(entry, body)

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
        if body["kind"] != payment.Kind.PAY:
            self._given_back(entry, body)
            return
        if not settled:
            self._paid[body["sale"]].append((body["tender"], body["minor"]))
        self._store(number, body)

    def _given_back(self, entry: Entry, body: Mapping[str, Any]) -> None:
        """Take off what is given back: of an unfinished sale a part of its money, of a finished one by its receipt."""
        self._stored[body["cur"]] -= self._stored_by.pop(body["of"], 0)
        part, paid = (body["tender"], body["minor"]), self._paid[body["sale"]]
        if "receipt" in body:
            return
        if part not in paid:
            raise _not_taken_back(entry)
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
        limits.check(told, self._stored)
        self.refusal = self.refusal or limits.refusal(told)
        self.times = (*self.times[:1], told.iat)
        self.receipts[entry.fact.epoch, entry.fact.seq] = jws.token_hash(token)
        for part in told.pay:
            self.money[part.m, part.cur] += part.minor
        if typ != receipt.RECEIPT:
            self._taken_back(entry, typ, told, sale)
        elif told.ref is None:
            self._first_receipt(entry, told, sale)

    def _taken_back(self, entry: Entry, typ: str, told: Receipt, sale: object) -> None:
        """A refund gives back at most what is left of its sale, a void all of it.

        The numbers of a void may be sold again, but those a certificate names: they stay void for ever.
        """
        jti, left = self._receipt_of.get(sale, ("", 0))
        left += sum(part.minor for part in told.pay)
        if jti != told.ref or left < 0 or (typ == receipt.VOID and left):
            raise _not_taken_back(entry)
        self._receipt_of[sale] = (jti, left)
        if typ != receipt.VOID:
            return
        for item in told.items:
            number = (item.drop or "", item.ed or 0)
            if item.ed is not None and self.sold.get(number) != sale:
                raise _not_taken_back(entry)
            if number not in self._named:
                self.sold.pop(number, None)
        del self._receipt_of[sale]

    def _first_receipt(self, entry: Entry, told: Receipt, sale: object) -> None:
        paid = sorted(self._paid.pop(sale, []))
        if sale in self._receipt_of or paid != sorted((part.m, part.minor) for part in told.pay):
            raise WireError(
                "export-receipt",
                f"The receipt in {entry.where} is a second one, or names other payments than were made. Ask the stall about it.",
            )
        self._receipt_of[sale] = (told.jti, sum(part.minor for part in told.pay))
        for item in told.items:
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
        wrong = sale not in self._receipt_of
        if entry.fact.kind == "certificate":
            wrong |= (sale, body["line"]) in self.certified
            wrong |= "ed" in body and self.sold.get((body["drop"], body["ed"])) != sale
            self.certified.add((sale, body["line"]))
            if "ed" in body:
                self._named.add((body["drop"], body["ed"]))
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

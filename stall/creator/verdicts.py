"""What signed papers prove, in plain words: what each is, who signed it, by what chain, and how far that goes.

Papers handed in together explain each other: a receipt needs the delegation of the box that signed it, a certificate is
compared with the manifest and the receipt that lie beside it. Never says valid without saying how far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stall.creator import evidence, ranges
from stall.creator.evidence import Evidence, Paper
from stall.domain import money
from stall.errors import Hostile, Refused, StallError
from stall.wire import credential, delegation, jws, keys, lease, manifest, receipt
from stall.wire.delegation import Delegation

REVOKED = "REVOKED"

#: What a receipt says in codes, for a person; every pair `wire.receipt.STATES` allows.
_HOW: Mapping[tuple[str, str], str] = {
    ("card", "online"): "paid by card",
    ("card", "stored"): "paid by a card that was read offline",
    ("cash", "cash"): "paid in cash",
    ("comp", "free"): "given free",
    ("voucher", "voucher"): "paid with a voucher",
    ("operator", "confirmed"): "paid on another card reader",
}
_CLOCK: Mapping[str, str] = {
    "ntp": "set from the internet",
    "rtc": "the box keeps itself",
    "operator": "confirmed by the stall",
    "floor": "that was not sure (it was no earlier)",
}


@dataclass(frozen=True)
class Verdict:
    """What was found out about one paper. `code` is that of the error, if one was raised; only certificates have a `grade`."""

    name: str
    what: str
    ok: bool
    says: tuple[str, ...]
    grade: str | None = None
    code: str | None = None


def judge(papers: Sequence[Paper], creator_did: str | None = None) -> list[Verdict]:
    """Check every paper, each with the help of the others; with `creator_did`, only that creator counts.

    Raises WireError when `creator_did` is not a did; what is wrong with a paper stands in its verdict.
    """
    heap = evidence.gather(papers, creator_did)
    return [_judged(paper, heap) for paper in papers]


def _judged(paper: Paper, heap: Evidence) -> Verdict:
    what = "paper"
    try:
        if isinstance(paper.content, dict):
            what = "certificate"
            return _certificate(paper.name, paper.content, heap)
        typ = jws.unverified_typ(paper.content)
        if typ not in _TOKENS:
            raise Refused("verify-type", f"This is a “{typ}”, which is not checked here. Hand in the other papers.")
        what, says = _TOKENS[typ]
        return Verdict(paper.name, what, ok=True, says=(*says(paper.content, heap), *paper.seen))
    except StallError as error:
        return Verdict(paper.name, what, ok=False, says=(error.sentence,), code=error.code)


def _manifest(token: str, heap: Evidence) -> list[str]:
    signed = manifest.verify(token, evidence.named_key(token))
    drop = signed.drop
    copies = f"an edition of {drop.edition}" if drop.edition else "an open edition"
    price = ", ".join(money.text(p.minor, p.cur) for p in signed.price) or "no price"
    return [
        f"“{drop.title}”, version {signed.ver}: {len(signed.files)} files, {copies}, {price}.",
        f"On sale from {_day(drop.window.nbf)} to {_day(drop.window.exp)}. Licence: {drop.licence.rstrip('.')}.",
        *_by_creator(signed.iss, heap),
    ]


def _delegation(token: str, heap: Evidence) -> list[str]:
    given = delegation.verify(token, evidence.named_key(token))
    drops = "all drops" if delegation.ANY_DROP in given.drops else ", ".join(given.drops)
    return [
        f"The {given.role} {given.sub} may sign {', '.join(given.cap)} for {drops}.",
        f"In force from {_day(given.nbf)} to {_day(given.exp)}.",
        *_by_creator(given.iss, heap),
    ]


def _lease(token: str, heap: Evidence) -> list[str]:
    if jws.unverified_kid(token) not in heap.creators:
        raise Hostile("verify-needs-creator", "Whose lease this is cannot be told. Add the pack, or name the creator.")
    given = lease.verify(token, heap.creators)
    return [
        f"Numbers {ranges.text(given.ranges) or 'none'} of {given.drop} for the box {given.sub}, epoch {given.epoch}.",
        f"In force from {_day(given.iat)} to {_day(given.exp)}.",
        *_by_creator(keys.did_key(heap.creators[given.iss]), heap),
    ]


def _receipt(token: str, heap: Evidence) -> list[str]:
    told, chain = heap.receipt(token, receipt.RECEIPT)
    numbers = [f"number {item.ed} of {item.drop}" for item in told.items if item.ed is not None]
    says = [*_paid(token, heap), f"It bought {', '.join(numbers) or 'no numbered copy'}."]
    says += ["It was a test, no sale."] if told.test else []
    says += ["A refund or void beside it takes it back, whole or in part."] if heap.took_back(told) else []
    return [*says, *_by_box(chain, heap)]


def _taken_back(typ: str) -> Callable[[str, Evidence], list[str]]:
    def says(token: str, heap: Evidence) -> list[str]:
        told, chain = heap.receipt(token, typ)
        return [*_paid(token, heap), f"It takes back the receipt {told.ref}.", *_by_box(chain, heap)]

    return says


def _paid(token: str, heap: Evidence) -> list[str]:
    told, _chain = heap.receipt(token, jws.unverified_typ(token))
    total = money.text(sum(part.minor for part in told.pay), told.pay[0].cur)
    how = ", ".join(_HOW[part.m, part.st] for part in told.pay)
    return [
        f"{total}, {how}, on {_day(told.iat)} by a clock {_CLOCK[told.clk]}.",
        f"Entry {told.seq} in the journal of the box {told.iss}.",
    ]


_TOKENS: Mapping[str, tuple[str, Callable[[str, Evidence], list[str]]]] = {
    manifest.TYP: ("manifest", _manifest),
    delegation.TYP: ("delegation", _delegation),
    lease.TYP: ("lease", _lease),
    receipt.RECEIPT: ("receipt", _receipt),
    receipt.REFUND: ("refund", _taken_back(receipt.REFUND)),
    receipt.VOID: ("void", _taken_back(receipt.VOID)),
}


def _certificate(name: str, document: dict[str, Any], heap: Evidence) -> Verdict:
    held = credential.verify(document)
    heap.check_creator(held.creator)
    number = f"Number {held.edition} of {held.edition_size} of" if held.edition else "A copy of"
    says = [f"{number} {held.drop}, since {_day(held.valid_from_s)}."]
    says.append("It belongs to whoever holds the owner code." if held.owner else "It names no owner key.")
    if held.manifest in heap.manifests:
        token, signed = heap.manifests[held.manifest]
        credential.check_manifest(held, signed, token)
        says.append(f"The manifest it names lies beside it: “{signed.drop.title}”.")
    if held.receipt in heap.receipts:
        says.append("The receipt it names lies beside it.")
    if heap.is_withdrawn(held):
        says.append("It was taken back and counts no more.")
        return Verdict(name, "certificate", ok=False, says=tuple(says), grade=REVOKED)
    if held.grade == credential.FINAL or held.delegation is None:
        says += ["Final: signed by the creator.", *_by_creator(held.creator, heap)]
    else:
        says += ["Provisional: signed by the box at the sale, not yet confirmed by the creator."]
        says += _by_box(held.delegation, heap)
    return Verdict(name, "certificate", ok=True, says=tuple(says), grade=held.grade)


def _by_box(chain: Delegation, heap: Evidence) -> list[str]:
    named = f" “{chain.name}”" if chain.name else ""
    return [f"Signed by the box{named} {chain.sub}, which the creator let do so.", *_by_creator(chain.iss, heap)]


def _by_creator(did: str, heap: Evidence) -> list[str]:
    heap.check_creator(did)
    return [f"The creator is {did}.", *_trust(did, heap)]


def _trust(did: str, heap: Evidence) -> list[str]:
    if heap.expected == did:
        return ["That is the creator you named."]
    return ["Compare that name with the one on the creator's poster or web page; anyone can make a key."]


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")

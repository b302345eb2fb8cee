"""What each kind of paper says, in plain words, who signed it, and by what chain that goes back to a creator.

A paper that does not hold raises; how far one that holds may be trusted is for `verdicts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from stall.creator import evidence, journals, ranges
from stall.creator.books import Limits
from stall.creator.evidence import Evidence
from stall.creator.journals import Known, Report
from stall.creator.papers import Export, Text
from stall.domain import money
from stall.errors import Hostile, WireError
from stall.wire import b64, delegation, jws, keys, lease, manifest, note, receipt
from stall.wire.delegation import Delegation

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
class Link:
    """One signer of a chain; the first signed the paper, the last is the creator."""

    role: str
    did: str
    name: str | None = None


@dataclass(frozen=True)
class Said:
    """What a paper that holds says. `dated` is its own time, `until` when it ends (seconds UTC), where it tells."""

    says: tuple[str, ...]
    chain: tuple[Link, ...]
    dated: int | None = None
    until: int | None = None
    delegate: Delegation | None = None


def _manifest(token: str, heap: Evidence) -> Said:
    signed, chain = heap.manifest(token)
    drop = signed.drop
    copies = f"an edition of {drop.edition}" if drop.edition else "an open edition"
    price = ", ".join(money.text(p.minor, p.cur) for p in signed.price) or "no price"
    says = [
        f"“{drop.title}”, version {signed.ver}: {len(signed.files)} files, {copies}, {price}.",
        f"On sale from {day(drop.window.nbf)} to {day(drop.window.exp)}. Licence: {drop.licence.rstrip('.')}.",
        *_signed_by(signed.iss, chain, heap),
    ]
    return Said(tuple(says), links(signed.iss, chain), signed.iat, signed.exp - 1, chain)


def _delegation(token: str, heap: Evidence) -> Said:
    given = delegation.verify(token, evidence.named_key(token))
    drops = "all drops" if delegation.ANY_DROP in given.drops else ", ".join(given.drops)
    says = [
        f"The {given.role} {given.sub} may sign {', '.join(given.cap)} for {drops}.",
        f"In force from {day(given.nbf)} to {day(given.exp)}.",
        *by_creator(given.iss, heap),
    ]
    return Said(tuple(says), links(given.iss), given.nbf, given.exp)


def _lease(token: str, heap: Evidence) -> Said:
    given, chain = heap.lease(token)
    creator = chain.iss if chain else keys.did_key(heap.creators[given.iss])
    says = [
        f"Numbers {ranges.text(given.ranges) or 'none'} of {given.drop} for the box {given.sub}, epoch {given.epoch}.",
        f"In force from {day(given.iat)} to {day(given.exp)}.",
        *_signed_by(creator, chain, heap),
    ]
    return Said(tuple(says), links(creator, chain), given.iat, given.exp, chain)


def _receipt(token: str, heap: Evidence) -> Said:
    told, chain = heap.receipt(token, receipt.RECEIPT)
    _check_one_history(token, heap)
    numbers = [f"number {item.ed} of {item.drop}" for item in told.items if item.ed is not None]
    says = [*_paid(token, heap), f"It bought {', '.join(numbers) or 'no numbered copy'}."]
    says += ["It was a test, no sale."] if told.test else []
    says += ["A refund or void beside it takes it back, whole or in part."] if heap.took_back(told) else []
    return Said((*says, *by_delegate(chain, heap)), links(chain.iss, chain), told.iat, None, chain)


def _taken_back(typ: str) -> Callable[[str, Evidence], Said]:
    def says(token: str, heap: Evidence) -> Said:
        told, chain = heap.receipt(token, typ)
        _check_one_history(token, heap)
        lines = (*_paid(token, heap), f"It takes back the receipt {told.ref}.", *by_delegate(chain, heap))
        return Said(lines, links(chain.iss, chain), told.iat, None, chain)

    return says


def _check_one_history(token: str, heap: Evidence) -> None:
    """Two receipts in one place of one journal are two histories."""
    told, _chain = heap.receipt(token, jws.unverified_typ(token))
    if heap.entries.get((told.iss, told.epoch, told.seq), {token}) != {jws.token_hash(token)}:
        raise WireError(
            "verify-forked",
            f"The box signed two receipts as entry {told.seq} of one journal. One was kept from somebody: trust neither.",
        )


def _paid(token: str, heap: Evidence) -> list[str]:
    told, _chain = heap.receipt(token, jws.unverified_typ(token))
    total = money.text(sum(part.minor for part in told.pay), told.pay[0].cur)
    how = ", ".join(_HOW[part.m, part.st] for part in told.pay)
    return [
        f"{total}, {how}, on {day(told.iat)} by a clock {_CLOCK[told.clk]}.",
        f"Entry {told.seq} in the journal of the box {told.iss}.",
    ]


TOKENS: Mapping[str, tuple[str, Callable[[str, Evidence], Said]]] = {
    manifest.TYP: ("manifest", _manifest),
    delegation.TYP: ("delegation", _delegation),
    lease.TYP: ("lease", _lease),
    receipt.RECEIPT: ("receipt", _receipt),
    receipt.REFUND: ("refund", _taken_back(receipt.REFUND)),
    receipt.VOID: ("void", _taken_back(receipt.VOID)),
}
"""Every type of token that is verified here: its word, and what it says."""


def checkpoint(content: Text, heap: Evidence) -> Said:
    """Say what a checkpoint says."""
    opened, state, chain = heap.checkpoint(content.text)
    _check_not_forked((state.origin, state.size), heap)
    seen = _cosigned(opened.signatures, heap)
    says = [
        f"The journal of {state.origin} has {_count(state.size, 'event')}, root {b64.encode(state.root)}.",
        *(seen or ["No cloud whose key is known saw it. Give --cosigner, or the cloud's delegation."]),
        *by_delegate(chain, heap),
    ]
    return Said(tuple(says), links(chain.iss, chain), None, None, None)


def export(content: Export, heap: Evidence) -> Said:
    """Say what an exported journal says; its box is known by a delegation at hand, or by the key it names itself."""
    known = [one for chains in heap.delegations.values() for one in chains if "receipt" in one.cap]
    trusted = [one for one in known if heap.expected in {None, one.iss}]
    report = journals.check(content.lines(), Known(None, heap.cosigners, Limits(trusted), heap.roots))
    chain = next((one for one in trusted if one.sub == report.box), None)
    _check_export(report, chain, heap)
    lives = [
        f"Epoch {life.name}: {_count(life.tree.size, 'event')}, root {b64.encode(life.checkpoint.root)}."
        for life in report.lives
    ]
    seen = [line for life in report.lives for line in _cosigned(life.cosigned, heap, life.cosigned_size)]
    by = by_delegate(chain, heap) if chain else [_NO_CHAIN.format(box=report.box)]
    says = (*lives, *seen, *_added_up(report), *by, _MAY_LACK)
    return Said(says, links(chain.iss, chain) if chain else (Link("box", report.box),))


_NO_CHAIN = "Signed by the box {box}. Which creator let it do so cannot be told: add its delegation."
_MAY_LACK = (
    "Newer epochs and events may be left out: compare with a cosigner's newest note or the cloud's list of epochs."
)


def _check_export(report: Report, chain: Delegation | None, heap: Evidence) -> None:
    """Hold an export against the other papers of its box."""
    if chain is None and heap.expected is not None:
        raise Hostile(
            "verify-needs-delegation", "Which creator stands behind this box cannot be told. Add its delegation."
        )
    box = keys.thumbprint_of_did(report.box)
    for life in report.lives:
        _check_not_forked((life.checkpoint.origin, life.tree.size), heap)
        here = {
            (box, life.name, seq): {token}
            for (epoch, seq), token in report.books.receipts.items()
            if epoch == life.name
        }
        for place, tokens in heap.entries.items():
            if place[:2] == (box, life.name) and place[2] < life.tree.size and here.get(place) != tokens:
                raise WireError(
                    "verify-forked",
                    f"A receipt says it is entry {place[2]} of this journal, where another stands. Trust neither.",
                )


def _check_not_forked(where: tuple[str, int], heap: Evidence) -> None:
    if where in heap.forked:
        raise WireError(
            "verify-forked",
            "The box signed two journals of one length that differ. One was kept from somebody: trust neither.",
        )


def _cosigned(signatures: tuple[note.Signature, ...], heap: Evidence, size: int | None = None) -> list[str]:
    what = "It was" if size is None else f"The first {_count(size, 'event')} were"
    return [
        f"{what} cosigned by {one.name} on {day(one.time_s)}."
        for one in signatures
        if one.kind == note.COSIGNATURE_KIND and one.time_s is not None and heap.may_cosign(one.name, one.time_s)
    ]


def _added_up(report: Report) -> list[str]:
    books = report.books
    tenders = Counter({f"{tender} {money.text(minor, cur)}": 1 for (tender, cur), minor in sorted(books.money.items())})
    drops = Counter(drop for drop, _ in books.sold)
    numbers = ", ".join(f"{_count(count, 'number')} of {drop}" for drop, count in sorted(drops.items()))
    return [
        f"{_count(len(books.receipts), 'receipt')}, {_count(len(books.certified), 'certificate')}; {', '.join(tenders) or 'no money'}.",
        f"Sold: {numbers}, none twice." if numbers else "No numbered copy was sold.",
    ]


def links(creator: str, chain: Delegation | None = None) -> tuple[Link, ...]:
    """The chain from whoever signed to the creator."""
    last = Link("creator", creator)
    return (Link(chain.role, chain.sub, chain.name), last) if chain else (last,)


def by_delegate(chain: Delegation, heap: Evidence) -> list[str]:
    """Say who signed for the creator."""
    named = f" “{chain.name}”" if chain.name else ""
    return [
        f"Signed by the {chain.role}{named} {chain.sub}, which the creator let do so.",
        *by_creator(chain.iss, heap),
    ]


def by_creator(did: str, heap: Evidence) -> list[str]:
    """Say who the creator is, and whether that is the one named. Raises Hostile `verify-other-creator`."""
    heap.check_creator(did)
    return [f"The creator is {did}.", *_trust(did, heap)]


def _signed_by(creator: str, chain: Delegation | None, heap: Evidence) -> list[str]:
    return by_delegate(chain, heap) if chain else by_creator(creator, heap)


def _trust(did: str, heap: Evidence) -> list[str]:
    if heap.expected == did:
        return ["That is the creator you named."]
    return ["Compare that name with the one on the creator's poster or web page; anyone can make a key."]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def day(seconds: int) -> str:
    """Write a day as people do in files."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")

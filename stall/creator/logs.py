"""What checkpoints, exported journals and proofs from them say, in plain words. A paper that does not hold raises."""

from __future__ import annotations

import re
from collections import Counter

from stall.creator import chains, journals
from stall.creator.books import Limits
from stall.creator.chains import Link, Said
from stall.creator.evidence import Evidence, cloud_name
from stall.creator.journals import Known, Report
from stall.creator.papers import Export, LogProof, Text
from stall.domain import money
from stall.errors import Hostile, WireError
from stall.wire import b64, keys, note, tlogproof
from stall.wire.delegation import Delegation

_NAME = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # anything else could be written to fool a terminal
_UNSEEN = "No cloud whose key is known saw it. Give --cosigner, or the cloud's delegation."
_NO_CHAIN = "Signed by the box {box}. Which creator let it do so cannot be told: add its delegation."
_MAY_LACK = (
    "Newer epochs and events may be left out: compare with a cosigner's newest note or the cloud's list of epochs."
)


def checkpoint(content: Text, heap: Evidence) -> Said:
    """Say what a checkpoint says."""
    opened, state, chain = heap.checkpoint(content.text)
    _check_not_forked((state.origin, state.size), heap)
    seen = _cosigned(opened.signatures, heap)
    says = [
        f"The journal of {state.origin} has {chains.counted(state.size, 'event')}, root {b64.encode(state.root)}.",
        *(seen or [_UNSEEN]),
        *chains.by_delegate(chain, heap),
    ]
    rests = _rests(opened.signatures, heap)
    signed = tuple((chains.name_of(chain), at_s) for _cloud, at_s in rests)
    return Said(tuple(says), chains.links(chain.iss, chain), rests=(*rests, *signed))


def read(content: Export, heap: Evidence) -> Report:
    """Check an exported journal. Raises WireError."""
    known = Known(None, heap.cosigners, Limits(_trusted(heap)), heap.roots, heap.certificates)
    return journals.check(content.lines(), known)


def _trusted(heap: Evidence) -> list[Delegation]:
    known = [one for found in heap.delegations.values() for one in found if "receipt" in one.cap]
    return [one for one in known if heap.expected in {None, one.iss}]


def export(content: Export, heap: Evidence) -> Said:
    """Say what an exported journal says; its box is known by a delegation at hand, or by the key it names itself."""
    report = read(content, heap)
    own = [one for one in _trusted(heap) if one.sub == report.box]
    chain = max(own, key=lambda one: one.seq, default=None)
    _check_export(report, chain, heap)
    lives = [
        f"Epoch {life.name}: {chains.counted(life.tree.size, 'event')}, root {b64.encode(life.checkpoint.root)}."
        for life in report.lives
    ]
    seen = [
        line for life in report.lives for line in _cosigned(life.cosigned, heap, life.seen.size if life.seen else None)
    ]
    by = chains.by_delegate(chain, heap) if chain else [_NO_CHAIN.format(box=report.box)]
    says = (*lives, *seen, *_added_up(report), *by, _MAY_LACK)
    rests = [(chains.name_of(one), at_s) for one in own for at_s in report.books.times]
    rests += [one for life in report.lives for one in _rests(life.cosigned, heap)]
    links = chains.links(chain.iss, chain) if chain else (Link("box", report.box),)
    return Said(says, links, rests=tuple(rests))


def _check_export(report: Report, chain: Delegation | None, heap: Evidence) -> None:
    """Hold an export against the other papers of its box, and its receipts against the delegations at hand."""
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
    if report.books.refusal is not None:
        raise report.books.refusal


def _check_not_forked(where: tuple[str, int], heap: Evidence) -> None:
    if where in heap.forked:
        raise WireError(
            "verify-forked",
            "The box signed two journals of one length that differ. One was kept from somebody: trust neither.",
        )


def log_proof(content: LogProof, heap: Evidence) -> Said:
    """Say what a proof from a journal shows."""
    logged, chain = heap.log_proof(tlogproof.read(content.text))
    fact, state = logged.event, logged.checkpoint
    _check_not_forked((state.origin, state.size), heap)
    what = f"a fact of the kind “{fact.kind}”"
    if fact.kind == "certificate" and _NAME.fullmatch(str(fact.body.get("hash"))):
        what = f"the certificate {fact.body['hash']}"
    says = (
        f"Entry {fact.seq} of {chains.counted(state.size, 'event')} in the journal of {state.origin}: {what}.",
        *(_cosigned(logged.signatures, heap) or [_UNSEEN]),
        *chains.by_delegate(chain, heap),
    )
    rests = _rests(logged.signatures, heap)
    return Said(says, chains.links(chain.iss, chain), fact.at // 1000, None, chain, rests=rests)


def _rests(signatures: tuple[note.Signature, ...], heap: Evidence) -> tuple[tuple[str, int], ...]:
    """The delegations of clouds that cosigned, each with the time at which they did."""
    clouds = [one for found in heap.delegations.values() for one in found if "cosign" in one.cap]
    seen = [(one.name, one.time_s) for one in signatures if one.time_s is not None]
    return tuple((chains.name_of(cloud), at_s) for cloud in clouds for name, at_s in seen if cloud_name(cloud) == name)


def _cosigned(signatures: tuple[note.Signature, ...], heap: Evidence, size: int | None = None) -> list[str]:
    what = "It was" if size is None else f"The first {chains.counted(size, 'event')} were"
    return [
        f"{what} cosigned by {one.name} on {chains.day(one.time_s)}."
        for one in signatures
        if one.kind == note.COSIGNATURE_KIND and one.time_s is not None and heap.may_cosign(one.name, one.time_s)
    ]


def _added_up(report: Report) -> list[str]:
    books = report.books
    tenders = Counter({f"{tender} {money.text(minor, cur)}": 1 for (tender, cur), minor in sorted(books.money.items())})
    drops = Counter(drop for drop, _ in books.sold)
    numbers = ", ".join(f"{chains.counted(count, 'number')} of {drop}" for drop, count in sorted(drops.items()))
    return [
        f"{chains.counted(len(books.receipts), 'receipt')}, {chains.counted(len(books.certified), 'certificate')}; {', '.join(tenders) or 'no money'}.",
        f"Sold: {numbers}, none twice." if numbers else "No numbered copy was sold.",
    ]

"""What checkpoints, exported journals and proofs from them say, in plain words. A paper that does not hold raises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from stall.creator import chains, journals, owners
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
_MAY_LACK = (
    "Newer epochs and events may be left out: compare with a cosigner's newest note or the cloud's list of epochs."
)


def checkpoint(content: Text, heap: Evidence) -> Said:
    """Say what a checkpoint says."""
    opened, state, chain = heap.checkpoint(content.text)
    _check_not_forked((state.origin, state.size), heap)
    seen = _cosigned(opened.signatures, heap, chain.iss)
    says = [
        f"The journal of {state.origin} has {chains.counted(state.size, 'event')}, root {b64.encode(state.root)}.",
        *(seen or [_UNSEEN]),
        *chains.by_delegate(chain, heap),
    ]
    rests = _rests(opened.signatures, heap)
    signed = tuple((chains.name_of(chain), at_s) for _cloud, at_s in rests)
    return Said(tuple(says), chains.links(chain.iss, chain), rests=(*rests, *signed))


def read(content: Export, heap: Evidence) -> Report:
    """Check an exported journal, once however often it is asked for. Raises WireError."""
    return heap.once.ask(content, lambda: _read(content, heap))


def _read(content: Export, heap: Evidence) -> Report:
    boxes = [one for found in heap.delegations.values() for one in found if one.role == "box"]
    limits = Limits(boxes, {name: signed.iss for name, (_, signed) in heap.manifests.items()})
    roots = heap.roots | dict.fromkeys(heap.forked, b"")  # of two roots of one size no export has both
    return journals.check(content.lines(), Known(None, heap.cosigners, limits, roots, heap.certificates))


def export(content: Export, heap: Evidence) -> Said:
    """Say what an exported journal says, and for whom its box keeps it, if a delegation at hand tells."""
    report = read(content, heap)
    check_one_history(report, heap)
    try:
        keepers, lacks = _keepers(report, heap), None
    except Hostile as error:
        if error.code not in owners.OPEN:
            raise
        keepers, lacks = [], (error.code, error.sentence)
    for chain in keepers:
        if chain.iss in report.books.refused:
            raise report.books.refused[chain.iss].error()
    by = [line for chain in keepers for line in chains.by_delegate(chain, heap)]
    says = (
        *_lives(report, keepers, heap),
        *_added_up(report),
        *(by or [f"Signed by the box {report.box}."]),
        _MAY_LACK,
    )
    rests = [(chains.name_of(one), at_s) for one in _own(report, heap) for at_s in report.books.times]
    rests += [one for life in report.lives for one in _rests(life.cosigned, heap)]
    links = (*_links(report, keepers), *(Link("creator", one.iss) for one in keepers[1:]))
    return Said(says, links, report.began_s, rests=tuple(rests), lacks=lacks)


def _lives(report: Report, keepers: Sequence[Delegation], heap: Evidence) -> list[str]:
    """Name the epochs, and who saw them."""
    creator = keepers[0].iss if len(keepers) == 1 else None
    says = [
        f"Epoch {life.name}: {chains.counted(life.tree.size, 'event')}, root {b64.encode(life.checkpoint.root)}."
        for life in report.lives
    ]
    for life in report.lives:
        says += _cosigned(life.cosigned, heap, creator, life.seen.size if life.seen else None)
    return says


def _links(report: Report, keepers: Sequence[Delegation]) -> tuple[Link, ...]:
    return chains.links(keepers[0].iss, keepers[0]) if keepers else (Link("box", report.box),)


def _own(report: Report, heap: Evidence) -> list[Delegation]:
    """The delegations of its box that count here."""
    own = heap.of(keys.thumbprint_of_did(report.box))
    return [one for one in own if one.role == "box" and heap.expected in {None, one.iss}]


def _keepers(report: Report, heap: Evidence) -> list[Delegation]:
    """The delegations by which its box keeps the journal: of each creator whose delegation it says it took.

    Where it says nothing of that, of the one creator there can be. Raises Hostile.
    """
    box = keys.thumbprint_of_did(report.box)
    known = {one.iss for one in heap.of(box) if one.role == "box"}
    taken = known & report.books.accepted if report.books.accepted else known
    sold = {heap.manifests[name][1].iss for name in report.books.manifests if name in heap.manifests}
    found = taken & sold or taken
    if report.books.accepted and heap.expected is None and found:
        return [heap.keeper(box, {creator}) for creator in sorted(found)]
    return [heap.keeper(box, {owners.pick(taken if heap.expected in taken else found, heap.expected)})]


def check_one_history(report: Report, heap: Evidence) -> None:
    """Hold an export against the other papers of its box. Raises WireError `verify-forked`."""
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
        *(_cosigned(logged.signatures, heap, chain.iss) or [_UNSEEN]),
        *chains.by_delegate(chain, heap),
    )
    rests = _rests(logged.signatures, heap)
    return Said(says, chains.links(chain.iss, chain), fact.at // 1000, None, chain, rests=rests)


def _rests(signatures: tuple[note.Signature, ...], heap: Evidence) -> tuple[tuple[str, int], ...]:
    """The delegations of clouds that cosigned, each with the time at which they did."""
    clouds = [one for found in heap.delegations.values() for one in found if "cosign" in one.cap]
    seen = [(one.name, one.time_s) for one in signatures if one.time_s is not None]
    return tuple((chains.name_of(cloud), at_s) for cloud in clouds for name, at_s in seen if cloud_name(cloud) == name)


def _cosigned(
    signatures: tuple[note.Signature, ...], heap: Evidence, creator: str | None, size: int | None = None
) -> list[str]:
    what = "It was" if size is None else f"The first {chains.counted(size, 'event')} were"
    return [
        f"{what} cosigned by {one.name} on {chains.day(one.time_s)}."
        for one in signatures
        if one.kind == note.COSIGNATURE_KIND
        and one.time_s is not None
        and heap.may_cosign(one.name, one.time_s, creator)
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

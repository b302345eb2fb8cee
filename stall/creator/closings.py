"""Closes a drop: what became of every copy, out of the journals of all its boxes, and the creator's statement of it.

Everything is checked as `stall verify` checks it before it counts, and the statement once more before it is handed out. The ledger
remembers that a drop is closed: nothing is leased or put on sale afterwards, and no second statement may differ.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stall.creator import beside, copies, fates, gathering, ledger, logs, ranges, standing, verdicts
from stall.creator.copies import Told
from stall.creator.evidence import Evidence
from stall.creator.fates import Decided, Fates
from stall.creator.journals import Life
from stall.creator.keyring import Creator
from stall.creator.ledger import CloseRow, Ledger
from stall.creator.papers import Export, Paper, of_ledger
from stall.creator.ranges import Range
from stall.errors import Refused
from stall.wire import b64, canonical, claims, closing, jws, keys, manifest, note
from stall.wire.closing import Close, Log
from stall.wire.lease import Lease
from stall.wire.manifest import Manifest

_MOST_NAMED = 5


@dataclass(frozen=True)
class Tally:
    """What a closing statement would say: of which manifest, what became of the copies, by which journals, and what to know."""

    token: str
    manifest: Manifest
    fates: Fates
    logs: tuple[Log, ...]
    told: tuple[Told, ...]
    names: Mapping[str, str]  # of the boxes, by thumbprint
    notes: tuple[str, ...]

    @property
    def says(self) -> str:
        """Names what no second statement may differ in (docs/protocol.md 5.9, rule 15)."""
        plain = [jws.token_hash(self.token), [claims.of(one) for one in self.fates.entries]]
        return b64.encode(hashlib.sha256(canonical.dumps(plain)).digest())


def tally(creator: Creator, token: str, papers: Sequence[Paper], decided: Decided, *, now_s: int) -> Tally:
    """Find out what became of every copy of the drop whose newest manifest is `token`.

    Raises Refused `close-older-pack`, `close-paper`, `close-no-journal`, `close-lost`, `close-payment-open`, `close-still-selling`,
    what `fates` raises, and the errors of the ledger and of `manifest.verify`.
    """
    signed = manifest.verify(token, {creator.key.thumbprint: creator.key.public})
    with ledger.opened(creator.folder) as book:
        _check_newest(book, signed)
        known = [*papers, *of_ledger([*book.delegations, *book.all_leases], token)]
        manifests = {row.hash for row in book.manifests(signed.drop.id)} | {jws.token_hash(token)}
        newest = {row.old: row.new for row in book.passed(signed.drop.id).values()}
        may_sell = _may_sell(book, signed.drop.id)
        names = _names(book)
        clouds = any("lease" in row.cap for row in book.delegations)
    heap = gathering.gather(known, creator.did)
    _check_papers(papers, known, creator)
    told = _told(papers, heap, signed.drop.id, manifests)
    leases = _leases(heap, creator, signed.drop.id)
    _check_boxes(signed, leases, may_sell, told, decided)
    _take_declines(told, heap, creator)
    for one in told.values():
        _check_at_rest(one, signed, leases, decided, now_s)
    revoked = {id(copy) for one in told.values() for copy in one.copies if _is_revoked(copy, heap, creator, newest)}
    if signed.drop.edition is None:
        found = fates.without_numbers(list(told.values()), revoked, newest, decided)
    else:
        found = fates.of_numbers(
            signed.drop.edition, list(told.values()), leases, _returned(heap, signed.drop.id), revoked, newest, decided
        )
    notes = tuple(_notes(told, leases, clouds=clouds and signed.drop.edition is not None))
    return Tally(token, signed, found, tuple(_logs(told)), tuple(told.values()), names, notes)


def sign(creator: Creator, counted: Tally, *, now_s: int) -> str:
    """Sign the closing statement, write it down in the ledger and give the token.

    Signed again it says the same. Raises Refused `close-signed` where it would differ from the one signed before, and the errors of
    the ledger and of `closing.sign`.
    """
    entries, drop = counted.fates.entries, counted.manifest.drop.id
    long = len(entries) > closing.MAX_LISTED
    document = Close(
        iss=creator.did,
        jti=b64.encode(secrets.token_bytes(16)),
        iat=now_s,
        drop=drop,
        man=jws.token_hash(counted.token),
        editions=None if long else entries,
        root=closing.root_of(entries) if long else None,
        count=len(entries) if long else None,
        log=counted.logs,
    )
    token = closing.sign(creator.key, document)
    closing.check_manifest(document, counted.manifest, counted.token)
    with ledger.opened(creator.folder) as book:
        _check_same(book, counted)
        book.append(CloseRow(now_s, drop, jws.token_hash(token), counted.says))
    return token


def _check_same(book: Ledger, counted: Tally) -> None:
    """Refuse a second statement of a drop that says something else. Raises Refused `close-signed`."""
    known = book.close(counted.manifest.drop.id)
    if known is not None and known.says != counted.says:
        raise Refused(
            "close-signed",
            f"You closed “{counted.manifest.drop.title}” already, and this statement would say something else. Two that differ"
            " make each other void. Hand out the one you signed.",
        )


def _check_newest(book: Ledger, signed: Manifest) -> None:
    newest = max((row.ver for row in book.manifests(signed.drop.id)), default=signed.ver)
    if newest > signed.ver:
        raise Refused(
            "close-older-pack",
            f"This is version {signed.ver} of “{signed.drop.title}”, and you signed version {newest}. Give the newest pack.",
        )


def _may_sell(book: Ledger, drop: str) -> dict[str, str]:
    """The boxes that were ever let sell the drop, with the did of each by its thumbprint."""
    named = [row for row in book.delegations if row.role == "box" and row.covers(drop)]
    return {keys.thumbprint_of_did(row.sub): row.sub for row in named}


def _names(book: Ledger) -> dict[str, str]:
    """What the creator called each box, by its thumbprint; the newest name counts."""
    given = [(row.sub, jws.unverified_claims(row.token).get("name")) for row in book.delegations if row.role == "box"]
    return {keys.thumbprint_of_did(sub): str(name) for sub, name in given if name}


def _check_papers(papers: Sequence[Paper], known: Sequence[Paper], creator: Creator) -> None:
    """Judge what was handed in as anybody would; a paper that is INVALID counts for nothing. Raises Refused `close-paper`."""
    for verdict in verdicts.judge(known, creator.did)[: len(papers)]:
        if verdict.grade == verdicts.INVALID or (verdict.grade is None and verdict.what == "journal"):
            raise Refused(
                "close-paper",
                f"“{verdict.name}” ({verdict.what}) does not hold, so nothing was closed: {verdict.says[-1]}",
            )


def told_by(creator: Creator, journals: Sequence[Paper], drop: str) -> list[Told]:
    """Read checked journals for what they say of a drop. Raises Refused `close-paper`, and the errors of the ledger."""
    if not journals:
        return []
    with ledger.opened(creator.folder) as book:
        manifests = {row.hash for row in book.manifests(drop)}
        known = [*journals, *of_ledger(book.delegations)]
    _check_papers(journals, known, creator)
    return list(_told(journals, gathering.gather(known, creator.did), drop, manifests).values())


def _told(papers: Sequence[Paper], heap: Evidence, drop: str, manifests: set[str]) -> dict[str, Told]:
    """Read the journals; several exports of one box are joined."""
    found: defaultdict[str, list[Told]] = defaultdict(list)
    for paper in papers:
        if isinstance(paper.content, Export):
            report = logs.read(paper.content, heap)
            told = copies.read(paper.content.lines(), report, drop, manifests)
            found[told.box].append(told)
    return {box: copies.joined(exports) for box, exports in found.items()}


def _leases(heap: Evidence, creator: Creator, drop: str) -> list[Lease]:
    return [one for one in heap.leases.values() if one.drop == drop and beside.is_by(one, creator.did, heap)]


def _check_boxes(
    signed: Manifest, leases: Sequence[Lease], may_sell: Mapping[str, str], told: Mapping[str, Told], decided: Decided
) -> None:
    """Every box that may have sold something has its journal here, with every epoch it was leased in. Raises Refused."""
    numbered = signed.drop.edition is not None
    wanted = {one.sub for one in leases} if numbered else set(may_sell)
    strangers = decided.lost - wanted - set(told)
    if strangers:
        raise Refused(
            "close-lost",
            f"The box {min(strangers)} never had a number of “{signed.drop.title}” from you. Check what --lost names.",
        )
    missing = [box for box in sorted(wanted - decided.lost) if box not in told]
    older = [
        one.sub
        for one in leases
        if one.sub in told and one.sub not in decided.lost and one.epoch not in told[one.sub].epochs
    ]
    if missing or older:
        named = ", ".join([*missing, *dict.fromkeys(older)][:_MOST_NAMED])
        why = "were let sell" if not numbered else "were leased numbers of"
        raise Refused(
            "close-no-journal",
            f"These boxes {why} “{signed.drop.title}”, and their journal is not here, or is older than their lease: {named}."
            " Export it there with `stall journal export`. If the box is lost for good add --lost BOX: what it did not show"
            " to have sold is burned, and certificates of it that turn up later do not count.",
        )


def _check_at_rest(told: Told, signed: Manifest, leases: Sequence[Lease], decided: Decided, now_s: int) -> None:
    """Nothing of a box may still change: no payment is open, and it sells no more. Raises Refused."""
    if told.box in decided.lost:
        return
    books = told.report.books
    pending = [f"payment {number} is {state}" for number, state in books.open_payments]
    pending += [f"sale {sale} took money and has no receipt" for sale in books.unfinished]
    if pending:
        raise Refused(
            "close-payment-open",
            f"The journal of box {told.box} has something unfinished: {'; '.join(pending[:_MOST_NAMED])}. Finish that at the"
            " till, then export the journal again.",
        )
    unsettled = len({copy.sale for copy in told.copies if copy.stored and copy.back is None})
    if unsettled:
        raise Refused(
            "close-unsettled",
            f"{unsettled} sales of “{signed.drop.title}” on box {told.box} were paid by cards read offline, and the bank may still refuse"
            " them. The statement makes them final: close the terminal's day first, then export the journal again.",
        )
    sells = signed.drop.edition is None or any(one.sub == told.box and one.exp > now_s for one in leases)
    if told.on_sale and sells and signed.drop.window.exp > now_s:
        raise Refused(
            "close-still-selling",
            f"Box {told.box} still sells “{signed.drop.title}”. Close it there with `stall drop close {signed.drop.id}`, then export"
            " the journal again.",
        )


def _is_revoked(copy: copies.Copy, heap: Evidence, creator: Creator, newest: Mapping[str, str]) -> bool:
    """Whether the creator revoked the certificate of a copy (not because it was passed on), its box or its lease before it was sold."""
    own = copy.certificate
    if own is not None and own not in newest and heap.revoked_since("cert", own, creator.did) is not None:
        return True
    since = [heap.revoked_since("box", copy.box, creator.did)]
    since += [
        heap.revoked_since("lease", name, creator.did) for name, one in heap.leases.items() if one.jti == copy.lease
    ]
    return any(at_s is not None and at_s <= copy.iat for at_s in since)


def _take_declines(told: Mapping[str, Told], heap: Evidence, creator: Creator) -> None:
    """Let the declines at hand count: a payment that was refused later."""
    for copy in (copy for one in told.values() for copy in one.copies):
        for decline in standing.declines(copy.receipt, creator.did, heap):
            if decline.items is None or any(item.ed == copy.number for item in decline.items):
                copy.back = copy.back or copies.DECLINED


def _returned(heap: Evidence, drop: str) -> dict[str, list[Range]]:
    """The numbers boxes gave back, by the box."""
    found: defaultdict[str, list[Range]] = defaultdict(list)
    for one in standing.returned_numbers(heap):
        if one.drop == drop:
            found[one.iss] = ranges.joined([*found[one.iss], *one.ranges])
    return found


def _logs(told: Mapping[str, Told]) -> list[Log]:
    return [
        Log(
            origin=note.origin(box, b64.decode(life.name)),
            size=life.checkpoint.size,
            root=b64.encode(life.checkpoint.root),
        )
        for box, one in sorted(told.items())
        for life in one.lives
    ]


def _notes(told: Mapping[str, Told], leases: Sequence[Lease], *, clouds: bool) -> list[str]:
    """What a person should know before they sign."""
    found = []
    for box, one in sorted(told.items()):
        if not all(_is_seen(life) for life in one.lives):
            found.append(f"No cloud countersigned the whole journal of box {box}: that it is complete is its own word.")
        if one.put_back:
            found.append(
                f"Box {box} was put back from an older copy of its data, and has forgotten what it sold in between. If you have"
                " an export of its journal from before, hand it in too: else those copies count as not sold."
            )
        if one.others:
            found.append(f"Box {box} also sold a drop of this name by another creator; those sales are not yours.")
    if clouds:
        found.append("A cloud leases numbers too. Hand in its leases, or a box it leased to may be missing here.")
    return found


def _is_seen(life: Life) -> bool:
    """Whether a known cloud countersigned all of an epoch that there is."""
    seen = life.seen or life.checkpoint
    signed = any(one.kind == note.COSIGNATURE_KIND for one in life.cosigned)
    return signed and seen.size == life.checkpoint.size

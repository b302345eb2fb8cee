"""The creator signs anew, by their own hand, what boxes signed for them: after the closing nothing hangs on a box any more.

A countersignature changes who signs, when, and that the payment is settled; the seal stays the same (docs/protocol.md 5.5, 5.13).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stall.creator import copies, ledger
from stall.creator.copies import Told
from stall.creator.keyring import Creator
from stall.creator.ledger import CountersignedRow
from stall.errors import Hostile, Refused, StallError
from stall.wire import certificate, claims, closing, credential, proof
from stall.wire.closing import Close, Entry
from stall.wire.credential import VerifiedCredential

_IN_A_ROW = 300
"""Certificates in one line of the ledger, which has at most 64 KiB."""


@dataclass
class Signed:
    """What came of it: the new documents by file name, those not signed with why, and the copies whose certificate is missing."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    missing: int = 0


def read_close(creator: Creator, token: str) -> Close:
    """Read one's own closing statement. Raises WireError, Refused `countersign-other-creator`."""
    close = closing.verify(token, {creator.thumbprint: creator.public})
    if close.iss != creator.did:
        raise Refused("countersign-other-creator", "The closing statement is another creator's. Give your own.")
    return close


def entries_of(close: Close, listed: Iterable[Mapping[str, Any]]) -> Sequence[Entry]:
    """The copies a statement lists, or those of the list beside it, compared with the root it names.

    Raises Hostile `close-other-list`.
    """
    if close.editions is not None:
        return close.editions
    found = tuple(claims.typed(one, Entry, "copy") for one in listed)
    if len(found) != close.count or closing.root_of(found) != close.root:
        raise Hostile(
            "close-other-list",
            "The statement names more copies than it lists, and this is not their list. Give the file that was written beside it.",
        )
    return found


def countersign(
    creator: Creator,
    close: Close,
    entries: Sequence[Entry],
    given: Iterable[tuple[str, Mapping[str, Any]]],
    told: Sequence[Told],
    *,
    now_s: int,
) -> Signed:
    """Sign each certificate that counts by the closing statement.

    One whose copy was sold and not claimed when the drop was closed is signed by the journals in `told`, once, and the ledger
    remembers which. Signed again a listed one is the same to the byte. Raises the errors of the ledger.
    """
    result = Signed()
    listed = {one.cert for one in entries if one.cert is not None}
    late = _claimed_late(told, {one.ed for one in entries if one.st == "sold" and one.cert is None})
    new: dict[str, tuple[int, str, str]] = {}
    with ledger.opened(creator.folder) as book:
        before, passed = book.countersigned(close.drop), book.passed(close.drop)
        for name, document in given:
            try:
                held = credential.verify(dict(document))
                digest = certificate.digest(held.document)
                why = _why_not(creator, close, held, digest, listed, late, before)
                why = "You passed it on to another owner." if digest in passed else why
                if why is None and digest not in new:
                    signed = anew(creator, held.document, max(close.iat, held.valid_from_s))
                    new[digest] = (held.edition or 0, digest, certificate.digest(signed))
                    result.documents[_name(held)] = signed
            except StallError as error:
                why = error.sentence
            if why is not None:
                result.refused.append((name, why))
        known = set(before)
        fresh = [one for one in new.values() if one not in known]
        for at in range(0, len(fresh), _IN_A_ROW):
            book.append(CountersignedRow(now_s, close.drop, tuple(fresh[at : at + _IN_A_ROW])))
    result.missing = len(listed - new.keys())
    return result


def anew(creator: Creator, document: Mapping[str, Any], created_s: int, **subject: str) -> dict[str, Any]:
    """The same certificate, settled, issued and signed by the creator; `subject` is what else changes of what it says."""
    plain = {name: value for name, value in document.items() if name != "proof"}
    plain["issuer"] = {"id": creator.did, "name": creator.name}
    plain["credentialSubject"] = {**plain["credentialSubject"], "settlement": "settled", **subject}
    signed = proof.add(creator.key, plain, created_s)
    credential.verify(signed)
    return signed


def _claimed_late(told: Sequence[Told], numbers: Collection[int | None]) -> dict[str, int]:
    """The certificates of numbers that were sold and not claimed, by the sale that stands; of two such sales neither."""
    found: defaultdict[int, list[copies.Copy]] = defaultdict(list)
    for copy in (copy for one in told for copy in one.copies if copy.back is None):
        if copy.number is not None and copy.number in numbers:
            found[copy.number].append(copy)
    return {one[0].certificate: number for number, one in found.items() if len(one) == 1 and one[0].certificate}


def _why_not(
    creator: Creator,
    close: Close,
    held: VerifiedCredential,
    digest: str,
    listed: Collection[str],
    late: Mapping[str, int],
    before: Sequence[tuple[int, str, str]],
) -> str | None:
    if (held.creator, held.drop) != (creator.did, close.drop):
        return "It is of another drop."
    if held.by_creator:
        return "You signed it already."
    if digest in listed:
        return None
    if held.edition is None or late.get(digest) != held.edition:
        return "The closing statement does not list it."
    if any(number == held.edition and of != digest for number, of, _ in before):
        return f"You signed another certificate of number {held.edition} before."
    return None


def _name(held: VerifiedCredential) -> str:
    uuid = str(held.document["id"]).removeprefix("urn:uuid:")
    return f"certificate-{held.drop}-{uuid if held.edition is None else held.edition}.json"

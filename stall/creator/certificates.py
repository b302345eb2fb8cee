"""What a certificate of ownership is worth beside the other papers, and an owner's answer that shows one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from stall.creator import beside, chains, standing
from stall.creator.chains import Link, Said
from stall.creator.evidence import BOX, NAME_CHARS, Evidence, cloud_name
from stall.errors import StallError
from stall.wire import certificate as certificates
from stall.wire import credential, delegation, grade, keys, note, presentation, proof, seal, tlogproof
from stall.wire.credential import VerifiedCredential
from stall.wire.delegation import Delegation
from stall.wire.grade import Grade, Graded
from stall.wire.note import Verifier
from stall.wire.tlogproof import Logged

_WORD = {
    Grade.FINAL: "Final.",
    Grade.PROVISIONAL: "Provisional.",
    Grade.REVOKED: "It was taken back and counts no more.",
    Grade.INVALID: "It does not count.",
}


@dataclass(frozen=True)
class Worth:
    """What a certificate says, and its grade."""

    said: Said
    graded: Graded


def certificate(document: dict[str, Any], heap: Evidence) -> Worth:
    """Grade a certificate by the other papers. Raises WireError if it does not hold by itself or beside them."""
    held = heap.certificate(document)
    heap.check_creator(held.creator)
    number = f"Number {held.edition} of {held.edition_size} of" if held.edition else "A copy of"
    says = [f"{number} {held.drop}, since {chains.day(held.valid_from_s)}."]
    says.append("It belongs to whoever holds the owner code." if held.owner else "It names no owner key.")
    says.append(f"Its seal is called {seal.name(seal.digest_of(document))}.")
    says += _beside(held, heap)
    graded = grade.judge(held, replace(_known(held, heap), twice=_is_twice(held, heap)))
    first, *more = (reason.sentence for reason in graded.reasons)
    says += [f"{_WORD[graded.grade]} {first}", *more]
    chain = None if held.by_creator else held.delegation
    says += chains.signed_by(held.creator, chain, heap)
    rests = tuple(_rests(held, heap))
    return Worth(Said(tuple(says), chains.links(held.creator, chain), held.valid_from_s, rests=rests), graded)


def _rests(held: VerifiedCredential, heap: Evidence) -> Iterator[tuple[str, int]]:
    """What a certificate rests on, each with its time."""
    yield held.manifest, held.valid_from_s
    if held.delegation is not None:
        yield chains.name_of(held.delegation), held.valid_from_s
    yield from ((chains.name_of(chain), logged_s) for logged_s, chain in _logged(held, heap))


def _beside(held: VerifiedCredential, heap: Evidence) -> list[str]:
    """Hold it against the manifest and the receipt it names, if they are at hand."""
    says = []
    if held.delegation is not None:
        others = heap.delegations.get(keys.thumbprint_of_did(held.delegation.sub), ())
        delegation.check_holding(held.delegation, others, held.valid_from_s)
    if held.manifest in heap.manifests:
        token, signed = heap.manifests[held.manifest]
        credential.check_manifest(held, signed, token)
        says.append(f"The manifest it names lies beside it: “{signed.drop.title}”.")
    refusal = standing.refusal_of(held.receipt, heap)
    if held.receipt in heap.receipts:
        sale = heap.receipts[held.receipt]
        credential.check_receipt(held, sale.told, sale.token)
        says += [] if refusal else ["The receipt it names lies beside it."]
    elif heap.handed_in and held.receipt not in heap.handed_in:
        says.append("The receipt beside it is of another sale: these two do not belong together.")
    if refusal is not None:
        says.append(f"The receipt it names lies beside it and does not count itself: {refusal.sentence}")
    if standing.are_contradicted(held.creator, held.drop, heap):
        says.append("The closing statements of its drop beside it contradict each other. None of them counts.")
    return says


def _known(held: VerifiedCredential, heap: Evidence) -> grade.Known:
    """Everything at hand that touches a certificate, and counts."""
    sold = heap.receipts.get(held.receipt)
    returns = standing.returned(sold.told.iss, sold.told.jti, heap) if sold else []
    return grade.Known(
        receipt=sold.told if sold else None,
        refused=standing.refusal_of(held.receipt, heap),
        revoked=heap.revoked.get(held.creator, ()),
        leases={name: one.jti for name, one in heap.leases.items() if beside.is_by(one, held.creator, heap)},
        returns=[(one.typ, one.told) for one in returns],
        declined=[
            grade.Declined(one.rcpt, frozenset((item.drop, item.ed) for item in one.items or ()))
            for one in standing.declines(held.receipt, held.creator, heap)
        ],
        closed=_closed(held, heap),
        logged_s=min((logged_s for logged_s, _chain in _logged(held, heap)), default=None),
    )


def _is_twice(held: VerifiedCredential, heap: Evidence) -> bool:
    """Say whether a box signed another certificate of its number that stands as well."""
    if held.edition is None or held.by_creator:
        return False
    own, copy = certificates.digest(held.document), (held.creator, held.drop, held.edition)
    return any(
        (one.creator, one.drop, one.edition) == copy and name != own and not one.by_creator and _stands(one, heap)
        for name, one in heap.certificates.items()
    )


def _stands(held: VerifiedCredential, heap: Evidence) -> bool:
    """Say whether a certificate counts, but for others of its number."""
    try:
        return heap.once.ask(("certificate", certificates.digest(held.document)), lambda: _counts(held, heap))
    except StallError:
        return False


def _counts(held: VerifiedCredential, heap: Evidence) -> bool:
    _beside(held, heap)
    return grade.judge(held, _known(held, heap)).refusal is None


def _closed(held: VerifiedCredential, heap: Evidence) -> grade.Closed | None:
    close = standing.closing_of(held.creator, held.drop, heap)
    if close is None or close.editions is None:
        return None
    return grade.Closed(tuple(grade.Entry(one.ed, one.st, one.cert) for one in close.editions))


def _logged(held: VerifiedCredential, heap: Evidence) -> Iterator[tuple[int, Delegation]]:
    """When clouds of the creator, by which delegation, cosigned a journal of its box that has the certificate.

    The box may keep one, the journal is no fork, and the creator's delegations do not refuse it.
    """
    if held.delegation is None or "log" not in held.delegation.cap:
        return
    digest, own = certificates.digest(held.document), BOX + keys.thumbprint(held.issuer)[:NAME_CHARS]
    here = [
        one.logged for one in heap.shown if tlogproof.tells_of(one.logged, digest) and held.creator not in one.refused
    ]
    for logged in (one for one in here if one.checkpoint.origin.startswith(f"{own}/")):
        if (logged.checkpoint.origin, logged.checkpoint.size) not in heap.forked:
            yield from _seen(logged, held, heap)


def _seen(logged: Logged, held: VerifiedCredential, heap: Evidence) -> Iterator[tuple[int, Delegation]]:
    for clouds in heap.delegations.values():
        for chain in (one for one in clouds if one.iss == held.creator):
            try:
                cloud = Verifier(cloud_name(chain), keys.public_from_did(chain.sub), note.COSIGNATURE_KIND)
                seen_s = tlogproof.cosigned_s(logged, cloud, chain, held.creator, held.drop)
            except StallError:
                continue
            if chain in heap.cosigning(clouds, seen_s, held.creator) and not grade.is_early(held, seen_s):
                yield seen_s, chain


def badge(document: dict[str, Any], heap: Evidence) -> Said:
    """Say what a badge says. Raises WireError if it does not hold."""
    held = heap.badge(document)
    what, subject = held.badge.credential_subject.achievement, held.badge.credential_subject
    whose = f"the owner of {subject.id}" if subject.id else "whoever has the e-mail address it hides"
    until = "without end" if held.valid_until_s is None else f"until {chains.day(held.valid_until_s)}"
    says = (
        f"“{what.name}”, since {chains.day(held.valid_from_s)}, {until}; for {whose}.",
        f"For: {what.criteria.narrative.rstrip('.')}.",
        *chains.signed_by(held.creator, held.delegation, heap),
    )
    chain = chains.links(held.creator, held.delegation)
    return Said(says, chain, held.valid_from_s, held.valid_until_s, held.delegation)


def shown(document: dict[str, Any], heap: Evidence) -> Worth:
    """Say what an owner's answer shows; the question and its time are taken from the answer itself."""
    signed = document.get("proof")
    asked = signed if isinstance(signed, dict) else {}
    challenge, domain, created = (str(asked.get(name, "")) for name in ("challenge", "domain", "created"))
    answer = presentation.verify(document, challenge, domain, proof.parse_timestamp(created))
    worth = certificate(answer.certificate.document, heap)
    says = [f"The owner {answer.holder} answered “{challenge}” for {domain} at {created}."]
    says.append("Compare both with what you asked, and the time: an old answer proves nothing about today.")
    if answer.transfer_to is not None:
        says.append(f"It asks to pass the copy on to {answer.transfer_to}; that is done once the creator signs anew.")
    chain = (Link("owner", answer.holder), *worth.said.chain)
    return Worth(Said((*says, *worth.said.says), chain, answer.created_s, rests=worth.said.rests), worth.graded)

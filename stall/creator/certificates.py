"""What a certificate of ownership is worth beside the other papers, and an owner's answer that shows one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stall.creator import chains
from stall.creator.chains import Link, Said
from stall.creator.evidence import Evidence
from stall.wire import credential, grade, presentation, proof
from stall.wire.credential import VerifiedCredential
from stall.wire.grade import Grade, Graded

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
    held = credential.verify(document)
    heap.check_creator(held.creator)
    number = f"Number {held.edition} of {held.edition_size} of" if held.edition else "A copy of"
    says = [f"{number} {held.drop}, since {chains.day(held.valid_from_s)}."]
    says.append("It belongs to whoever holds the owner code." if held.owner else "It names no owner key.")
    says += _beside(held, heap)
    graded = grade.judge(held, heap.known(held))
    says += [_WORD[graded.grade], *(reason.sentence for reason in graded.reasons)]
    chain = None if held.by_creator else held.delegation
    says += chains.signed_by(held.creator, chain, heap)
    return Worth(Said(tuple(says), chains.links(held.creator, chain), held.valid_from_s), graded)


def _beside(held: VerifiedCredential, heap: Evidence) -> list[str]:
    """Hold it against the manifest and the receipt it names, if they are at hand."""
    says = []
    if held.manifest in heap.manifests:
        token, signed = heap.manifests[held.manifest]
        credential.check_manifest(held, signed, token)
        says.append(f"The manifest it names lies beside it: “{signed.drop.title}”.")
    if held.receipt in heap.receipts:
        token, told = heap.receipts[held.receipt]
        credential.check_receipt(held, told, token)
        says.append("The receipt it names lies beside it.")
    return says


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
    return Worth(Said((*says, *worth.said.says), chain, answer.created_s), worth.graded)

"""Takes papers in as evidence for each other. Only what verifies, by itself or by another of them, is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from stall.creator import logs
from stall.creator.evidence import BOX, NAME_CHARS, Evidence, cloud_name
from stall.creator.named import key_of, named_key
from stall.creator.papers import Export, LogProof, Paper, Text
from stall.errors import StallError
from stall.wire import (
    badge,
    certificate,
    closing,
    credential,
    decline,
    delegation,
    jws,
    keys,
    lease,
    lease_return,
    manifest,
    note,
    receipt,
    strict_json,
    tlogproof,
)
from stall.wire.delegation import Delegation
from stall.wire.note import Checkpoint, Verifier

MOST_LINE_BYTES = 1 << 20


def gather(papers: Sequence[Paper], expected: str | None, cosigners: Iterable[Verifier] = ()) -> Evidence:
    """Take in what each paper proves; one that proves nothing is passed over.

    In this order, for each needs those before it: delegations, manifests, then what boxes and clouds signed, journals.
    """
    evidence = Evidence(expected=expected, cosigners=list(cosigners))
    if expected is not None:
        evidence.creators |= key_of(expected)
    for take in (_delegation, _manifest, _checkpoints, _token, _journal):
        for paper in papers:
            _try(take, paper, evidence)
    return evidence


def _try(take: Callable[[Paper, Evidence], None], paper: Paper, evidence: Evidence) -> None:
    try:
        take(paper, evidence)
    except StallError:
        return  # it will be said when the paper itself is judged


def certificate_in(document: dict[str, Any]) -> dict[str, Any]:
    """The certificate an owner's answer shows, or the document itself."""
    shown = document.get("verifiableCredential")
    return shown[0] if isinstance(shown, list) and shown and isinstance(shown[0], dict) else document


def is_badge(document: dict[str, Any]) -> bool:
    """Tell a badge from a certificate by its type."""
    return document.get("type") == list(badge.TYPES)


def _delegation(paper: Paper, evidence: Evidence) -> None:
    if isinstance(paper.content, dict):
        document = certificate_in(paper.content)
        found = badge.verify(document).delegation if is_badge(document) else _certified(document, evidence)
        if found is not None:
            _keep(found, evidence)
    elif isinstance(paper.content, str) and jws.unverified_typ(paper.content) == delegation.TYP:
        _keep(delegation.verify(paper.content, named_key(paper.content)), evidence)


def _certified(document: dict[str, Any], evidence: Evidence) -> Delegation | None:
    held = credential.verify(document)
    evidence.certificates[certificate.digest(held.document)] = held.receipt
    return held.delegation


def _keep(found: Delegation, evidence: Evidence) -> None:
    evidence.delegations.setdefault(keys.thumbprint_of_did(found.sub), []).append(found)
    evidence.creators |= key_of(found.iss)
    if found.role == "cloud" and "cosign" in found.cap and evidence.expected in {None, found.iss}:
        public = keys.public_from_did(found.sub)
        evidence.cosigners.append(Verifier(cloud_name(found), public, note.COSIGNATURE_KIND))


def _manifest(paper: Paper, evidence: Evidence) -> None:
    if not isinstance(paper.content, str) or jws.unverified_typ(paper.content) != manifest.TYP:
        return
    signed, _chain = evidence.manifest(paper.content)
    evidence.manifests[jws.token_hash(paper.content)] = (paper.content, signed)
    evidence.creators |= key_of(signed.iss)
    evidence.revoked.setdefault(signed.iss, []).extend(signed.revoked)


def _checkpoints(paper: Paper, evidence: Evidence) -> None:
    if isinstance(paper.content, Text):
        _note, state, _chain = evidence.checkpoint(paper.content.text)
        _keep_root(state, evidence)
    elif isinstance(paper.content, LogProof):
        logged, _chain = evidence.log_proof(tlogproof.read(paper.content.text))
        evidence.logged.append(logged)
        _keep_root(logged.checkpoint, evidence)
    elif isinstance(paper.content, Export):
        for data in paper.content.lines():
            if b'"note"' in data:  # no event has that word, whose bytes are base64
                _signed_line(data, evidence)


def _signed_line(data: bytes, evidence: Evidence) -> None:
    """Take in the checkpoints of one line of an export, under the key the line names."""
    line = strict_json.loads(data.strip(), max_bytes=MOST_LINE_BYTES)
    box = line.get("box") if isinstance(line, dict) else None
    if not isinstance(line, dict) or not isinstance(box, str):
        return
    public, older = keys.public_from_did(box), line.get("cosigned")
    for text in (line.get("note"), older.get("note") if isinstance(older, dict) else None):
        origin = text.split("\n", 1)[0] if isinstance(text, str) else ""
        if isinstance(text, str) and origin.startswith(BOX + keys.thumbprint(public)[:NAME_CHARS]):
            _keep_root(Checkpoint.parse(note.open(text, [Verifier(origin, public)]).body), evidence)


def _keep_root(state: Checkpoint, evidence: Evidence) -> None:
    where = (state.origin, state.size)
    if evidence.roots.setdefault(where, state.root) != state.root:
        evidence.forked.add(where)


def _token(paper: Paper, evidence: Evidence) -> None:
    """Take in what was sold, leased, refused, and closed."""
    if not isinstance(paper.content, str):
        return
    token, typ = paper.content, jws.unverified_typ(paper.content)
    if typ in receipt.TYPES:
        _receipt(token, typ, evidence)
    elif typ == lease.TYP:
        evidence.leases[jws.token_hash(token)] = evidence.lease(token)[0]
    elif typ == lease_return.TYP:
        evidence.lease_returns.append(evidence.lease_return(token)[0])
    elif typ == decline.TYP:
        evidence.declines.append(evidence.decline(token)[0])
    elif typ == closing.TYP:
        close = closing.verify(token, named_key(token))
        evidence.closes[close.iss, close.drop] = close


def _journal(paper: Paper, evidence: Evidence) -> None:
    """Take in which certificates an exported journal has, if there are any to be found in it."""
    if isinstance(paper.content, Export) and evidence.certificates:
        evidence.logged += logs.read(paper.content, evidence).logged


def _receipt(token: str, typ: str, evidence: Evidence) -> None:
    evidence.handed_in.add(jws.token_hash(token))
    told, _chain = evidence.receipt(token, typ)
    evidence.entries.setdefault((told.iss, told.epoch, told.seq), set()).add(jws.token_hash(token))
    if typ == receipt.RECEIPT:
        evidence.receipts[jws.token_hash(token)] = (token, told)
    if told.ref is not None:
        evidence.returns.append((typ, told))

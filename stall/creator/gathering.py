"""Takes papers in as evidence for each other. Only what verifies, by itself or by another of them, is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from stall.creator import logs
from stall.creator.evidence import BOX, NAME_CHARS, Evidence, Shown, cloud_name
from stall.creator.named import key_of
from stall.creator.papers import Export, LogProof, Paper, Text
from stall.errors import StallError
from stall.wire import (
    badge,
    certificate,
    closing,
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
    What a box signed is taken in even where nobody can tell yet for which creator.
    """
    trusted = list(cosigners)
    evidence = Evidence(expected=expected, cosigners=trusted, named=frozenset(one.name for one in trusted))
    if expected is not None:
        evidence.creators |= key_of(expected)
    for take in (_delegation, _manifest, _checkpoints, _receipt, _token, _journal):
        for paper in papers:
            _try(take, paper, evidence)
        if take is _manifest:
            _revoke(evidence)
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
        found = evidence.badge(document).delegation if is_badge(document) else _certified(document, evidence)
        if found is not None:
            _keep(found, evidence)
    elif isinstance(paper.content, str) and jws.unverified_typ(paper.content) == delegation.TYP:
        _keep(evidence.delegation(paper.content), evidence)


def _certified(document: dict[str, Any], evidence: Evidence) -> Delegation | None:
    held = evidence.certificate(document)
    evidence.certificates[certificate.digest(held.document)] = held
    return held.delegation


def _keep(found: Delegation, evidence: Evidence) -> None:
    if found in evidence.kept:
        return
    evidence.kept.add(found)
    evidence.delegations.setdefault(keys.thumbprint_of_did(found.sub), []).append(found)
    evidence.creators |= key_of(found.iss)
    if found.role == "cloud" and "cosign" in found.cap and evidence.expected in {None, found.iss}:
        cloud = Verifier(cloud_name(found), keys.public_from_did(found.sub), note.COSIGNATURE_KIND)
        if cloud not in evidence.cosigners:
            evidence.cosigners.append(cloud)


def _manifest(paper: Paper, evidence: Evidence) -> None:
    if not isinstance(paper.content, str) or jws.unverified_typ(paper.content) != manifest.TYP:
        return
    signed, _chain = evidence.manifest(paper.content)
    evidence.manifests[jws.token_hash(paper.content)] = (paper.content, signed)
    evidence.creators |= key_of(signed.iss)


def _revoke(evidence: Evidence) -> None:
    """Take in what creators revoke. What a signer signed who was revoked before by its creator revokes nothing, and is none."""
    given = {name: (signed, evidence.manifest(token)[1]) for name, (token, signed) in evidence.manifests.items()}
    for name, (signed, chain) in sorted(given.items(), key=lambda one: (one[1][1] is not None, one[1][0].iat, one[0])):
        if chain is not None and evidence.is_revoked(chain, signed.iat):
            del evidence.manifests[name]
        else:
            evidence.revoked.setdefault(signed.iss, []).extend(signed.revoked)


def _checkpoints(paper: Paper, evidence: Evidence) -> None:
    if isinstance(paper.content, Text):
        _keep_root(evidence.signed_checkpoint(paper.content.text)[1], evidence)
    elif isinstance(paper.content, LogProof):
        logged = evidence.signed_log_proof(tlogproof.read(paper.content.text))
        evidence.shown.append(Shown(logged))
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


def _receipt(paper: Paper, evidence: Evidence) -> None:
    """Take in what was sold and taken back."""
    if not isinstance(paper.content, str) or (typ := jws.unverified_typ(paper.content)) not in receipt.TYPES:
        return
    token, name = paper.content, jws.token_hash(paper.content)
    if name in evidence.handed_in:
        return
    evidence.handed_in[name] = token, typ
    _sale(token, typ, evidence)


def _sale(token: str, typ: str, evidence: Evidence) -> None:
    told, name = evidence.signed_receipt(token, typ), jws.token_hash(token)
    if name in evidence.called.get((told.iss, told.jti), ()):
        return
    evidence.entries.setdefault((told.iss, told.epoch, told.seq), set()).add(name)
    evidence.called.setdefault((told.iss, told.jti), set()).add(name)
    sale = evidence.sale(token, typ)
    if typ == receipt.RECEIPT:
        evidence.receipts[name] = sale
    if told.ref is not None:
        evidence.returns.append(sale)


def _token(paper: Paper, evidence: Evidence) -> None:
    """Take in what was leased, refused, and closed."""
    if not isinstance(paper.content, str):
        return
    token, typ = paper.content, jws.unverified_typ(paper.content)
    if typ == lease.TYP:
        granted, cloud, _creator = evidence.lease(token)
        if cloud is None or not evidence.is_revoked(cloud, granted.iat):
            evidence.leases[jws.token_hash(token)] = granted
    elif typ == lease_return.TYP:
        back, box = evidence.lease_return(token)
        if not evidence.is_revoked(box, back.iat):
            evidence.lease_returns.append(back)
    elif typ == decline.TYP:
        evidence.declines.append(evidence.signed_decline(token))
    elif typ == closing.TYP:
        evidence.closes.append(evidence.close(token))


def _journal(paper: Paper, evidence: Evidence) -> None:
    """Take in which certificates an exported journal has, and what in it takes receipts back, if there are any of either."""
    if not isinstance(paper.content, Export) or not (evidence.certificates or evidence.receipts):
        return
    report = logs.read(paper.content, evidence)
    logs.check_one_history(report, evidence)
    evidence.shown += [Shown(one, report.books.refused.keys()) for one in report.logged]
    for typ, token in report.books.returns:
        with suppress(StallError):  # whose it is the journal's own verdict says
            _sale(token, typ, evidence)

"""What signed papers offer to check each other with: delegations, manifests, creators' keys, withdrawals.

Only what verifies by itself is taken in. Nothing is fetched, no clock is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from stall.errors import Hostile, Refused, StallError
from stall.wire import certificate, credential, delegation, jws, keys, manifest, receipt, strict_json
from stall.wire.credential import VerifiedCredential
from stall.wire.delegation import Delegation
from stall.wire.manifest import Manifest
from stall.wire.receipt import Receipt

MOST_BYTES = 6 * 1024 * 1024  # the longest token there is, a closing statement, and some
_SEGMENTS = 3
_ALWAYS = 0


@dataclass(frozen=True)
class Paper:
    """One document handed in: its name, its content (a token or a JSON object), and what was seen when it was read."""

    name: str
    content: str | dict[str, Any]
    seen: tuple[str, ...] = ()


def read(name: str, data: bytes) -> Paper:
    """Recognise a document by its look. Raises Refused `verify-unknown` or the errors of strict JSON."""
    text = data.strip()
    if len(text) <= MOST_BYTES and text.startswith(b"{"):
        document = strict_json.loads(text)
        if isinstance(document, dict) and "credentialSubject" in document:
            return Paper(name, document)
        raise Refused(
            "verify-unknown", f"“{name}” is JSON, but no certificate of ownership. Give the certificate.json of a sale."
        )
    if len(text) <= MOST_BYTES and text.count(b".") == _SEGMENTS - 1 and text.isascii():
        return Paper(name, text.decode("ascii"))
    raise Refused("verify-unknown", f"“{name}” is no paper of a stall. Give a pack, a token or a certificate.")


@dataclass
class Evidence:
    """What a heap of papers proves. With `expected` (a did) only that creator's word counts."""

    expected: str | None = None
    delegations: dict[str, list[Delegation]] = field(default_factory=dict)  # by the delegate's thumbprint
    manifests: dict[str, tuple[str, Manifest]] = field(default_factory=dict)  # token and content, by its hash
    creators: dict[str, bytes] = field(default_factory=dict)  # public keys by thumbprint
    receipts: dict[str, Receipt] = field(default_factory=dict)  # by the hash of the token
    withdrawn: dict[tuple[str, str], int] = field(default_factory=dict)  # (who says so, what) → from which second on

    def check_creator(self, did: str) -> None:
        """Raise Hostile `verify-other-creator` when another creator was expected."""
        if self.expected is not None and did != self.expected:
            raise Hostile(
                "verify-other-creator", f"This goes back to {did}, not to the creator you named. Do not trust it."
            )

    def receipt(self, token: str, typ: str) -> tuple[Receipt, Delegation]:
        """Check a receipt, refund or void with the newest delegation of its box that was in force for it.

        Raises Hostile `verify-needs-delegation` when none is at hand, and the errors of `wire.receipt` and `wire.delegation`.
        """
        box = jws.unverified_kid(token)
        chains = sorted(
            self.delegations.get(box, ()), key=lambda chain: (chain.iss == self.expected, chain.seq), reverse=True
        )
        if not chains:
            raise Hostile(
                "verify-needs-delegation", "Which creator stands behind this box cannot be told. Add its delegation."
            )
        told = receipt.verify(token, {box: keys.public_from_did(chains[0].sub)}, typ)
        fitting = next((chain for chain in chains if _covers(chain, told)), chains[0])
        for drop in _drops(told):
            delegation.check_use(fitting, "receipt", drop, told.iat)
        self.check_creator(fitting.iss)
        return told, fitting

    def is_withdrawn(self, held: VerifiedCredential) -> bool:
        """Say whether a certificate was taken back: it, its box, or the receipt (and number) it stands on."""
        box = keys.thumbprint(held.issuer)
        asked = [(held.creator, certificate.digest(held.document)), (held.creator, box)]
        sale = self.receipts.get(held.receipt)
        if sale is not None:
            asked += [(sale.iss, sale.jti), (sale.iss, _part(sale.jti, held.drop, held.edition))]
        return any(self.withdrawn.get(one, held.valid_from_s + 1) <= held.valid_from_s for one in asked)

    def took_back(self, told: Receipt) -> bool:
        """Say whether a refund or void among the papers takes back this receipt or a part of it."""
        return any(who == told.iss and what.split("/")[0] == told.jti for who, what in self.withdrawn)


def gather(papers: Sequence[Paper], expected: str | None) -> Evidence:
    """Take in what each paper proves by itself; one that proves nothing is passed over."""
    evidence = Evidence(expected=expected)
    if expected is not None:
        evidence.creators |= key_of(expected)
    for paper in papers:
        _try(_take_chain, paper, evidence)
    for paper in papers:  # receipts come second: only now are all delegations known
        _try(_take_receipt, paper, evidence)
    return evidence


def key_of(did: str) -> dict[str, bytes]:
    """Give the key a did names, by its thumbprint. Raises WireError."""
    public = keys.public_from_did(did)
    return {keys.thumbprint(public): public}


def named_key(token: str) -> dict[str, bytes]:
    """Give the key of the creator a token names itself: enough to see that it is whole, not to trust it."""
    issuer = jws.unverified_claims(token).get("iss")
    return key_of(issuer if isinstance(issuer, str) else "")


def _try(take: Callable[[Paper, Evidence], None], paper: Paper, evidence: Evidence) -> None:
    try:
        take(paper, evidence)
    except StallError:
        return  # it will be said when the paper itself is judged


def _take_chain(paper: Paper, evidence: Evidence) -> None:
    if isinstance(paper.content, dict):
        found = credential.verify(paper.content).delegation
        if found is not None:
            _keep(found, evidence)
        return
    match jws.unverified_typ(paper.content):
        case delegation.TYP:
            _keep(delegation.verify(paper.content, named_key(paper.content)), evidence)
        case manifest.TYP:
            signed = manifest.verify(paper.content, named_key(paper.content))
            evidence.manifests[jws.token_hash(paper.content)] = (paper.content, signed)
            evidence.creators |= key_of(signed.iss)
            for gone in signed.revoked:
                _withdraw(evidence, signed.iss, [gone.ref], gone.at if gone.kind == "box" else _ALWAYS)


def _take_receipt(paper: Paper, evidence: Evidence) -> None:
    if isinstance(paper.content, dict):
        return
    typ = jws.unverified_typ(paper.content)
    if typ not in receipt.TYPES:
        return
    told, _chain = evidence.receipt(paper.content, typ)
    if typ == receipt.RECEIPT:
        evidence.receipts[jws.token_hash(paper.content)] = told
    elif told.ref is not None:
        parts = [_part(told.ref, item.drop, item.ed) for item in told.items if item.drop is not None]
        _withdraw(evidence, told.iss, [told.ref] if typ == receipt.VOID else parts, _ALWAYS)


def _drops(told: Receipt) -> set[str | None]:
    return {item.drop for item in told.items} or {None}


def _covers(chain: Delegation, told: Receipt) -> bool:
    try:
        for drop in _drops(told):
            delegation.check_use(chain, "receipt", drop, told.iat)
    except StallError:
        return False
    return True


def _keep(found: Delegation, evidence: Evidence) -> None:
    evidence.delegations.setdefault(keys.thumbprint_of_did(found.sub), []).append(found)
    evidence.creators |= key_of(found.iss)


def _withdraw(evidence: Evidence, who: str, what: Iterable[str], since: int) -> None:
    for one in what:
        evidence.withdrawn[who, one] = min(since, evidence.withdrawn.get((who, one), since))


def _part(jti: str, drop: str | None, ed: int | None) -> str:
    return f"{jti}/{drop}/{ed or ''}"

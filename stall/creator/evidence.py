"""What signed papers offer to check each other with: delegations, manifests, creators' keys, checkpoints, withdrawals.

Only what verifies by itself, or by another of the papers, is taken in. Nothing is fetched, no clock is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from stall.creator.papers import Export, Paper, Text
from stall.errors import Hostile, StallError, WireError
from stall.wire import certificate, credential, delegation, jws, keys, lease, manifest, note, receipt, strict_json
from stall.wire.credential import VerifiedCredential
from stall.wire.delegation import Delegation
from stall.wire.lease import Lease
from stall.wire.manifest import Manifest
from stall.wire.note import Checkpoint, Note, Verifier
from stall.wire.receipt import Receipt

MOST_LINE_BYTES = 1 << 20
_ALWAYS = 0
_NAME_CHARS = 12  # of a thumbprint, in the name of a log or a cloud
_BOX, _CLOUD = "stall.example/box/", "stall.example/cloud/"

T = TypeVar("T")
Entry = tuple[str, str, int]  # box, epoch and number of an event


@dataclass
class Evidence:
    """What a heap of papers proves. With `expected` (a did) only that creator's word counts."""

    expected: str | None = None
    cosigners: list[Verifier] = field(default_factory=list)
    delegations: dict[str, list[Delegation]] = field(default_factory=dict)  # by the delegate's thumbprint
    manifests: dict[str, tuple[str, Manifest]] = field(default_factory=dict)  # token and content, by its hash
    creators: dict[str, bytes] = field(default_factory=dict)  # public keys by thumbprint
    receipts: dict[str, Receipt] = field(default_factory=dict)  # by the hash of the token
    entries: dict[Entry, set[str]] = field(default_factory=dict)  # hashes of the receipts that claim this place
    roots: dict[tuple[str, int], bytes] = field(default_factory=dict)  # of signed checkpoints, by origin and size
    forked: set[tuple[str, int]] = field(default_factory=set)  # where the same box signed another root as well
    withdrawn: dict[tuple[str, str], int] = field(default_factory=dict)  # (who says so, what) → from which second on

    def check_creator(self, did: str) -> None:
        """Raise Hostile `verify-other-creator` when another creator was expected."""
        if self.expected is not None and did != self.expected:
            raise Hostile(
                "verify-other-creator", f"This goes back to {did}, not to the creator you named. Do not trust it."
            )

    def manifest(self, token: str) -> tuple[Manifest, Delegation | None]:
        """Check a manifest, signed by the creator it names or by a signer whose delegation is at hand."""
        creator, signer = named_key(token), jws.unverified_kid(token)
        if signer in creator or signer not in self.delegations:
            return manifest.verify(token, creator), None
        return self._by_any(signer, lambda chain: manifest.verify(token, {**creator, **key_of(chain.sub)}, chain))

    def lease(self, token: str) -> tuple[Lease, Delegation | None]:
        """Check a lease, signed by a creator who is known or by a cloud that one let lease. Raises `verify-needs-creator`."""
        signer = jws.unverified_kid(token)
        if signer in self.creators:
            return lease.verify(token, self.creators), None
        if signer not in self.delegations:
            raise Hostile(
                "verify-needs-creator", "Whose lease this is cannot be told. Add the pack, or name the creator."
            )
        return self._by_any(signer, lambda chain: _leased(token, chain))

    def receipt(self, token: str, typ: str) -> tuple[Receipt, Delegation]:
        """Check a receipt, refund or void with the newest delegation of its box that was in force for it.

        Raises Hostile `verify-needs-delegation` when none is at hand, and the errors of `wire.receipt` and `wire.delegation`.
        """
        told, chain = self._by_any(jws.unverified_kid(token), lambda chain: _received(token, typ, chain))
        self.check_creator(chain.iss)
        return told, chain

    def checkpoint(self, text: str) -> tuple[Note, Checkpoint, Delegation]:
        """Check a checkpoint by the box it names, and the cosignatures of clouds that are known."""
        origin = text.split("\n", 1)[0]
        name = origin.removeprefix(_BOX)[:_NAME_CHARS]
        box = next((thumbprint for thumbprint in self.delegations if thumbprint.startswith(name)), "")
        (opened, checkpoint), chain = self._by_any(box, lambda chain: _opened(text, origin, chain, self.cosigners))
        return opened, checkpoint, chain

    def is_withdrawn(self, held: VerifiedCredential) -> str | None:
        """Say why a certificate counts no more: it, its box, or the receipt (and number) it stands on was taken back."""
        box, sale = keys.thumbprint(held.issuer), self.receipts.get(held.receipt)
        asked = {
            "revoked-certificate": [(held.creator, certificate.digest(held.document))],
            "revoked-box": [(held.creator, box)],
        }
        if sale is not None:
            parts = [(sale.iss, sale.jti), (sale.iss, _part(sale.jti, held.drop, held.edition))]
            asked["revoked-refund"] = parts
        for reason, facts in asked.items():
            if any(self.withdrawn.get(one, held.valid_from_s + 1) <= held.valid_from_s for one in facts):
                return reason
        return None

    def is_revoked(self, chain: Delegation, at_s: int) -> bool:
        """Say whether the creator revoked a delegate from before `at_s` on."""
        since = self.withdrawn.get((chain.iss, keys.thumbprint_of_did(chain.sub)))
        return since is not None and since <= at_s

    def may_cosign(self, name: str, at_s: int) -> bool:
        """Say whether a cosignature of that time counts: of a cloud named to us, or one delegated to cosign then."""
        chains = [one for found in self.delegations.values() for one in found if _cloud_name(one) == name]
        return not chains or any("cosign" in one.cap and one.nbf <= at_s <= one.exp for one in chains)

    def took_back(self, told: Receipt) -> bool:
        """Say whether a refund or void among the papers takes back this receipt or a part of it."""
        return any(who == told.iss and what.split("/")[0] == told.jti for who, what in self.withdrawn)

    def _by_any(self, signer: str, check: Callable[[Delegation], T]) -> tuple[T, Delegation]:
        """Check by each delegation of a signer, the newest first, until one covers the paper."""
        chains = sorted(
            self.delegations.get(signer, ()), key=lambda chain: (chain.iss == self.expected, chain.seq), reverse=True
        )
        refusals: list[WireError] = []
        for chain in chains:
            try:
                return check(chain), chain
            except WireError as error:
                refusals.append(error)
        if refusals:
            raise refusals[0]
        raise Hostile(
            "verify-needs-delegation", "Which creator stands behind this box cannot be told. Add its delegation."
        )


def gather(papers: Sequence[Paper], expected: str | None, cosigners: Iterable[Verifier] = ()) -> Evidence:
    """Take in what each paper proves; one that proves nothing is passed over.

    In this order, for each needs those before it: delegations, manifests, then what boxes and clouds signed.
    """
    evidence = Evidence(expected=expected, cosigners=list(cosigners))
    if expected is not None:
        evidence.creators |= key_of(expected)
    for take in (_take_delegation, _take_manifest, _take_checkpoints, _take_receipt):
        for paper in papers:
            _try(take, paper, evidence)
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


def _take_delegation(paper: Paper, evidence: Evidence) -> None:
    if isinstance(paper.content, dict):
        found = credential.verify(paper.content).delegation
        if found is not None:
            _keep(found, evidence)
    elif isinstance(paper.content, str) and jws.unverified_typ(paper.content) == delegation.TYP:
        _keep(delegation.verify(paper.content, named_key(paper.content)), evidence)


def _take_manifest(paper: Paper, evidence: Evidence) -> None:
    if not isinstance(paper.content, str) or jws.unverified_typ(paper.content) != manifest.TYP:
        return
    signed, _chain = evidence.manifest(paper.content)
    evidence.manifests[jws.token_hash(paper.content)] = (paper.content, signed)
    evidence.creators |= key_of(signed.iss)
    for gone in signed.revoked:
        _withdraw(evidence, signed.iss, [gone.ref], gone.at if gone.kind == "box" else _ALWAYS)


def _take_checkpoints(paper: Paper, evidence: Evidence) -> None:
    if isinstance(paper.content, Text):
        _note, checkpoint, _chain = evidence.checkpoint(paper.content.text)
        _keep_root(checkpoint, evidence)
    elif isinstance(paper.content, Export):
        for data in paper.content.lines():
            if b'"note"' in data:  # no event has that word, whose bytes are base64
                _take_signed(data, evidence)


def _take_signed(data: bytes, evidence: Evidence) -> None:
    """Take in the checkpoints of one line of an export, under the key the line names."""
    line = strict_json.loads(data.strip(), max_bytes=MOST_LINE_BYTES)
    box = line.get("box") if isinstance(line, dict) else None
    if not isinstance(line, dict) or not isinstance(box, str):
        return
    public, older = keys.public_from_did(box), line.get("cosigned")
    for text in (line.get("note"), older.get("note") if isinstance(older, dict) else None):
        origin = text.split("\n", 1)[0] if isinstance(text, str) else ""
        if isinstance(text, str) and origin.startswith(_BOX + keys.thumbprint(public)[:_NAME_CHARS]):
            _keep_root(Checkpoint.parse(note.open(text, [Verifier(origin, public)]).body), evidence)


def _take_receipt(paper: Paper, evidence: Evidence) -> None:
    if not isinstance(paper.content, str):
        return
    typ = jws.unverified_typ(paper.content)
    if typ not in receipt.TYPES:
        return
    told, _chain = evidence.receipt(paper.content, typ)
    evidence.entries.setdefault((told.iss, told.epoch, told.seq), set()).add(jws.token_hash(paper.content))
    if typ == receipt.RECEIPT:
        evidence.receipts[jws.token_hash(paper.content)] = told
    elif told.ref is not None:
        parts = [_part(told.ref, item.drop, item.ed) for item in told.items if item.drop is not None]
        _withdraw(evidence, told.iss, [told.ref] if typ == receipt.VOID else parts, _ALWAYS)


def _received(token: str, typ: str, chain: Delegation) -> Receipt:
    told = receipt.verify(token, key_of(chain.sub), typ)
    for drop in {item.drop for item in told.items} or {None}:
        delegation.check_use(chain, "receipt", drop, told.iat)
    return told


def _leased(token: str, chain: Delegation) -> Lease:
    given = lease.verify(token, key_of(chain.sub))
    delegation.check_use(chain, "lease", given.drop, given.iat)
    return given


def _opened(text: str, origin: str, chain: Delegation, cosigners: Sequence[Verifier]) -> tuple[Note, Checkpoint]:
    opened = note.open(text, [Verifier(origin, keys.public_from_did(chain.sub)), *cosigners])
    checkpoint = Checkpoint.parse(opened.body)
    own = f"{_BOX}{keys.thumbprint_of_did(chain.sub)[:_NAME_CHARS]}/"
    if opened.signed_by(origin) is None or checkpoint.origin != origin or not origin.startswith(own):
        raise WireError("note-not-signed", "The box it names did not sign this note. Ask the stall for a signed one.")
    return opened, checkpoint


def _keep(found: Delegation, evidence: Evidence) -> None:
    thumbprint = keys.thumbprint_of_did(found.sub)
    evidence.delegations.setdefault(thumbprint, []).append(found)
    evidence.creators |= key_of(found.iss)
    if found.role == "cloud" and "cosign" in found.cap and evidence.expected in {None, found.iss}:
        public = keys.public_from_did(found.sub)
        evidence.cosigners.append(Verifier(_cloud_name(found), public, note.COSIGNATURE_KIND))


def _cloud_name(chain: Delegation) -> str:
    return _CLOUD + keys.thumbprint_of_did(chain.sub)[:_NAME_CHARS]


def _keep_root(checkpoint: Checkpoint, evidence: Evidence) -> None:
    where = (checkpoint.origin, checkpoint.size)
    if evidence.roots.setdefault(where, checkpoint.root) != checkpoint.root:
        evidence.forked.add(where)


def _withdraw(evidence: Evidence, who: str, what: Iterable[str], since: int) -> None:
    for one in what:
        evidence.withdrawn[who, one] = min(since, evidence.withdrawn.get((who, one), since))


def _part(jti: str, drop: str | None, ed: int | None) -> str:
    return f"{jti}/{drop}/{ed or ''}"

"""What a heap of signed papers offers to check each of them with: who may sign, what else was signed, what was taken back.

Filled by `gathering`. Nothing is fetched, no clock is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from stall.creator.named import key_of, named_key
from stall.errors import Hostile, WireError
from stall.wire import (
    decline,
    delegation,
    jws,
    keys,
    lease,
    lease_return,
    manifest,
    note,
    receipt,
    tlogproof,
)
from stall.wire.closing import Close
from stall.wire.decline import Decline
from stall.wire.delegation import Delegation
from stall.wire.lease import Lease
from stall.wire.lease_return import LeaseReturn
from stall.wire.manifest import Manifest, Revoked
from stall.wire.note import Checkpoint, Note, Verifier
from stall.wire.receipt import Receipt
from stall.wire.tlogproof import Logged, TlogProof

NAME_CHARS = 12  # of a thumbprint, in the name of a log or a cloud
BOX, CLOUD = "stall.example/box/", "stall.example/cloud/"

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
    receipts: dict[str, tuple[str, Receipt]] = field(default_factory=dict)  # token and content, by its hash
    returns: list[tuple[str, Receipt]] = field(default_factory=list)  # refunds, voids, exchanges, with their types
    leases: dict[str, Lease] = field(default_factory=dict)  # by the hash of the token
    lease_returns: list[LeaseReturn] = field(default_factory=list)
    declines: list[Decline] = field(default_factory=list)
    closes: dict[tuple[str, str], Close] = field(default_factory=dict)  # by creator and drop
    revoked: dict[str, list[Revoked]] = field(default_factory=dict)  # by who says so
    logged: list[Logged] = field(default_factory=list)
    certificates: dict[str, str] = field(default_factory=dict)  # by their digest: the receipt each names
    handed_in: set[str] = field(default_factory=set)  # hashes of the receipts, proven or not
    entries: dict[Entry, set[str]] = field(default_factory=dict)  # hashes of the receipts that claim this place
    roots: dict[tuple[str, int], bytes] = field(default_factory=dict)  # of signed checkpoints, by origin and size
    forked: set[tuple[str, int]] = field(default_factory=set)  # where the same box signed another root as well

    def check_creator(self, did: str) -> None:
        """Raise Hostile `verify-other-creator` when another creator was expected."""
        if self.expected is not None and did != self.expected:
            raise Hostile(
                "verify-other-creator", f"This goes back to {did}, not to the creator you named. Do not trust it."
            )

    def manifest(self, token: str) -> tuple[Manifest, Delegation | None]:
        """Check a manifest, signed by the creator it names or by a signer whose delegation is at hand."""
        signer = jws.unverified_kid(token)
        creator = {kid: public for kid, public in self.creators.items() if kid == signer} | named_key(token)
        if signer in creator or signer not in self.delegations:
            return manifest.verify(token, creator), None
        return self._by_any(signer, lambda chain: _signed_for(token, creator, chain))

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

    def lease_return(self, token: str) -> tuple[LeaseReturn, Delegation]:
        """Check a lease return by a box that may keep a journal."""
        return self._by_any(jws.unverified_kid(token), lambda chain: _given_back(token, chain))

    def decline(self, token: str) -> tuple[Decline, Delegation]:
        """Check a decline by a cloud that may decline for every drop it names."""
        return self._by_any(jws.unverified_kid(token), lambda chain: _declined(token, chain))

    def checkpoint(self, text: str) -> tuple[Note, Checkpoint, Delegation]:
        """Check a checkpoint by the box it names, and the cosignatures of clouds that are known."""
        origin = text.split("\n", 1)[0]
        (opened, state), chain = self._by_any(
            self._box_of(origin), lambda chain: _opened(text, origin, chain, self.cosigners)
        )
        return opened, state, chain

    def log_proof(self, proof: TlogProof) -> tuple[Logged, Delegation]:
        """Check a proof that an entry stands in the journal of a box that is known."""
        box = self._box_of(proof.note.split("\n", 1)[0])
        return self._by_any(box, lambda chain: tlogproof.entry(proof, keys.public_from_did(chain.sub), self.cosigners))

    def may_cosign(self, name: str, at_s: int) -> bool:
        """Say whether a cosignature of that time counts: of a cloud named to us, or one delegated to cosign then."""
        chains = [one for found in self.delegations.values() for one in found if cloud_name(one) == name]
        return not chains or any("cosign" in one.cap and one.nbf <= at_s <= one.exp for one in chains)

    def is_revoked(self, chain: Delegation, at_s: int) -> bool:
        """Say whether the creator revoked a delegate from before `at_s` on."""
        delegate = keys.thumbprint_of_did(chain.sub)
        return any(
            (one.kind, one.ref) == ("box", delegate) and one.at <= at_s for one in self.revoked.get(chain.iss, ())
        )

    def creator_of(self, given: Lease) -> str | None:
        """The creator whose numbers a lease grants, if that can be told."""
        if given.iss in self.creators:
            return keys.did_key(self.creators[given.iss])
        chains = self.delegations.get(given.iss, ())
        return next((one.iss for one in chains if allows(one, "lease", given.drop, given.iat)), None)

    def _box_of(self, origin: str) -> str:
        """The thumbprint of the box a journal's origin names, if it is known."""
        name = origin.removeprefix(BOX).partition("/")[0] if origin.startswith(BOX) else ""
        return next((one for one in self.delegations if len(name) == NAME_CHARS and one.startswith(name)), "")

    def _by_any(self, signer: str, check: Callable[[Delegation], T]) -> tuple[T, Delegation]:
        """Check by each delegation of a signer, the newest first, until one covers the paper."""
        chains = sorted(
            self.delegations.get(signer, ()), key=lambda chain: (chain.iss == self.expected, chain.seq), reverse=True
        )
        refusals: list[WireError] = []
        for chain in chains:
            try:
                return _held(check(chain), chain, chains), chain
            except WireError as error:
                refusals.append(error)
        if refusals:
            raise refusals[0]
        raise Hostile(
            "verify-needs-delegation", "Which creator stands behind its signer cannot be told. Add the delegation."
        )


def cloud_name(chain: Delegation) -> str:
    """The name under which a cloud cosigns."""
    return CLOUD + keys.thumbprint_of_did(chain.sub)[:NAME_CHARS]


def _held(paper: T, chain: Delegation, known: Sequence[Delegation]) -> T:
    """Check that no newer delegation had replaced the one a paper is judged by, at the paper's own time."""
    if isinstance(at_s := getattr(paper, "iat", None), int):
        delegation.check_holding(chain, known, at_s)
    return paper


def check_use(chain: Delegation, cap: str, drop: str | None, at_s: int) -> None:
    """Check as `delegation.check_use` does. Raises WireError `verify-needs-delegation` where only a later one is at hand."""
    try:
        delegation.check_use(chain, cap, drop, at_s)
    except WireError as error:
        if error.code == "delegation-time" and at_s < chain.nbf:
            raise _only_later() from error
        raise


def _only_later() -> WireError:
    return WireError(
        "verify-needs-delegation",
        "The delegation of that time is missing here, only a later one is at hand. Add the older one: the box has all in its /keys.json.",
    )


def _received(token: str, typ: str, chain: Delegation) -> Receipt:
    told = receipt.verify(token, key_of(chain.sub), typ)
    for drop in {item.drop for item in told.items} or {None}:
        check_use(chain, "receipt", drop, told.iat)
    return told


def _signed_for(token: str, creator: dict[str, bytes], chain: Delegation) -> Manifest:
    try:
        return manifest.verify(token, {**creator, **key_of(chain.sub)}, chain)
    except WireError as error:
        if error.code == "delegation-time" and jws.unverified_claims(token).get("iat", 0) < chain.nbf:
            raise _only_later() from error
        raise


def _leased(token: str, chain: Delegation) -> Lease:
    given = lease.verify(token, key_of(chain.sub))
    check_use(chain, "lease", given.drop, given.iat)
    return given


def _given_back(token: str, chain: Delegation) -> LeaseReturn:
    given = lease_return.verify(token, key_of(chain.sub))
    check_use(chain, "log", given.drop, given.iat)
    return given


def _declined(token: str, chain: Delegation) -> Decline:
    told = decline.verify(token, key_of(chain.sub))
    drops: set[str | None] = {item.drop for item in told.items or ()}
    for drop in drops or {None}:
        check_use(chain, "decline", drop, told.iat)
    return told


def allows(chain: Delegation, cap: str, drop: str, at_s: int) -> bool:
    """Say whether a delegate may use `cap` for `drop` at `at_s`."""
    try:
        delegation.check_use(chain, cap, drop, at_s)
    except WireError:
        return False
    return True


def _opened(text: str, origin: str, chain: Delegation, cosigners: Sequence[Verifier]) -> tuple[Note, Checkpoint]:
    opened = note.open(text, [Verifier(origin, keys.public_from_did(chain.sub)), *cosigners])
    state = Checkpoint.parse(opened.body)
    if opened.signed_by(origin) is None or state.origin != origin:
        raise WireError("note-not-signed", "The box it names did not sign this note. Ask the stall for a signed one.")
    return opened, state

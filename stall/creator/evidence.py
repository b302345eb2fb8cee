"""What a heap of signed papers offers to check each of them with: who may sign, what else was signed, what was taken back.

Filled by `gathering`. Nothing is fetched, no clock is read, and every signature is checked once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stall.creator import owners
from stall.creator.named import key_of, named_key
from stall.creator.once import Once
from stall.errors import Hostile, StallError, WireError
from stall.wire import (
    badge,
    canonical,
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
    tlogproof,
)
from stall.wire.badge import VerifiedBadge
from stall.wire.closing import Close
from stall.wire.credential import VerifiedCredential
from stall.wire.decline import Decline
from stall.wire.delegation import Delegation
from stall.wire.event import Event
from stall.wire.lease import Lease
from stall.wire.lease_return import LeaseReturn
from stall.wire.manifest import Manifest, Revoked
from stall.wire.note import Checkpoint, Note, Verifier
from stall.wire.receipt import Item, Receipt
from stall.wire.tlogproof import Logged, TlogProof

NAME_CHARS = 12  # of a thumbprint, in the name of a log or a cloud
BOX, CLOUD = "stall.example/box/", "stall.example/cloud/"

T = TypeVar("T")
Entry = tuple[str, str, int]  # box, epoch and number of an event


@dataclass(frozen=True)
class Sale:
    """A receipt, refund or void that its box may sign, by the delegations of the creators whose drops it names."""

    token: str
    typ: str
    told: Receipt
    chains: tuple[Delegation, ...]

    @property
    def chain(self) -> Delegation:
        """The first of them; the one of the creator who is expected, if there is one."""
        return self.chains[0]

    @property
    def creators(self) -> set[str]:
        """Whose drops it names."""
        return {chain.iss for chain in self.chains}


@dataclass(frozen=True)
class Shown:
    """An entry of a journal, and the creators by whose delegations that journal is refused."""

    logged: Logged
    refused: Collection[str] = ()


@dataclass
class Evidence:
    """What a heap of papers proves. With `expected` (a did) only that creator's word counts."""

    expected: str | None = None
    cosigners: list[Verifier] = field(default_factory=list)
    named: frozenset[str] = frozenset()  # the clouds whose cosignatures the reader trusts
    delegations: dict[str, list[Delegation]] = field(default_factory=dict)  # by the delegate's thumbprint
    kept: set[Delegation] = field(default_factory=set)  # the same
    manifests: dict[str, tuple[str, Manifest]] = field(default_factory=dict)  # token and content, by its hash
    creators: dict[str, bytes] = field(default_factory=dict)  # public keys by thumbprint
    receipts: dict[str, Sale] = field(default_factory=dict)  # by the hash of the token
    returns: list[Sale] = field(default_factory=list)  # refunds, voids, exchanges
    leases: dict[str, Lease] = field(default_factory=dict)  # by the hash of the token
    lease_returns: list[LeaseReturn] = field(default_factory=list)
    declines: list[Decline] = field(default_factory=list)
    closes: list[Close] = field(default_factory=list)
    revoked: dict[str, list[Revoked]] = field(default_factory=dict)  # by who says so
    shown: list[Shown] = field(default_factory=list)
    certificates: dict[str, VerifiedCredential] = field(default_factory=dict)  # by their digest
    handed_in: dict[str, tuple[str, str]] = field(default_factory=dict)  # receipts, proven or not: token, type by hash
    entries: dict[Entry, set[str]] = field(default_factory=dict)  # hashes of the receipts that claim this place
    called: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # the same by box and `jti`
    roots: dict[tuple[str, int], bytes] = field(default_factory=dict)  # of signed checkpoints, by origin and size
    forked: set[tuple[str, int]] = field(default_factory=set)  # where the same box signed another root as well
    once: Once = field(default_factory=Once)

    def check_creator(self, did: str) -> None:
        """Raise Hostile `verify-other-creator` when another creator was expected."""
        if self.expected is not None and did != self.expected:
            raise owners.other(did)

    def delegation(self, token: str) -> Delegation:
        """Check a delegation by the creator it names."""
        return self.once.ask(("delegation", token), lambda: delegation.verify(token, named_key(token)))

    def close(self, token: str) -> Close:
        """Check a closing statement by the creator it names."""
        return self.once.ask(("close", token), lambda: closing.verify(token, named_key(token)))

    def manifest(self, token: str) -> tuple[Manifest, Delegation | None]:
        """Check a manifest, signed by the creator it names or by a signer whose delegation by that creator is at hand."""
        return self.once.ask(("manifest", token), lambda: self._manifest(token))

    def _manifest(self, token: str) -> tuple[Manifest, Delegation | None]:
        signer, named = jws.unverified_kid(token), named_key(token)
        chains = [one for one in self.of(signer) if keys.thumbprint_of_did(one.iss) in named]
        if signer in named or not chains:
            known = {kid: public for kid, public in self.creators.items() if kid == signer} | named
            return manifest.verify(token, known), None
        at_s = jws.unverified_claims(token).get("iat")
        chain = owners.held_by(chains, chains[0].iss, at_s if isinstance(at_s, int) else 0)
        return _signed_for(token, named, chain), chain

    def lease(self, token: str) -> tuple[Lease, Delegation | None, str]:
        """Check a lease, signed by a creator who is known or by a cloud that one let lease; give that creator, too.

        Raises `verify-needs-creator`.
        """
        given = self.once.ask(("lease", token), lambda: lease.verify(token, self._lessor(jws.unverified_kid(token))))
        creator = self.creator_of(given)
        if given.iss == keys.thumbprint_of_did(creator):
            return given, None, creator
        return given, self._in_force(given.iss, creator, "lease", {given.drop}, given.iat), creator

    def _lessor(self, signer: str) -> dict[str, bytes]:
        known = {kid: public for kid, public in self.creators.items() if kid == signer} | self._key(signer)
        if not known:
            raise Hostile(
                "verify-needs-creator", "Whose lease this is cannot be told. Add the pack, or name the creator."
            )
        return known

    def creator_of(self, given: Lease) -> str:
        """Name the creator whose numbers a lease grants. Raises Hostile if that cannot be told."""
        own = {keys.did_key(self.creators[given.iss])} if given.iss in self.creators else set()
        named = self.manifests.get(given.man)
        chains = [one for one in self.of(given.iss) if named is None or one.iss == named[1].iss]
        if named is not None and (named[1].iss in own or not own):
            return named[1].iss
        return owners.pick(owners.naming(chains, given.drop) or own, self.expected)

    def signed_receipt(self, token: str, typ: str) -> Receipt:
        """Check a receipt, refund or void by itself, whoever let its box sign. Raises `verify-needs-delegation`."""
        box = jws.unverified_kid(token)
        return self.once.ask(("receipt", token, typ), lambda: receipt.verify(token, self._needed_key(box), typ))

    def sale(self, token: str, typ: str) -> Sale:
        """Check a receipt, refund or void with the delegations that held for it, by the creators of what it sells.

        Raises Hostile `verify-needs-delegation` when none is at hand, and the errors of `owners`, `wire.receipt` and
        `wire.delegation`.
        """
        told = self.signed_receipt(token, typ)
        held = [
            self._in_force(told.iss, creator, "receipt", drops, told.iat)
            for creator, drops in self._sellers(told).items()
        ]
        held.sort(key=lambda chain: (chain.iss != self.expected, chain.iss))
        self.check_creator(held[0].iss)
        return Sale(token, typ, told, tuple(held))

    def _sellers(self, told: Receipt) -> dict[str, set[str | None]]:
        """Of each creator whose drops a receipt names, which; of one without drops, whoever let its box sell."""
        found: dict[str, set[str | None]] = {}
        for item in told.items:
            if item.drop is not None:
                found.setdefault(self.seller(told.iss, item), set()).add(item.drop)
        if found:
            return found
        return {owners.pick(owners.naming(self.of(told.iss), None), self.expected): {None}}

    def seller(self, box: str, item: Item) -> str:
        """Name the creator of what a line sells: by its manifest, by a certificate of the same box, or the only one there is."""
        return self.once.ask(("seller", box, item.man, item.drop), lambda: self._seller(box, item))

    def _seller(self, box: str, item: Item) -> str:
        if (named := self.manifests.get(item.man or "")) is not None:
            return named[1].iss
        said = {held.creator for held in self.certificates.values() if held.manifest == item.man and _is_of(held, box)}
        return owners.pick(said or owners.naming(self.of(box), item.drop), self.expected)

    def lease_return(self, token: str) -> tuple[LeaseReturn, Delegation]:
        """Check a lease return by a box that may keep a journal."""
        box = jws.unverified_kid(token)
        given = self.once.ask(("lease return", token), lambda: lease_return.verify(token, self._needed_key(box)))
        creator = owners.pick(self._leased_by(given), self.expected)
        return given, self._in_force(box, creator, "log", {given.drop}, given.iat)

    def _leased_by(self, given: LeaseReturn) -> set[str]:
        """Whose numbers a box may give back: of whoever leased them, or whose drop is at hand."""
        same = [
            one
            for one in self.leases.values()
            if (one.sub, one.epoch, one.drop) == (given.iss, given.epoch, given.drop)
        ]
        candidates = owners.naming(self.of(given.iss), given.drop)
        leased = {self.creator_of(one) for one in same}
        here = {signed.iss for _, signed in self.manifests.values() if signed.drop.id == given.drop}
        return leased & candidates or here & candidates or candidates

    def decline(self, token: str) -> tuple[Decline, Delegation]:
        """Check a decline by a cloud that may decline for every drop it names, by the creator of what was sold."""
        told = self.signed_decline(token)
        return told, self.declined_for(told, owners.pick(self._declined_of(told), self.expected))

    def signed_decline(self, token: str) -> Decline:
        """Check a decline by itself, whoever let its cloud decline."""
        cloud = jws.unverified_kid(token)
        return self.once.ask(("decline", token), lambda: decline.verify(token, self._needed_key(cloud)))

    def declined_for(self, told: Decline, creator: str) -> Delegation:
        """Give the delegation by which a cloud may decline for that creator. Raises WireError."""
        drops: set[str | None] = {item.drop for item in told.items or ()}
        return self._in_force(told.iss, creator, "decline", drops or {None}, told.iat)

    def _declined_of(self, told: Decline) -> set[str]:
        """Whose sale it is: of the receipt at hand, or as the box's own certificate says."""
        sold = self.receipts.get(told.rcpt)
        if sold is not None:
            return sold.creators
        said = {
            held.creator for held in self.certificates.values() if held.receipt == told.rcpt and _is_of(held, told.box)
        }
        drop = next((item.drop for item in told.items or ()), None)
        return said or owners.naming(self.of(told.iss), drop)

    def signed_checkpoint(self, text: str) -> tuple[Note, Checkpoint]:
        """Check a checkpoint by the box it names, and the cosignatures of clouds that are known."""
        origin = text.split("\n", 1)[0]
        public = self._needed_key(self.box_of(origin))
        return self.once.ask(("checkpoint", text), lambda: _opened(text, origin, public, self.cosigners))

    def checkpoint(self, text: str) -> tuple[Note, Checkpoint, Delegation]:
        """Check a checkpoint, and that its box may keep a journal."""
        opened, state = self.signed_checkpoint(text)
        return opened, state, self.keeper(self.box_of(state.origin))

    def keeper(self, box: str, among: Collection[str] = (), at_s: int | None = None) -> Delegation:
        """Give the delegation by which a box keeps a journal: the newest that says so, or the one that holds at a time.

        With `among` it is one of these creators'. Raises WireError `delegation-cap`.
        """
        creator = owners.pick(among or owners.naming(self.of(box), None), self.expected)
        own = [one for one in self.of(box) if one.iss == creator]
        keeps = [one for one in own if "log" in one.cap] if at_s is None else [owners.held_by(own, creator, at_s)]
        chain = max(keeps or own, key=lambda one: one.seq, default=None)
        if chain is None:
            raise owners.unknown()
        if "log" not in chain.cap:
            delegation.check_use(chain, "log", None, chain.nbf)
        return chain

    def signed_log_proof(self, proof: TlogProof) -> Logged:
        """Check a proof that an entry stands in the journal of a box that is known."""
        known = self._needed_key(self.box_of(proof.note.split("\n", 1)[0]))
        [public] = known.values()
        return self.once.ask(("log proof", proof), lambda: tlogproof.entry(proof, public, self.cosigners))

    def log_proof(self, proof: TlogProof) -> tuple[Logged, Delegation]:
        """Check a proof from a journal, and that its box may keep one."""
        logged = self.signed_log_proof(proof)
        fact = logged.event
        return logged, self.keeper(self.box_of(logged.checkpoint.origin), self._told_by(fact), fact.at // 1000)

    def _told_by(self, fact: Event) -> set[str]:
        """The creator of the paper an event is about, if that is at hand; of several the one that is expected."""
        certified = self.certificates.get(str(fact.body.get("hash"))) if fact.kind == "certificate" else None
        token = fact.body.get("receipt")
        sale = self.receipts.get(jws.token_hash(token)) if isinstance(token, str) else None
        found = sale.creators if sale is not None else {certified.creator} if certified is not None else set()
        return {min(found, key=lambda did: (did != self.expected, did))} if found else set()

    def certificate(self, document: dict[str, Any]) -> VerifiedCredential:
        """Check a certificate by itself."""
        return self._document(document, credential.verify)

    def badge(self, document: dict[str, Any]) -> VerifiedBadge:
        """Check a badge by itself."""
        return self._document(document, badge.verify)

    def _document(self, document: dict[str, Any], verify: Callable[[dict[str, Any]], T]) -> T:
        try:
            name = canonical.dumps(document)
        except StallError:  # what cannot be written the check itself says
            return verify(document)
        return self.once.ask((verify, name), lambda: verify(document))

    def may_cosign(self, name: str, at_s: int, creator: str | None = None) -> bool:
        """Say whether a cosignature of that time counts: of a cloud named to us, or one delegated to cosign then."""
        known = [one for one in self.kept if creator in {None, one.iss} and one.role == "cloud"]
        clouds = [one for one in known if cloud_name(one) == name]
        return any(self.cosigning(clouds, at_s, creator)) if clouds else name in self.named

    def cosigning(self, clouds: Sequence[Delegation], at_s: int, creator: str | None) -> list[Delegation]:
        """Of one cloud's delegations those that hold at a time and let it cosign then; of one creator, if one is named."""
        held = [
            delegation.holding([one for one in clouds if one.iss == iss], at_s) for iss in {one.iss for one in clouds}
        ]
        return [
            one
            for one in held
            if one is not None
            and creator in {None, one.iss}
            and "cosign" in one.cap
            and one.nbf <= at_s <= one.exp
            and not self.is_revoked(one, at_s)
        ]

    def is_revoked(self, chain: Delegation, at_s: int) -> bool:
        """Say whether the creator revoked a delegate from before `at_s` on."""
        since = self.revoked_since("box", keys.thumbprint_of_did(chain.sub), chain.iss)
        return since is not None and since <= at_s

    def revoked_since(self, kind: str, ref: str, creator: str) -> int | None:
        """From when on a creator revoked something."""
        return min(
            (one.at for one in self.revoked.get(creator, ()) if (one.kind, one.ref) == (kind, ref)), default=None
        )

    def of(self, signer: str) -> list[Delegation]:
        """List the delegations of a key, by whomever."""
        return self.delegations.get(signer, [])

    def box_of(self, origin: str) -> str:
        """The thumbprint of the box a journal's origin names, if it is known."""
        name = origin.removeprefix(BOX).partition("/")[0] if origin.startswith(BOX) else ""
        return next((one for one in self.delegations if len(name) == NAME_CHARS and one.startswith(name)), "")

    def _key(self, signer: str) -> dict[str, bytes]:
        return next((key_of(one.sub) for one in self.of(signer)), {})

    def _needed_key(self, signer: str) -> dict[str, bytes]:
        """Give the key of a delegate, whoever trusts it. Raises Hostile `verify-needs-delegation` if nobody does here."""
        if not (known := self._key(signer)):
            raise owners.unknown()
        return known

    def _in_force(self, signer: str, creator: str, cap: str, drops: Iterable[str | None], at_s: int) -> Delegation:
        chain = owners.held_by(self.of(signer), creator, at_s)
        for drop in drops:
            owners.check_use(chain, cap, drop, at_s)
        return chain


def _is_of(held: VerifiedCredential, box: str) -> bool:
    """Say whether a certificate is the word of that box."""
    return not held.by_creator and keys.thumbprint(held.issuer) == box


def cloud_name(chain: Delegation) -> str:
    """The name under which a cloud cosigns."""
    return CLOUD + keys.thumbprint_of_did(chain.sub)[:NAME_CHARS]


def _signed_for(token: str, creator: dict[str, bytes], chain: Delegation) -> Manifest:
    try:
        return manifest.verify(token, {**creator, **key_of(chain.sub)}, chain)
    except WireError as error:
        if error.code == "delegation-time" and jws.unverified_claims(token).get("iat", 0) < chain.nbf:
            raise owners.only_later() from None
        raise


def _opened(text: str, origin: str, box: dict[str, bytes], cosigners: Sequence[Verifier]) -> tuple[Note, Checkpoint]:
    opened = note.open(text, [*(Verifier(origin, public) for public in box.values()), *cosigners])
    state = Checkpoint.parse(opened.body)
    if opened.signed_by(origin) is None or state.origin != origin:
        raise WireError("note-not-signed", "The box it names did not sign this note. Ask the stall for a signed one.")
    return opened, state

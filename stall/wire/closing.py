"""The closing statement: what became of every copy of a drop, signed by its creator when it is over (formats 7.9).

`cert` names the certificate as the box's journal has it, or the newest after it was passed on. Lists of more than
10,000 entries are replaced by the root of their RFC 9162 tree; an entry is then shown by its inclusion proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta

from stall.errors import WireError
from stall.wire import b64, canonical, jws, keys, merkle
from stall.wire import claims as rules
from stall.wire.keys import thumbprint_of_did
from stall.wire.manifest import Manifest

TYP = "stall-close+jwt"

MAX_LISTED = 10_000
ISSUED = frozenset({"sold", "artist"})
"""What became of copies that may have a certificate."""


class Entry(rules.Claims, frozen=True, kw_only=True):
    """One copy: its number, what became of it, and the certificate of it, if one was signed."""

    st: Literal["sold", "burned", "unsold", "artist"]
    ed: rules.EditionNumber | None = None
    cert: rules.B43 | None = None


class Log(rules.Claims, frozen=True, kw_only=True):
    """One epoch of a box's journal as it stood then: origin of its checkpoints, how many events, their root."""

    origin: Annotated[str, Meta(pattern=r"^stall\.example/box/[A-Za-z0-9_-]{12}/[A-Za-z0-9_-]{21}[AQgw]\Z")]
    size: rules.Count
    root: rules.B43


class Close(rules.Claims, frozen=True, kw_only=True):
    """All claims of a closing statement. `iat` is when the drop was closed; `root` and `count` replace a long list."""

    iss: rules.Did
    jti: rules.Id22
    iat: rules.Time
    drop: rules.DropId
    man: rules.H
    editions: Annotated[tuple[Entry, ...], Meta(max_length=MAX_LISTED)] | None = None
    root: rules.B43 | None = None
    count: rules.Count | None = None
    log: Annotated[tuple[Log, ...], Meta(max_length=100)] = ()


def parse(claims: Mapping[str, Any]) -> Close:
    """Type the claims and check the rules of docs/protocol.md 5.9. Raises WireError naming the first one broken."""
    return _checked(rules.typed(claims, Close, "closing statement"))


def _checked(close: Close) -> Close:
    keys.public_from_did(close.iss)
    if (close.root is None) != (close.count is None) or (close.root is None) == (close.editions is None):
        raise WireError("close-list", "The closing statement has no list, or more than one. Sign it again.")
    if close.count is not None and close.count <= MAX_LISTED:
        raise WireError("close-count", f"Up to {MAX_LISTED} copies are listed, not counted. Sign it again.")
    if close.editions is not None:
        check_entries(close.editions)
    if len({log.origin for log in close.log}) != len(close.log):
        raise WireError("close-log", "The closing statement names one journal twice. Sign it again.")
    return close


def check_entries(entries: Sequence[Entry]) -> None:
    """Check a whole list: all numbers from 1 on in order, or none at all and in order of the certificates.

    Raises WireError.
    """
    numbered = [entry.ed for entry in entries if entry.ed is not None]
    if numbered and numbered != list(range(1, len(entries) + 1)):
        raise WireError("close-numbers", "The numbers are not complete, or not in order. Sign it again.")
    if any(entry.cert is not None and entry.st not in ISSUED for entry in entries):
        raise WireError("close-certificate", "A copy nobody has is given a certificate. Sign it again.")
    if not numbered and any(entry.cert is None or entry.st not in ISSUED for entry in entries):
        raise WireError("close-no-certificate", "A copy without number has no certificate either. Leave it out.")
    certificates = [entry.cert for entry in entries if entry.cert is not None]
    if len(set(certificates)) != len(certificates):
        raise WireError("close-certificate-twice", "Two copies are given one certificate. Sign it again.")
    if not numbered and certificates != sorted(certificates):
        raise WireError("close-order", "Copies without number are not in order of their certificates. Sign it again.")


def claims(close: Close) -> dict[str, Any]:
    """Write the claims as plain values."""
    return rules.of(close)


def sign(key: keys.SigningKey, close: Close) -> str:
    """Sign the closing statement with the creator's key. Raises StallError if it breaks a rule."""
    plain = claims(close)
    parse(plain)
    return jws.sign(key, TYP, plain)


def verify(token: str, keys: Mapping[str, bytes]) -> Close:
    """Check a closing statement, signed by the creator it names and by nobody for them. Raises WireError."""
    close, signer = jws.open(token, keys, TYP, Close, "closing statement")
    _checked(close)
    if signer != thumbprint_of_did(close.iss):
        raise WireError(
            "close-wrong-signer", "The closing statement is not signed by the creator it names. Do not use it."
        )
    return close


def check_manifest(close: Close, manifest: Manifest, token: str) -> None:
    """Check a closing statement against the manifest it names: same creator and drop, every number of the edition.

    Raises WireError.
    """
    if (close.man, close.iss, close.drop) != (jws.token_hash(token), manifest.iss, manifest.drop.id):
        raise WireError("close-other-manifest", "The closing statement is of another manifest. Add the one it names.")
    listed, edition = close.editions, manifest.drop.edition
    count = close.count if listed is None else len(listed)
    if edition is None:
        complete = not any(entry.ed for entry in listed or ())
    else:
        complete = count == edition and all(entry.ed for entry in listed or ())
    if not complete:
        raise WireError("close-incomplete", "The closing statement does not list the edition as it is. Sign it again.")


def entry_bytes(entry: Entry) -> bytes:
    """Write an entry as the leaf of the tree has it: canonical JSON."""
    return canonical.dumps(rules.of(entry))


def root_of(entries: Sequence[Entry]) -> str:
    """Compute `root` of a list too long to stand in the statement itself."""
    return b64.encode(merkle.root_of([merkle.leaf_hash(entry_bytes(entry)) for entry in entries]))


def check_entry(close: Close, entry: Entry, index: int, proof: Sequence[bytes]) -> None:
    """Check that `entry` stands at `index`, from 0, in the list whose `root` the statement has. Raises WireError."""
    if close.root is None or close.count is None:
        raise WireError("close-listed", "The closing statement has its list in itself. Look the copy up there.")
    merkle.verify_inclusion(index, close.count, merkle.leaf_hash(entry_bytes(entry)), proof, b64.decode(close.root))

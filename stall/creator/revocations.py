"""What a creator takes back with a new version of a drop: boxes, leases and certificates (docs/protocol.md 6.5).

Finds the names of what a person gives, as text or as a file. Nothing is ever taken off the list again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from stall.creator import gathering, ledger, recipients
from stall.creator.keyring import Creator
from stall.errors import Refused, StallError
from stall.wire import certificate, credential, jws, keys, lease, strict_json
from stall.wire.manifest import Manifest, Revoked

Kind = Literal["box", "cert", "lease"]

WORDS: Mapping[Kind, str] = {"box": "box", "cert": "certificate", "lease": "lease"}
"""What each kind is called."""

_NAME = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)
_JTI = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_MOST_BYTES = 64 * 1024


def read(creator: Creator, kind: Kind, text: str, at_s: int) -> Revoked:
    """Read what is to count no more from `at_s` on.

    A box by its did, thumbprint or the file from `stall keys show --json`; a lease by its file, its name, or the `jti` that
    receipts have; a certificate by its file or its name. Raises Refused `recipient-unknown`, `revoke-malformed`,
    `revoke-wrong-paper`, `revoke-not-yours`, `revoke-unknown-lease`, `file-unreadable`, and WireError for a paper that does not hold.
    """
    find: Mapping[Kind, Callable[[Creator, str], str]] = {"box": _box, "cert": _certificate, "lease": _lease}
    return Revoked(kind=kind, ref=find[kind](creator, text), at=at_s)


def read_time(text: str) -> int:
    """Read a time in UTC as typed, in seconds since 1970. Raises Refused `time-malformed`."""
    try:
        at = datetime.fromisoformat(text.strip())
        at_s = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        at_s = -1
    if at_s < 0:
        raise Refused("time-malformed", "That is not a time. Write date and time in UTC, like 2026-11-21 14:05.")
    return at_s


def read_past(text: str, now_s: int) -> int:
    """Read a time in UTC that is past, as typed. Raises Refused `time-malformed`, `revoke-later`."""
    at_s = read_time(text)
    if at_s > now_s:
        raise Refused(
            "revoke-later", "Nothing is revoked from a time to come on: a box stops at once. Give a time that is past."
        )
    return at_s


def joined(old: Manifest | None, new: Sequence[Revoked]) -> tuple[Revoked, ...]:
    """Carry on what the old version revokes, and add the new. Raises Refused `revoke-needs-after`, `revoke-again`."""
    if new and old is None:
        raise Refused(
            "revoke-needs-after",
            "Only a new version of a drop revokes anything. Give the newest pack of one of your drops with --after.",
        )
    found = list(old.revoked if old else ())
    for one in new:
        known = next((each for each in found if (each.kind, each.ref) == (one.kind, one.ref)), None)
        if known is not None:
            raise Refused(
                "revoke-again",
                f"This is revoked already, and stays so: {text(known)}. Leave it out.",
            )
        found.append(one)
    return tuple(found)


def with_passed_on(creator: Creator, old: Manifest | None, new: Sequence[Revoked], now_s: int) -> tuple[Revoked, ...]:
    """Add what counts no more with these: the other form of a certificate that box and creator signed, and what was passed on.

    Nothing that the `old` version revokes is added. Raises the ledger's errors.
    """
    if old is None:
        return tuple(new)
    known = {one.ref for one in (*old.revoked, *new) if one.kind == "cert"}
    drop = old.drop.id
    with ledger.opened(creator.folder) as book:
        named = [(form, one.at) for one in new if one.kind == "cert" for form in book.forms(drop, one.ref)]
        named += [(row.old, now_s) for row in book.passed(drop).values()]
    more = {name: Revoked(kind="cert", ref=name, at=at) for name, at in named if name not in known}
    return (*new, *more.values())


def text(one: Revoked) -> str:
    """Say what counts no more, and from when on; a certificate counts no more at all."""
    if one.kind == "cert":
        return f"{WORDS[one.kind]} {one.ref}"
    return f"{WORDS[one.kind]} {one.ref} from {datetime.fromtimestamp(one.at, UTC):%Y-%m-%d %H:%M} UTC on"


def _box(creator: Creator, given: str) -> str:
    thumbprint = recipients.read(given).thumbprint
    if thumbprint == creator.key.thumbprint:
        raise Refused("revoke-not-yours", "That is your own key, and no box. Give what `stall keys show` prints there.")
    return _named(thumbprint, "box")


def _lease(creator: Creator, given: str) -> str:
    with ledger.opened(creator.folder) as book:
        leased = {jws.token_hash(row.token): row.token for row in book.all_leases}
        clouds = [keys.public_from_did(row.sub) for row in book.delegations if "lease" in row.cap]
    trusted = {keys.thumbprint(public): public for public in [creator.key.public, *clouds]}
    if Path(given).is_file():
        token = _content(Path(given)).decode("ascii", errors="replace")
        _check_is_lease(token, given)
        lease.verify(token, trusted)
        return jws.token_hash(token)
    if _JTI.fullmatch(given):
        return _by_jti(leased, given)
    if _named(given, "lease") not in leased and not clouds:
        raise _unknown_lease(given)
    return given


def _check_is_lease(token: str, given: str) -> None:
    try:
        fits = jws.unverified_typ(token) == lease.TYP
    except StallError:
        fits = False
    if not fits:
        raise Refused("revoke-wrong-paper", f"“{given}” is no lease. Give the file that `stall lease issue` wrote.")


def _by_jti(leased: Mapping[str, str], jti: str) -> str:
    found = [name for name, token in leased.items() if jws.unverified_claims(token).get("jti") == jti]
    if not found:
        raise _unknown_lease(jti)
    return found[0]


def _unknown_lease(given: str) -> Refused:
    return Refused("revoke-unknown-lease", f"Your ledger has no lease “{given}”. Check the sign, or give its file.")


def _certificate(creator: Creator, given: str) -> str:
    if not Path(given).is_file():
        return _named(given, "cert")
    try:
        read = strict_json.loads(_content(Path(given)))
    except StallError:
        read = None
    document: dict[str, Any] = gathering.certificate_in(read) if isinstance(read, dict) else {}
    if "credentialSubject" not in document:
        raise Refused("revoke-wrong-paper", f"“{given}” is no certificate. Give the one that the buyer has.")
    if credential.verify(document).creator != creator.did:
        raise Refused("revoke-not-yours", f"“{given}” is a certificate of another creator. Only they revoke it.")
    return certificate.digest(document)


def _named(given: str, kind: Kind) -> str:
    if not _NAME.fullmatch(given):
        raise Refused(
            "revoke-malformed",
            f"“{given[:80]}” is neither a file nor the name of a {WORDS[kind]}, which has 43 signs. Check it sign by sign.",
        )
    return given


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).strip()
    except OSError as error:
        raise Refused("file-unreadable", f"{path} cannot be read ({error.strerror}). Check the name.") from error

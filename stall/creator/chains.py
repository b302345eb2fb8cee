"""Who signed a paper, by what chain that goes back to a creator, and how that is said in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from stall.creator.evidence import Evidence
from stall.wire.delegation import Delegation


@dataclass(frozen=True)
class Link:
    """One signer of a chain; the first signed the paper, the last is the creator."""

    role: str
    did: str
    name: str | None = None


@dataclass(frozen=True)
class Said:
    """What a paper that holds says. `dated` is its own time, `until` when it ends (seconds UTC), where it tells.

    `own` is the name under which others rest on it and `kin` what it shares with its older and newer versions; `rests`
    names what it rests on beside its signer's delegation, each with the time at which it did. `gone` is why the creator's
    revoking ended it, as a word and a sentence; `lacks` the code and the sentence of what is missing to tell whose it is.
    """

    says: tuple[str, ...]
    chain: tuple[Link, ...]
    dated: int | None = None
    until: int | None = None
    delegate: Delegation | None = None
    own: str | None = None
    kin: str | None = None
    rests: tuple[tuple[str, int], ...] = ()
    gone: tuple[str, str] | None = None
    lacks: tuple[str, str] | None = None


def name_of(given: Delegation) -> str:
    """The name under which papers rest on a delegation."""
    return f"{given.iss} {given.jti}"


def links(creator: str, chain: Delegation | None = None) -> tuple[Link, ...]:
    """The chain from whoever signed to the creator."""
    last = Link("creator", creator)
    return (Link(chain.role, chain.sub, chain.name), last) if chain else (last,)


def signed_by(creator: str, chain: Delegation | None, heap: Evidence) -> list[str]:
    """Say who signed. Raises Hostile `verify-other-creator` when another creator was expected."""
    return by_delegate(chain, heap) if chain else by_creator(creator, heap)


def by_delegate(chain: Delegation, heap: Evidence) -> list[str]:
    """Say who signed for the creator."""
    named = f" “{chain.name}”" if chain.name else ""
    return [
        f"Signed by the {chain.role}{named} {chain.sub}, which the creator let do so.",
        *by_creator(chain.iss, heap),
    ]


def by_creator(did: str, heap: Evidence) -> list[str]:
    """Say who the creator is, and whether that is the one named. Raises Hostile `verify-other-creator`."""
    heap.check_creator(did)
    return [f"The creator is {did}.", *_trust(did, heap)]


def _trust(did: str, heap: Evidence) -> list[str]:
    if heap.expected == did:
        return ["That is the creator you named."]
    return ["Compare that name with the one on the creator's poster or web page; anyone can make a key."]


def counted(number: int, what: str) -> str:
    """Write `1 event`, `2 events`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def day(seconds: int) -> str:
    """Write a day as people do in files; a signed time may be beyond any calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"

"""What one check found: a state, what it means, and what to do about it. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stall.errors import StallError


class State(StrEnum):
    """How much a finding hurts: a fault stops the stall or loses something, a warning will; a note is good to know."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAULT = "fault"
    UNKNOWN = "unknown"


#: The states from what hurts most to what does not.
WORST_FIRST = (State.FAULT, State.WARNING, State.UNKNOWN, State.NOTE, State.OK)


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer. `name` is `group.subject`; `what` a sentence; `cure` what to type or do with one's hands, empty only where all is well.

    `facts` are the figures behind it, for a script and for whoever helps: never a secret.
    """

    name: str
    state: State
    what: str
    cure: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Every finding that is not well says what to do, and no other."""
        if bool(self.cure) is (self.state is State.OK):
            raise ValueError(f"{self.name}: a cure belongs to what is not well, and only there")

    @property
    def group(self) -> str:
        """The part of the stall it is about."""
        return self.name.partition(".")[0]


def ok(name: str, what: str, **facts: object) -> Finding:
    """All is well."""
    return Finding(name, State.OK, what, "", facts)


def note(name: str, what: str, cure: str, **facts: object) -> Finding:
    """Good to know; nothing need be done today."""
    return Finding(name, State.NOTE, what, cure, facts)


def warning(name: str, what: str, cure: str, **facts: object) -> Finding:
    """Works, and will not for long."""
    return Finding(name, State.WARNING, what, cure, facts)


def fault(name: str, what: str, cure: str, **facts: object) -> Finding:
    """Does not work, or what is written now may be lost."""
    return Finding(name, State.FAULT, what, cure, facts)


def unknown(name: str, what: str, cure: str, **facts: object) -> Finding:
    """Could not be looked at."""
    return Finding(name, State.UNKNOWN, what, cure, facts)


def of_error(name: str, error: StallError, state: State = State.FAULT) -> Finding:
    """An error of ours as a finding: what happened, and behind the first full stop what to do."""
    what, _, cure = error.sentence.partition(". ")
    return Finding(
        name,
        state,
        f"{what.removesuffix('.')}.",
        cure or f"Look up {error.code} in docs/errors.md.",
        {"code": error.code},
    )

"""Who acts: put into every event that is appended while somebody at the till does something. Numbers, never names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stall.store.db import Tx

#: Whose events name who decided among their own members, where somebody did.
_OWN_DECIDER = frozenset({"attempt", "sale", "seen", "settled", "declined_late", "day_end", "no_day_end"})
#: A Z-report says itself who closed.
_OWN_BY = frozenset({"shift_close"})
MEMBERS = frozenset({"by", "device", "decided_by"})


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts (`by`), the device it was done on, and who allowed it by PIN where that is another person."""

    by: int
    device: int | None = None
    allowed: int | None = None

    @property
    def decider(self) -> str:
        """Who decided, as a payment's `decided_by` says it."""
        return str(self.allowed or self.by)

    def members(self, kind: str) -> dict[str, object]:
        """What an event of this kind says of who acted."""
        told: dict[str, object] = {"by": self.by}
        if self.device is not None:
            told["device"] = self.device
        if self.allowed not in {None, self.by} and kind not in _OWN_DECIDER:
            told["decided_by"] = self.decider
        return told


def without(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """An event's body without what says who acted: what its kind says by itself."""
    own = ({"by"} if kind in _OWN_BY else set()) | ({"decided_by"} if kind in _OWN_DECIDER else set())
    return {name: value for name, value in body.items() if name in own or name not in MEMBERS}


@contextmanager
def acting(tx: Tx, actor: Actor | None) -> Iterator[None]:
    """Let `actor` be who acts for as long as the block lasts; a transaction may hold the work of several people."""
    before, tx.actor = tx.actor, actor
    try:
        yield
    finally:
        tx.actor = before

"""The events of kind `staff`: what people did at the stall that is no sale. Numbers and words of a table, never what was typed."""

from __future__ import annotations

from enum import StrEnum

from stall.store.db import Tx


class Deed(StrEnum):
    """What happened."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    WRONG_PIN = "wrong_pin"
    SHUT_OUT = "shut_out"
    ADDED = "added"
    CHANGED = "changed"
    NEW_PIN = "new_pin"
    ENROLLED = "enrolled"
    DEVICE_ENDED = "device_ended"
    DRAWER = "drawer"


def tell(tx: Tx, deed: Deed, **members: int | str | bool | None) -> int:
    """Append one: `person` and `role`, `active`, or `enrolled` (a device's number) say of whom or what."""
    body: dict[str, object] = {"what": deed.value}
    body.update({name: value for name, value in members.items() if value is not None})
    return tx.append("staff", body)

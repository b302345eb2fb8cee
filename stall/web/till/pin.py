"""Ask for the maker's PIN where the design names it. The slow hash is computed outside the door."""

from __future__ import annotations

from stall.errors import Refused
from stall.flows import staff_pin
from stall.store.box import Box

#: Longer input is no PIN and is not hashed.
LONGEST = 64


def check_pin(box: Box, pin: str) -> None:
    """Let a right PIN through. Raises Refused `pin-wrong`, `pin-locked`; Broken `pin-missing`."""
    pin_hash = box.write("payment", staff_pin.begin_try)
    if len(pin) > LONGEST or not staff_pin.matches(pin_hash, pin.strip()):
        raise Refused("pin-wrong", f"That is not the maker's PIN. {_left_words(box)}")
    box.write("payment", staff_pin.end_try)


def _left_words(box: Box) -> str:
    left = staff_pin.tries_left(box.db.read(), box.now_ms())
    if left == 0:
        return f"It is locked now; try again in {staff_pin.LOCK_MS // 60_000} minutes."
    tries = "One try is" if left == 1 else f"{left} tries are"
    return f"{tries} left before it is locked for {staff_pin.LOCK_MS // 60_000} minutes."

"""What the maker does before the first buyer comes, at the till's own pages: sign in, confirm the clock, open the drops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from stall.clock import SystemClock
from stall.demo.journey.visitor import Visitor

SIGN_IN = "Sign in"
#: The number of the maker whose PIN was made with the box.
FIRST_MAKER = "1"


def sign_in(maker: Visitor, pin: str) -> None:
    """Sign in as the first maker with the PIN, as everybody at the till does first. Raises Broken `visit-failed`."""
    page = maker.open("/sign-in")
    chosen = (
        {"who": FIRST_MAKER} if "who" in page.form(SIGN_IN).names else {}
    )  # where there is one person, no name is asked
    maker.press(page, SIGN_IN, pin=pin, **chosen)


def confirm_clock(maker: Visitor, pin: str, *, only_if_unsure: bool) -> bool:
    """Give this machine's time as the maker's word; say whether the till now shows it as confirmed or sure."""
    page = maker.open("/clock")
    if only_if_unsure and not page.has("p", "tone-warn"):
        return True
    now = datetime.fromtimestamp(SystemClock().wall_ms() // 1000, UTC)
    after = maker.press(page, "Confirm this time", utc=f"{now:%Y-%m-%d %H:%M:%S}", pin=pin)
    return after.has("p", "tone-ok")


def open_drops(maker: Visitor, pin: str, drops: Sequence[str]) -> None:
    """Press Open beside each of the drops that is not open already."""
    for drop in drops:
        page = maker.open("/drops")
        if page.offers("Open", drop):
            maker.press(page, "Open", drop, pin=pin)

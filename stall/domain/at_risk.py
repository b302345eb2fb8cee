"""Money approved offline: a loan to the buyer until the terminal has sent it in. Its caps, and when they are reached.

Pure; amounts in minor units, ages by the box's clock in ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Caps:
    """What a stall risks at most; 0 of `sale_minor`, `total_minor` or `count` means that no card is taken offline.

    After `amber_h` hours the oldest is to be sent in soon; after `red_h` no other is taken before.
    """

    sale_minor: int = 5_000
    total_minor: int = 50_000
    count: int = 100
    amber_h: int = 24
    red_h: int = 72

    @property
    def online_only(self) -> bool:
        """Nothing may be taken offline."""
        return 0 in {self.sale_minor, self.total_minor, self.count}


USUAL = Caps()


@dataclass(frozen=True, slots=True)
class AtRisk:
    """What is at risk now: the sum, how many payments, and since when (ms UTC)."""

    minor: int
    count: int
    since_ms: int | None

    def age_ms(self, now_ms: int) -> int:
        """How old the oldest is."""
        return 0 if self.since_ms is None else max(0, now_ms - self.since_ms)


class Cap(StrEnum):
    """Which limit stands in the way."""

    ONLINE_ONLY = "online_only"
    SALE = "sale"
    TOTAL = "total"
    COUNT = "count"
    AGE = "age"


class Tone(StrEnum):
    """How urgent what is at risk is."""

    CALM = "calm"
    AMBER = "amber"
    RED = "red"


def over(caps: Caps, risk: AtRisk, minor: int, now_ms: int) -> Cap | None:
    """The limit that one more payment approved offline would break, or None."""
    if caps.online_only:
        return Cap.ONLINE_ONLY
    if minor > caps.sale_minor:
        return Cap.SALE
    if risk.minor + minor > caps.total_minor:
        return Cap.TOTAL
    if risk.count + 1 > caps.count:
        return Cap.COUNT
    return Cap.AGE if _too_old(caps, risk, now_ms) else None


def full(caps: Caps, risk: AtRisk, now_ms: int) -> Cap | None:
    """The limit that is reached already, so that no terminal is asked that may answer offline; None while nothing is at risk."""
    if risk.count == 0:
        return None
    if risk.minor >= caps.total_minor:
        return Cap.TOTAL
    if risk.count >= caps.count:
        return Cap.COUNT
    return Cap.AGE if _too_old(caps, risk, now_ms) else None


def tone(caps: Caps, risk: AtRisk, now_ms: int) -> Tone:
    """Red once a limit is reached, amber from the first age on."""
    if full(caps, risk, now_ms) is not None:
        return Tone.RED
    return Tone.AMBER if risk.count and risk.age_ms(now_ms) >= caps.amber_h * HOUR_MS else Tone.CALM


def deadline_ms(caps: Caps, since_ms: int) -> int:
    """When a payment approved offline must have been sent in (ms UTC)."""
    return since_ms + caps.red_h * HOUR_MS


def _too_old(caps: Caps, risk: AtRisk, now_ms: int) -> bool:
    return risk.count > 0 and risk.age_ms(now_ms) >= caps.red_h * HOUR_MS

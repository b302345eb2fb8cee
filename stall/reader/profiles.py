"""What differs between makes of terminal, as data: one row for each that somebody has described."""

from __future__ import annotations

from dataclasses import dataclass

from stall.errors import Refused

#: ZVT config byte (PA00P015, 06 00): steps are told (08), amounts come from the till only (10); the terminal prints itself.
CONFIG = 0x18


@dataclass(frozen=True, slots=True)
class Profile:
    """One make. `charset` of its texts; `config`: the byte of a ZVT registration; `can_abort`: from the till."""

    name: str
    protocol: str = "zvt"
    reverses_by_itself: bool = False
    """It may take back an approved payment without telling: recovery must not trust its last receipt alone."""
    charset: str = "cp437"
    config: int = CONFIG
    can_abort: bool = True
    containers: bool = True
    """ZVT: it may send TLV containers, which alone say for sure whether the bank was asked (2F, 1F11)."""
    can_repeat: bool = True
    """It tells its last receipt again (`06 20`); without, a person decides what nobody heard."""
    marks_asks: bool = True
    """Concert E+: each ask bears a number in its private field, which some terminals say again."""
    refunds_by_type_2: bool = False
    """Concert E+: somebody tried type 2 on it, and it gave money back to a card instead of cancelling a payment."""


PROFILES: dict[str, Profile] = {
    "standard": Profile("standard", reverses_by_itself=True),
    "simulated": Profile("simulated"),
    "card-complete": Profile("card-complete", charset="iso8859-15"),
    "global-payments": Profile("global-payments", reverses_by_itself=True, can_abort=False),
    "pax": Profile("pax", reverses_by_itself=True, can_repeat=False),
    "telium": Profile("telium", "telium", can_abort=False, can_repeat=False),
    "telium-plain": Profile("telium-plain", "telium", can_abort=False, can_repeat=False, marks_asks=False),
    "telium-refunds": Profile("telium-refunds", "telium", can_abort=False, can_repeat=False, refunds_by_type_2=True),
}
"""By the `profile` of the reader's settings. A terminal nobody described may reverse by itself (PA00P015 2.2.8)."""


def profile_of(name: str, protocol: str) -> Profile:
    """The row of a name. Raises Refused `reader-profile` where there is none, or it is another protocol's."""
    fitting = names_for(protocol)
    if name not in PROFILES:
        raise Refused("reader-profile", f"There is no reader profile “{name}”. Use one of: {', '.join(fitting)}.")
    if name not in fitting:
        raise Refused(
            "reader-profile",
            f"The profile “{name}” is not for the protocol “{protocol}”. With that, use one of: {', '.join(fitting)}.",
        )
    return PROFILES[name]


def names_for(protocol: str) -> list[str]:
    """The profiles of a protocol, the one that believes least first; all where nobody described any for it."""
    return [name for name, each in PROFILES.items() if each.protocol == protocol] or list(PROFILES)

"""What `iw` answers, read; and the channel chosen by it. Pure: text in, numbers out.

Channels 12 and 13 are never chosen: phones from countries without them would not see the stall. On 5 GHz only 36 to 48, where no radar
has to be listened for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Middle of each channel (MHz).
MHZ = {"2.4": {1: 2412, 6: 2437, 11: 2462}, "5": {36: 5180, 40: 5200, 44: 5220, 48: 5240}}
#: Half the width of the channel used (MHz).
_HALF = 10
_BSS = re.compile(r"(?m)^BSS ")
_FREQ = re.compile(r"^\s*freq: (\d+)", re.MULTILINE)
_SIGNAL = re.compile(r"^\s*signal: (-?\d+(?:\.\d+)?) dBm", re.MULTILINE)
_RULE = re.compile(r"^\s*\((\d+) - (\d+) @ \d+\),(.*)$", re.MULTILINE)
#: What a rule says of frequencies where an access point may not just begin to send.
_NOT_FOR_US = ("NO-IR", "PASSIVE-SCAN", "NO-IBSS", "DFS")
#: What is fainter than this is not in the way (dBm).
_FLOOR_DBM = -95.0
#: 20 MHz apart nothing overlaps.
_APART_MHZ = 20


@dataclass(frozen=True, slots=True)
class Heard:
    """A network in the air: its frequency (MHz), and how loud it is here (dBm)."""

    mhz: int
    dbm: float


def heard(told: str | None) -> list[Heard] | None:
    """The networks in an answer of `iw dev … scan`; None where there was no answer."""
    if told is None:
        return None
    found = []
    for each in _BSS.split(told)[1:]:
        freq, signal = _FREQ.search(each), _SIGNAL.search(each)
        if freq and signal:
            found.append(Heard(int(freq[1]), float(signal[1])))
    return found


def allowed(band: str, told: str | None) -> tuple[int, ...]:
    """The channels of a band that the country allows by an answer of `iw reg get`; all of them where there was none.

    The first rules that stand there are the ones in force for every radio; a radio may have stricter ones of its own, which follow.
    """
    channels = MHZ[band]
    if told is None or not (rules := _RULE.findall(told)):
        return tuple(channels)
    blocks = [_RULE.findall(block) for block in re.split(r"(?m)^(?:global|phy#\d+.*)$", told) if _RULE.search(block)]
    return tuple(channel for channel, mhz in channels.items() if all(_fits(mhz, block) for block in blocks or [rules]))


def _fits(mhz: int, rules: Sequence[tuple[str, str, str]]) -> bool:
    return any(
        int(low) <= mhz - _HALF and mhz + _HALF <= int(high) and not any(word in flags for word in _NOT_FOR_US)
        for low, high, flags in rules
    )


def quietest(channels: Sequence[int], networks: Sequence[Heard]) -> int:
    """The channel with the least in the way; of equals the first."""
    middle = {channel: mhz for band in MHZ.values() for channel, mhz in band.items()}
    return min(channels, key=lambda channel: (_noise(middle[channel], networks), channels.index(channel)))


def _noise(mhz: int, networks: Sequence[Heard]) -> float:
    """How much is in the way around a frequency: each network by its loudness above nothing and how far it overlaps."""
    return sum(
        max(0.0, network.dbm - _FLOOR_DBM) * max(0, _APART_MHZ - abs(network.mhz - mhz)) / _APART_MHZ
        for network in networks
    )

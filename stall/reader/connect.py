"""From a reader's settings to a connected driver: the one place that knows which protocols there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stall import log
from stall.errors import Refused
from stall.reader.driver import Driver
from stall.reader.profiles import Profile, profile_of
from stall.reader.telium.link import Link as TeliumLink
from stall.reader.telium.terminal import Terminal as TeliumTerminal
from stall.reader.telium.timers import Timers as TeliumTimers
from stall.reader.transport import connect
from stall.reader.zvt.link import Link, Trace
from stall.reader.zvt.terminal import Terminal
from stall.reader.zvt.timers import Timers
from stall.settings import Reader


def _zvt(own: Reader, profile: Profile, trace: Trace | None) -> Driver:
    transport = connect(own.link, own.line, usual="9600 8N2")
    return Terminal(Link(transport, Timers(own.time_scale), trace), profile, own.password)


def _telium(own: Reader, profile: Profile, trace: Trace | None) -> Driver:
    transport = connect(own.link, own.line, usual="9600 8N1")
    return TeliumTerminal(TeliumLink(transport, TeliumTimers(own.time_scale), trace), profile)


#: By the `protocol` of the reader's settings.
PROTOCOLS: Mapping[str, Callable[[Reader, Profile, Trace | None], Driver]] = {"zvt": _zvt, "telium": _telium}


def open_terminal(own: Reader, trace: Trace | None = None) -> Driver:
    """Connect to the terminal of the settings; `trace` is told each unit, redacted: the log, where the settings want that.

    Raises Refused `reader-profile`, `reader-protocol`, and what `connect` raises.
    """
    if own.protocol not in PROTOCOLS:
        raise Refused(
            "reader-protocol", f"There is no reader protocol “{own.protocol}”. Use one of: {', '.join(PROTOCOLS)}."
        )
    profile = profile_of(own.profile, own.protocol)
    if trace is None and own.trace:
        trace = _to_log
    return PROTOCOLS[own.protocol](own, profile, trace)


def _to_log(direction: str, unit: bytes) -> None:
    log.get("reader").info("reader.unit", direction=direction, unit=unit.hex(" "))

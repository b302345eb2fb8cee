"""What time the box believes, where it comes from, and whether a clock chip keeps it without power."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from stall.box.doctor.finding import Finding, note, ok, warning
from stall.box.doctor.patient import Patient
from stall.clock import BUILD_MS, Source
from stall.store import floor

#: A clock chip that is off by more than this from a clock set by the network was not set, or runs badly (s).
DRIFT_S = 60
_SOURCES = {
    Source.NTP: "set from the internet",
    Source.RTC: "kept by the clock chip",
    Source.OPERATOR: "confirmed by the maker",
    Source.FLOOR: "carried on from before",
}


def check_source(patient: Patient) -> Iterator[Finding]:
    """Say what `stall clock show` says, and why a clock is not believed."""
    command = "sudo stall clock confirm" if patient.appliance else f"stall clock confirm --data {patient.shown_data}"
    confirm = f"On the till: More, Clock. Or: {command} (and --utc TIME where the machine is wrong)"
    conn = patient.box
    if conn is None:
        source = patient.clock.system_source()
        if source is None:
            yield warning("clock.source", "Nothing has told this machine the time since it started.", confirm)
        else:
            yield ok("clock.source", f"The machine's time is {_SOURCES[source]}.", source=source.value)
        return
    at = floor.moment(conn, patient.clock)
    facts = {"source": at.source.value, "now_ms": at.now_ms, "wall_ms": at.wall_ms, "ahead_ms": at.wall_ms - at.now_ms}
    match at.doubt:
        case None:
            yield ok("clock.source", f"{_text(at.now_ms)}, {_SOURCES[at.source]}.", **facts)
        case floor.Doubt.NO_SOURCE:
            yield warning("clock.source", "Nothing has told this machine the time since it started.", confirm, **facts)
        case floor.Doubt.AHEAD:
            yield warning(
                "clock.source",
                f"The machine says {_text(at.wall_ms)}, more than two days ahead of the box, so it is not believed.",
                confirm,
                **facts,
            )
        case floor.Doubt.BEHIND:
            yield warning(
                "clock.source",
                f"The machine says {_text(at.wall_ms)}, but things were written down after that.",
                confirm,
                **facts,
            )


def check_chip(patient: Patient) -> Iterator[Finding]:
    """See whether a clock chip is there, and how far it is from the machine's clock."""
    kept_s = patient.number("sys/class/rtc/rtc0/since_epoch")
    if kept_s is None:
        if patient.appliance:
            yield note(
                "clock.chip",
                "This machine has no clock chip: after a night without power the time must be confirmed.",
                "Confirm the time on the till each morning, or fit a chip (docs/hardware.md, Clock).",
            )
        return
    off_s = kept_s - patient.clock.wall_ms() // 1000
    facts = {"drift_s": off_s, "chip": patient.text("sys/class/rtc/rtc0/name")}
    if kept_s < BUILD_MS // 1000:
        yield warning(
            "clock.chip",
            f"The clock chip says {_text(kept_s * 1000)}: it was never set, or its battery is empty.",
            "Put a fresh battery in, start once with a network, then: sudo hwclock --systohc",
            **facts,
        )
    elif abs(off_s) > DRIFT_S and patient.clock.system_source() is Source.NTP:
        yield warning(
            "clock.chip",
            f"The clock chip is {abs(off_s)} s {'ahead' if off_s > 0 else 'behind'}.",
            "sudo hwclock --systohc",
            **facts,
        )
    else:
        yield ok("clock.chip", f"A clock chip is there, {abs(off_s)} s from the machine's clock.", **facts)


def _text(now_ms: int) -> str:
    try:
        return f"{datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return "a time beyond all calendars"

"""The supply and the heat: what the board's firmware and the kernel tell of both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stall.box.doctor.finding import Finding, fault, ok, unknown, warning
from stall.box.doctor.patient import Patient

#: Bits of `vcgencmd get_throttled` (Raspberry Pi documentation): now, and since the start 16 higher.
LOW_VOLTAGE, CAPPED, THROTTLED, HOT = 1 << 0, 1 << 1, 1 << 2, 1 << 3
EARLIER = 16
#: The firmware slows the processor down from 80 °C on; before that a box in the sun can be moved.
WARM_C, HOT_C = 75, 80
_ANSWER = re.compile(r"throttled=0x([0-9a-fA-F]+)")
_SUPPLY = "Use the supply of the board (5.1 V; 3 A for a Pi 4, 5 A for a Pi 5) with its own cable, and take USB devices off or onto a hub with a supply."


def throttled(patient: Patient) -> int | None:
    """The bits of `vcgencmd get_throttled`; None where the board does not tell."""
    found = _ANSWER.search(patient.asked("vcgencmd", "get_throttled"))
    return int(found[1], 16) if found else None


def check_supply(patient: Patient) -> Iterator[Finding]:
    """See whether the supply is or was too weak: the most frequent cause of damaged cards and lost readers."""
    bits = throttled(patient)
    if bits is None:
        if patient.text("proc/device-tree/model").startswith("Raspberry Pi"):
            yield unknown(
                "power.supply",
                "The board does not tell whether its supply is strong enough.",
                "Let the user into the group video (sudo usermod -aG video USER), or ask as root: vcgencmd get_throttled",
            )
        return
    facts = {"throttled": f"0x{bits:x}"}
    if bits & LOW_VOLTAGE:
        yield fault("power.supply", "The supply is too weak at this moment.", _SUPPLY, **facts)
    elif bits & LOW_VOLTAGE << EARLIER:
        yield warning("power.supply", "The supply was too weak at least once since the start.", _SUPPLY, **facts)
    else:
        yield ok("power.supply", "The supply was strong enough ever since the start.", **facts)
    if bits & (CAPPED | THROTTLED | HOT) and not bits & LOW_VOLTAGE:
        yield warning(
            "power.slowed",
            "The board runs slower at this moment because it is hot.",
            "Put it into the shade, off the table and open to the air; give it a heat sink or a fan.",
            **facts,
        )


def check_heat(patient: Patient) -> Iterator[Finding]:
    """See how hot the processor is."""
    milli = patient.number("sys/class/thermal/thermal_zone0/temp")
    if milli is None:
        return
    degrees = milli / 1000
    if degrees >= WARM_C:
        yield warning(
            "power.heat",
            f"The processor has {degrees:.0f} °C; from {HOT_C} °C on it is slowed down.",
            "Put the box into the shade and open to the air; give it a heat sink or a fan.",
            celsius=round(degrees, 1),
        )
    else:
        yield ok("power.heat", f"The processor has {degrees:.0f} °C.", celsius=round(degrees, 1))

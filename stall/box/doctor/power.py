"""The supply and the heat: what the board's firmware tells now, and what whoever watches it saw since the start."""

from __future__ import annotations

from collections.abc import Iterator

from stall.box.doctor.finding import Finding, fault, ok, unknown, warning
from stall.box.doctor.patient import Patient
from stall.box.machine import power

#: From here on a box in the sun should be moved, before its firmware slows it down (°C).
WARM_C = power.HOT_C - 5
#: What the supply of a Pi 5 must be able to give, or its USB ports get less (mA).
FULL_MA = 5000
_SUPPLY = (
    "Use the supply of the board (5.1 V; 3 A for a Pi 4, 5 A for a Pi 5) with its own cable, and put USB devices onto a hub with"
    " a supply of its own."
)
_COOL = "Put the box into the shade and open to the air; give it a heat sink or a fan."


def check_supply(patient: Patient) -> Iterator[Finding]:
    """See whether the supply is or was too weak: the most frequent cause of damaged cards and lost readers."""
    now, watched = power.read(patient.root), patient.told("power")
    dips = watched.get("dips")
    facts = {
        "low": now.low,
        "was_low": now.was_low or watched.get("was_low") is True,
        "dips": dips,
        "supply_ma": now.supply_ma,
    }
    if not now.known:
        if patient.text("proc/device-tree/model").startswith("Raspberry Pi"):
            yield unknown(
                "power.supply",
                "This board does not tell whether its supply is strong enough.",
                "Ask its firmware: sudo vcgencmd get_throttled (0x0 is well). Update the system if it does not answer.",
            )
    elif now.low:
        yield fault("power.supply", "The supply is too weak at this moment.", _SUPPLY, **facts)
    elif facts["was_low"]:
        times = f"{dips} times" if isinstance(dips, int) and dips > 1 else "at least once"
        yield warning("power.supply", f"The supply was too weak {times} since the start.", _SUPPLY, **facts)
    elif now.supply_ma is not None and now.supply_ma < FULL_MA:
        yield warning(
            "power.supply",
            f"The supply offers {now.supply_ma / 1000:.1f} A, so what is plugged into this board gets less current.",
            _SUPPLY,
            **facts,
        )
    else:
        yield ok("power.supply", "The supply was strong enough ever since the start.", **facts)


def check_heat(patient: Patient) -> Iterator[Finding]:
    """See how hot the processor is, and whether it is slowed down for that."""
    now = power.read(patient.root)
    if now.slowed and not now.low:
        yield warning(
            "power.slowed", "The board runs slower at this moment because it is hot.", _COOL, celsius=now.celsius
        )
    elif now.celsius is not None and now.celsius >= WARM_C:
        yield warning(
            "power.heat",
            f"The processor has {now.celsius:.0f} °C; from {power.HOT_C} °C on it is slowed down.",
            _COOL,
            celsius=now.celsius,
        )
    elif now.celsius is not None:
        yield ok("power.heat", f"The processor has {now.celsius:.0f} °C.", celsius=now.celsius)

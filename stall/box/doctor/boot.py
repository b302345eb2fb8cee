"""Since when the machine runs, and why it started anew where its hardware says so."""

from __future__ import annotations

from collections.abc import Iterator

from stall.box.doctor.finding import Finding, note, ok, warning
from stall.box.doctor.patient import Patient

#: What the hardware watchdog tells of the last reset (linux/watchdog.h).
OVERHEAT, POWER_UNDER, CARD_RESET = 0x0001, 0x0010, 0x0020


def uptime_s(patient: Patient) -> int | None:
    """Seconds since the kernel started."""
    first = patient.text("proc/uptime").split()[:1]
    try:
        return int(float(first[0])) if first else None
    except ValueError:
        return None


def check_boot(patient: Patient) -> Iterator[Finding]:
    """Say since when, and name a reset by the watchdog, by heat or by the supply."""
    up = uptime_s(patient)
    if up is None:
        return
    status = patient.number("sys/class/watchdog/watchdog0/bootstatus") or 0
    facts = {"uptime_s": up, "bootstatus": status, "reset": patient.text("proc/device-tree/chosen/bootloader/rsts")}
    since = f"The machine runs for {spelled(up)}"
    if status & CARD_RESET:
        yield warning(
            "boot.watchdog",
            f"{since}; it had stood still, and its watchdog started it anew.",
            "If this comes back: another supply, another card, and a report with the bundle.",
            **facts,
        )
    elif status & (OVERHEAT | POWER_UNDER):
        cause = "it had become too hot" if status & OVERHEAT else "its supply had failed"
        yield warning(
            "boot.reset",
            f"{since}; {cause}.",
            "Shade and air, or the supply of the board (docs/hardware.md, Power).",
            **facts,
        )
    elif patient.at("run/systemd").exists() and patient.at("var/run/reboot-required").exists():
        yield note(
            "boot.required", f"{since}; an update waits for a restart.", "After the market: sudo reboot", **facts
        )
    else:
        yield ok("boot.since", f"{since}.", **facts)


def check_watchdog(patient: Patient) -> Iterator[Finding]:
    """See that the board would start a machine anew that stands still."""
    state = patient.text("sys/class/watchdog/watchdog0/state")
    if not patient.appliance or not state:
        return
    if state == "active":
        yield ok("boot.watchdog_armed", "The board's watchdog is armed.", state=state)
    else:
        yield warning(
            "boot.watchdog_armed",
            "The board's watchdog is not armed: if the machine stands still, nothing starts it anew.",
            "sudo stall appliance apply, then start the machine anew",
            state=state,
        )


def spelled(seconds: int) -> str:
    """Seconds in words: the two largest units."""
    parts = [(seconds // 86_400, "day"), (seconds // 3600 % 24, "hour"), (seconds // 60 % 60, "minute")]
    said = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(said[:2]) or "less than a minute"

"""Memory and swap: a machine that runs out of the first ends a process, and one that swaps to its card wears it out."""

from __future__ import annotations

from collections.abc import Iterator

from stall.box.doctor.finding import Finding, note, ok, warning
from stall.box.doctor.patient import Patient

#: With less than this the next PDF or film may be one too many (MB).
LITTLE_MB = 60


def check_memory(patient: Patient) -> Iterator[Finding]:
    """See how much is left, and whether the kernel had to end a process for want of it."""
    told = dict(line.partition(":")[::2] for line in patient.text("proc/meminfo").splitlines())
    left, whole = (_mb(told.get(name, "")) for name in ("MemAvailable", "MemTotal"))
    if left is None or whole is None:
        return
    facts = {"available_mb": left, "total_mb": whole}
    ended = next(
        (int(line.split()[1]) for line in patient.text("proc/vmstat").splitlines() if line.startswith("oom_kill ")), 0
    )
    if ended:
        yield warning(
            "memory.ended",
            f"The system ended {ended} processes since its start because memory ran out.",
            "See which: sudo journalctl -k -g 'Out of memory'. Take off what is not the stall's, or use a board with more memory.",
            count=ended,
            **facts,
        )
    if left < LITTLE_MB:
        yield warning(
            "memory.left",
            f"Only {left} of {whole} MB of memory are left.",
            "End what is not the stall's (a desktop, a browser); start the machine anew before the market.",
            **facts,
        )
    elif not ended:
        yield ok("memory.left", f"{left} of {whole} MB of memory are left.", **facts)


def check_swap(patient: Patient) -> Iterator[Finding]:
    """See that nothing swaps to the card."""
    rows = [line.split() for line in patient.text("proc/swaps").splitlines()[1:]]
    disks = [row[0] for row in rows if row and "zram" not in row[0]]
    if disks:
        yield note(
            "memory.swap",
            f"The system swaps to {', '.join(disks)}, which is slow and wears a card out.",
            "sudo swapoff -a, and off for good: sudo systemctl disable --now dphys-swapfile (on Trixie: rpi-swap)",
            swaps=disks,
        )


def _mb(kilobytes: str) -> int | None:
    number = kilobytes.split()[:1]
    return int(number[0]) * 1024 // 1_000_000 if number and number[0].isdecimal() else None

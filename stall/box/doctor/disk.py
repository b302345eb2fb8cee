"""The disk under the data folder: room, errors, wear, whether it can be written, and how fast it really keeps a write."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from stall.box.doctor.finding import Finding, fault, ok, unknown, warning
from stall.box.doctor.patient import Patient
from stall.box.machine import card, sync_test
from stall.errors import StallError
from stall.store.room import MB, free_bytes

#: File systems that are gone with the power.
FLEETING = {"tmpfs", "ramfs", "overlay"}
#: So many files must still fit (inodes).
FEW_FILES = 2000
_OCTAL = re.compile(r"\\([0-7]{3})")


def check_place(patient: Patient) -> Iterator[Finding]:
    """See that the data folder lies on a disk that keeps what is written, and may be written."""
    mount = mounted(patient)
    if mount is None:
        return
    device, kind, options = mount
    facts = {"device": device, "kind": kind, "options": sorted(options)}
    if kind in FLEETING:
        yield fault(
            "disk.place",
            f"{patient.data} lies in memory ({kind}): everything sold is gone with the power.",
            "Put the data on a partition of its own (docs/hardware.md, Cards), or switch the overlay off: sudo raspi-config nonint do_overlayfs 1",
            **facts,
        )
    elif "ro" in options:
        yield fault(
            "disk.place",
            f"The disk of {patient.data} can only be read: it failed, or was set so.",
            "Look why (sudo dmesg | grep -i -e mmc -e ext4), start again with a check of the disk; replace the card if it comes back.",
            **facts,
        )
    else:
        yield ok("disk.place", f"{patient.data} lies on {device} ({kind}).", **facts)


def check_room(patient: Patient) -> Iterator[Finding]:
    """See how much fits, against the limits at which the till warns and stops."""
    free = free_bytes(patient.data)
    if free is None:
        return
    limits, left = patient.settings.disk, free // MB
    make_room = f"Delete what does not belong to the stall, or move to a larger card. What is large: sudo du -xh {patient.shown_data} | sort -h | tail"
    files = os.statvfs(patient.data).f_favail
    if left < limits.stop_mb:
        yield fault("disk.room", f"Only {left} MB are free, so no new sale begins.", make_room, free_mb=left)
    elif left < limits.warn_mb:
        yield warning("disk.room", f"{left} MB are free.", make_room, free_mb=left)
    elif 0 < files < FEW_FILES:
        yield warning("disk.room", f"Only {files} more files fit on the disk.", make_room, free_mb=left, files=files)
    else:
        yield ok("disk.room", f"{left / 1000:.1f} GB are free.", free_mb=left)


def check_errors(patient: Patient) -> Iterator[Finding]:
    """See what the file system and the card tell of errors and wear."""
    found = _card(patient)
    if found is None:
        return
    facts = {"device": found.device, "kind": found.kind.value, "model": found.model, "written_mb": found.written_mb}
    if found.errors:
        yield fault(
            "disk.errors",
            f"The file system on {found.device} counted {found.errors} errors.",
            "Copy the data folder away, then check the disk at the next start (add fsck.mode=force to cmdline.txt) and replace the card.",
            errors=found.errors,
            **facts,
        )
    if found.no_barrier:
        yield fault(
            "disk.barrier",
            "The file system never asks the disk to keep what it was given, so a power cut loses sales.",
            "Take nobarrier (barrier=0) out of /etc/fstab and start the machine anew.",
            **facts,
        )
    if found.worn_out:
        yield warning(
            "disk.wear",
            f"The card says that {found.worn_percent} % of its life is used.",
            "Replace it before the next market: copy the data folder to a new one.",
            worn_percent=found.worn_percent,
            **facts,
        )
    elif found.worn_percent is not None:
        yield ok(
            "disk.wear",
            f"At most {found.worn_percent} % of the card's life is used.",
            worn_percent=found.worn_percent,
            **facts,
        )


def check_syncs(patient: Patient) -> Iterator[Finding]:
    """Measure for an instant how many writes a second the disk confirms: each sale waits for some."""
    found = _card(patient)
    if found is None or found.read_only:
        return
    try:
        rate = sync_test.measure(patient.data, unseen=True)
    except StallError as error:
        yield unknown(
            "disk.syncs",
            "How fast the disk keeps a write could not be measured.",
            "Look again as root (sudo stall doctor), or as the user the stall belongs to.",
            code=error.code,
        )
        return
    facts = {
        "per_s": round(rate.per_s, 1),
        "slowest_ms": round(rate.slowest_ms, 1),
        "count": rate.count,
        "kind": found.kind.value,
    }
    if sync_test.cannot_be(found.kind, rate):
        yield warning(
            "disk.syncs",
            f"The disk says it keeps {rate.per_s:.0f} writes a second. None of its kind can: it says so before it has.",
            "Do not trust it with sales. Replace it, and try the new one as docs/field-checklist.md says.",
            **facts,
        )
    elif rate.slow:
        yield warning(
            "disk.syncs",
            f"The disk keeps {rate.per_s:.0f} writes a second, the slowest after {rate.slowest_ms:.0f} ms: a queue will wait for it.",
            "Use a better card (docs/hardware.md, Cards), and see that nothing else writes to it.",
            **facts,
        )
    else:
        yield ok("disk.syncs", f"The disk keeps {rate.per_s:.0f} writes a second.", **facts)


def _card(patient: Patient) -> card.Card | None:
    try:
        return card.look(patient.data, patient.root)
    except OSError:
        return None


def mounted(patient: Patient) -> tuple[str, str, frozenset[str]] | None:
    """What the data folder lies on: device, kind of file system, options."""
    wanted = str(patient.data.absolute())
    longest, best = -1, None
    for line in patient.text("proc/self/mountinfo").splitlines():
        own, _, rest = line.partition(" - ")
        fields, told = own.split(), rest.split()
        if len(fields) < 6 or len(told) < 3:  # noqa: PLR2004 - proc_pid_mountinfo(5)
            continue
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        inside = wanted == point or wanted.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:
            longest = len(point)
            best = (told[1], told[0], frozenset([*fields[5].split(","), *told[2].split(",")]))
    return best

"""The disk under the data folder: room, errors, wear, whether it can be written, and how fast it really keeps a write."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from stall.box.doctor import syncs
from stall.box.doctor.finding import Finding, fault, ok, unknown, warning
from stall.box.doctor.patient import Patient
from stall.store.room import MB, free_bytes

#: File systems that are gone with the power.
FLEETING = {"tmpfs", "ramfs", "overlay"}
#: Slower than this and a queue forms behind each sale (synced writes a second).
SLOW = 20
#: No card does more: one that says so has not written (synced writes a second).
TOO_GOOD = 2500
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
    mount = mounted(patient)
    name = Path(mount[0]).name if mount else ""
    errors = patient.number(f"sys/fs/ext4/{name}/errors_count") if name else None
    if errors:
        yield fault(
            "disk.errors",
            f"The file system of {name} counted {errors} errors.",
            "Copy the data folder away, check the disk at the next start (sudo touch /forcefsck; on a Pi add fsck.mode=force to cmdline.txt), and replace the card.",
            errors=errors,
        )
    worn = [int(each, 16) for each in patient.text(f"sys/block/{disk_of(name)}/device/life_time").split()]
    if worn and max(worn) >= 9:  # noqa: PLR2004 - JEDEC eMMC: tenths of its life, 11 is beyond
        yield warning(
            "disk.wear",
            f"The card says that {min(100, max(worn) * 10)} % of its life is used.",
            "Replace it soon: copy the data folder to a new one.",
            life_time=worn,
        )
    elif worn:
        yield ok("disk.wear", f"The card says that at most {max(worn) * 10} % of its life is used.", life_time=worn)


def check_syncs(patient: Patient) -> Iterator[Finding]:
    """Measure for an instant how many writes a second the disk confirms: each sale waits for some."""
    mount = mounted(patient)
    removable = mount is not None and Path(mount[0]).name.startswith("mmcblk")
    try:
        rate = syncs.rate(patient.data)
    except OSError as error:
        yield unknown(
            "disk.syncs",
            f"How fast the disk keeps a write could not be measured ({error.strerror}).",
            "Look again as root (sudo stall doctor), or as the user the stall belongs to.",
        )
        return
    if rate.per_s < SLOW:
        yield warning(
            "disk.syncs",
            f"The disk keeps {rate.per_s:.0f} writes a second, the slowest after {rate.slowest_ms:.0f} ms: a queue will wait for it.",
            "Use a better card (docs/hardware.md, Cards), and see that nothing else writes to it.",
            **rate.facts,
        )
    elif removable and rate.per_s > TOO_GOOD:
        yield warning(
            "disk.syncs",
            f"The card says it keeps {rate.per_s:.0f} writes a second. None can: it may say so before it has.",
            "Do not trust it with sales. Replace it, and try the new one with docs/field-checklist.md.",
            **rate.facts,
        )
    else:
        yield ok("disk.syncs", f"The disk keeps {rate.per_s:.0f} writes a second.", **rate.facts)


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


def disk_of(partition: str) -> str:
    """The disk a partition is on: mmcblk0p3 is on mmcblk0, sda1 on sda."""
    return (
        re.sub(r"p\d+$", "", partition) if partition.startswith(("mmcblk", "nvme")) else partition.rstrip("0123456789")
    )

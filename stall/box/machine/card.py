"""The disk under a folder: what it is, how worn, whether it took errors, whether it can be written at all.

Read from sysfs (linux/Documentation/ABI: mmc, ext4; block/stat.rst) and from the table of mounts. An SD card tells nothing of its wear;
what was written to it is all there is to know.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from stall.box.machine import sysfs

_SECTOR = 512
_WRITTEN = 6  # the seventh number of a disk's `stat`: sectors written
_KB, _MB = 1024, 1_000_000
#: Of `pre_eol_info` (JEDEC eMMC, EXT_CSD 267): 1 is normal.
_EIGHTY_USED, _NINETY_USED = 2, 3
#: From this much of the life it was built for a card should be replaced (percent).
WORN_PERCENT = 90
#: Where these stand, the file system does not ask the disk to keep what it was given.
_NO_BARRIER = frozenset({"nobarrier", "barrier=0"})
#: How a newer kernel says that it takes nothing any more after an error, without turning the mount read-only.
_GAVE_UP = frozenset({"emergency_ro"})


class Kind(StrEnum):
    """What a disk is, as far as its wear and its syncs go."""

    SD = "sd"
    EMMC = "emmc"
    USB = "usb"
    NVME = "nvme"
    ROTATING = "rotating"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Card:
    """The disk under a folder. What is unknown is None, or empty.

    `worn_percent`: of the life it was built for, at most (eMMC). `written_mb`: to this file system ever; `written_since_boot_mb`: to
    the whole disk. `errors`: how often its file system found one. `no_barrier`: the file system never asks it to keep anything.
    """

    device: str = ""
    kind: Kind = Kind.OTHER
    model: str = ""
    read_only: bool = False
    no_barrier: bool = False
    errors: int = 0
    worn_percent: int | None = None
    written_mb: int | None = None
    written_since_boot_mb: int | None = None

    @property
    def worn_out(self) -> bool:
        """Whether it should be replaced before it fails."""
        return self.worn_percent is not None and self.worn_percent >= WORN_PERCENT


def read_only(folder: Path) -> bool:
    """Whether the file system of a folder takes nothing any more, as one does after an error; some microseconds."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def look(folder: Path, root: Path = Path("/")) -> Card:
    """Find the disk under `folder` and read what it tells. Raises OSError when there is no such folder."""
    number = folder.stat().st_dev
    mounts = _mounts(number, root)
    part = _part(number, mounts, root)
    options = {option for _source, told in mounts for option in told.split(",")}
    shut, barrier_off = read_only(folder) or bool(_GAVE_UP & options), bool(_NO_BARRIER & options)
    if part is None:
        return Card(read_only=shut, no_barrier=barrier_off)
    disk = part.parent if (part / "partition").exists() else part
    written = sysfs.numbers(disk / "stat")
    lifetime_kb = sysfs.number(root / "sys/fs/ext4" / part.name / "lifetime_write_kbytes")
    return Card(
        device=disk.name,
        kind=_kind(disk),
        model=(sysfs.text(disk / "device/name") or sysfs.text(disk / "device/model") or "").strip(),
        read_only=shut,
        no_barrier=barrier_off,
        errors=sysfs.number(root / "sys/fs/ext4" / part.name / "errors_count") or 0,
        worn_percent=_worn_percent(disk),
        written_mb=None if lifetime_kb is None else lifetime_kb * _KB // _MB,
        written_since_boot_mb=written[_WRITTEN] * _SECTOR // _MB if len(written) > _WRITTEN else None,
    )


def _mounts(number: int, root: Path) -> list[tuple[str, str]]:
    """Source and options of what is mounted from the device with this number (proc_pid_mountinfo(5))."""
    wanted, found = f"{os.major(number)}:{os.minor(number)}", []
    try:
        lines = (root / "proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        mount, _, more = line.partition(" - ")
        fields, about = mount.split(" "), more.split(" ")
        if len(fields) > _MOUNT_OPTIONS and fields[2] == wanted and len(about) > _SUPER_OPTIONS:
            found.append((about[1], f"{fields[_MOUNT_OPTIONS]},{about[_SUPER_OPTIONS]}"))
    return found


_MOUNT_OPTIONS, _SUPER_OPTIONS = 5, 2


def _part(number: int, mounts: list[tuple[str, str]], root: Path) -> Path | None:
    """The partition in sysfs; a file system with a number of its own (btrfs) is found by the device it was mounted from."""
    names = [f"sys/dev/block/{os.major(number)}:{os.minor(number)}"]
    names += [
        f"sys/class/block/{source.rpartition('/')[2]}" for source, _options in mounts if source.startswith("/dev/")
    ]
    return next((found.resolve() for name in names if (found := root / name).exists()), None)


def _kind(disk: Path) -> Kind:
    mmc = {"SD": Kind.SD, "MMC": Kind.EMMC}.get(sysfs.text(disk / "device/type") or "")
    if mmc is not None:
        return mmc
    if disk.name.startswith("nvme"):
        return Kind.NVME
    if "/usb" in str(disk):  # a stick calls itself rotating
        return Kind.USB
    return Kind.ROTATING if "/ata" in str(disk) and sysfs.number(disk / "queue/rotational") == 1 else Kind.OTHER


def _worn_percent(disk: Path) -> int | None:
    """The larger of both estimates, in steps of ten; what the chip says of its spare blocks where it gives none."""
    steps = max(sysfs.numbers(disk / "device/life_time"), default=0)
    spare = {_EIGHTY_USED: 80, _NINETY_USED: 90}.get(sysfs.number(disk / "device/pre_eol_info", 16) or 0, 0)
    return max(steps * 10, spare) or None

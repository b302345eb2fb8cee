"""The partition for data, and the read-only root that goes with it.

A card with a partition of the label `stall-data` keeps everything there that must outlast the power; the root can then be mounted
read-only, with an overlay in memory (`overlayroot`, which without `recurse=0` would cover the data too: raspberrypi/bookworm-feedback
issue 137). Pure functions over the bytes of fstab and of the kernel's command line; `read` looks below a root.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stall.box.config import marked, places
from stall.errors import Refused

OVERLAY = "overlayroot=tmpfs:recurse=0"
#: The package with the scripts that read that word, in the initial file system.
OVERLAY_PACKAGE = "overlayroot"
#: A folder of the data partition, and where it is bound to.
BINDS = (("stall", places.DATA), ("opt-stall", places.OPT), ("timesync", places.TIMESYNC))
_WAIT = "nofail,x-systemd.device-timeout=10"


@dataclass(frozen=True, slots=True)
class Data:
    """How the data lies. `present`: there is such a partition; `mounted` now; `laid`: with the folders that are bound from it; `listed`:
    fstab has our lines; `overlay`: the root is one now.
    """

    present: bool
    mounted: bool
    listed: bool
    overlay: bool
    laid: bool = False


def read(root: Path) -> Data:
    """How the machine below `root` is. Raises Broken `config-marks-torn`."""
    mounts = dict(re.findall(r"(?m)^\S+ (\S+) (\S+)", _text(root, "/proc/mounts")))
    return Data(
        present=places.under(root, f"/dev/disk/by-label/{places.DATA_LABEL}").is_symlink(),
        mounted=places.DATA_MOUNT in mounts,
        listed=bool(marked.lines(_bytes(root, places.FSTAB))),
        overlay=mounts.get("/") == "overlay",
        laid=places.DATA_MOUNT in mounts and all(folder.is_dir() for folder in _folders(root)),
    )


def _folders(root: Path) -> list[Path]:
    return [places.under(root, f"{places.DATA_MOUNT}/{folder}") for folder, _ in BINDS]


def fstab(content: bytes, *, present: bool) -> bytes:
    """fstab with the data partition and what is bound from it; without one, as it was before us. Raises Broken `config-marks-torn`."""
    return marked.with_lines(content, fstab_lines() if present else ())


def fstab_lines() -> list[str]:
    """Our lines of fstab.

    Without the partition the machine still comes up, and its folders for data are empty: then the program is not there either, and
    no stall opens on data that is not its own.
    """
    data = places.DATA_MOUNT
    binds = [
        f"{data}/{folder} {place} none bind,nofail,x-systemd.requires-mounts-for={data} 0 0" for folder, place in BINDS
    ]
    return [f"LABEL={places.DATA_LABEL} {data} ext4 noatime,errors=remount-ro,{_WAIT} 0 2", *binds]


def command_line(
    content: bytes, country: str | None = None, *, read_only: bool | None = None, memory: bool | None = None
) -> bytes:
    """The kernel's command line with the country of the radio, the overlay and the limits of memory, which a Pi's firmware switches off.

    None leaves one of them as it is, "" or False takes it away.

    Raises Broken `config-marks-torn`.
    """
    own = [word for word in marked.words(content) if not (country is not None and word.startswith(_COUNTRY))]
    own += [f"{_COUNTRY}{country}"] if country else []
    if read_only is not None:
        own = [word for word in own if word != OVERLAY] + [OVERLAY] * read_only
    if memory is not None:
        own = [word for word in own if word != MEMORY] + [MEMORY] * memory
    return marked.with_words(content, sorted(own))


#: What the units may take of the memory is kept by the kernel only where this is said: the firmware of a Pi puts the opposite before it.
MEMORY = "cgroup_enable=memory"
_COUNTRY = "cfg80211.ieee80211_regdom="


def is_read_only(content: bytes) -> bool:
    """Whether the next start mounts the root read-only: the last word about it counts."""
    found = re.findall(rb"(?<!\S)overlayroot=(\S*)", content.partition(b"\n")[0])
    return bool(found) and found[-1] not in {b"", b"disabled"}


def may_be_read_only(data: Data, packages: Sequence[str]) -> None:
    """Refuse a read-only root that would lose what is sold: all would lie in memory. Raises Refused `read-only-without-data`, `read-only-package`."""
    if not (data.present and data.listed and data.mounted):
        raise Refused(
            "read-only-without-data",
            "A read-only card needs a partition for data, or every sale would be lost with the power. docs/firmware.md says how a card gets one.",
        )
    if OVERLAY_PACKAGE not in packages:
        raise Refused(
            "read-only-package",
            f"A read-only card needs the package {OVERLAY_PACKAGE}. Install it with: sudo apt-get install {OVERLAY_PACKAGE}",
        )


def _bytes(root: Path, place: str) -> bytes:
    with contextlib.suppress(OSError):
        return places.under(root, place).read_bytes()
    return b""


def _text(root: Path, place: str) -> str:
    return _bytes(root, place).decode("utf-8", "replace")

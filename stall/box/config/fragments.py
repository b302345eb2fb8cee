"""What is changed in files of others: the firmware's config.txt, the kernel's command line, fstab.

`edits` says how each is to read; taking our part out of what stands there then gives back what stood there before us.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from stall.box.config import marked, partitions, places
from stall.box.config.boards import Board
from stall.settings import Settings


@dataclass(frozen=True, slots=True)
class Edit:
    """A file of another, as it stands there and as it should."""

    path: str
    before: bytes
    after: bytes


def edits(root: Path, settings: Settings, board: Board) -> list[Edit]:
    """Every file of others that has or gets a part of ours, also where nothing changes. Raises Broken `config-marks-torn`."""
    found = []
    if board.boot:
        config, words = f"{board.boot}/config.txt", f"{board.boot}/cmdline.txt"
        if (text := _there(root, config)) is not None:
            found.append(Edit(config, text, marked.with_lines(text, config_lines(settings, board))))
        if (text := _there(root, words)) is not None:
            country = settings.network.country if board.radio else ""
            found.append(Edit(words, text, partitions.command_line(text, country, memory=True)))
    data = partitions.read(root)
    if (text := _there(root, places.FSTAB)) is not None and (data.laid or data.listed):
        # A partition without our folders would hide what lies below it. Once listed it stays: a card that is not found today may be found tomorrow, and until then nothing opens.
        found.append(Edit(places.FSTAB, text, partitions.fstab(text, present=True)))
    return found


def undo(path: str, content: bytes) -> bytes:
    """A file of another without our part. Raises Broken `config-marks-torn`."""
    if path.endswith("/cmdline.txt"):
        return marked.with_words(content, ())
    return marked.with_lines(content, ())


def config_lines(settings: Settings, board: Board) -> list[str]:
    """Our lines of config.txt: for every board of this kind (`[all]`), whatever filter stands before."""
    lines = ["[all]", "dtparam=watchdog=on", "dtparam=audio=off", "camera_auto_detect=0"]
    clock = settings.board.clock
    if clock == "charge" and board.kind == "pi5":
        lines.append("dtparam=rtc_bbat_vchg=3000000")
    elif clock not in {"", "charge"}:
        lines.append(f"dtoverlay=i2c-rtc,{clock}")
    if settings.board.off_button:
        lines.append(
            f"dtoverlay=gpio-shutdown,gpio_pin={settings.board.off_button},active_low=1,gpio_pull=up,debounce=1000"
        )
    return lines


def _there(root: Path, place: str) -> bytes | None:
    with contextlib.suppress(OSError):
        return places.under(root, place).read_bytes()
    return None

"""The units as an appliance gets them: what each says of itself, and how exposed systemd finds it."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path, PurePosixPath

from stall.box.config import files, places, scratch
from stall.box.config.boards import Board, Radio
from stall.settings import Network, Settings, Wifi

#: As `systemd-analyze security` of systemd 252 to 257 gives them; a later one may know more and give a little more.
SCORES = {
    "stall-ap.service": 2.6,
    "stall-board.service": 1.1,
    "stall-dns.service": 3.0,
    "stall-fallback.service": 9.6,
    "stall-firstboot.service": 9.6,
    "stall-lan.service": 2.9,
    "stall-nginx.service": 1.6,
    "stall-power@.service": 1.1,
    "stall-reader@.service": 1.9,
    "stall-settle.service": 9.5,
    "stall-sync.service": 1.8,
    "stall-uplink.service": 2.7,
    "stall-web.service": 1.2,
}
#: The installer itself, as root, for a moment and asked by nobody from outside: it writes all over the system.
INSTALLER = ("stall-fallback.service", "stall-firstboot.service", "stall-settle.service")
#: What is ours and speaks to strangers may have this at most, everything else that.
OURS, MOST_OF_OURS, MOST = ("stall-web", "stall-reader@", "stall-sync"), 2.0, 5.0
SETTINGS = Settings(wifi=Wifi("Paper Lantern", "four words of it"), network=Network(country="DE"))
BOARD = Board("pi4", "a board", Radio("brcmfmac", "43455"), "/boot/firmware", watchdog=True, swap_by_pi=True)
_SCORE = re.compile(r"Overall exposure level for \S+: ([0-9.]+)")

Said = dict[str, list[str]]


@cache
def units() -> dict[str, str]:
    """Every unit of an appliance, by name."""
    found = files.plan(SETTINGS, BOARD)
    return {PurePosixPath(f.path).name: f.content.decode() for f in found if f.path.startswith(places.UNITS)}


@cache
def said(name: str) -> Said:
    """What a unit says: each key with all its values."""
    found: Said = defaultdict(list)
    for line in units()[name].splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


def services(*, installer: bool = True) -> list[str]:
    """The services among them, with those of the installer or without."""
    found = (name for name in units() if name.endswith(".service"))
    return sorted(name for name in found if installer or name not in INSTALLER)


def measured(name: str, folder: Path) -> float:
    """The score of one unit, by this machine's systemd."""
    place = folder / name
    place.write_text(units()[name], "utf-8")
    analyze = scratch.program("systemd-analyze")
    assert analyze is not None
    command = [analyze, "security", "--offline=true", "--no-pager", str(place)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    score = _SCORE.search(told.stdout)
    assert score, told.stdout + told.stderr
    return float(score[1])

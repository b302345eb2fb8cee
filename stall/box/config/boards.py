"""What the machine is: which board, which interface buyers are on, and what its radio bears.

Read from the device tree and from sysfs, below a root, so that a chroot or a test can be a board too. Client limits: raspberrypi
documentation issue 2520, raspberrypi/linux issue 3010, and for the Zero 2 W firmware-nonfree issue 59.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stall.box.config import places

Kind = Literal["pi3", "pi3plus", "pi4", "pi5", "zero2w", "pi", "other"]
MODEL = "/proc/device-tree/model"
#: How a device tree begins for each board, the longer names first.
_MODELS: tuple[tuple[str, Kind], ...] = (
    ("Raspberry Pi 3 Model A Plus", "pi3plus"),
    ("Raspberry Pi 3 Model B Plus", "pi3plus"),
    ("Raspberry Pi Compute Module 3 Plus", "pi3plus"),
    ("Raspberry Pi 3", "pi3"),
    ("Raspberry Pi Compute Module 3", "pi3"),
    ("Raspberry Pi 4", "pi4"),
    ("Raspberry Pi 400", "pi4"),
    ("Raspberry Pi Compute Module 4", "pi4"),
    ("Raspberry Pi 5", "pi5"),
    ("Raspberry Pi 500", "pi5"),
    ("Raspberry Pi Compute Module 5", "pi5"),
    ("Raspberry Pi Zero 2", "zero2w"),
    ("Raspberry Pi", "pi"),
)
NAMES: dict[Kind, str] = {
    "pi3": "Raspberry Pi 3", "pi3plus": "Raspberry Pi 3+", "pi4": "Raspberry Pi 4", "pi5": "Raspberry Pi 5",
    "zero2w": "Raspberry Pi Zero 2 W", "pi": "another Raspberry Pi", "other": "another machine",
}  # fmt: skip
#: What is built in: a chip of the 43430 family knows 2.4 GHz only.
BUILT_IN: dict[Kind, str] = {"pi3": "43430", "pi3plus": "43455", "pi4": "43455", "pi5": "43455", "zero2w": "43436"}
#: How many phones a built-in radio bears with the firmware that is there, and with the smaller one.
_BEARS = {"43430": 10, "43455": 7, "43436": 10}
MINIMAL_BEARS = 19
#: That firmware in Raspberry Pi OS, and the alternative (`update-alternatives`) that chooses between it and the usual one.
MINIMAL = "/lib/firmware/cypress/cyfmac43455-sdio-minimal.bin"
ALTERNATIVE = "cyfmac43455-sdio.bin"
#: A radio of the kernel's own kind (mac80211) keeps its stations in memory.
OTHERS_BEAR = 30


@dataclass(frozen=True, slots=True)
class Radio:
    """A radio. `chip` only of a built-in one (brcmfmac); `minimal`: the firmware for more phones is there, `chosen`: and in use."""

    driver: str
    chip: str = ""
    minimal: bool = False
    chosen: bool = False

    @property
    def five(self) -> bool:
        """Whether it may know 5 GHz: a radio that is not built in is believed to."""
        return self.chip not in {"43430", "43436"}

    @property
    def clients(self) -> int:
        """How many phones it bears."""
        if not self.chip:
            return OTHERS_BEAR
        return MINIMAL_BEARS if self.minimal else _BEARS[self.chip]


@dataclass(frozen=True, slots=True)
class Board:
    """The machine. `radio` is that of the LAN interface, None for a cable; `boot` is where the firmware's files are, or empty."""

    kind: Kind = "other"
    model: str = ""
    radio: Radio | None = None
    boot: str = ""
    watchdog: bool = False
    swap_by_pi: bool = False
    memory_mb: int = 0

    @property
    def pi(self) -> bool:
        """Whether it is a Raspberry Pi."""
        return self.kind != "other"


def read(root: Path, lan: str) -> Board:
    """What the machine below `root` is, with buyers on the interface `lan`. What cannot be read is not there."""
    model = _line(places.under(root, MODEL)).rstrip("\0")
    kind: Kind = next((kind for begins, kind in _MODELS if model.startswith(begins)), "other")
    boot = next((place for place in places.BOOT if (places.under(root, place) / "config.txt").is_file()), "")
    return Board(
        kind=kind,
        model=model or NAMES[kind],
        radio=_radio(root, lan, kind),
        boot=boot if kind != "other" else "",
        watchdog=kind != "other" or places.under(root, "/dev/watchdog").exists(),
        swap_by_pi=places.under(root, "/etc/rpi/swap.conf.d").is_dir()
        or places.under(root, "/etc/rpi/swap.conf").is_file(),
        memory_mb=_memory_mb(root),
    )


def firmware(board: Board) -> tuple[list[str], list[str]] | None:
    """The command that takes the firmware for more phones into use at the next start, and the one that goes back; None: nothing to choose.

    The way Raspberry Pi OS offers it (its package firmware-brcm80211).
    """
    if board.radio is None or not board.radio.minimal:
        return None
    return ["update-alternatives", "--set", ALTERNATIVE, MINIMAL], ["update-alternatives", "--auto", ALTERNATIVE]


def warnings(board: Board, band: str, clients: int) -> list[str]:
    """What a maker should know before the market: sentences, none where all is well."""
    radio, said = board.radio, list[str]()
    if radio is None:
        return said
    if board.kind == "zero2w" and radio.chip:
        said.append(
            "The radio of a Raspberry Pi Zero 2 W bears few phones and loses them when it has to do anything else. Use a USB radio for a crowd."
        )
    if band == "5" and not radio.five:
        said.append("This radio knows 2.4 GHz only, and band of [network] is 5. Set it to 2.4, or use a USB radio.")
    if clients > radio.clients:
        said.append(
            f"clients of [network] is {clients}, and this radio bears {radio.clients}. More are turned away by the radio itself."
        )
    return said


def _radio(root: Path, lan: str, kind: Kind) -> Radio | None:
    """A radio has a `phy80211`; one that is not there yet is told by its name, as the kernel gives it."""
    device = places.under(root, f"/sys/class/net/{lan}")
    if device.exists() and not (device / "phy80211").exists() and not (device / "wireless").exists():
        return None
    if not device.exists() and not lan.startswith("wl"):
        return None
    driver = _driver(device)
    built_in = kind in BUILT_IN and (driver == "brcmfmac" or (not driver and lan == "wlan0"))
    if not built_in:
        return Radio(driver)
    chip = BUILT_IN[kind]
    minimal = chip == "43455" and places.under(root, MINIMAL).is_file()
    return Radio(driver or "brcmfmac", chip, minimal=minimal, chosen=minimal and _chosen(root))


def _driver(device: Path) -> str:
    with contextlib.suppress(OSError):
        return (device / "device/driver").resolve(strict=True).name
    return ""


def _chosen(root: Path) -> bool:
    """Whether the alternative in use is the firmware for more phones."""
    with contextlib.suppress(OSError):
        return places.under(root, f"/etc/alternatives/{ALTERNATIVE}").readlink().name == Path(MINIMAL).name
    return False


def _memory_mb(root: Path) -> int:
    found = re.search(r"^MemTotal:\s+(\d+) kB", _line(places.under(root, "/proc/meminfo")), re.MULTILINE)
    return int(found[1]) // 1024 if found else 0


def _line(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text("utf-8", "replace")
    return ""

"""Every kind of machine and settings there is: boards, radios, bands, passwords, cables; and what each of them gets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from stall.box.config import boards
from stall.box.config.boards import Board, Kind, Radio
from stall.settings import Captive, Network, Printer, Reader, Settings, Wifi

PASSWORD = "four words, of; #it = $HOME %i 'and' \"more\""
READERS = (
    None,
    "serial:/dev/serial/by-id/usb-Ingenico_iCT250_1234-if00",
    "serial:/dev/ttyACM0",
    "tcp:192.168.1.9:20007",
)


def every() -> Iterator[tuple[Settings, Board]]:
    """All of them."""
    kinds: tuple[Kind, ...] = tuple(boards.NAMES)
    for kind, band, password, lan in product(kinds, ("2.4", "5"), ("", PASSWORD), ("wlan0", "wlan1", "eth0")):
        yield _settings(band, password, lan), _board(kind, lan)


def _settings(band: str, password: str, lan: str) -> Settings:
    n = len(band) + len(password) + len(lan)
    link = READERS[n % len(READERS)]
    return Settings(
        wifi=Wifi("Paper Lantern", password),
        network=Network(
            lan=lan,
            country="DE",
            band="5" if band == "5" else "2.4",
            address=("192.0.2.1", "10.42.0.1")[n % 2],
            port_443="reject" if password else "drop",
        ),
        captive=Captive(https="https://box.example.org/captive/api" if lan == "eth0" else ""),
        reader=Reader(link=link) if link else None,
        printer=Printer(link="usb:04B8:0e15") if password else None,
    )


def _board(kind: Kind, lan: str) -> Board:
    pi = kind != "other"
    chip = {"pi3": "43430", "pi3plus": "43455", "pi4": "43455", "pi5": "43455", "zero2w": "43436"}.get(kind, "")
    built_in = Radio("brcmfmac", chip, minimal=kind == "pi4", chosen=kind == "pi4") if chip else Radio("iwlwifi")
    radio = {"wlan0": built_in, "wlan1": Radio("mt76x2u"), "eth0": None}[lan]
    return Board(
        kind,
        boards.NAMES[kind],
        radio,
        boot="/boot/firmware" if pi else "",
        watchdog=pi,
        swap_by_pi=pi and kind != "pi3",
        memory_mb=460 if kind == "zero2w" else 2000,
    )

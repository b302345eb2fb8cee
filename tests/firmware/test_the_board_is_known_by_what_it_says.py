"""Which board, which radio, how many phones: read from a device tree and a sysfs that a test lays out."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall.box.config import boards, places
from stall.box.config.boards import Kind, Radio


def machine(root: Path, model: str = "", driver: str = "", lan: str = "wlan0", *, minimal: bool = False) -> Path:
    """A root that says so of itself."""
    if model:
        tree = places.under(root, boards.MODEL)
        tree.parent.mkdir(parents=True)
        tree.write_bytes(model.encode() + b"\0")
    if driver:
        device = root / "sys/class/net" / lan
        (device / "device").mkdir(parents=True)
        (root / "sys/bus" / driver).mkdir(parents=True)
        (device / "device/driver").symlink_to(root / "sys/bus" / driver)
        if driver not in {"bcmgenet", "macb"}:
            (device / "phy80211").mkdir()
    if minimal:
        file = places.under(root, boards.MINIMAL)
        file.parent.mkdir(parents=True)
        file.touch()
    return root


@pytest.mark.parametrize(
    ("model", "kind", "phones", "five"),
    [
        ("Raspberry Pi 3 Model B Rev 1.2", "pi3", 10, False),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "pi3plus", 7, True),
        ("Raspberry Pi 3 Model A Plus Rev 1.0", "pi3plus", 7, True),
        ("Raspberry Pi 4 Model B Rev 1.5", "pi4", 7, True),
        ("Raspberry Pi 400 Rev 1.0", "pi4", 7, True),
        ("Raspberry Pi Compute Module 4 Rev 1.1", "pi4", 7, True),
        ("Raspberry Pi 5 Model B Rev 1.0", "pi5", 7, True),
        ("Raspberry Pi 500 Rev 1.0", "pi5", 7, True),
        ("Raspberry Pi Zero 2 W Rev 1.0", "zero2w", 10, False),
    ],
)
def test_each_board_is_known_with_its_radio(tmp_path: Path, model: str, kind: Kind, phones: int, five: bool) -> None:
    board = boards.read(machine(tmp_path, model, "brcmfmac"), "wlan0")
    assert (board.kind, board.model, board.pi, board.watchdog) == (kind, model, True, True)
    assert board.radio is not None
    assert (board.radio.clients, board.radio.five) == (phones, five)
    assert boards.firmware(board) is None


def test_a_pi_without_wifi_and_one_nobody_knows_yet_have_none_built_in(tmp_path: Path) -> None:
    board = boards.read(machine(tmp_path, "Raspberry Pi 2 Model B Rev 1.1", "mt76x2u"), "wlan0")
    assert (board.kind, board.radio) == ("pi", Radio("mt76x2u"))


def test_the_firmware_for_more_phones_is_chosen_where_it_is_there(tmp_path: Path) -> None:
    root = machine(tmp_path, "Raspberry Pi 4 Model B Rev 1.5", "brcmfmac", minimal=True)
    board = boards.read(root, "wlan0")
    assert board.radio == Radio("brcmfmac", "43455", minimal=True)
    assert board.radio.clients == 19
    chosen = boards.firmware(board)
    assert chosen is not None
    assert chosen[0] == ["update-alternatives", "--set", "cyfmac43455-sdio.bin", boards.MINIMAL]
    (root / "etc/alternatives").mkdir(parents=True)
    (root / "etc/alternatives/cyfmac43455-sdio.bin").symlink_to(boards.MINIMAL)
    assert boards.read(root, "wlan0").radio == Radio("brcmfmac", "43455", minimal=True, chosen=True)


def test_a_radio_on_usb_is_not_the_one_built_in(tmp_path: Path) -> None:
    board = boards.read(machine(tmp_path, "Raspberry Pi 4 Model B Rev 1.5", "mt76x2u", "wlan1"), "wlan1")
    assert board.radio == Radio("mt76x2u")


def test_a_cable_is_no_radio_and_a_radio_that_is_not_there_yet_is_one(tmp_path: Path) -> None:
    root = machine(tmp_path, "Raspberry Pi 5 Model B Rev 1.0", "macb", "eth0")
    assert boards.read(root, "eth0").radio is None
    assert boards.read(root, "eth1").radio is None
    assert boards.read(root, "wlan0").radio == Radio("brcmfmac", "43455")
    assert boards.read(root, "wlan1").radio == Radio("")


def test_another_machine_has_no_boot_files_of_a_pi(tmp_path: Path) -> None:
    root = machine(tmp_path, driver="iwlwifi")
    (root / "boot/firmware").mkdir(parents=True)
    (root / "boot/firmware/config.txt").touch()
    board = boards.read(root, "wlan0")
    assert (board.kind, board.boot, board.watchdog, board.radio) == ("other", "", False, Radio("iwlwifi"))
    (root / "dev").mkdir()
    (root / "dev/watchdog").touch()
    assert boards.read(root, "wlan0").watchdog


def test_a_pi_says_where_its_firmware_reads_and_who_swaps(tmp_path: Path) -> None:
    root = machine(tmp_path, "Raspberry Pi 3 Model B Rev 1.2", "brcmfmac")
    (root / "boot").mkdir()
    (root / "boot/config.txt").touch()
    (root / "etc/rpi/swap.conf.d").mkdir(parents=True)
    (root / "proc/meminfo").write_text("MemTotal:         439088 kB\nMemFree: 1 kB\n")
    board = boards.read(root, "wlan0")
    assert (board.boot, board.swap_by_pi, board.memory_mb) == ("/boot", True, 428)
    (root / "boot/firmware").mkdir()
    (root / "boot/firmware/config.txt").touch()
    assert boards.read(root, "wlan0").boot == "/boot/firmware"


def test_a_maker_is_told_what_a_radio_will_not_do(tmp_path: Path) -> None:
    zero = boards.read(machine(tmp_path, "Raspberry Pi Zero 2 W Rev 1.0", "brcmfmac"), "wlan0")
    said = " ".join(boards.warnings(zero, "5", 40))
    assert "Zero 2 W" in said
    assert "2.4 GHz only" in said
    assert "this radio bears 10" in said
    assert boards.warnings(boards.Board(), "5", 200) == []
    assert boards.warnings(boards.Board("pi4", radio=Radio("brcmfmac", "43455")), "5", 7) == []

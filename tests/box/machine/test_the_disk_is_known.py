"""What sysfs and the table of mounts say of the disk under a folder: kind, wear, errors, and whether it keeps what it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall.box.machine import card
from stall.box.machine.card import Card, Kind
from tests.box.machine.boards import Board


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path / "root")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


def test_an_sd_card_is_known_by_its_partition(board: Board, folder: Path) -> None:
    board.card(folder, "mmcblk0", "SD", name="SC64G", lifetime_kb=12_000_000, sectors_written=4_000_000)
    assert card.look(folder, board.root) == Card(
        device="mmcblk0",
        kind=Kind.SD,
        model="SC64G",
        written_mb=12_288,
        written_since_boot_mb=2_048,
    )


@pytest.mark.parametrize(
    ("life", "spare", "percent", "out"),
    [
        ("0x01 0x02", "0x01", 20, False),
        ("0x09 0x01", "0x01", 90, True),
        ("0x00 0x00", "0x03", 90, True),
        ("0x00", "0x01", None, False),
    ],
)
def test_an_emmc_says_how_worn_it_is(
    board: Board, folder: Path, life: str, spare: str, percent: int | None, out: bool
) -> None:
    disk = board.card(folder, "mmcblk1", "MMC", name="BJTD4R")
    board.say(f"{disk}/device/life_time", life)
    board.say(f"{disk}/device/pre_eol_info", spare)
    found = card.look(folder, board.root)
    assert (found.kind, found.worn_percent, found.worn_out) == (Kind.EMMC, percent, out)


def test_errors_of_its_file_system_are_counted(board: Board, folder: Path) -> None:
    board.card(folder, "mmcblk0", "SD", errors=3)
    assert card.look(folder, board.root).errors == 3


def test_a_file_system_that_never_asks_to_keep_is_seen(board: Board, folder: Path) -> None:
    board.card(folder, "mmcblk0", "SD", options="rw,nobarrier")
    assert card.look(folder, board.root).no_barrier


def test_one_that_gave_up_is_read_only_also_where_only_the_mounts_say_so(board: Board, folder: Path) -> None:
    board.card(folder, "mmcblk0", "SD", options="rw,emergency_ro")
    assert card.look(folder, board.root).read_only


def test_a_stick_that_calls_itself_rotating_is_a_stick(board: Board, folder: Path) -> None:
    disk = board.card(folder, "sda", None, below="pci0000:00/0000:00:14.0/usb2/2-1")
    board.say(f"{disk}/queue/rotational", "1")
    assert card.look(folder, board.root).kind is Kind.USB


def test_a_file_system_with_a_number_of_its_own_is_found_by_its_mount(board: Board, folder: Path) -> None:
    board.card(folder, "mmcblk0", "SD", by_number=False)
    assert card.look(folder, board.root).kind is Kind.SD


def test_nothing_is_made_up_of_an_unknown_disk(board: Board, folder: Path) -> None:
    assert card.look(folder, board.root) == Card()

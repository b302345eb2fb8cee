"""What the firmware says of voltage and heat is read from sysfs, on every board that tells it, and nothing is made up on others."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall.box.machine import power
from stall.box.machine.power import Power
from tests.box.machine import boards


def test_a_board_with_enough_power_says_so(tmp_path: Path) -> None:
    boards.pi_4(tmp_path)
    assert power.read(tmp_path) == Power(known=True, celsius=52.6)


@pytest.mark.parametrize(
    ("bits", "told"),
    [
        (0x1, Power(known=True, low=True, was_low=True)),
        (0x50005, Power(known=True, low=True, was_low=True, slowed=True, was_slowed=True)),
        (0x50000, Power(known=True, was_low=True, was_slowed=True)),
        (0x2, Power(known=True, slowed=True, was_slowed=True)),
        (0x80008, Power(known=True, slowed=True, was_slowed=True)),
        (0x20000, Power(known=True, was_slowed=True)),
    ],
)
def test_each_bit_is_one_of_the_firmwares(tmp_path: Path, bits: int, told: Power) -> None:
    boards.Board(tmp_path).firmware(bits)
    assert power.read(tmp_path) == told


def test_the_kernels_own_alarm_counts_where_it_cleared_the_firmwares_bits(tmp_path: Path) -> None:
    board = boards.pi_4(tmp_path)
    board.voltage_alarm(on=True)
    assert power.read(tmp_path).low


def test_a_pi_5_tells_by_its_driver_and_says_what_the_supply_gives(tmp_path: Path) -> None:
    board = boards.pi_5(tmp_path)
    assert power.read(tmp_path) == Power(known=True, celsius=48.0, supply_ma=3000)
    board.warm(81.5)
    assert power.read(tmp_path).hot


def test_a_machine_that_tells_nothing_is_not_judged(tmp_path: Path) -> None:
    assert power.read(tmp_path) == Power()


def test_what_cannot_be_a_reading_is_none(tmp_path: Path) -> None:
    board = boards.Board(tmp_path)
    board.say("sys/devices/platform/soc/soc:firmware/get_throttled", "no such thing")
    board.say("sys/class/thermal/thermal_zone0/temp", "-274000")
    board.say("sys/firmware/devicetree/base/chosen/power/max_current", b"\x01")
    assert power.read(tmp_path) == Power()

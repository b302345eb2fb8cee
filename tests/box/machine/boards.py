"""File systems of the kernel as boards show them, made in a folder: what a test changes is what the board would say next."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Board:
    """The root of a machine's file systems."""

    root: Path

    def say(self, path: str, text: str | bytes) -> None:
        """Let a file of sysfs say this."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else f"{text}\n".encode())

    def firmware(self, bits: int) -> None:
        """What `vcgencmd get_throttled` would print, as the driver's file says it: hexadecimal without 0x."""
        self.say("sys/devices/platform/soc/soc:firmware/get_throttled", f"{bits:x}")

    def voltage_alarm(self, on: bool) -> None:
        """The sensor of the mainline kernel, the second one on this board."""
        self.say("sys/class/hwmon/hwmon0/name", "cpu_thermal")
        self.say("sys/class/hwmon/hwmon1/name", "rpi_volt")
        self.say("sys/class/hwmon/hwmon1/in0_lcrit_alarm", str(int(on)))

    def warm(self, celsius: float) -> None:
        self.say("sys/class/thermal/thermal_zone0/temp", str(round(celsius * 1000)))

    def chip(
        self, name: str, says_s: int | None, *, at: int = 0, set_the_system: bool = False, battery_uv: int | None = None
    ) -> None:
        """A clock chip; one whose driver knows that it stood still has a file that cannot be read."""
        folder = f"sys/class/rtc/rtc{at}"
        self.say(f"{folder}/name", f"{name} {at}-0068")
        self.say(f"{folder}/hctosys", str(int(set_the_system)))
        if says_s is None:
            (self.root / folder / "since_epoch").mkdir()  # reading it is an error, as EINVAL of the driver
        else:
            self.say(f"{folder}/since_epoch", str(says_s))
        if battery_uv is not None:
            self.say(f"{folder}/battery_voltage", str(battery_uv))

    def card(
        self,
        folder: Path,
        disk: str,
        kind: str | None,
        *,
        name: str = "",
        below: str = "platform/soc/mmc_host/mmc0",
        errors: int = 0,
        lifetime_kb: int = 0,
        sectors_written: int = 0,
        options: str = "rw,noatime",
        by_number: bool = True,
    ) -> str:
        """Put the third partition of a disk under a real folder; gives the disk's place in sysfs."""
        part = f"{disk}p3" if disk[-1].isdigit() else f"{disk}3"
        number = f"{os.major(folder.stat().st_dev)}:{os.minor(folder.stat().st_dev)}"
        place = f"sys/devices/{below}/block/{disk}"
        self.say(f"{place}/{part}/partition", "3")
        self.say(f"{place}/stat", f"1 2 3 4 5 6 {sectors_written} 8 9 10 11 12 13 14 15 16 17")
        if kind is not None:
            self.say(f"{place}/device/type", kind)
        if name:
            self.say(f"{place}/device/name", name)
        if by_number:
            self.say(f"sys/fs/ext4/{part}/errors_count", str(errors))
            self.say(f"sys/fs/ext4/{part}/lifetime_write_kbytes", str(lifetime_kb))
        link = self.root / ("sys/dev/block/" + number if by_number else f"sys/class/block/{part}")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(self.root / place / part)
        line = f"29 1 {number} / /var/lib/stall {options} shared:1 - ext4 /dev/{part} rw,errors=remount-ro"
        self.say("proc/self/mountinfo", line)
        return place


def pi_4(root: Path) -> Board:
    board = Board(root)
    board.firmware(0)
    board.voltage_alarm(on=False)
    board.warm(52.6)
    return board


def pi_5(root: Path) -> Board:
    board = Board(root)
    board.say("sys/bus/platform/drivers/raspberrypi-firmware/soc@107c000000:firmware/get_throttled", "0")
    board.warm(48.0)
    board.say("sys/firmware/devicetree/base/chosen/power/max_current", (3000).to_bytes(4, "big"))
    return board

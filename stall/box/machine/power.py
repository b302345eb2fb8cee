"""Whether the box gets enough power and stays cool, as a Raspberry Pi's firmware says it in sysfs: no process is started for a look.

The bits are those of `vcgencmd get_throttled` (raspberrypi.com, “os.html#vcgencmd”). A kernel with the voltage driver clears the sticky
ones every two seconds (linux/drivers/hwmon/raspberrypi-hwmon.c), so “since boot” is only sure for whoever watches
(`machine.watch`); the driver's own alarm stands for its last two seconds. Other machines tell nothing, and nothing is said of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stall.box.machine import sysfs

_LOW, _CAPPED, _THROTTLED, _WARM = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_SINCE = 16

#: Where the firmware's driver puts the bits: beside its device, whatever the board calls that.
_BITS = (
    "sys/bus/platform/drivers/raspberrypi-firmware/*/get_throttled",
    "sys/devices/platform/soc*/soc*:firmware/get_throttled",
)
#: The driver of the voltage sensor, by this name among all sensors.
_SENSOR, _ALARM = "rpi_volt", "in0_lcrit_alarm"
#: What the supply of a Pi 5 said it can give (mA, four bytes, most significant first).
_SUPPLY = "sys/firmware/devicetree/base/chosen/power/max_current"

_SUPPLY_BYTES = 4

#: What a sensor of a machine that runs can say (thousandths of °C).
_CAN_BE = range(1, 150_000)

#: From here on the firmware slows a Pi down (°C), softly; at 85 it stops it hard.
HOT_C = 80


@dataclass(frozen=True, slots=True)
class Power:
    """What the machine says now. `known` is False where it says nothing of its voltage.

    `low`: less than 4.63 V reach the board. `slowed`: it runs slower for that, or for heat. `was_low`, `was_slowed`: at some time
    since it was switched on. `celsius` and `supply_ma` are None where nobody measures them.
    """

    known: bool = False
    low: bool = False
    was_low: bool = False
    slowed: bool = False
    was_slowed: bool = False
    celsius: float | None = None
    supply_ma: int | None = None

    @property
    def hot(self) -> bool:
        """Whether it is as warm as slows it down."""
        return self.celsius is not None and self.celsius >= HOT_C


def read(root: Path = Path("/")) -> Power:
    """Look once; some microseconds and no process."""
    bits, alarm = _bits(root), _alarm(root)
    told = bits or 0
    slow = _CAPPED | _THROTTLED | _WARM
    return Power(
        known=bits is not None or alarm is not None,
        low=bool(told & _LOW) or alarm == 1,
        was_low=bool(told & (_LOW | _LOW << _SINCE)) or alarm == 1,
        slowed=bool(told & slow),
        was_slowed=bool(told & (slow | slow << _SINCE)),
        celsius=_celsius(root),
        supply_ma=_supply_ma(root),
    )


def _bits(root: Path) -> int | None:
    for pattern in _BITS:
        for path in root.glob(pattern):
            found = sysfs.number(path, 16)
            if found is not None:
                return found
    return None


def _alarm(root: Path) -> int | None:
    for sensor in (root / "sys/class/hwmon").glob("hwmon*"):
        if sysfs.text(sensor / "name") == _SENSOR:
            return sysfs.number(sensor / _ALARM)
    return None


def _celsius(root: Path) -> float | None:
    """The processor's own sensor: the first zone that says a temperature a machine can have."""
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        found = sysfs.number(zone / "temp")
        if found is not None and found in _CAN_BE:
            return found / 1000
    return None


def _supply_ma(root: Path) -> int | None:
    try:
        told = (root / _SUPPLY).read_bytes()
    except OSError:
        return None
    return int.from_bytes(told, "big") if len(told) == _SUPPLY_BYTES else None

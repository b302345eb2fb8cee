"""Watches power and disk while the stall is open and tells the other processes, on change only: the notices `power` and `disk`.

Runs on a thread of `stall sync`. Notices are gone with the power, so what they say happened since boot did; a process started anew goes
on from what the one before it told. Nothing of the database is touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stall import log, runtime
from stall.box.lookout import Lookout
from stall.box.machine import card, power, sync_test
from stall.box.machine.power import Power
from stall.box.machine.sync_test import Rate
from stall.errors import StallError

#: Every so many looks the disk is looked at as well; what it measures of itself waits for the second time, when the start is over.
DISK_EVERY = 5
#: A temperature is told anew when it is this far from the one told (°C).
STEP_C = 4
_GB = 1000
logger = log.get("machine")


class _Clock(Protocol):
    def boottime_ms(self) -> int: ...


@dataclass(slots=True)
class _Seen:
    """What was told last, and what is remembered of before."""

    power: dict[str, object]
    disk: dict[str, object]
    celsius: int | None = None
    looks: int = 0


class Watch(Lookout):
    """Looks at the machine and at the disk under the data folder."""

    name = "machine"

    def __init__(
        self,
        folder: Path,
        clock: _Clock,
        root: Path = Path("/"),
        measure: Callable[[Path], Rate] = sync_test.measure,
    ) -> None:
        """Watch the machine at `root` and the disk under `folder`."""
        super().__init__()
        self._folder, self._clock, self._root, self._measure = folder, clock, root, measure
        self._seen = _Seen(runtime.told("power"), runtime.told("disk"))

    def look(self) -> None:
        """Look once, and tell what changed."""
        seen = self._seen
        try:
            seen.power = _tell("power", self._power(power.read(self._root)), seen.power)
            if seen.looks % DISK_EVERY == 0 or card.read_only(self._folder) != bool(seen.disk.get("read_only")):
                seen.disk = _tell("disk", self._disk(), seen.disk)
        except (StallError, OSError) as error:  # told again at the next look
            logger.warning("machine.not_told", error=getattr(error, "code", type(error).__name__))
        seen.looks += 1

    def _power(self, now: Power) -> dict[str, object]:
        """The notice: what is, what was since boot, and how often and when power dipped last."""
        seen, told = self._seen, self._seen.power
        if seen.celsius is None or now.celsius is None or abs(now.celsius - seen.celsius) >= STEP_C:
            seen.celsius = None if now.celsius is None else round(now.celsius)
        dips, dip_ms = _number(told.get("dips")), told.get("dip_boottime_ms")
        if now.low and not told.get("low"):
            dips, dip_ms = dips + 1, self._clock.boottime_ms()
            logger.warning("power.low", dips=dips)
        return {
            "known": now.known,
            "low": now.low,
            "was_low": now.was_low or bool(told.get("was_low")),
            "slowed": now.slowed,
            "was_slowed": now.was_slowed or bool(told.get("was_slowed")),
            "hot": now.hot,
            "celsius": seen.celsius,
            "supply_ma": now.supply_ma,
            "dips": dips,
            "dip_boottime_ms": dip_ms,
        }

    def _disk(self) -> dict[str, object]:
        found = card.look(self._folder, self._root)
        told = self._seen.disk
        same = told.get("device") == found.device
        measured: dict[str, object] = {
            name: told[name] for name in ("per_s", "slow", "cannot_be") if same and name in told
        }
        if not measured and self._seen.looks and not found.read_only:
            rate = self._measure(self._folder)
            measured = {
                "per_s": round(rate.per_s),
                "slow": rate.slow,
                "cannot_be": sync_test.cannot_be(found.kind, rate),
            }
        if found.errors or found.read_only:
            logger.error("disk.trouble", device=found.device, errors=found.errors, read_only=found.read_only)
        return {
            "device": found.device,
            "kind": found.kind.value,
            "model": found.model,
            "read_only": found.read_only,
            "no_barrier": found.no_barrier,
            "errors": found.errors,
            "worn_percent": found.worn_percent,
            "worn_out": found.worn_out,
            "written_gb": None if found.written_mb is None else found.written_mb // _GB,
            **measured,
        }


def _tell(name: str, found: dict[str, object], told: dict[str, object]) -> dict[str, object]:
    if found != told:
        runtime.publish(name, found)
    return found


def _number(found: object) -> int:
    return found if isinstance(found, int) else 0

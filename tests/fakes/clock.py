"""A clock that only moves when told to."""

from __future__ import annotations

from dataclasses import dataclass

from stall.clock import BUILD_MS, Source

START_MS = BUILD_MS + 20 * 24 * 3600 * 1000


@dataclass
class FakeClock:
    """Wall time and time since boot, set by the test."""

    wall: int = START_MS
    boottime: int = 1_000_000
    boot: str = "boot-1"
    source: Source | None = Source.NTP

    def wall_ms(self) -> int:
        return self.wall

    def boottime_ms(self) -> int:
        return self.boottime

    def boot_id(self) -> str:
        return self.boot

    def system_source(self) -> Source | None:
        return self.source

    def advance(self, ms: int) -> None:
        self.wall += ms
        self.boottime += ms

    def reboot(self, name: str = "boot-2", *, wall: int | None = None) -> None:
        self.boot, self.boottime = name, 5_000
        self.wall = self.wall if wall is None else wall

"""The time a process under test believes in: told by a file that a test changes while the process runs."""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path

from stall.clock import Source, SystemClock

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Told:
    """What the system's clock says: `ahead_ms` of the true time, or standing still at `frozen_ms`.

    `source` is ntp or rtc, or None for a clock nobody vouches for.
    """

    ahead_ms: int = 0
    frozen_ms: int | None = None
    source: str | None = "ntp"

    def write(self, path: Path) -> None:
        """Make it so for every process that reads `path`."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")
        fresh.replace(path)


def install(path: Path) -> None:
    """Let this process ask the file for the time."""

    def told() -> Told:
        return Told(**json.loads(path.read_text(encoding="utf-8")))

    def wall_ms(_clock: SystemClock) -> int:
        now = told()
        return time.time_ns() // 1_000_000 + now.ahead_ms if now.frozen_ms is None else now.frozen_ms

    def system_source(_clock: SystemClock) -> Source | None:
        source = told().source
        return None if source is None else Source(source)

    for name, edge in (("wall_ms", wall_ms), ("system_source", system_source)):
        setattr(SystemClock, name, edge)

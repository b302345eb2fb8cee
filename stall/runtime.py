"""What processes of one box tell each other while the machine is on: small JSON files in the runtime folder, gone with the power.

On the appliance the service manager makes the folder (`/run/stall`); without one nothing is told and nothing is known.
Imports nothing of ours but `disk` and the errors.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from stall import disk

#: Names the folder; the service manager's own variable is the second choice.
VARIABLES = ("STALL_RUNTIME", "RUNTIME_DIRECTORY")
#: More than this no notice holds (bytes): what is longer was not written by us.
MAX_BYTES = 256 * 1024


def folder() -> Path | None:
    """The runtime folder of this machine, or None where there is none."""
    for variable in VARIABLES:
        first = os.environ.get(variable, "").partition(":")[0]
        if first:
            return Path(first)
    return None


def publish(name: str, told: Mapping[str, object]) -> None:
    """Tell every process of this box; the notice `name` is replaced whole. Nothing happens without a runtime folder.

    Raises what `disk.whole_file` raises.
    """
    place = folder()
    if place is None:
        return
    with disk.whole_file(place / f"{name}.json", 0o640) as file:
        file.write(json.dumps(told, separators=(",", ":")).encode())


def told(name: str, place: Path | None = None) -> dict[str, object]:
    """What the notice `name` says now; empty where there is none, or none that can be read. `place`: another runtime folder."""
    place = place or folder()
    if place is None:
        return {}
    try:
        with (place / f"{name}.json").open("rb") as file:
            found = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

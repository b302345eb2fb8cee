"""What must go on in a process that serves all day: told by whoever runs it, looked at by the machine's self-check.

So the layers that serve know nothing of the service manager, and `box.selfcheck` nothing of them. Imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Listening:
    """Somebody who answers 200 to `GET path` at `address`: a path of the file system, or host and port."""

    address: str | tuple[str, int]
    path: str


@dataclass(frozen=True, slots=True)
class Alive:
    """Each by the name that stands in the log where it does not go on.

    `turns` are counts that grow while their thread goes round, within a second or so. `well` says at once whether something is as
    it should be. `listening` answers requests. `done` comes back when it is done, with an error or without: that it hangs is the
    fault looked for here, and what it says is told elsewhere.
    """

    turns: Mapping[str, Callable[[], int]] = field(default_factory=dict)
    well: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    listening: Mapping[str, Listening] = field(default_factory=dict)
    done: Mapping[str, Callable[[], object]] = field(default_factory=dict)

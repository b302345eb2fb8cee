"""A process that dies at the n-th thing it does to the disk, as by kill -9: nothing of its own runs any more."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

DIED = 9


def dies_at(step: int, work: Callable[[], object]) -> bool:
    """Run `work` in a child that dies right before its `step`-th change of the disk; whether it came that far."""
    child = os.fork()
    if child == 0:
        try:
            _count_down(step)
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, it is the parent that judges
            os._exit(2)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, DIED}
    return code == DIED


def _count_down(step: int) -> None:
    left = step

    def before(real: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            if left == 0:
                os._exit(DIED)
            left -= 1
            return real(*arguments, **named)

        return dying

    for owner, name in (
        (os, "fsync"),
        (os, "rmdir"),
        (Path, "replace"),
        (Path, "unlink"),
        (Path, "symlink_to"),
        (Path, "mkdir"),
        (Path, "rmdir"),
    ):
        setattr(owner, name, before(getattr(owner, name)))
    os.sync = lambda: None

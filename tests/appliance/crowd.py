"""Somebody on the Wi-Fi who keeps asking: `python -m tests.appliance.crowd`, a line of JSON for each thing to do."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from typing import Any

from tests.phone import hands, stranger

_PATIENCE_S = 30.0


def keep_asking(asked: dict[str, Any]) -> dict[str, Any]:
    """Ask again and again, a new connection each time, until a line comes: what was answered how often, and the longest wait.

    A `#` in `path` is a number that goes up, so that no two ask for the same and none is answered from what is kept.
    """
    over = threading.Event()
    answers: dict[str, int] = {}
    longest = 0.0

    def ask() -> None:
        nonlocal longest
        for number in itertools.count():
            if over.is_set():
                return
            began = time.monotonic()
            try:
                told = str(hands.get({"path": asked["path"].replace("#", str(number))})["status"])
            except OSError as fault:
                told = type(fault).__name__
            longest = max(longest, time.monotonic() - began)
            answers[told] = answers.get(told, 0) + 1
            if number == 0:
                hands.say({"asking": True})

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    sys.stdin.readline()
    over.set()
    asking.join(_PATIENCE_S)
    return {"answers": answers, "longest_ms": int(longest * 1000)}


if __name__ == "__main__":
    hands.main({"keep_asking": keep_asking, "join": stranger.join})

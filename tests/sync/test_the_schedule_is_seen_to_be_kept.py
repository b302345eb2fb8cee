"""What the self-check sees of `stall sync`: tidying that hangs or is not begun any more; an upload may take as long as it likes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from stall.sync.daemon import TIDY_LATE_S, TIDY_LONGEST_S, Daemon

LIMIT_S = 20


class Passed:
    """The monotonic clock, as the test moves it."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Whoever waits for it is let go at the end."""
    event = threading.Event()
    yield event
    event.set()


def test_tidying_that_hangs_is_seen_and_a_slow_upload_is_none(held: threading.Event) -> None:
    passed, begun, uploads = Passed(), threading.Semaphore(0), threading.Semaphore(0)

    def tidy() -> None:
        begun.release()
        held.wait(LIMIT_S)

    def upload() -> None:
        uploads.release()
        held.wait(LIMIT_S)

    daemon = Daemon(upload, tidy, monotonic=passed)
    daemon.start()
    assert begun.acquire(timeout=LIMIT_S)
    assert uploads.acquire(timeout=LIMIT_S)
    assert daemon.on_time()
    passed.now += TIDY_LONGEST_S - 1
    assert daemon.on_time()
    passed.now += 2
    assert not daemon.on_time()
    held.set()
    assert daemon.stop(LIMIT_S)


def test_a_schedule_that_begins_nothing_any_more_is_seen() -> None:
    passed, tidied = Passed(), threading.Semaphore(0)
    daemon = Daemon(None, tidied.release, monotonic=passed)
    daemon.start()
    assert tidied.acquire(timeout=LIMIT_S)
    assert daemon.stop(LIMIT_S)
    passed.now += TIDY_LATE_S - 1
    assert daemon.on_time()
    passed.now += 2
    assert not daemon.on_time()

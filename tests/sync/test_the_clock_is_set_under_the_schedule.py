"""The schedule goes by the wall clock; when somebody sets that, every job begins anew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stall.sync import daemon as schedule
from stall.sync.daemon import Daemon

YEARS = timedelta(days=3650)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "CLOCK_LOOK_S", 0.02)


class Skew:
    """The wall clock less the monotonic one, as the test sets it."""

    def __init__(self) -> None:
        self.value = 1.0
        self.looked = threading.Semaphore(0)

    def __call__(self) -> float:
        self.looked.release()
        return self.value

    def look_again(self) -> None:
        for _ in range(2):
            assert self.looked.acquire(timeout=20)


@pytest.fixture
def running() -> Iterator[tuple[Daemon, Skew, threading.Semaphore, threading.Semaphore]]:
    """A daemon whose jobs have run once, and are due again in years: what a clock set back years leaves."""
    skew, uploads, tidied = Skew(), threading.Semaphore(0), threading.Semaphore(0)
    daemon = Daemon(uploads.release, tidied.release, skew)
    daemon.start()
    assert uploads.acquire(timeout=20)
    assert tidied.acquire(timeout=20)
    with daemon._state:
        daemon._last_upload = datetime.now(UTC) + YEARS
    for job in daemon._scheduler.get_jobs():
        job.modify(next_run_time=datetime.now(UTC) + YEARS)
    yield daemon, skew, uploads, tidied
    daemon.stop(5)


def test_set_back_by_years_both_jobs_run_at_once(
    running: tuple[Daemon, Skew, threading.Semaphore, threading.Semaphore],
) -> None:
    _, skew, uploads, tidied = running
    skew.value -= YEARS.total_seconds()
    assert uploads.acquire(timeout=20)
    assert tidied.acquire(timeout=20)


def test_afterwards_a_change_of_the_database_brings_the_upload_forward_again(
    running: tuple[Daemon, Skew, threading.Semaphore, threading.Semaphore],
) -> None:
    daemon, skew, uploads, _ = running
    skew.value -= YEARS.total_seconds()
    assert uploads.acquire(timeout=20)
    daemon.wake()
    assert uploads.acquire(timeout=4)  # a second after the last, not the five of the schedule


def test_the_usual_drift_of_a_clock_disturbs_nothing(
    running: tuple[Daemon, Skew, threading.Semaphore, threading.Semaphore],
) -> None:
    _, skew, uploads, tidied = running
    for _ in range(10):
        skew.value += 0.5
        skew.look_again()
    assert not uploads.acquire(blocking=False)
    assert not tidied.acquire(blocking=False)

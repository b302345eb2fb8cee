from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from stall.errors import Refused, Retry, StallError
from stall.sync.backoff import CAP_S, FIRST_S, Backoff
from stall.sync.daemon import Daemon, UploadJob
from stall.sync.upload import Progress


def highest(_low: float, high: float) -> float:
    return high


def test_waits_double_from_five_seconds_to_a_quarter_of_an_hour() -> None:
    backoff = Backoff(highest)
    waits = [backoff.failed() for _ in range(12)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == CAP_S
    assert sorted(waits) == waits


def test_a_success_forgets_the_failures() -> None:
    backoff = Backoff(highest)
    for _ in range(5):
        backoff.failed()
    backoff.succeeded()
    assert backoff.failed() == FIRST_S


def test_the_wait_is_never_shorter_than_the_cloud_asked() -> None:
    assert Backoff(lambda low, _high: low).failed(42.0) == 42.0


@dataclass
class Script:
    """Stands in for the uploader: does what the list says, one entry a call."""

    steps: list[Progress | StallError]
    calls: int = 0
    now_s: float = 1000.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def upload_next(self) -> Progress:
        self.calls += 1
        step = self.steps.pop(0)
        if isinstance(step, StallError):
            raise step
        return step

    def job(self) -> UploadJob:
        return UploadJob(self, self.stopping, Backoff(highest), lambda: self.now_s)


def test_the_job_sends_until_nothing_is_waiting() -> None:
    script = Script([Progress.MORE, Progress.MORE, Progress.NOTHING_WAITING])
    script.job().run()
    assert script.calls == 3


@pytest.mark.parametrize(
    ("error", "wait_s"),
    [(Retry("x", "x", 0.0), 5), (Retry("x", "x", 60.0), 60), (Refused("x", "x"), 5)],
)
def test_after_a_failure_the_job_stays_away(error: StallError, wait_s: float) -> None:
    script = Script([error, Progress.NOTHING_WAITING])
    job = script.job()
    job.run()
    script.now_s += wait_s - 0.1
    job.run()
    assert script.calls == 1
    script.now_s += 0.2
    job.run()
    assert script.calls == 2


def test_a_batch_that_arrived_makes_the_next_wait_short_again() -> None:
    lost = Retry("x", "x", 0.0)
    script = Script([lost, lost, lost, Progress.MORE, lost, Progress.NOTHING_WAITING])
    job = script.job()
    for _ in range(4):
        job.run()
        script.now_s += 1000
    script.now_s += FIRST_S - 1000 + 0.1
    job.run()
    assert script.calls == 6


def test_a_stop_ends_a_long_backlog_between_two_batches() -> None:
    script = Script([Progress.MORE])
    script.stopping.set()
    script.job().run()
    assert script.calls == 0


def test_a_woken_daemon_uploads_at_once_and_then_at_most_once_a_second() -> None:
    ran = threading.Semaphore(0)
    daemon = Daemon(upload=ran.release, tidy=lambda: None)
    daemon.start()
    assert ran.acquire(timeout=3)
    for _ in range(50):
        daemon.wake()
    assert ran.acquire(timeout=3)  # long before the five seconds of the schedule
    assert not ran.acquire(timeout=0.5)  # fifty wakes, one upload
    assert daemon.stop(1.0)


def test_a_failing_job_takes_no_other_with_it() -> None:
    ran = threading.Event()

    def tidy() -> None:
        raise Refused("x", "x")

    daemon = Daemon(upload=ran.set, tidy=tidy)
    daemon.start()
    assert ran.wait(3)
    assert daemon.stop(1.0)


def test_stop_does_not_wait_for_a_slow_cloud() -> None:
    started, end = threading.Event(), threading.Event()

    def slow() -> None:
        started.set()
        end.wait(10)

    daemon = Daemon(upload=slow, tidy=lambda: None)
    daemon.start()
    assert started.wait(3)
    assert not daemon.stop(0.05)
    end.set()

"""The schedule of `stall sync`: when to upload, when to tidy up. The only file that knows APScheduler.

Jobs do their work through `stall.sync.upload` and the flows; a job that fails is logged and tried
again, and never takes another one with it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from stall import log
from stall.errors import Retry, StallError
from stall.sync.backoff import Backoff
from stall.sync.upload import Progress

UPLOAD_EVERY_S = 5.0
PAUSE_S = 1.0  # between two uploads when sales come in quick succession
TIDY_EVERY_S = 30.0
#: How often to look whether somebody set the clock, and what is more than its usual drift between two looks (s).
CLOCK_LOOK_S, CLOCK_SET_S = 1.0, 2.0
#: Tidying is judged to hang where it takes longer than this, or did not begin for so long (s).
TIDY_LONGEST_S, TIDY_LATE_S = 180.0, 120.0
logger = log.get("sync")


def _skew() -> float:
    return time.time() - time.monotonic()


class Uploads(Protocol):
    """What the job needs of an `Uploader`."""

    def upload_next(self) -> Progress:
        """Send the next batch."""
        ...


class UploadJob:
    """Uploads everything that is waiting, and after a failure stays away as long as the backoff says."""

    def __init__(
        self,
        uploader: Uploads,
        stopping: threading.Event,
        backoff: Backoff | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the uploader; `stopping` ends a long backlog between two batches."""
        self._uploader = uploader
        self._stopping = stopping
        self._backoff = backoff or Backoff()
        self._monotonic = monotonic
        self._not_before = 0.0

    def run(self) -> None:
        """Upload until nothing is waiting or something fails."""
        if self._monotonic() < self._not_before:
            return
        try:
            while not self._stopping.is_set():
                progress = self._uploader.upload_next()
                if progress is Progress.NOTHING_WAITING:
                    return
                if progress is Progress.SOON:
                    self._stopping.wait(PAUSE_S)
                    continue
                self._backoff.succeeded()
        except Retry as error:
            self._wait(error, error.after_s)
        except StallError as error:
            self._wait(error, 0.0)

    def _wait(self, error: StallError, at_least_s: float) -> None:
        wait_s = self._backoff.failed(at_least_s)
        self._not_before = self._monotonic() + wait_s
        if not self._stopping.is_set():
            logger.warning("upload.failed", error=error.code, again_in_s=round(wait_s, 1))


class Daemon:
    """Runs the jobs until stopped. `wake` brings the upload forward; calling it often costs nothing."""

    def __init__(
        self,
        upload: Callable[[], None] | None,
        tidy: Callable[[], None],
        skew: Callable[[], float] = _skew,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the jobs; without a cloud there is no `upload`. `skew` is the wall clock less the monotonic one (s)."""
        # Its only warning is that a job still runs when it is due again, which is as intended.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler: Any = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(max_workers=2)},
            timezone=UTC,
        )
        self._state = threading.Condition()
        self._running = 0
        self._skew, self._monotonic = skew, monotonic
        #: How often the clock was looked at: grows while that thread goes round.
        self.turns = 0
        #: When tidying last began, and whether it has ended since.
        self._tidied_s, self._tidying = monotonic(), False
        self._stopping = threading.Event()
        self._clock_watch = threading.Thread(target=self._watch_clock, name="clock-watch", daemon=True)
        self._last_upload = datetime.fromtimestamp(0, UTC)
        self._add("tidy", self._timed(tidy), TIDY_EVERY_S)
        if upload is not None:
            self._add("upload", self._noted(upload), UPLOAD_EVERY_S)

    def _add(self, name: str, work: Callable[[], None], every_s: float) -> None:
        self._scheduler.add_job(
            self._guarded(name, work),
            "interval",
            seconds=every_s,
            id=name,
            next_run_time=datetime.now(UTC),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        """Begin; the jobs run on threads of their own."""
        self._scheduler.start()
        self._clock_watch.start()

    def wake(self) -> None:
        """Something changed in the database: upload now, or a second after the last time."""
        with self._state:
            soon = max(datetime.now(UTC), self._last_upload + timedelta(seconds=PAUSE_S))
        job = self._scheduler.get_job("upload")
        if job is not None and job.next_run_time is not None and job.next_run_time > soon:
            job.modify(next_run_time=soon)

    def on_time(self) -> bool:
        """Whether the schedule is kept, as far as tidying shows: an upload takes as long as its cloud does."""
        passed = self._monotonic() - self._tidied_s
        return passed < (TIDY_LONGEST_S if self._tidying else TIDY_LATE_S)

    def stop(self, within_s: float) -> bool:
        """Start no job any more; True when none is running after at most `within_s` seconds."""
        self._stopping.set()
        self._scheduler.shutdown(wait=False)
        with self._state:
            return self._state.wait_for(lambda: self._running == 0, within_s)

    def _watch_clock(self) -> None:
        """The scheduler goes by the wall clock: set back a year, it would do nothing for a year."""
        seen = self._skew()
        while not self._stopping.wait(CLOCK_LOOK_S):
            self.turns += 1
            now = self._skew()
            if abs(now - seen) > CLOCK_SET_S:
                self._begin_anew()
            seen = now

    def _begin_anew(self) -> None:
        logger.info("clock.was_set")
        with self._state:
            self._last_upload = datetime.fromtimestamp(0, UTC)
        for job in self._scheduler.get_jobs():
            with contextlib.suppress(JobLookupError):
                job.modify(next_run_time=datetime.now(UTC))

    def _timed(self, tidy: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            self._tidied_s, self._tidying = self._monotonic(), True
            try:
                tidy()
            finally:
                self._tidying = False

        return run

    def _noted(self, upload: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            with self._state:
                self._last_upload = datetime.now(UTC)
            upload()

        return run

    def _guarded(self, name: str, work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            with self._state:
                self._running += 1
            try:
                work()
            except StallError as error:
                logger.warning("job.failed", job=name, error=error.code)
            finally:
                with self._state:
                    self._running -= 1
                    self._state.notify_all()

        return run

"""Runs the sync process: puts its parts together, waits for a signal, and ends within a second."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from stall import log
from stall.alive import Alive
from stall.flows import housekeeping
from stall.flows.forget_imports import forget_old_imports
from stall.flows.keep_hashes import tidy_hashes
from stall.settings import Cloud
from stall.store import locks
from stall.store.db import Database
from stall.store.secrets import BoxSecrets
from stall.store.watch import Watcher
from stall.sync.client import CloudClient
from stall.sync.daemon import Daemon, UploadJob
from stall.sync.upload import Uploader

STOP_S = 0.7
#: What is being printed may come out (s).
BESIDE_STOP_S = 3.0
SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
logger = log.get("sync")


class Beside(Protocol):
    """What else runs in this process on a thread of its own, like printing and watching the machine."""

    def start(self) -> None:
        """Begin."""
        ...

    def wake(self) -> None:
        """Something changed in the database."""
        ...

    @property
    def name(self) -> str:
        """What the self-check calls it."""
        ...

    def well(self) -> bool:
        """Whether it goes on; how fast is not judged."""
        ...

    def stop(self, within_s: float) -> bool:
        """Begin nothing any more; True when nothing is running after at most `within_s` seconds."""
        ...


def run(
    database: Database,
    secrets: BoxSecrets,
    cloud: Cloud | None,
    ready: Callable[[str], None],
    beside: Sequence[Beside] = (),
    begun: Callable[[Alive], Callable[[], object]] = lambda _: int,
) -> None:
    """Work until SIGTERM or SIGINT; `ready` is told in one sentence what is done. Each of `beside` runs for as long.

    `begun` is told what must go on from then, and gives what to call when it ends.

    Raises Refused `already-running`; WireError when the cloud's key in the settings is no key.
    """
    held = locks.own_name(database.path.parent, "sync")
    try:
        _run(database, secrets, cloud, ready, beside, begun)
    finally:
        held.release()


def _run(
    database: Database,
    secrets: BoxSecrets,
    cloud: Cloud | None,
    ready: Callable[[str], None],
    beside: Sequence[Beside],
    begun: Callable[[Alive], Callable[[], object]],
) -> None:
    # Blocked before any thread starts, so that only the sigwait below ever sees them.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    stopping = threading.Event()
    client = None if cloud is None else CloudClient(cloud.url)
    upload = None
    if cloud is not None and client is not None:
        upload = UploadJob(Uploader(database, secrets, cloud, client), stopping).run

    thorough = itertools.chain([True], itertools.repeat(False))  # once after each start

    def tidy() -> None:
        with database.transaction() as tx:
            housekeeping.sweep(tx)
            now_ms = tx.now_ms
        tidy_hashes(database, thorough=next(thorough))
        forget_old_imports(database, now_ms)

    daemon = Daemon(upload, tidy)
    daemon.start()
    for other in beside:
        other.start()

    def changed() -> None:
        daemon.wake()
        for other in beside:
            other.wake()

    watcher = Watcher(database.path, on_change=changed)
    ready(_said(cloud))
    well = {"schedule": daemon.on_time, **{other.name: other.well for other in beside}}
    ending = begun(Alive(turns={"clock": lambda: daemon.turns, "watcher": lambda: watcher.turns}, well=well))
    signal.sigwait(SIGNALS)
    ending()
    stopping.set()
    watcher.stop()
    ended = [other.stop(BESIDE_STOP_S) for other in beside]
    if not daemon.stop(STOP_S) or not all(ended):
        # A request to a slow cloud may last 20 s. Its batch is sent again at the next start, and a
        # transaction cut off is rolled back, so nothing is lost by not waiting. What is being printed is told as unclear then.
        logger.warning("stop.cut_short")
        os._exit(0)
    if client is not None:
        client.close()


def _said(cloud: Cloud | None) -> str:
    if cloud is None:
        return "No cloud is set: the journal stays on this box until settings.toml has a [cloud] table."
    return f"The journal is uploaded to {cloud.url}"

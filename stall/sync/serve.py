"""Runs the sync process: puts its parts together, waits for a signal, and ends within a second."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable

from stall import log
from stall.flows import housekeeping
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
SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
logger = log.get("sync")


def run(database: Database, secrets: BoxSecrets, cloud: Cloud | None, ready: Callable[[str], None]) -> None:
    """Work until SIGTERM or SIGINT; `ready` is told in one sentence what is done.

    Raises Refused `already-running`; WireError when the cloud's key in the settings is no key.
    """
    held = locks.own_name(database.path.parent, "sync")
    try:
        _run(database, secrets, cloud, ready)
    finally:
        held.release()


def _run(database: Database, secrets: BoxSecrets, cloud: Cloud | None, ready: Callable[[str], None]) -> None:
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
        tidy_hashes(database, thorough=next(thorough))

    daemon = Daemon(upload, tidy)
    daemon.start()
    watcher = Watcher(database.path, on_change=daemon.wake)
    ready(_said(cloud))
    signal.sigwait(SIGNALS)
    stopping.set()
    watcher.stop()
    if not daemon.stop(STOP_S):
        # A request to a slow cloud may last 20 s. Its batch is sent again at the next start, and a
        # transaction cut off is rolled back, so nothing is lost by not waiting.
        logger.warning("stop.cut_short")
        os._exit(0)
    if client is not None:
        client.close()


def _said(cloud: Cloud | None) -> str:
    if cloud is None:
        return "No cloud is set: the journal stays on this box until settings.toml has a [cloud] table."
    return f"The journal is uploaded to {cloud.url}"

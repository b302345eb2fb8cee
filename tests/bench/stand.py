"""The stall a benchmark runs against: real documents, limited free drops, and the real `stall web` process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stall import app
from stall import settings as settings_file
from stall.clock import Source, SystemClock
from stall.flows.accept_document import accept_delegation
from stall.flows.record_pack import Prepared
from stall.settings import Settings, Web
from stall.store.box import Box
from stall.wire import manifest
from tests.fakes import papers

ROOT = Path(__file__).parents[2]
#: A paid open edition for the till, and how much it costs in minor units.
ZINE, ZINE_MINOR = "till-zine", 300
PIN = "123456"
START_S = 30.0


class TrustedClock(SystemClock):
    """This machine's clock, believed: opening a drop needs that, and a test machine may have no time server."""

    def system_source(self) -> Source | None:
        """Say that a time server vouches for it."""
        return Source.NTP


def limited(n: int) -> str:
    """The id of the n-th free drop in a limited edition."""
    return f"free-print-{n}"


def make(folder: Path, drops: int, edition: int) -> None:
    """Make a box with `drops` free drops of `edition` numbers each, and one paid open edition."""
    app.create_box(folder, "Salt & Paper", pin=PIN, clock=TrustedClock())
    port, till_port = free_port(), free_port()
    web = Web(port=port, till_port=till_port, address=f"http://127.0.0.1:{port}")
    settings_file.save(folder, Settings(name="Salt & Paper", web=web))
    box, now = app.open_box(folder, clock=TrustedClock()), int(time.time())
    try:
        with box.db.transaction() as tx:
            accept_delegation(tx, papers.delegate_box(box.secrets.signing, now_s=now, since_s=now - 60))
        for n in range(drops):
            _stock(box, limited(n), 0, edition, n)
        _stock(box, ZINE, ZINE_MINOR, None, drops)
    finally:
        box.close()


def free_port() -> int:
    """A port of loopback nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _stock(box: Box, drop: str, minor: int, edition: int | None, n: int) -> None:
    now = int(time.time())
    files = (manifest.File(path="print.jpg", size=1, sha256="0" * 64, type="image/jpeg"),)
    offer = papers.Offer(drop, "Harbour at low sun", minor, edition, files)
    token = papers.sign_manifest(offer, n.to_bytes(16), now_s=now, since_s=now - 60)
    leasing = None if edition is None else papers.Leasing((n + 1000).to_bytes(16), now, ((1, edition),))
    papers.put_on_sale(box, token, Prepared(None, f"{drop}.zip", 1, "0" * 64), leasing)


@dataclass(frozen=True, slots=True)
class Server:
    """A running `stall web`."""

    pid: int
    port: int
    till_port: int

    def cpu_s(self) -> float:
        """Processor time it has used so far, all threads, in seconds."""
        fields = Path(f"/proc/{self.pid}/schedstat").parent
        total = 0
        for task in (fields / "task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9


@contextlib.contextmanager
def serving(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run `stall web` on a data folder until the block ends; `environment` is added to ours."""
    web = settings_file.load(folder).web
    command = [sys.executable, "-m", "stall", "web", "--data", str(folder)]
    env = {**os.environ, **(environment or {})}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            _wait_until_ready(process)
            yield Server(process.pid, web.port, web.till_port)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(START_S)
            finally:
                process.kill()


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    """The server prints two addresses once it answers; one that does not is ended."""
    late = threading.Timer(START_S, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
    finally:
        late.cancel()
    if not all(lines):
        raise RuntimeError("stall web did not start")

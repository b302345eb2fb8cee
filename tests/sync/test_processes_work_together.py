"""`stall cloud` and `stall sync` as processes of their own, on loopback, by the system's clock."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stall import settings
from stall.app import create_box, open_box
from stall.cloud import folder
from stall.flows.accept_document import accept_delegation
from stall.settings import Cloud
from stall.store import journal, uploads
from stall.store.box import Box
from stall.wire import b64
from tests.cloud.boxes import CREATOR, DAY_S, delegate

ENOUGH_S = 20.0


@contextlib.contextmanager
def running(command: str, *args: str) -> Iterator[subprocess.Popen[str]]:
    """One `stall` command until the block ends; its first line says it is ready."""
    code = f"from stall.commands.{command} import {command}; {command}()"
    process = subprocess.Popen([sys.executable, "-c", code, *args], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + ENOUGH_S
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)


def stop(process: subprocess.Popen[str], how: signal.Signals) -> float:
    began = time.monotonic()
    process.send_signal(how)
    assert process.wait(ENOUGH_S) == 0
    return time.monotonic() - began


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    create_box(tmp_path / "box", pin="123456")
    box = open_box(tmp_path / "box")
    yield box
    box.close()


def pair(box: Box, cloud: folder.CloudFolder, url: str) -> None:
    now = box.now_ms() // 1000
    times: Any = {"iat": now - 60, "nbf": now - 60, "exp": now + DAY_S}
    with box.db.transaction() as tx:
        accept_delegation(tx, delegate(box.secrets.signing, **times))
        accept_delegation(tx, delegate(cloud.key, role="cloud", cap=("cosign",), max=None, **times))
    told = msgspec.structs.replace(box.settings, cloud=Cloud(url, cloud.name, b64.encode(cloud.key.public)))
    settings.save(box.folder, told)


def note(box: Box, count: int) -> None:
    for n in range(count):
        with box.db.transaction() as tx:
            tx.append("note", {"n": n})


def arrived(box: Box) -> bool:
    head = journal.read_head(box.db.read())
    return uploads.read_state(box.db.read(), head.epoch_no).cosigned_size == head.size


def remote(url: str, box: Box, cloud: folder.CloudFolder) -> Any:
    epoch = journal.read_head(box.db.read()).epoch_text
    request = urllib.request.Request(
        f"{url}/v1/boxes/{box.secrets.signing.thumbprint}/journal?epoch={epoch}",
        headers={"Authorization": f"Bearer {cloud.token}"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def test_sales_reach_a_cloud_of_its_own_even_when_it_was_away(tmp_path: Path, box: Box) -> None:
    made = folder.init(tmp_path / "cloud", CREATOR.did)
    with running("cloud", "--data", str(tmp_path / "cloud"), "--port", "0") as cloud:
        url = first_line(cloud).split()[-1]
        pair(box, made, url)
        with running("sync", "--data", str(box.folder)) as sync:
            assert url in first_line(sync)
            until(lambda: arrived(box))
            note(box, 30)  # the watcher sees them; nobody waits for the schedule
            until(lambda: arrived(box))
            head = journal.read_head(box.db.read())
            stored = remote(url, box, made)
            assert (stored["size"], stored["root"]) == (head.size, b64.encode(head.frontier.root()))
            assert stop(cloud, signal.SIGTERM) < 2
            note(box, 1)
            until(lambda: "cannot be reached" in (uploads.read_state(box.db.read(), 1).last_error or ""))
            assert stop(sync, signal.SIGTERM) < 2
    port = re.findall(r"\d+", url)[-1]
    with running("cloud", "--data", str(tmp_path / "cloud"), "--port", port) as cloud:
        assert url in first_line(cloud)
        with running("sync", "--data", str(box.folder)) as sync:
            until(lambda: arrived(box))
            assert stop(sync, signal.SIGINT) < 2
        assert stop(cloud, signal.SIGINT) < 2
    assert uploads.read_state(box.db.read(), 1).last_error is None


def test_without_a_cloud_sync_says_so_and_stays(box: Box) -> None:
    with running("sync", "--data", str(box.folder)) as sync:
        assert "No cloud is set" in first_line(sync)
        assert stop(sync, signal.SIGTERM) < 2


def test_sync_stops_in_time_while_the_cloud_is_silent(tmp_path: Path, box: Box) -> None:
    from stall.cloud import serve

    made = folder.init(tmp_path / "cloud", CREATOR.did)
    with serve.listen("127.0.0.1", 0) as silent:
        pair(box, made, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with running("sync", "--data", str(box.folder)) as sync:
            first_line(sync)
            silent.settimeout(ENOUGH_S)
            taken, _ = silent.accept()
            with taken:
                taken.settimeout(ENOUGH_S)
                taken.recv(65536)  # the upload is under way, and no answer will come
                assert stop(sync, signal.SIGTERM) < 2


def test_a_network_that_forbids_announcing_does_not_stop_the_upload(tmp_path: Path, box: Box) -> None:
    made = folder.init(tmp_path / "cloud", CREATOR.did)
    with running("cloud", "--data", str(tmp_path / "cloud"), "--port", "0") as cloud:
        pair(box, made, first_line(cloud).split()[-1])
        told = msgspec.structs.replace(settings.load(box.folder), mdns=True, mdns_interface="203.0.113.9")
        settings.save(box.folder, told)
        with running("sync", "--data", str(box.folder)) as sync:
            until(lambda: arrived(box))
            assert stop(sync, signal.SIGTERM) < 2

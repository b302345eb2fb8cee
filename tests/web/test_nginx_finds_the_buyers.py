"""`stall web` behind nginx as processes: its sockets, the port it leaves to nginx, and what lives through its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

from stall import settings as settings_file
from stall.demo import nginx as shipped
from stall.demo.nginx import Places
from stall.web import serve
from tests.fakes.stock import FILES, PRINTS, Stocked
from tests.web import front
from tests.web.front import Front

pytestmark = pytest.mark.nginx

PHOTO = "01 low sun.jpg"
DATA = FILES[PRINTS][PHOTO]


@pytest.fixture
def stall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    """A box set up for nginx, its port one that nobody uses."""
    folder = tmp_path_factory.mktemp("b")
    stocked = front.stocked_today(folder / "box")
    ports = [front.free_port() for _ in range(2)]
    (folder / "run").mkdir()
    web = msgspec.structs.replace(
        stocked.box.settings.web,
        port=ports[0],
        till_port=ports[1],
        address=f"http://127.0.0.1:{ports[0]}",
        socket=str(folder / "run/buyers.sock"),
        threads=4,
    )
    settings_file.save(stocked.folder, msgspec.structs.replace(stocked.box.settings, web=web))
    yield stocked
    stocked.box.close()


@contextmanager
def web(stall: Stocked) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "stall", "web", "--data", str(stall.folder)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("Buyers: ")
        assert running.stdout.readline().startswith("Till: ")
        yield running
    finally:
        running.kill()
        running.communicate()


@contextmanager
def nginx_before(stall: Stocked, nginx: str) -> Iterator[Front]:
    run = stall.folder.parent / "run"
    port = settings_file.load(stall.folder).web.port
    arguments = shipped.lay_out(Places(stall.folder, run, "127.0.0.1", port))
    with (run / "error").open("ab") as log:
        running = subprocess.Popen([nginx, *arguments], stderr=log)
    try:
        front.until_it_listens(port)
        yield Front(port, stall.box, None, run)
    finally:
        running.terminate()
        running.wait(20)


def counts(stall: Stocked) -> list[int]:
    return [row[0] for row in stall.box.db.read().execute("SELECT count FROM downloads")]


def test_it_serves_on_its_sockets_alone_and_takes_them_away(stall: Stocked) -> None:
    run = stall.folder.parent / "run"
    (run / "buyers.sock").symlink_to("nowhere")  # what lies there and is no socket stays
    with pytest.raises(AssertionError), web(stall):
        raise AssertionError
    (run / "buyers.sock").unlink()
    port = settings_file.load(stall.folder).web.port
    with socket.create_server(("127.0.0.1", port)), web(stall) as running:  # the port is nginx's
        for name in ("buyers.sock", serve.REPORTS_SOCKET):
            assert (run / name).stat().st_mode & 0o777 == 0o660
        assert (stall.folder / "keys/nginx-links.conf").stat().st_mode & 0o777 == 0o600
        _only_what_is_sold_is_open_to_the_group(stall.folder)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert [entry.name for entry in run.iterdir()] == []


def _only_what_is_sold_is_open_to_the_group(box: Path) -> None:
    modes = {each.relative_to(box).as_posix(): each.stat().st_mode & 0o777 for each in box.glob("**/*")}
    for name, mode in {**modes, ".": box.stat().st_mode & 0o777}.items():
        top = name.partition("/")[0]
        if top == ".":
            assert mode == 0o710
        elif top not in {"files", "zips", "covers", "previews"}:
            assert not mode & 0o077 or top in {"thumbs", "keys"}, name
        elif name == top:
            assert mode == 0o750
    assert {modes[name] for name in ("keys", "thumbs") if name in modes} == {0o700}


def test_a_download_goes_on_through_the_end_of_the_app_and_is_still_counted(stall: Stocked, nginx: str) -> None:
    """Killed in the middle, started anew: the same link goes on, and the cut and its resume are one download."""
    path = f"/g/{front.grant(stall)}/{quote(PHOTO)}"
    with web(stall) as first, nginx_before(stall, nginx) as served:
        link = str(served.ask(path).headers["Location"])
        assert served.ask(link, Range="bytes=0-9999").body == DATA[:10_000]
        front.until(lambda: bool(stall.box.db.read().execute("SELECT 1 FROM transfers").fetchone()))
        first.send_signal(signal.SIGKILL)
        first.wait(20)
        assert (
            served.ask(link, Range="bytes=0-99").status == 206
        )  # nginx needs nobody for it; that nobody hears of it is lost
        with web(stall):
            assert served.ask(link, Range="bytes=10000-").body == DATA[10_000:]
            front.until(lambda: counts(stall) == [1])
    assert link.split("/")[2] not in (served.run / "error").read_text("utf-8")  # nor when nobody listened to a report


def test_a_place_where_nobody_may_listen_is_said_in_one_sentence(stall: Stocked) -> None:
    kept = settings_file.load(stall.folder)
    there = msgspec.structs.replace(kept.web, socket=str(stall.folder / "no/such/place.sock"))
    settings_file.save(stall.folder, msgspec.structs.replace(kept, web=there))
    command = [sys.executable, "-m", "stall", "web", "--data", str(stall.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, env=dict(os.environ))
    assert done.returncode == 1
    assert "under [web]" in done.stderr
    assert "[address-refused]" in done.stderr

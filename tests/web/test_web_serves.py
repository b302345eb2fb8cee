"""The real `stall web`: two sockets, real bytes over TCP, and how it starts and ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from stall import app
from stall import settings as settings_file
from stall.settings import Settings, Web
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import FILES, PRINTS, Stocked
from tests.web import phone

PHOTO = "01 low sun.jpg"
BIG = "big.bin"
BIG_BYTES = 8_000_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "stall", "web", "--data", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip


@dataclass
class Running:
    process: subprocess.Popen[str]
    stocked: Stocked
    web: Web

    def get(self, path: str, port: int | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        conn = http.client.HTTPConnection("127.0.0.1", port or self.web.port, timeout=10)
        conn.request("GET", path, headers=headers)
        answer = conn.getresponse()
        body = answer.read()
        conn.close()
        return answer.status, dict(answer.getheaders()), body


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stocked data folder of today, one file of it large enough to fill every buffer on the way."""
    now = int(time.time())
    monkeypatch.setattr(stock, "NOW_S", now)
    monkeypatch.setattr(stock, "FILES", {**FILES, PRINTS: {**FILES[PRINTS], BIG: bytes(BIG_BYTES)}})
    monkeypatch.setattr(stock, "_TYPES", {**stock._TYPES, ".bin": "application/octet-stream"})
    box = tmp_path / "box"
    box.mkdir()
    port, till = free_port(), free_port()
    web = Web(port=port, till_port=till, address=f"http://127.0.0.1:{port}", threads=8)
    settings_file.save(box, Settings(name="Salt & Paper", web=web))
    stock.stock(box, FakeClock(wall=now * 1000))
    return box


@pytest.fixture
def web(folder: Path) -> Iterator[Running]:
    process = start(folder)
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    stocked = Stocked(app.open_box(folder), FakeClock(), folder)
    settings = stocked.box.settings.web
    assert lines == [f"Buyers: {settings.address}\n", f"Till:   http://127.0.0.1:{settings.till_port}\n"]
    yield Running(process, stocked, settings)
    stocked.box.close()
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=10)


def grant(web: Running) -> str:
    """Sell at the till's side, open the code over HTTP; give the download page's address."""
    address = f"/T/{phone.code_of(web.stocked, phone.sell(web.stocked))}"
    status, _, page = web.get(address)
    assert status == 200
    status, opened = post(web, address, page.decode().split('name="press" value="')[1][:22])
    assert status == 303
    return opened


def post(web: Running, address: str, press: str) -> tuple[int, str]:
    """Press the button of a page; give the status and where it leads."""
    conn = http.client.HTTPConnection("127.0.0.1", web.web.port, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": web.web.address}
    conn.request("POST", address, f"press={press}", headers)
    answer = conn.getresponse()
    answer.read()
    conn.close()
    return answer.status, str(answer.getheader("Location"))


def wait_for(look: object, timeout_s: float = 5) -> None:
    assert callable(look)
    end = time.monotonic() + timeout_s
    while not look():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_sale_made_in_another_process_is_claimed_and_downloaded_and_counted(web: Running) -> None:
    page = grant(web)
    url = f"{page}/{quote(PHOTO)}"
    data = FILES[PRINTS][PHOTO]
    status, headers, body = web.get(url)
    assert (status, body, headers["Content-Length"]) == (200, data, str(len(data)))
    assert "Server" not in headers
    status, headers, body = web.get(url, Range="bytes=100-199")
    assert (status, body, headers["Content-Length"]) == (206, data[100:200], "100")
    conn = web.stocked.box.db.read()
    wait_for(lambda: conn.execute("SELECT count(*) FROM transfers").fetchone()[0] == 1)
    assert conn.execute("SELECT count FROM downloads").fetchall()[0][0] == 1
    assert tuple(conn.execute("SELECT sent, last FROM transfers").fetchone()) == (100, 0)


def test_a_phone_that_walks_away_is_told_what_really_went_out(web: Running) -> None:
    url = f"{grant(web)}/{BIG}"
    with socket.create_connection(("127.0.0.1", web.web.port)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
    conn = web.stocked.box.db.read()
    wait_for(lambda: conn.execute("SELECT count(*) FROM transfers").fetchone()[0] == 1)
    sent = conn.execute("SELECT sent FROM transfers").fetchone()[0]
    assert 0 < sent < BIG_BYTES
    assert conn.execute("SELECT count(*) FROM downloads").fetchone()[0] == 0
    assert len(web.get(url)[2]) == BIG_BYTES


def test_a_file_that_shrinks_while_it_is_sent_ends_the_download_and_spins_nothing(web: Running) -> None:
    url = f"{grant(web)}/{BIG}"
    with socket.create_connection(("127.0.0.1", web.web.port), timeout=10) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert sock.recv(4096).startswith(b"HTTP/1.1 200")
        kept = max((web.stocked.folder / "files").iterdir(), key=lambda file: file.stat().st_size)
        os.truncate(kept, 1_000)
        got = 0
        while chunk := sock.recv(65536):  # ends only when the stall hangs up
            got += len(chunk)
    assert 0 < got < BIG_BYTES
    assert web.stocked.box.db.read().execute("SELECT count(*) FROM downloads").fetchone()[0] == 0


def test_more_slow_phones_than_threads_leave_the_pages_alive(web: Running) -> None:
    url = f"{grant(web)}/{BIG}"
    slow = [socket.create_connection(("127.0.0.1", web.web.port)) for _ in range(3 * web.web.threads)]
    try:
        for sock in slow:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            sock.sendall(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert all(sock.recv(100).startswith(b"HTTP/1.1 200") for sock in slow)
        assert web.get("/")[0] == 200
    finally:
        for sock in slow:
            sock.close()


def test_a_crowd_pressing_at_once_gets_as_many_devices_as_the_creator_allows(web: Running) -> None:
    address = f"/T/{phone.code_of(web.stocked, phone.sell(web.stocked))}"
    presses = [f"{number:02d}" + "A" * 20 for number in (*range(20), *range(20))]  # every phone taps twice
    with ThreadPoolExecutor(len(presses)) as crowd:
        answers = list(crowd.map(lambda press: post(web, address, press), presses))
    opened = {press: page for press, (status, page) in zip(presses, answers, strict=True) if status == 303}
    assert len(opened) == len(set(opened.values())) == 5
    assert sorted(status for status, _ in answers) == [303] * 10 + [403] * 30


def test_the_till_listens_on_its_own_port_and_loopback_only(web: Running) -> None:
    assert web.get("/sign-in", port=web.web.till_port)[0] == 200
    assert web.get("/", port=web.web.till_port, Host="192.168.4.1")[0] == 421


def test_it_ends_at_once_when_told_even_with_a_phone_in_the_middle(web: Running) -> None:
    url = f"{grant(web)}/{BIG}"
    with socket.create_connection(("127.0.0.1", web.web.port)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert sock.recv(100)
        web.process.send_signal(signal.SIGTERM)
        _, complaints = web.process.communicate(timeout=10)
    assert (web.process.returncode, complaints) == (0, "")
    conn = web.stocked.box.db.read()
    assert 0 < conn.execute("SELECT sent FROM transfers").fetchone()[0] < BIG_BYTES  # written down on the way out


def test_a_port_in_use_is_said_in_one_sentence(folder: Path) -> None:
    web = settings_file.load(folder).web
    with socket.create_server(("127.0.0.1", web.port)):
        process = start(folder)
        out, complaints = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert complaints.startswith(f"error: Port {web.port} on 127.0.0.1 is taken by another program.")
    assert "[port-in-use]" in complaints


def test_a_second_one_on_the_same_folder_is_refused(web: Running) -> None:
    process = start(web.stocked.folder)
    _, complaints = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "[already-running]" in complaints


def test_the_serving_process_loads_nothing_heavy() -> None:
    code = (
        "import sys; import stall.app, stall.web.serve, stall.commands.web; "
        "print([m for m in ('PIL', 'qrcode', 'zeroconf', 'apscheduler', 'sqlite_utils', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"

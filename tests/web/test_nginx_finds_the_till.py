"""The unix socket between nginx and the till: where it lies, who may open it, and what a program that died left there."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from stall import settings
from stall.errors import Refused
from stall.settings import Web
from stall.web import serve
from tests.fakes.stock import Stocked

#: In a process of its own: the tests themselves connect to loopback addresses only.
_ASK = """
import socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect(sys.argv[1])
asked.sendall(b"GET / HTTP/1.0\\r\\nHost: 127.0.0.1:8443\\r\\n\\r\\n")
sys.stdout.buffer.write(b"".join(iter(lambda: asked.recv(65536), b"")))
"""


def test_it_lies_where_the_settings_or_the_service_manager_say_and_nowhere_by_itself(
    stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert serve.till_socket_path(stocked_box.box) is None
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/stall:/run/other")
    assert serve.till_socket_path(stocked_box.box) == Path("/run/stall/till.sock")
    told = msgspec.structs.replace(stocked_box.box.settings.till, socket="/somewhere/else")
    stocked_box.box.settings = msgspec.structs.replace(stocked_box.box.settings, till=told)
    assert serve.till_socket_path(stocked_box.box) == Path("/somewhere/else")


def test_owner_and_group_may_open_it_and_one_left_behind_is_replaced(tmp_path: Path) -> None:
    for _ in range(2):
        serve.listen_unix(tmp_path / "till.sock").close()
        assert (tmp_path / "till.sock").stat().st_mode & 0o777 == 0o660
    with pytest.raises(Refused, match="Nobody may listen at"):
        serve.listen_unix(tmp_path / "not" / "there")


def test_a_place_typed_wrong_takes_no_file_away(tmp_path: Path) -> None:
    (tmp_path / "stall.sqlite").write_text("the books")
    with pytest.raises(Refused, match="Nobody may listen at"):
        serve.listen_unix(tmp_path / "stall.sqlite")
    assert (tmp_path / "stall.sqlite").read_text() == "the books"


def test_the_running_stall_serves_it_and_takes_it_away(stocked_folder: Path, tmp_path: Path) -> None:
    from tests.fakes import home

    folder = home.copied(stocked_folder, tmp_path / "box")
    ports = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    kept = settings.load(folder)
    web = Web(port=ports[0], till_port=ports[1], address=f"http://127.0.0.1:{ports[0]}", threads=2)
    settings.save(folder, msgspec.structs.replace(kept, web=web))
    command = [sys.executable, "-m", "stall", "web", "--data", str(folder)]
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)}
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert running.stdout is not None
        assert all(running.stdout.readline() for _ in range(2))
        asking = [sys.executable, "-c", _ASK, str(tmp_path / "till.sock")]
        answer = subprocess.run(asking, capture_output=True, check=True, timeout=20).stdout
        assert answer.startswith(b"HTTP/1.0 200")
        assert b"not enrolled" in answer
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    finally:
        running.kill()
        running.wait()
        if running.stdout is not None:
            running.stdout.close()
    assert not (tmp_path / "till.sock").exists()

"""`stall demo --nginx`: the shipped configuration with other places, a program that is not ours on the leash, clear refusals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stall.demo import nginx
from stall.demo.child import Child
from stall.demo.nginx import Places
from stall.errors import Refused
from tests.journey.running import STALL, eventually


def test_without_nginx_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(nginx, "_ALSO_IN", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="apt-get install nginx") as refused:
        nginx.front(tmp_path, "127.0.0.1", 8000)
    assert refused.value.code == "demo-nginx-missing"


@pytest.mark.parametrize("name", ["with space", "dollar$", "x" * 100, "semi;colon", "größe"])
def test_a_folder_that_nginx_cannot_name_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(nginx, "find", lambda: "nginx")
    with pytest.raises(Refused) as refused:
        nginx.front(Path("/somewhere") / name, "127.0.0.1", 8000)
    assert refused.value.code == "demo-nginx-place"


def test_only_places_differ_from_what_is_shipped() -> None:
    places = Places(Path("/d/box"), Path("/d/nginx"), "192.168.4.1", 8000)
    for name in (nginx.MAIN, nginx.BUYERS):
        shipped = (nginx.SHIPPED / name).read_text("utf-8")
        placed = nginx.rendered(shipped, places)
        assert not re.search(r"/var/lib|/run/|/usr/share|/etc/|\[::\]", re.sub(r"(?m)#.*$", "", placed))
        asked = re.split(r"@[a-z_]+@", re.sub(r"(?m)^user .*\n", "", shipped))
        assert re.fullmatch(".*".join(map(re.escape, asked)), re.sub(r"(?m)^user .*\n", "", placed))


def test_a_program_on_the_leash_ends_when_asked_and_when_its_supervisor_is_gone(tmp_path: Path) -> None:
    child = Child("sleeper", ["/bin/sleep", "600"], tmp_path / "log", ours=False)
    child.start()
    assert child.pid
    assert eventually(lambda: bool(_sleepers(child.pid or 0)))
    (sleeper,) = _sleepers(child.pid)
    child.ask_to_stop()
    child.end(time.monotonic() + 5)
    assert eventually(lambda: not _runs(sleeper))
    command = [sys.executable, "-m", "stall.demo.tether", "/bin/sleep", "600"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert eventually(lambda: bool(_sleepers(process.pid)))
    (sleeper,) = _sleepers(process.pid)
    process.stdin.close()
    assert process.wait(10) == 0
    assert eventually(lambda: not _runs(sleeper))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent was killed")
def test_a_program_does_not_outlive_a_leash_that_was_killed(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-m", "stall.demo.tether", "/bin/sleep", "600"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert eventually(lambda: bool(_sleepers(process.pid)))
    (sleeper,) = _sleepers(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdin.close()
    assert eventually(lambda: not _runs(sleeper))


def _sleepers(parent: int) -> list[int]:
    """The children of a process that sleep already."""
    try:
        text = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii")
        return [int(each) for each in text.split() if Path(f"/proc/{each}/exe").readlink().name != _OWN]
    except OSError:
        return []


_OWN = Path(sys.executable).resolve().name


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text("ascii")
    except OSError:
        return False


@pytest.mark.nginx
@pytest.mark.timeout(180)
def test_one_whole_sale_through_nginx(tmp_path: Path) -> None:
    """Catalogue, order, card, claim, every file compared with its manifest, a download cut and resumed."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p/one.jpg").write_bytes(bytes(range(256)) * 400)
    (tmp_path / "p/größe 1+1.txt").write_text("Danke\n", "utf-8")
    command = [*STALL, "demo", "--once", "--json", "--nginx", "--pack", str(tmp_path / "p")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=150, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert told["range"]["equals_whole"] is True

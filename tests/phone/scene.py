"""A market in namespaces: the box with a stall, a phone with a browser and its own programs, the maker's hands. Root only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from stall.demo.folder import DemoFolder
from tests.house.sources import ROOT
from tests.phone import network
from tests.phone.market import PORTS
from tests.phone.network import BOX, Air

PATIENCE_S = 60.0
#: What in an address opens something: an order, a grant, a receipt, a certificate, a code, a signed link.
_CAPABILITY = re.compile(r"/(?:o|g|r|c|T|f)/([A-Za-z0-9_-]{22,36})")
STOP_S = 15.0


class Hands:
    """Somebody in one of the namespaces who does what is asked, one thing after the other."""

    def __init__(self, beside: list[str], module: str = "tests.phone.hands") -> None:
        self._process = subprocess.Popen(
            [*beside, sys.executable, "-m", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def do(self, what: str, **more: Any) -> dict[str, Any]:
        self.begin(what, **more)
        return self.hear()

    def begin(self, what: str, **more: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **more}) + "\n")

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline() or '{"fault": "ended"}')
        assert "fault" not in told, told["fault"]
        return told

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


@dataclass
class Market:
    """A running stall and whoever is there. `secrets` is what was seen that nobody may write down."""

    air: Air
    folder: DemoFolder
    phone: Hands
    maker: Hands
    chromium: Path
    said: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    _lent: Iterator[int] = field(default_factory=lambda: iter(range(20, 250)))

    def new_phone(self) -> str:
        """Somebody else joins with this phone; give its address."""
        address = f"192.0.2.{next(self._lent)}"
        self.air.lend(address)
        self.secrets.add(address)
        return address

    def zips(self) -> set[str]:
        """The SHA-256 of every ZIP that can be bought."""
        return {hashlib.sha256(file.read_bytes()).hexdigest() for file in (self.folder.box / "zips").iterdir()}

    def note(self, address: str) -> str:
        """Remember what in an address opens something; give the address."""
        self.secrets |= {found[1] for found in _CAPABILITY.finditer(address)}
        return address

    def written(self) -> str:
        """Everything any process wrote down: its logs, and what nginx keeps in its folder."""
        places = [self.folder.logs, self.folder.path / "nginx"]
        files = [file for place in places for file in place.rglob("*") if file.is_file() and "conf" not in file.suffix]
        return "".join(self.said) + "".join(file.read_text("utf-8", "replace") for file in files)

    def sell(self, code: str, tender: str) -> str:
        """Have the maker take the money for a basket; give its claim code."""
        told = self.maker.do("sell", till=PORTS.till, pin=self.folder.pin, code=code, tender=tender)
        self.secrets.add(told["code"])
        return str(told["code"])

    def sell_item(self) -> str:
        """Have the maker sell one, without a basket; give its claim code."""
        told = self.maker.do("sell_item", till=PORTS.till, pin=self.folder.pin, drop="dunes")
        self.secrets.add(told["code"])
        return str(told["code"])

    def link(self, code: str) -> str:
        """Open a code with the phone's own programs, as far as the address of the bytes."""
        page = self.phone.do("get", path=f"/T/{code}")["text"]
        press = re.search(r'name="press" value="([^"]+)"', page)
        assert press, page
        form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{BOX}"}
        pressed = self.phone.do("get", path=f"/T/{code}", method="POST", body=f"press={press[1]}&to=file", headers=form)
        led = self.phone.do("get", path=pressed["headers"]["location"])["headers"]["location"]
        return self.note(self.note(pressed["headers"]["location"]) and led)

    def nginx_workers(self) -> list[int]:
        """The processes of nginx that send the bytes."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                if (
                    b"nginx: worker" in (entry / "cmdline").read_bytes()
                    and self._parent(int(entry.name)) == self._nginx()
                ):
                    found.append(int(entry.name))
        return found

    def _nginx(self) -> int:
        conf = str(self.folder.path.resolve() / "nginx").encode()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                if b"nginx: master" in line and conf in line:
                    return int(entry.name)
        raise AssertionError("nginx does not run")

    @staticmethod
    def _parent(pid: int) -> int:
        return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])


@contextmanager
def market(folder: Path, chromium: str) -> Iterator[Market]:
    """Open a market in `folder`; with the block everything ends that it started."""
    with ExitStack() as stack:
        air = stack.enter_context(network.air())
        files = _photos(folder / "Dunes")
        command = air.beside(air.box, [sys.executable, "-m", "tests.phone.market", str(folder / "stall"), str(files)])
        running = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
        )  # fmt: skip
        stack.callback(_end, running)
        said: list[str] = []
        _hear_until_open(running, said)
        phone, maker = Hands(air.beside(air.phone, [])), Hands(air.beside(air.box, []))
        for each in (phone, maker):
            stack.callback(each.close)
        yield Market(air, DemoFolder(folder / "stall"), phone, maker, _wrapped(folder, air, chromium), said)


def _photos(folder: Path) -> Path:
    """Four photographs that no ZIP makes smaller, some two megabytes each."""
    folder.mkdir()
    for n in range(4):
        Image.effect_noise((1600, 1200), 90 + n).convert("RGB").save(folder / f"dune {n + 1}.jpg", quality=90)
    return folder


def _wrapped(folder: Path, air: Air, chromium: str) -> Path:
    """A program that is that Chromium in the phone's namespace."""
    script = folder / "chromium"
    command = " ".join(air.beside(air.phone, [chromium]))
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    script.chmod(0o755)
    return script


def _hear_until_open(running: subprocess.Popen[str], said: list[str]) -> None:
    opened = threading.Event()

    def listen() -> None:
        assert running.stdout is not None
        for line in running.stdout:
            said.append(line)
            if "Ctrl-C ends the demo." in line:
                opened.set()
        opened.set()

    threading.Thread(target=listen, name="market", daemon=True).start()
    opened.wait(PATIENCE_S)
    assert running.poll() is None, "".join(said)
    assert "Ctrl-C ends the demo." in "".join(said), "".join(said)


def _end(running: subprocess.Popen[str]) -> None:
    """Let go of its leash, and if that does not help, end it for good."""
    assert running.stdin is not None
    running.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(STOP_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    if running.stdout is not None:
        running.stdout.close()

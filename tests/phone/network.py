"""A box and a phone on one Wi-Fi, each in a network namespace of its own: names like on the real ones, one cable for the air."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BOX = "192.0.2.1"
#: Its radio, as both call it.
RADIO = "wlan0"
#: Debian keeps it where only root looks.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def missing() -> str | None:
    """What this machine lacks for it; None where nothing."""
    tools = {"ip": "iproute2", "tc": "iproute2"}
    lacking = sorted({package for tool, package in tools.items() if shutil.which(tool, path=_PATH) is None})
    return f"no {lacking[0]} here; on Debian: apt-get install {lacking[0]}" if lacking else None


@dataclass(frozen=True, slots=True)
class Air:
    """The names of both namespaces, and what happens to the air between them."""

    box: str
    phone: str

    def beside(self, namespace: str, command: list[str]) -> list[str]:
        """A command that runs there. The first word of it is a path."""
        return [tool("ip"), "netns", "exec", namespace, *command]

    def lend(self, *addresses: str) -> None:
        """Give the phone these addresses instead of those it had: to the box it is another phone then."""
        _run("ip", "-n", self.phone, "address", "flush", "dev", RADIO)
        for address in addresses:
            _run("ip", "-n", self.phone, "address", "add", f"{address}/24", "dev", RADIO)

    def walk_away(self) -> None:
        """The phone is out of range."""
        _run("ip", "-n", self.phone, "link", "set", RADIO, "down")

    def come_back(self) -> None:
        """The phone is in range again, with the address it had."""
        _run("ip", "-n", self.phone, "link", "set", RADIO, "up")

    def received(self) -> int:
        """How many bytes came in at the phone so far."""
        told = _run("ip", "-n", self.phone, "-s", "-j", "link", "show", "dev", RADIO)
        return int(json.loads(told)[0]["stats64"]["rx"]["bytes"])

    def slow_down(self, mbit: int) -> None:
        """From now on the box sends this many megabits a second and no more; 0 as fast as it can."""
        _run("tc", "-n", self.box, "qdisc", "del", "dev", RADIO, "root", check=False)
        if mbit:
            limit = ("tbf", "rate", f"{mbit}mbit", "burst", "64kb", "latency", "200ms")
            _run("tc", "-n", self.box, "qdisc", "add", "dev", RADIO, "root", *limit)


@contextmanager
def air(*, bare: bool = False) -> Iterator[Air]:
    """Make both namespaces and the air between them; with the block all of it goes, whatever happened. Root only.

    `bare`: the box has no address yet, and its radio is down; it is a whole machine that sees to it by itself.
    """
    made = Air(f"stall-box-{os.getpid()}", f"stall-phone-{os.getpid()}")
    _clear_leftovers()
    try:
        for namespace in (made.box, made.phone):
            _run("ip", "netns", "add", namespace)
        ends = ("name", RADIO, "netns", made.box, "type", "veth", "peer", "name", RADIO, "netns", made.phone)
        _run("ip", "link", "add", *ends)
        if not bare:
            _run("ip", "-n", made.box, "address", "add", f"{BOX}/24", "dev", RADIO)
        for namespace in (made.phone,) if bare else (made.box, made.phone):
            for link in ("lo", RADIO):
                _run("ip", "-n", namespace, "link", "set", link, "up")
        yield made
    finally:
        for namespace in (made.phone, made.box):
            _run("ip", "netns", "delete", namespace, check=False)


def _clear_leftovers() -> None:
    """Take away the namespaces of test runs that were killed."""
    for each in json.loads(_run("ip", "-j", "netns", "list") or "[]"):
        name, _, pid = each["name"].rpartition("-")
        if name in {"stall-box", "stall-phone"} and pid.isdigit() and not (Path("/proc") / pid).exists():
            _run("ip", "netns", "delete", each["name"], check=False)


def tool(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found, missing()
    return found


def _run(name: str, *arguments: str, check: bool = True) -> str:
    done = subprocess.run([tool(name), *arguments], check=False, capture_output=True, text=True, timeout=20)
    assert not check or done.returncode == 0, f"{name} {' '.join(arguments)}: {done.stderr}"
    return done.stdout

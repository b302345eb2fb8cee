"""Made-up machines: a folder laid out like one, programs that say what a test wants, and a real box."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from stall import settings as settings_file
from stall.box.doctor import examination
from stall.box.doctor.finding import Finding, State
from stall.box.doctor.patient import Patient, Said
from stall.settings import Settings
from stall.store.readonly import untouched
from tests.fakes import home, stock
from tests.fakes.clock import FakeClock

LISTENING = {80: "tcp", 8443: "tcp", 53: "udp", 67: "udp"}


@dataclass
class Machine:
    """A made-up machine. `put` lays a file down; `says` is what a program answers, found by its first words."""

    root: Path
    data: Path
    clock: FakeClock
    settings: Settings = field(default_factory=Settings)
    says: dict[str, Said | str | None] = field(default_factory=dict)
    ports: list[Any] = field(default_factory=list)
    modem_manager: bool = False

    def put(self, path: str, text: str = "") -> Path:
        there = self.root / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text)
        return there

    def run(self, words: Sequence[str]) -> Said | None:
        line = " ".join(words)
        known = [start for start in self.says if line.startswith(start)]
        if not known:
            return None
        told = self.says[max(known, key=len)]
        return Said(0, told) if isinstance(told, str) else told

    def set(self, **tables: Any) -> None:
        self.settings = msgspec.structs.replace(self.settings, **tables)

    @property
    def patient(self) -> Patient:
        return Patient(
            self.root, self.data, self.run, uid=1000, clock=self.clock, settings=self.settings,
            serial_ports=lambda: self.ports, modem_manager=lambda: self.modem_manager,
        )  # fmt: skip

    def examined(self, check: examination.Check, **more: Any) -> list[Finding]:
        return examination.examine(replace(self.patient, **more), [check])

    def only(self, check: examination.Check, **more: Any) -> Finding:
        (found,) = self.examined(check, **more)
        return found

    def worst(self, check: examination.Check, **more: Any) -> Finding:
        return self.examined(check, **more)[0]

    def appliance(self) -> Machine:
        """What the installer leaves, and everything in order."""
        self.put("etc/stall/manifest.json", "{}")
        self.put("run/systemd/system/.here")
        self.put("sys/class/net/wlan0/phy80211/name", "phy0")
        self.listen(*LISTENING)
        self.says |= {
            "nginx -v": Said(0, "", "nginx version: nginx/1.26.3"),
            "hostapd -v": Said(1, "", "hostapd v2.10"),
            "dnsmasq --version": "Dnsmasq version 2.91",
            "nft --version": "nftables v1.1.3 (Commodore Bullmoose #4)",
            "nft list table": "table inet stall {\n chain input {\n type filter hook input priority filter; policy drop;\n",
            "ip -o -4 addr show dev wlan0": "3: wlan0    inet 192.0.2.1/24 scope global wlan0",
            "iw reg get": "global\ncountry DE: DFS-ETSI\n",
            "iw dev wlan0 info": "Interface wlan0\n\ttype AP\n\tchannel 6 (2437 MHz), width: 20 MHz\n",
            "iw dev wlan0 station dump": "Station 02:00:00:00:01:00 (on wlan0)\n\tinactive time:\t20 ms\n",
        }
        self.set(network=settings_file.Network(country="DE"))
        return self

    def listen(self, *ports: int, address: str = "00000000") -> None:
        """Let somebody listen there and nowhere else."""
        for protocol, state in (("tcp", "0A"), ("udp", "07")):
            rows = [
                f"   0: {address}:{port:04X} 00000000:0000 {state} 0:0 0:0 0 0 0 1"
                for port in ports
                if LISTENING.get(port, "tcp") == protocol
            ]
            self.put(f"proc/net/{protocol}", "\n".join(["  sl  local_address rem_address   st", *rows]))


@pytest.fixture(scope="session")
def stocked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def data(stocked_once: Path, tmp_path: Path) -> Path:
    """A box's data folder of this test's own."""
    home.copied(stocked_once, tmp_path / "box")
    return tmp_path / "box"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nothing is installed and no box lies."""
    (tmp_path / "root").mkdir()
    (tmp_path / "data").mkdir(mode=0o700, exist_ok=True)
    return Machine(tmp_path / "root", tmp_path / "data", FakeClock())


@pytest.fixture
def box(machine: Machine, data: Path) -> Iterator[Callable[[], Patient]]:
    """The patient with its box opened for looking, as often as asked."""
    opened = []

    def patient() -> Patient:
        view = untouched(data / "stall.sqlite")
        opened.append(view)
        return replace(machine.patient, data=data, conn=view.__enter__())

    yield patient
    for view in opened:
        view.__exit__(None, None, None)


def port(device: Path, *, allowed: bool = True, holders: tuple[str, ...] = (), left_alone: bool | None = True) -> Any:
    return SimpleNamespace(
        link=f"serial:{device}", device=device, allowed=allowed, holders=holders, left_alone=left_alone
    )


def cured(found: Finding, state: State, words: str, cure: str) -> None:
    """A finding is of this state, says this, and names this in its cure."""
    assert found.state is state, found
    assert words in found.what, found
    assert cure in found.cure, found

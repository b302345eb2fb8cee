"""Who is on the Wi-Fi: what hostapd tells on its socket and what dnsmasq writes down, put together and kept in memory."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.box.network import leases
from stall.box.network.leases import Lease
from stall.box.network.stations import WRONG_S, Stations
from stall.box.network.uplink import Watcher
from stall.box.network.watch import Watch
from stall.settings import Network

ONE, TWO, THREE = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"
STATUS = "state=ENABLED\nphy=phy0\nfreq=2437\nnum_sta_non_erp=0\nchannel=6\nbss[0]=wlan0\nnum_sta[0]=2\n"
STATION = "flags=[AUTH][ASSOC][AUTHORIZED][WMM]\naid=1\ncapability=0x431\nrx_packets=40\ntx_bytes=12345678\nsignal=-52\nconnected_time=190\n"


class Hostapd:
    """Answers as hostapd does, with an event whenever it is asked to."""

    def __init__(self, path: Path) -> None:
        self.stations = {ONE: STATION, TWO: STATION.replace("[AUTHORIZED]", "")}
        self.events: list[str] = []
        self.status = STATUS
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.bind(str(path))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                asked, who = self._sock.recvfrom(1000)
            except OSError:
                return
            if asked == b"":
                return
            for event in self.events:
                self._sock.sendto(f"<3>{event}".encode(), who)
            self.events.clear()
            self._sock.sendto(self._answer(asked.decode()).encode(), who)

    def _answer(self, asked: str) -> str:
        order = list(self.stations)
        if asked == "STATUS":
            return self.status
        if asked.startswith("STA-"):
            at = 0 if asked == "STA-FIRST" else order.index(asked.split()[1]) + 1
            return f"{order[at]}\n{self.stations[order[at]]}" if at < len(order) else "FAIL\n"
        return "OK\n"

    def close(self) -> None:
        self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


class Place:
    def __init__(self, folder: Path) -> None:
        self.now, self.folder, self.socket = 0.0, folder, folder / "wlan0"
        (folder / "sys/net/wlan0/phy80211").mkdir(parents=True)
        self.lent = folder / "leases"
        self.seen = Stations(
            self.socket, self.lent, lambda: self.now, room=7, lan="wlan0", country="DE", sys=folder / "sys"
        )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.seen.close()


@pytest.fixture
def hostapd(place: Place) -> Iterator[Hostapd]:
    made = Hostapd(place.socket)
    yield made
    made.close()


def test_a_phone_is_its_station_and_its_lease(place: Place, hostapd: Hostapd) -> None:
    assert hostapd.events == []
    place.lent.write_text(f"1796000000 {ONE} 192.0.2.31 * 01:{ONE}\n1796000000 {THREE} 192.0.2.33 * *\n")
    told = place.seen.look()
    assert {name: told[name] for name in ("there", "radio", "sends", "hostapd", "channel", "room", "joined", "blocked")} == {
        "there": True, "radio": True, "sends": True, "hostapd": True, "channel": 6, "room": 7, "joined": 1, "blocked": "",
    }  # fmt: skip
    assert told["phones"] == [
        {"mac": ONE, "address": "192.0.2.31", "joined": True, "minutes": 3, "sent_kb": 12300, "dbm": -55},
        {"mac": THREE, "address": "192.0.2.33", "joined": False, "minutes": 0, "sent_kb": 0, "dbm": 0},
    ]


def test_wrong_passwords_are_counted_by_phone_and_forgotten(place: Place, hostapd: Hostapd) -> None:
    hostapd.events += [f"AP-STA-POSSIBLE-PSK-MISMATCH {mac}" for mac in (ONE, ONE, TWO)] + [
        "AP-STA-CONNECTED x",
        "junk",
    ]
    place.seen.look()
    assert place.seen.look()["wrong"] == 2
    place.now = WRONG_S
    assert place.seen.look()["wrong"] == 0


def test_without_hostapd_that_is_told_and_one_that_comes_back_is_found(place: Place) -> None:
    assert place.seen.look()["hostapd"] is False
    first = Hostapd(place.socket)
    assert place.seen.look()["hostapd"] is True
    first.close()
    place.socket.unlink()
    assert place.seen.look()["hostapd"] is False
    second = Hostapd(place.socket)
    second.status = STATUS.replace("ENABLED", "HT_SCAN")
    told = place.seen.look()
    assert (told["hostapd"], told["sends"]) == (True, False)
    second.close()


def test_what_switches_a_radio_off_is_named(place: Place) -> None:
    switch = place.folder / "sys/rfkill/rfkill0"
    switch.mkdir(parents=True)
    for kind, soft, hard, blocked in (
        ("bluetooth", "1", "1", ""),
        ("wlan", "1", "0", "soft"),
        ("wlan", "1", "1", "hard"),
        ("wlan", "0", "0", ""),
    ):
        for name, value in (("type", kind), ("soft", soft), ("hard", hard)):
            (switch / name).write_text(f"{value}\n")
        assert place.seen.look()["blocked"] == blocked


def test_what_is_no_lease_is_passed_over() -> None:
    text = f"duid 00:01\n1796000000 {ONE} 192.0.2.20 phone *\nnonsense\n1 {ONE}; x\n0 {TWO} 10.42.0.20 * 01:02\n"
    assert leases.read(text) == [Lease(ONE, "192.0.2.20"), Lease(TWO, "10.42.0.20")]


def test_notices_are_told_on_change_and_the_uplink_is_taken_back_at_the_end(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.setenv("STALL_RUNTIME", str(run))
    watcher = Watcher(
        Network(),
        lambda: 0,
        depended=True,
        route=lambda _: "eth0",
        ask=lambda _, __: True,
        resolver=lambda _: "9.9.9.9",
        clash=lambda _: "",
    )
    watch = Watch(watcher, place.seen)
    watch.look()
    assert json.loads((run / "uplink.json").read_text()) == {
        "up": True,
        "interface": "eth0",
        "resolver": "9.9.9.9",
        "clash": "",
    }
    before = [(run / name).stat().st_ino for name in ("wifi.json", "uplink.json")]
    watch.look()
    assert [(run / name).stat().st_ino for name in ("wifi.json", "uplink.json")] == before
    watch.start()
    assert watch.stop(5)
    assert json.loads((run / "uplink.json").read_text())["up"] is False

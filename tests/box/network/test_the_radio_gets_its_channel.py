"""What hostapd is started with: the channel that was found, in a file only root reads; and what keeps a radio off taken back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stall.box.network import programs, radio
from stall.errors import Broken, Refused
from stall.settings import Network
from tests.box.network.test_the_quietest_channel_is_taken import GERMANY, NOWHERE, SCAN


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that say what the test wants, and a folder for what is written."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(programs, "_PATH", str(tmp_path))
    _program(tmp_path, "ip", "")
    _program(tmp_path, "iw", f'case "$1" in reg) cat <<E\n{GERMANY}E\n;; *) cat <<E\n{SCAN}E\n;; esac')
    return tmp_path


def _program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    (folder / name).chmod(0o755)


def prepare(machine: Path, own: Network) -> tuple[str, str]:
    file = machine / "run/hostapd.conf"
    said = radio.prepare(own, lambda channel: f"channel={channel}\n".encode(), file, machine)
    assert file.stat().st_mode & 0o777 == 0o600
    return file.read_text(), said[0]


def test_the_quietest_is_written_and_said(machine: Path) -> None:
    assert prepare(machine, Network(country="DE")) == (
        "channel=6\n",
        "Channel 6 of 2.4 GHz (the quietest, 4 networks heard).",
    )


def test_what_is_set_is_taken_without_listening(machine: Path) -> None:
    assert prepare(machine, Network(country="DE", channel=11))[0] == "channel=11\n"


def test_a_radio_that_hears_nothing_takes_one_of_its_own_and_always_the_same(machine: Path) -> None:
    _program(machine, "iw", "exit 1")
    first, said = prepare(machine, Network(country="DE"))
    assert first in {"channel=1\n", "channel=6\n", "channel=11\n"}
    assert "hears nothing" in said
    assert prepare(machine, Network(country="DE"))[0] == first
    (machine / "net/wlan0").mkdir(parents=True)
    found = set()
    for n in range(12):
        (machine / "net/wlan0/address").write_text(f"02:00:00:00:00:{n:02x}\n")
        found.add(prepare(machine, Network(country="DE"))[0])
    assert found == {"channel=1\n", "channel=6\n", "channel=11\n"}


def test_a_channel_the_country_forbids_is_refused(machine: Path) -> None:
    _program(machine, "iw", f"cat <<E\n{NOWHERE}E")
    for channel in (0, 36):
        with pytest.raises(Refused, match="channel-refused"):
            prepare(machine, Network(band="5", channel=channel))


def test_a_program_that_is_missing_is_named(machine: Path) -> None:
    (machine / "iw").unlink()
    with pytest.raises(Broken, match="network-program-missing"):
        prepare(machine, Network(country="DE"))


def test_only_root_may(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Refused, match="network-not-root"):
        prepare(machine, Network())


def test_a_radio_switched_off_by_a_program_is_switched_on_and_a_hand_is_asked_for_the_rest(tmp_path: Path) -> None:
    for n, (kind, soft, hard) in enumerate([("wlan", "1", "0"), ("wlan", "1", "1"), ("bluetooth", "1", "0")]):
        switch = tmp_path / f"rfkill{n}"
        switch.mkdir()
        for name, value in (("type", kind), ("soft", soft), ("hard", hard)):
            (switch / name).write_text(f"{value}\n")
    said = radio.unblock(tmp_path)
    assert [(tmp_path / f"rfkill{n}/soft").read_text().strip() for n in range(3)] == ["0", "0", "1"]
    assert len([line for line in said if "switch or key" in line]) == 1
    assert radio.unblock(tmp_path / "none") == []
    assert "country" in radio.set_country("")[0]

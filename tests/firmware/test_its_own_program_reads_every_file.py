"""Every file of every machine is read by the program it is for; a wrong line in any is found and named.

Programs of the appliance, so they must be here where nothing may be skipped; what is missing is said by the first test.
"""

from __future__ import annotations

import dataclasses
import os
import re

import pytest

from stall.box.config import files, places, validate
from stall.box.config.boards import Board, Radio
from stall.box.config.files import File
from stall.box.config.scratch import Fault
from stall.settings import Network, Settings, Wifi
from tests.firmware import machines

pytestmark = pytest.mark.firmware

SETTINGS = Settings(wifi=Wifi("Paper Lantern", "four words of it"), network=Network(country="DE"))
BOARD = Board("pi4", "a board", Radio("brcmfmac", "43455"), "/boot/firmware", watchdog=True, swap_by_pi=True)
#: On no Raspberry Pi something more.
OTHER = Board("other", "a board", Radio("mt76x2u"), watchdog=True)


def judged(planned: list[File]) -> list[Fault]:
    """What is wrong, without what cannot be said here; where nothing may be skipped, all can."""
    found = validate.check(planned)
    return found if os.environ.get("CI") == "true" else [fault for fault in found if not fault.unchecked]


def test_every_file_of_every_machine_is_read_without_a_complaint() -> None:
    seen: set[tuple[bytes, ...]] = set()
    for settings, board in machines.every():
        planned = files.plan(settings, board)
        for check in sorted({file.check for file in planned}):
            own = [file for file in planned if file.check == check]
            if (key := tuple(file.content for file in own)) not in seen:
                seen.add(key)
                assert judged(own) == []
    assert {file.check for file in files.plan(SETTINGS, BOARD) + files.plan(SETTINGS, OTHER)} == set(validate.CHECKS)


@pytest.mark.parametrize(
    ("path", "right", "wrong", "says"),
    [
        (places.HOSTAPD, "\nchannel=6\n", "\nchanel=6\n", "chanel"),
        (places.HOSTAPD, "four words of it", "four", "passphrase length 4"),
        (places.HOSTAPD, "max_num_sta=7", "max_num_sta=99999", "allowed range"),
        (places.DNSMASQ, "\nno-hosts\n", "\nno-hosts=3\n", "extraneous parameter"),
        (places.DNSMASQ, "dhcp-range=192.0.2.20", "dhcp-range=192.0.2.999", "bad dhcp-range"),
        (places.NFTABLES, "policy drop", "policy dropp", "syntax error"),
        (places.NGINX_MAIN, "worker_processes 1;", "worker_processes one;", "worker_processes"),
        (places.NGINX_BUYERS, "stall_phones 60", "stall_phones many", "number of connections"),
        (places.NGINX_TILL, "ssl_protocols", "ssl_protocolz", "ssl_protocolz"),
        (f"{places.UNITS}/stall-web.service", "\nRestart=always", "\nRestart=sometimes", "sometimes"),
        (f"{places.UNITS}/stall-reader@.service", "\nRestart=always", "\nRestarts=always", "Restarts"),
        (places.UDEV_READER, 'MODE="0660"', 'MOOD="0660"', "MOOD"),
        (places.UDEV_READER, 'GOTO="stall_reader_end"', 'GOTO="end"', "LABEL end"),
        (places.UDEV_PRINTER, 'GROUP="lp", ', "GROUP=lp, ", "no rule"),
        (places.SYSCTL, "vm.swappiness", "vm.swapiness", "vm.swapiness"),
        (places.SYSCTL, "kernel.panic = 10", "kernel.panic 10", "sets nothing"),
        (places.TMPFILES, "0750 stall", "0750 nobody-here", "nobody-here"),
        (places.SYSUSERS, "u stall", "u sta!l", "sta!l"),
        (places.JOURNALD, "Storage=volatile", "Storage=flighty", "flighty"),
        (places.JOURNALD, "[Journal]", "[Journl]", "Journl"),
        (places.TIMESYNCD, "SaveIntervalSec", "SaveInterval", "SaveInterval"),
        (places.SYSTEM, "RuntimeWatchdogSec=15", "RuntimeWatchdogSec=", "nothing is no value"),
        (places.NETWORK_MANAGER, "unmanaged-devices=interface-name:wlan0", "unmanaged-devices=wlan0", "wlan0"),
        (places.MODPROBE, "options cfg80211", "option cfg80211", "no option"),
        (places.SWAP, "Mechanism=none", "Mechanism=some", "some"),
    ],
)
def test_a_wrong_line_is_found_and_named(path: str, right: str, wrong: str, says: str) -> None:
    board = OTHER if path == places.MODPROBE else BOARD
    planned = files.plan(SETTINGS, board)
    (file,) = (file for file in planned if file.path == path)
    text = file.content.decode()
    assert right in text
    line = text[: text.index(right) + len(right) - len(right.lstrip())].count("\n") + 1
    broken = dataclasses.replace(file, content=text.replace(right, wrong).encode())
    same = [broken if each is file else each for each in planned if each.check == file.check]
    found = judged(same)
    assert found
    assert all(fault.path == path for fault in found)
    assert re.search(re.escape(says), found[0].what)
    assert found[0].line in {line, 0} if path == places.SYSUSERS else found[0].line == line
    assert found[0].sentence.startswith(f"{path}, line {line}: ")


def test_the_wifi_is_right_on_every_channel() -> None:
    for band in ("2.4", "5"):
        for channel in (1, 6, 11) if band == "2.4" else (36, 40, 44, 48):
            rendered = files.one(places.HOSTAPD, on_band(band), BOARD, channel)
            assert f"\nchannel={channel}\n".encode() in rendered
            # 40 MHz: two neighbours, and hostapd sends on neither if told the wrong one.
            neighbour = re.search(rb"\[HT40([+-])\]", rendered)
            assert (neighbour and neighbour[1]) == {36: b"+", 40: b"-", 44: b"+", 48: b"-"}.get(channel)
            assert judged([File(places.HOSTAPD, 0o600, "root", "root", rendered, "hostapd")]) == []


def on_band(band: str) -> Settings:
    return Settings(
        wifi=Wifi("Paper Lantern", "four words of it"),
        network=Network(country="DE", band="5" if band == "5" else "2.4"),
    )


def test_a_program_that_is_missing_is_said_and_nothing_is_called_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stall.box.config.scratch._PATH", "/nowhere")
    found = validate.check(
        [file for file in files.plan(SETTINGS, BOARD) if file.check in {"nginx", "nft", "hostapd", "dnsmasq", "unit"}]
    )
    assert found
    assert all(fault.unchecked for fault in found)
    assert {fault.path for fault in found} >= {places.NGINX_MAIN, places.NFTABLES, places.HOSTAPD, places.DNSMASQ}
    assert "could not be checked: nginx is missing" in " ".join(fault.sentence for fault in found)


def test_the_password_of_the_wifi_is_in_no_file_that_others_may_read() -> None:
    for settings, board in machines.every():
        for file in files.plan(settings, board):
            if settings.wifi.password and settings.wifi.password.encode() in file.content:
                assert (file.path, file.mode, file.owner) == (places.HOSTAPD, 0o600, "root")
            assert "content" not in repr(file)

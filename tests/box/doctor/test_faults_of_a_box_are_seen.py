"""Whatever is wrong with a box is named, with what to do about it: its database, keys, settings, clock, devices and upload."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stall import app
from stall import settings as settings_file
from stall.box.doctor import clock, database, disk, journal, keys, printer, reader, settings, upload
from stall.box.doctor.examination import examine
from stall.box.doctor.finding import State
from stall.box.doctor.patient import Patient
from stall.clock import BUILD_MS, Source
from stall.errors import Broken
from stall.settings import Captive, Cloud, Network, Printer, Reader, Till, Web, Wifi
from stall.store import checkup, locks, print_jobs, readers, tls_files, uploads
from stall.store.db import Tx
from tests.box.doctor.conftest import Machine, cured
from tests.fakes.clock import FakeClock

Box = Callable[[], Patient]
DAY_MS = 86_400_000


def write(data: Path, clock: FakeClock, work: Callable[[Tx], object]) -> None:
    """Write into the box as its own processes do."""
    box = app.open_box(data, clock=clock)
    try:
        box.write("payment", work)
    finally:
        box.close()


def test_a_box_in_order_has_no_complaint(box: Box, data: Path) -> None:
    found = examine(replace(box(), settings=settings_file.load(data)), [
        database.check_database, database.check_numbers, journal.check_head, keys.check_files, keys.check_box_key,
        settings.check_file, settings.check_portal, settings.check_network, clock.check_source, reader.check_reader,
        printer.check_printer, upload.check_upload, disk.check_room,
    ])  # fmt: skip
    assert [each for each in found if each.state is not State.OK] == []
    assert {each.group for each in found} == {
        "database",
        "journal",
        "keys",
        "settings",
        "clock",
        "reader",
        "printer",
        "upload",
        "disk",
    }


# the database


def test_a_database_with_broken_pages_is_a_fault(box: Box, data: Path, machine: Machine) -> None:
    with (data / "stall.sqlite").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 5)
    cured(examine(box(), [database.check_database])[0], State.FAULT, "damaged", "stall journal verify")


def test_damage_that_is_gone_at_a_second_look_was_none(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [["row 4 missing from index"], []]
    monkeypatch.setattr(checkup, "quick_check", lambda *_: answers.pop(0))
    assert examine(box(), [database.check_database])[0].state is State.OK


def test_a_database_too_large_for_a_quick_look_is_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CHECK_S", -1.0)
    monkeypatch.setattr(checkup, "_STEPS", 1)
    cured(examine(box(), [database.check_database])[0], State.UNKNOWN, "so large", "stall journal verify")


def test_what_cannot_be_opened_is_said_in_our_words(machine: Machine) -> None:
    trouble = Broken("box-missing", "There is no stall in X. Check the name behind --data.")
    cured(
        machine.only(database.check_database, trouble=trouble), State.FAULT, "There is no stall in X.", "Check the name"
    )


@pytest.mark.parametrize(
    ("version", "words", "cure"), [(3, "older stall", "stall migrate"), (99, "newer stall", "Install that version")]
)
def test_a_database_of_another_version_is_a_fault(box: Box, data: Path, version: int, words: str, cure: str) -> None:
    conn = sqlite3.connect(data / "stall.sqlite")
    conn.execute(f"PRAGMA user_version={version}")
    conn.commit()
    conn.close()
    patient = box()
    found = examine(patient, [database.check_database, database.check_numbers, journal.check_head, clock.check_source])
    cured(found[0], State.FAULT, words, cure)
    assert patient.box is None


def test_a_copy_says_that_it_is_one(box: Box, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "copy")
    cured(
        examine(replace(box(), data=tmp_path / "copy"), [database.check_database])[0],
        State.WARNING,
        "begins a new epoch",
        "do not sell on it",
    )


def test_a_lock_file_that_is_gone_is_a_fault(box: Box, data: Path) -> None:
    (data / "stall.door").unlink()
    cured(examine(box(), [database.check_database])[0], State.FAULT, "stall.door is gone", "backup")


def test_numbers_that_are_frozen_are_named(box: Box, data: Path, machine: Machine, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "moved")
    shutil.rmtree(data)
    shutil.move(tmp_path / "moved", data)
    app.open_box(data, clock=machine.clock).close()  # a new epoch begins
    found = examine(box(), [database.check_numbers])[0]
    cured(found, State.WARNING, "Harbour Prints: numbers 1-5 are frozen", "stall lease issue")


def test_a_journal_whose_end_is_not_what_was_kept_is_a_fault(box: Box, data: Path) -> None:
    conn = sqlite3.connect(data / "stall.sqlite")
    conn.execute("UPDATE events SET bytes = CAST(bytes || ' ' AS BLOB) WHERE id = (SELECT max(id) FROM events)")
    conn.commit()
    conn.close()
    found = examine(box(), [journal.check_head])[0]
    assert (found.state, found.facts["code"]) == (State.FAULT, "journal-broken")


# the keys


def test_keys_that_are_missing_open_or_of_another_user_are_faults(machine: Machine, data: Path) -> None:
    machine.data = data
    (data / "keys" / "link.key").unlink()
    (data / "keys" / "box.key").chmod(0o644)
    missing, opened = machine.examined(keys.check_files)
    cured(missing, State.FAULT, "link.key", "key backup")
    cured(opened, State.FAULT, "box.key", "chmod -R go=")


def test_a_key_that_is_none_is_a_fault(machine: Machine, data: Path) -> None:
    machine.data = data
    (data / "keys" / "box.key").write_text("{}")
    cured(machine.only(keys.check_box_key), State.FAULT, "not a key file", "key backup")


def test_the_certificate_is_watched(machine: Machine, data: Path) -> None:
    machine.data = data
    own = keys.check_certificate
    machine.set(till=Till(address="https://192.0.2.1:8443"))
    cured(machine.only(own), State.WARNING, "no certificate", "stall keys tls")
    tls_files.make(data / "keys", "Salt & Paper", ["192.0.2.1"], machine.clock.wall // 1000)
    assert machine.only(own).state is State.OK
    machine.set(till=Till(address="https://10.42.0.1:8443"))
    cured(machine.only(own), State.WARNING, "not for 10.42.0.1", "--renew")
    machine.set(till=Till(address="https://192.0.2.1:8443"))
    machine.clock.advance(780 * DAY_MS)
    cured(machine.only(own), State.NOTE, "ends in", "--renew")
    machine.clock.advance(100 * DAY_MS)
    cured(machine.only(own), State.FAULT, "ended on", "--renew")


# the settings


def test_settings_that_cannot_be_read_are_a_fault_and_the_rest_goes_on(machine: Machine) -> None:
    (machine.data / "settings.toml").write_text('name = "Mine"\nvat = 19\n')
    with pytest.raises(Broken) as trouble:
        settings_file.load(machine.data)
    found = machine.examined(settings.check_file, settings_trouble=trouble.value)
    cured(found[0], State.FAULT, "unknown field `vat`", "Mend that line")
    assert machine.examined(settings.check_portal, settings_trouble=trouble.value) == []


def test_settings_others_may_read_are_a_warning(machine: Machine) -> None:
    (machine.data / "settings.toml").touch(mode=0o600)
    (machine.data / "settings.toml").chmod(0o644)
    cured(machine.only(settings.check_file), State.WARNING, "other users", "chmod 600")


PORTAL = Captive(portal=True)


@pytest.mark.parametrize(
    ("tables", "state", "words", "cure"),
    [
        ({"captive": PORTAL, "wifi": Wifi("Stall", "twelve-roses")}, State.FAULT, "on a phone is the phone itself", 'address = "http://192.0.2.1"'),
        ({"captive": PORTAL, "wifi": Wifi("Stall", "twelve-roses"), "web": Web(address="http://192.0.2.1"), "network": Network(address="10.42.0.1")},
         State.FAULT, "the box stands at 10.42.0.1", "both places"),
        ({"captive": PORTAL, "web": Web(address="http://192.0.2.1")}, State.WARNING, "no Wi-Fi has a name", "[wifi]"),
    ],
)  # fmt: skip
def test_a_portal_that_leads_nowhere_is_told(
    machine: Machine, tables: dict[str, object], state: State, words: str, cure: str
) -> None:
    machine.set(**tables)
    cured(machine.only(settings.check_portal), state, words, cure)


def test_a_network_that_contradicts_itself_is_told(machine: Machine) -> None:
    machine.appliance()
    machine.set(network=Network(), wifi=Wifi("Stall"), mdns=True, mdns_interface="198.51.100.7")
    machine.says["ip -o addr"] = "2: eth0    inet 198.51.100.8/24 brd 198.51.100.255 scope global eth0"
    machine.put(
        "proc/net/route",
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\nwlan0\t00000000\t010200C0\t3\t0\t0\t0\t00000000",
    )
    lan, country, wifi, mdns = machine.examined(settings.check_network)
    cured(lan, State.FAULT, "the way to the internet", "another interface")
    cured(country, State.FAULT, "No country", "country =")
    cured(wifi, State.WARNING, "has no password", "[wifi]")
    cured(mdns, State.WARNING, "198.51.100.7", "ip addr")


# the clock


@pytest.mark.parametrize(
    ("source", "wall", "words"),
    [
        (None, 0, "Nothing has told this machine the time"),
        (Source.NTP, 5 * DAY_MS, "more than two days ahead"),
        (Source.RTC, -9 * DAY_MS, "written down after that"),
    ],
)
def test_a_clock_that_is_not_believed_says_why(
    box: Box, machine: Machine, source: Source | None, wall: int, words: str
) -> None:
    machine.clock.source = source
    machine.clock.wall += wall
    cured(examine(box(), [clock.check_source])[0], State.WARNING, words, "stall clock confirm --data")


def test_a_clock_without_a_database_is_looked_at_all_the_same(machine: Machine) -> None:
    assert machine.only(clock.check_source).state is State.OK
    machine.clock.source = None
    cured(machine.only(clock.check_source), State.WARNING, "Nothing has told", "stall clock confirm")
    machine.appliance()
    cured(machine.only(clock.check_source), State.WARNING, "Nothing has told", "Or: sudo stall clock confirm (")


def test_a_clock_chip_that_is_missing_empty_or_drifting_is_told(machine: Machine) -> None:
    machine.appliance()
    cured(machine.only(clock.check_chip), State.NOTE, "no clock chip", "each morning")
    machine.put("sys/class/rtc/rtc0/since_epoch", "86400")
    cured(machine.only(clock.check_chip), State.WARNING, "battery is empty", "hwclock --systohc")
    machine.put("sys/class/rtc/rtc0/since_epoch", str(machine.clock.wall // 1000 - 300))
    cured(machine.only(clock.check_chip), State.WARNING, "300 s behind", "hwclock --systohc")
    assert datetime.fromtimestamp(BUILD_MS / 1000, UTC).year == 2026


# reader, printer, upload


def test_a_terminal_nobody_hears_is_a_fault(box: Box, data: Path, machine: Machine) -> None:
    machine.set(reader=Reader(link="tcp:192.0.2.9:20007"))
    machine.data = data
    write(data, machine.clock, lambda tx: readers.report(tx, 1, "Reader", "lost", "No answer on the network"))
    held = locks.own_name(data, "reader-1")
    try:
        cured(examine(box(), [reader.check_reader])[0], State.FAULT, "No answer on the network", "switch it off and on")
        write(data, machine.clock, lambda tx: readers.report(tx, 1, "Reader", "ready", ""))
        assert examine(box(), [reader.check_reader])[0].state is State.OK
    finally:
        held.release()
    cured(examine(box(), [reader.check_reader])[0], State.WARNING, "does not run", "stall reader --data")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("usb:04b8:0e15", "No printer 04b8:0e15"),
        ("serial:/dev/serial/by-id/p", "is not there"),
        ("usb:epson", "does not name a printer"),
    ],
)
def test_a_printer_that_is_not_there_is_a_fault(machine: Machine, link: str, words: str) -> None:
    machine.set(printer=Printer(link=link))
    cured(machine.only(printer.check_printer), State.FAULT, words, "lsusb")


def test_a_printer_on_usb_is_found_by_its_ids(machine: Machine) -> None:
    for name, value in {"idVendor": "04b8", "idProduct": "0e15"}.items():
        machine.put(f"sys/devices/usb1/1-1/{name}", value + "\n")
    (machine.root / "sys/devices/usb1/1-1/1-1:1.0").mkdir()
    known = machine.root / "sys/class/usbmisc/lp0"
    known.mkdir(parents=True)
    (known / "device").symlink_to(machine.root / "sys/devices/usb1/1-1/1-1:1.0")
    machine.set(printer=Printer(link="usb:04b8:0e15"))
    cured(machine.only(printer.check_printer), State.WARNING, "`stall sync` does not run", "stall sync --data")


def test_what_the_printer_wants_is_told(box: Box, data: Path, machine: Machine) -> None:
    machine.set(printer=Printer(link="tcp:192.0.2.8"))
    machine.data = data
    write(
        data,
        machine.clock,
        lambda tx: print_jobs.report(tx, "attention", "The paper is out. Put a roll in.", auto=False, drawer=False),
    )
    held = locks.own_name(data, "printer")
    try:
        cured(examine(box(), [printer.check_printer])[0], State.WARNING, "The paper is out.", "Put a roll in.")
    finally:
        held.release()


def test_what_waits_for_the_cloud_is_told_and_after_a_week_a_warning(box: Box, data: Path, machine: Machine) -> None:
    machine.set(cloud=Cloud("https://cloud.example", "cloud", "x"))
    cured(examine(box(), [upload.check_upload])[0], State.WARNING, "last upload never yet", "network with internet")
    write(data, machine.clock, lambda tx: uploads.save_progress(tx, 1, 4))
    write(data, machine.clock, lambda tx: uploads.save_error(tx, 1, "The cloud does not answer. Look at the network."))
    write(data, machine.clock, lambda tx: uploads.save_doubt(tx, 1, uploads.Doubt(2, "quarantined", "unknown kind")))
    doubts, waits = examine(box(), [upload.check_upload])
    cured(
        waits,
        State.NOTE,
        "events wait; last upload today. It says: The cloud does not answer.",
        "when the box is online",
    )
    cured(doubts, State.WARNING, "1 events aside", "stall journal verify")
    machine.clock.advance(8 * DAY_MS)
    assert "last upload 8 days ago" in examine(box(), [upload.check_upload])[0].what

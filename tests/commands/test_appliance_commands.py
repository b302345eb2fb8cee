"""`stall appliance` in a folder that is a machine: exit codes of check, what is said, and the data folder's part as another process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from stall import settings
from stall.box.config import partitions
from stall.commands import appliance, appliance_box
from tests.box.install.appliance import GROUP, PASSWD, Appliance, on_path
from tests.commands.conftest import Run
from tests.fakes.stock import PRINTS, SAMPLER, ZINE
from tests.house.sources import ROOT

RELEASE = "1-aaaaaaaaaaaa"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Appliance:
    """A root folder whose `stall` is whoever runs the test, so that its part may be done for real."""
    made = Appliance(tmp_path)
    on_path(monkeypatch, made, tmp_path / "programs")
    own = f"stall:x:{os.getuid()}:{os.getgid()}::/:/bin/false\n"
    made.write("/etc/passwd", PASSWD.replace(PASSWD.splitlines(keepends=True)[-1], own).encode())
    made.write("/etc/group", GROUP.replace("stall:x:990:", f"stall:x:{os.getgid()}:www-data").encode())
    monkeypatch.setattr(appliance, "own_release", lambda: RELEASE)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return made


def test_from_nothing_to_the_appliance_and_back(machine: Appliance, stall: Run) -> None:
    root = machine.root
    first = stall("appliance", "check", "--root", root)
    assert first.code == appliance.WOULD_CHANGE
    assert "make a box" in first.out
    assert stall("appliance", "status", "--root", root).out == "This machine is no appliance.\n"

    done = stall("appliance", "apply", "--root", root, "--name", "Night Fair", "--country", "DE")
    assert done.code == 0, done.err
    assert "The maker's PIN, shown this once: " in done.out
    data = root / "var/lib/stall"
    made = settings.load(data)
    assert (made.name, made.network.country, made.web.socket) == ("Night Fair", "DE", "/run/stall/buyers.sock")
    assert (data / "keys/tls.crt").is_file()
    assert made.wifi.password.encode() in (root / "etc/stall/hostapd.conf").read_bytes()

    again = stall("appliance", "apply", "--root", root)
    assert (again.code, again.out) == (0, "Nothing to change: this machine is as it should be.\n")
    assert settings.load(data) == made
    clean = stall("appliance", "check", "--root", root)
    assert (clean.code, clean.out) == (0, "Nothing would change.\n")
    assert stall("appliance", "status", "--root", root, "--json").json["release"] == RELEASE

    (root / "etc/stall/dnsmasq.conf").write_text("mine\n")
    changed = stall("appliance", "check", "--root", root)
    assert (changed.code, "/etc/stall/dnsmasq.conf (changed by hand" in changed.out) == (appliance.WOULD_CHANGE, True)

    gone = stall("appliance", "remove", "--root", root)
    assert gone.code == 0
    assert "/etc/stall/dnsmasq.conf was changed by hand" in gone.err
    assert (data / "stall.sqlite").is_file()
    assert stall("appliance", "remove", "--root", root).code == 1


def test_on_a_terminal_the_pin_stands_below_the_code_that_may_push_it_away(
    machine: Appliance, stall: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.root / "var/lib/stall").mkdir()
    settings.save(machine.root / "var/lib/stall", machine.box.settings)
    side = appliance_box.Side(machine.machine)
    side.pin = "477534"
    assert not any("477534" in line for line in appliance_box.welcome(side))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    (wifi, pin, *_) = appliance_box.welcome(side)
    assert ("Wi-Fi: Night Fair" in wifi, "477534" in pin) == (True, True)
    assert "▄" in capsys.readouterr().out


def test_no_wifi_without_a_country_and_no_data_goes_before_the_name_was_typed(
    machine: Appliance, stall: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = machine.root / "var/lib/stall"
    assert "--country" in stall("appliance", "apply", "--root", machine.root, "--name", "Night Fair").err
    monkeypatch.setattr("click.prompt", lambda *_arguments, **_named: "Day Fair")
    assert "appliance-name-differs" in stall("appliance", "remove", "--root", machine.root, "--purge-data").err
    assert data.is_dir()
    assert stall("appliance", "remove", "--root", machine.root, "--purge-data", "--yes").code == 0
    assert not data.exists()


def test_settings_that_are_not_right_change_nothing(machine: Appliance, stall: Run, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[network]\nband = "3"\n')
    done = stall("appliance", "apply", "--root", machine.root, "--from", tmp_path / "own.toml")
    assert (done.code, "band" in done.err) == (1, True)
    assert not (machine.root / "etc/stall/manifest.json").exists()
    (tmp_path / "own.toml").write_text('name = "Day Fair"\nseller = "Ada"\n')
    assert stall("appliance", "apply", "--root", machine.root, "--from", tmp_path / "own.toml").code == 0
    assert settings.load(machine.root / "var/lib/stall").seller == "Ada"


def test_there_is_no_way_back_where_there_is_none(machine: Appliance, stall: Run) -> None:
    assert "appliance-no-way-back" in stall("appliance", "back", "--root", machine.root).err


def test_a_release_that_reads_no_newer_database_is_not_gone_back_to(machine: Appliance, stall: Run) -> None:
    machine.release("0-000000000000", schema=9)
    machine.apply("0-000000000000")
    machine.apply(machine.release(RELEASE))
    back = stall("appliance", "back", "--root", machine.root)
    assert "cannot read the database" in back.err


def test_the_first_boot_writes_down_what_nobody_saw(machine: Appliance, stall: Run) -> None:
    assert (
        stall("appliance", "stage", "--root", machine.root, "--name", "Night Fair", "--check").code
        == appliance.WOULD_CHANGE
    )
    assert stall("appliance", "stage", "--root", machine.root, "--name", "Night Fair").code == 0
    assert stall("appliance", "stage", "--root", machine.root, "--name", "Night Fair", "--check").code == 0
    done = stall("appliance", "first-boot", "--root", machine.root)
    assert done.code == 0, done.err
    told = (machine.root / "boot/firmware/stall-first-boot.txt").read_text()
    assert told.startswith("The maker's PIN: ")
    assert "Wi-Fi: Night Fair, password: " in told


def test_a_shift_or_a_drop_that_is_open_is_named(run: Run, data: Path) -> None:
    assert appliance_box._busy(data) == "the drop “Harbour Prints” is open"
    for drop in (PRINTS, ZINE, SAMPLER):
        assert run("drop", "close", drop).code == 0
    assert appliance_box._busy(data) == ""
    assert run("drop", "open", PRINTS).code == 0
    assert run("sell", PRINTS, "--cash").code == 0
    assert appliance_box._busy(data) == "a shift is open at the till"


def test_this_program_is_no_release(stall: Run) -> None:
    assert "appliance-no-release" in stall("appliance", "apply", "--root", "/tmp").err


def test_nothing_was_cut_off(machine: Appliance, stall: Run) -> None:
    assert stall("appliance", "settle", "--root", machine.root).out == "Nothing was cut off.\n"


def test_a_card_becomes_read_only_and_writable_again_by_one_word(
    machine: Appliance, stall: Run, tmp_path: Path
) -> None:
    root, words = machine.root, b"console=tty1 root=PARTUUID=1234-02 rootwait\n"
    assert "[read-only-no-pi]" in stall("appliance", "read-only", "on", "--root", root).err
    machine.write("/proc/device-tree/model", b"Raspberry Pi 4 Model B Rev 1.4\0")
    machine.write("/boot/firmware/config.txt", b"")
    machine.write("/boot/firmware/cmdline.txt", words)
    machine.write("/etc/fstab", b"")
    assert "[read-only-without-data]" in stall("appliance", "read-only", "on", "--root", root).err
    machine.write("/proc/mounts", b"/dev/mmcblk0p3 /data ext4 rw 0 0\n")
    (root / "dev/disk/by-label").mkdir(parents=True)
    (root / "dev/disk/by-label/stall-data").symlink_to("../../mmcblk0p3")
    machine.write("/etc/fstab", partitions.fstab(b"", present=True))
    assert "[read-only-package]" in stall("appliance", "read-only", "on", "--root", root).err
    query = tmp_path / "programs/dpkg-query"
    query.write_text("#!/bin/sh\nprintf 'install ok installed'\n")
    query.chmod(0o755)
    assert "from the next start on" in stall("appliance", "read-only", "on", "--root", root).out
    assert b"overlayroot=tmpfs:recurse=0" in (root / "boot/firmware/cmdline.txt").read_bytes()
    assert "already" in stall("appliance", "read-only", "on", "--root", root).out
    assert stall("appliance", "read-only", "off", "--root", root).code == 0
    assert (root / "boot/firmware/cmdline.txt").read_bytes() == words

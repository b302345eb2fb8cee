"""`stall doctor` says the worst first, how to cure it, and leaves no trace in the data folder."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from stall import app, clock
from stall.box.doctor import examination, settings, versions
from stall.box.doctor.finding import Finding, fault, note, ok, warning
from stall.commands import doctor
from tests.commands.conftest import Run
from tests.fakes.clock import FakeClock


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor reads the machine's clock itself: let it be that of the stock."""
    monkeypatch.setattr(clock, "SystemClock", FakeClock)


def traces(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file of a folder and the folders themselves, with what a write would change.

    Where SQLite's readers count each other is no file to them but shared memory: its time tells nothing.
    """
    every = [folder, *folder.rglob("*")]
    return {
        str(each): (
            each.stat().st_ino,
            each.stat().st_size,
            0 if each.name.endswith("-shm") else each.stat().st_mtime_ns,
        )
        for each in every
    }


def test_nothing_is_written_into_the_data_folder(run: Run, data: Path) -> None:
    before = traces(data)
    assert run("doctor", "--json").json["counts"]["fault"] == 0
    assert traces(data) == before


def test_nor_beside_a_stall_that_sells(run: Run, data: Path) -> None:
    box = app.open_box(data)
    try:
        with box.db.transaction() as tx:
            tx.raise_floor(tx.now_ms + 1)
            before = traces(data)
            assert run("doctor", "--json").json["counts"]["fault"] == 0
            assert traces(data) == before
    finally:
        box.close()


def test_a_log_that_lost_its_index_with_the_power_is_read_elsewhere(run: Run, data: Path, tmp_path: Path) -> None:
    """What a power cut leaves: a log nobody copied back, and no index of it."""
    writing = sqlite3.connect(data / "stall.sqlite")
    writing.execute("PRAGMA wal_autocheckpoint=0")
    writing.execute("UPDATE journal SET floor_ms = floor_ms + 1")
    writing.commit()
    left = (data / "stall.sqlite-wal").read_bytes()
    writing.close()
    (data / "stall.sqlite-wal").write_bytes(left)
    before = traces(data)
    assert run("doctor", "--json").json["counts"]["fault"] == 0
    assert traces(data) == before


def test_the_worst_is_said_first_with_its_cure_in_eighty_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_all(_patient: object) -> list[Finding]:
        return [
            ok("memory.left", "Plenty is left."),
            note("boot.required", "An update waits for a restart.", "After the market: sudo reboot"),
            warning("disk.room", "800 MB are free.", "Delete what does not belong to the stall, or move to a larger card soon."),
            fault("power.supply", "The supply is too weak at this moment.", "Use the supply of the board."),
        ]  # fmt: skip

    monkeypatch.setattr(examination, "CHECKS", (check_all,))
    monkeypatch.setattr(examination.examine, "__defaults__", ((check_all,),))
    ran = run("doctor")
    lines = ran.out.splitlines()
    assert ran.code == 1
    assert max(map(len, lines)) <= 80
    assert "1 fault, 1 warning and 1 note." in lines
    marked = [line.split()[1] for line in lines if line[:1] in {"✗", "!", "?", "i", "✓"}]
    assert marked == ["FAULT", "WARNING", "note", "fine"]
    at = next(number for number, line in enumerate(lines) if "FAULT" in line)
    assert lines[at + 1].strip() == "→ Use the supply of the board."
    assert "Plenty" not in ran.out
    assert "memory: Plenty is left." in run("doctor", "--all").out


@pytest.mark.parametrize("checks", [(settings.check_file,), (versions.check_sqlite,)])
def test_a_note_is_nothing_to_fail_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, checks: tuple[examination.Check, ...]
) -> None:
    monkeypatch.setattr(examination.examine, "__defaults__", (checks,))
    assert run("doctor").code == 0


def test_json_is_one_object_with_every_finding(run: Run) -> None:
    told = run("doctor", "--json").json
    assert told.keys() == {"ok", "at", "data", "versions", "counts", "findings"}
    assert all(each.keys() == {"name", "state", "what", "cure", "facts"} for each in told["findings"])
    assert sum(told["counts"].values()) == len(told["findings"])
    assert told["ok"] is (told["counts"]["fault"] + told["counts"]["warning"] == 0)
    assert len({each["name"].partition(".")[0] for each in told["findings"]}) >= 9


def test_a_broken_database_unreadable_keys_and_malformed_settings_end_nothing(run: Run, data: Path) -> None:
    (data / "stall.sqlite").write_bytes(b"SQLite format 3\0" + os.urandom(8000))
    (data / "keys" / "box.key").write_bytes(b"\xff")
    (data / "settings.toml").write_text("name = ")
    told = run("doctor", "--json")
    assert told.code == 1
    faults = {each["name"]: each for each in told.json["findings"] if each["state"] == "fault"}
    assert {"database.file", "keys.box", "settings.file"} <= faults.keys()
    assert all(each["cure"] for each in faults.values())


def test_a_folder_without_a_box_and_one_that_is_not_there_are_told(stall: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "gone"):
        ran = stall("doctor", "--data", tmp_path / folder)
        assert (ran.code, "There is no stall in" in " ".join(ran.out.split())) == (1, True)
        assert "stall keys new box" in " ".join(ran.out.split())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_told_what_could_not_be_seen(data: Path) -> None:
    program = (
        "import os, sys, contextlib, io\nfrom stall import cli\n"
        "def ask():\n    try: cli.main(['doctor', '--data', sys.argv[1]])\n    except SystemExit as end: return end.code\n"
        "with contextlib.redirect_stdout(io.StringIO()): ask()  # as root, so that all of it is loaded\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\nsys.exit(ask())\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(data)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    said = " ".join(ran.stdout.split())
    assert "You may not look into" in said
    assert "sudo stall doctor" in said


def test_without_a_folder_it_is_wrong_usage_unless_the_appliances_is_there(
    stall: Run, data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "USUAL", tmp_path / "nowhere")
    assert stall("doctor").code == 2
    monkeypatch.setattr(doctor, "USUAL", data)
    assert str(data) in stall("doctor").out.replace("\n", "")


def test_the_bundle_is_listed_before_it_is_written_and_is_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out" / "help.tar.gz"
    target.parent.mkdir()
    ran = run("doctor", "--bundle", target)
    listed = [line.split() for line in ran.out.splitlines() if line.endswith(" bytes")]
    with tarfile.open(target) as archive:
        inside = {each.name.removeprefix("stall-bundle/"): each.size for each in archive}
    assert {name: int(size) for name, _, size, _ in listed} == inside
    assert {"doctor.json", "settings.toml"} <= inside.keys()
    assert target.stat().st_mode & 0o777 == 0o600
    assert max(map(len, ran.out.splitlines())) <= max(80, len(str(target)) + 80)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_sudo_wrote_belongs_to_whoever_said_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "1234")
    monkeypatch.setenv("SUDO_GID", "1235")
    run("doctor", "--json", "--bundle", tmp_path / "b.tar.gz")
    about = (tmp_path / "b.tar.gz").stat()
    assert (about.st_uid, about.st_gid, about.st_mode & 0o777) == (1234, 1235, 0o600)


def test_with_json_the_bundle_is_written_without_a_word(run: Run, tmp_path: Path) -> None:
    assert run("doctor", "--json", "--bundle", tmp_path / "b.tar.gz").json["findings"]
    assert (tmp_path / "b.tar.gz").is_file()


def test_no_bundle_goes_into_the_data_folder(run: Run, data: Path) -> None:
    ran = run("doctor", "--bundle", data / "b.tar.gz")
    assert (ran.code, "[bundle-in-data]" in ran.err, (data / "b.tar.gz").exists()) == (1, True, False)

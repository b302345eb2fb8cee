"""A release: its name says its content, it is built whole or not at all, and it runs from where it lies."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from stall.box.install import release, wheels

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
LOCK = """anyio==4.16.0 ; sys_platform != 'emscripten' \\
    --hash=sha256:aa
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:bb
greenlet==3.0 ; platform_machine == 'aarch64' and python_full_version >= '3.12' \\
    --hash=sha256:cc \\
    --hash=sha256:dd
waitress==3.0.2 \\
    --hash=sha256:ee
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("os.sync", lambda: None)
    folder = tmp_path / "source"
    for path, text in {
        "stall/__init__.py": '__version__ = "1.2.3"\n',
        "stall/cli.py": "import stall, sys\nfrom importlib.metadata import version\n\n\ndef main() -> None:\n    print(stall.__file__, version('stall'), sys.flags.isolated)\n",
        "provisioning/requirements.txt": "",
        "setup.sh": "#!/bin/sh\n",
        "static/buyer.css": "a{}",
        "tests/test_it.py": "",
        "stall/__pycache__/old.pyc": "x",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "stall/static").symlink_to("../static")
    return folder


def test_its_name_follows_every_byte_that_belongs_to_it_and_no_other(source: Path) -> None:
    name = release.identity(source)
    assert name.startswith("1.2.3-")
    assert len(name) == len("1.2.3-") + release.DIGITS
    (source / "tests/test_it.py").write_text("changed")
    (source / "stall/__pycache__/new.pyc").write_text("x")
    assert release.identity(source) == name
    (source / "static/buyer.css").write_text("b{}")
    changed = release.identity(source)
    (source / "setup.sh").chmod(0o755)
    assert len({name, changed, release.identity(source)}) == 3


def test_it_is_built_once_runs_from_where_it_lies_and_is_nobodys_to_change(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = release._run

    def without_pip(command: list[str], what: str) -> None:
        """An empty lock needs none, and putting pip in takes longer than all the rest."""
        if "pip" not in command:
            real([*command, "--without-pip"] if "venv" in command else command, what)

    monkeypatch.setattr(release, "_run", without_pip)
    (tmp_path / "releases/0-old.part/x").mkdir(parents=True)
    built = release.build(source, tmp_path / "releases", None)
    assert built.name == release.identity(source)
    assert [each.name for each in built.parent.iterdir()] == [built.name]
    done = subprocess.run([built / ".venv/bin/stall"], cwd=source, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(built / "stall/__init__.py"), "1.2.3", "1"]
    assert not (built / "tests").exists()
    assert (built / "stall/static").readlink() == Path("../static")
    assert list((built / "stall/__pycache__").iterdir()) != []
    assert [path for path in built.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022] == []
    assert not list((built / ".venv/lib").glob("*/site-packages/pip*"))
    inode = built.stat().st_ino
    assert release.build(source, tmp_path / "releases", None).stat().st_ino == inode


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one the lock names"),
        ("NewConnectionError: Network is unreachable", "No way to the package index"),
        ("ERROR: No matching distribution found for x==1", "not there for this Python and machine"),
        ("something else", "its own words are above"),
    ],
)
def test_what_pip_says_becomes_one_sentence_and_nothing_is_left(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, sentence: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{words}'\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(release.Failed, match=sentence):
        release.build(source, tmp_path / "releases", None)
    assert list((tmp_path / "releases").iterdir()) == []


def test_while_one_builds_another_says_so_and_takes_nothing_of_its_away(source: Path, tmp_path: Path) -> None:
    part = tmp_path / "releases/1.2.3-abc.part"
    part.mkdir(parents=True)
    held = os.open(part.parent, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with pytest.raises(release.Failed, match="Somebody else builds"):
            release.build(source, part.parent, None)
        assert part.is_dir()
    finally:
        os.close(held)


def test_what_a_killed_build_left_running_still_holds_its_place(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nfor each in /proc/$$/fd/*; do readlink "$each"; done\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    told = io.StringIO()
    monkeypatch.setattr(sys, "stderr", told)
    with pytest.raises(release.Failed):
        release.build(source, tmp_path / "releases", None)
    assert str(tmp_path / "releases") in told.getvalue().splitlines()


def test_a_wheelhouse_for_another_machine_is_said_to_be_one(source: Path, tmp_path: Path) -> None:
    house = tmp_path / "wheels"
    house.mkdir()
    with pytest.raises(release.Failed, match="is no wheelhouse"):
        release.check_wheelhouse(source, house)
    note = {"python": HERE, "machine": platform.machine(), "lock": hashlib.sha256(b"").hexdigest()}
    for change, sentence in (({"python": "3.99"}, "for Python 3.99"), ({"lock": "00"}, "another version"), ({}, None)):
        (house / wheels.NOTE).write_text(json.dumps({**note, **change}))
        if sentence is None:
            release.check_wheelhouse(source, house)
        else:
            with pytest.raises(release.Failed, match=sentence):
                release.check_wheelhouse(source, house)


@pytest.mark.parametrize(
    ("python", "machine", "kept"),
    [
        ("3.13", "aarch64", ["anyio==4.16.0", "greenlet==3.0", "waitress==3.0.2"]),
        ("3.11", "aarch64", ["anyio==4.16.0", "waitress==3.0.2"]),
        ("3.13", "x86_64", ["anyio==4.16.0", "waitress==3.0.2"]),
    ],
)
def test_the_lock_is_read_as_the_machine_it_is_for_would_read_it(python: str, machine: str, kept: list[str]) -> None:
    lines = wheels.for_machine(LOCK, python, machine).splitlines()
    assert [line.removesuffix(" \\") for line in lines if not line.startswith(" ")] == kept
    assert sum("--hash" in line for line in lines) == (4 if "greenlet==3.0" in kept else 2)


def test_no_wheel_is_taken_that_debian_12_could_not_load() -> None:
    names = wheels.platforms("aarch64")
    assert "manylinux_2_36_aarch64" in names
    assert "manylinux_2_37_aarch64" not in names

"""Whatever the system refuses, a command says it in one sentence: never with the program's inside out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stall.cli import main

LONG = "n" * 300  # longer than any file system lets a name be


@pytest.mark.parametrize(
    "command",
    [
        ("keys", "show", LONG),
        ("pack", "import", LONG, "--data", "box"),
        ("pack", "build", LONG, "--creator", "me", "--out", "a.stallpack", "--title", "Night", "--price", "1"),
        ("delegate", "--creator", LONG, "--box", "did:key:z6Mk", "--out", "box.delegation"),
        ("cloud", "--data", LONG),
        ("migrate", "--data", LONG),
    ],
    ids=lambda command: " ".join(command[:2])[:12],
)
def test_a_name_the_system_refuses_is_told(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command)
    said = capsys.readouterr().err
    assert (ended.value.code, said.count("\n")) == (1, 1)
    assert said.startswith("error: ")


def test_a_name_that_is_no_text_is_told_too(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe"
    told = subprocess.run([sys.executable, "-m", "stall", "verify", name], capture_output=True, check=False)
    assert told.returncode == 1
    assert b"Traceback" not in told.stderr + told.stdout


def test_a_word_that_is_no_text_is_told(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "stall", "keys", "new", "box", "--data", tmp_path / "box", "--name", b"\xff\xfe"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stderr.count(b"\n")) == (1, 1)
    assert b"[argument-not-text]" in told.stderr


def test_a_reader_that_stops_listening_ends_the_command_quietly(tmp_path: Path) -> None:
    listener, speaker = os.pipe()
    os.close(listener)
    told = subprocess.run(
        [sys.executable, "-m", "stall", "keys", "new", "creator", "--out", tmp_path / "me", "--name", "Ada"],
        stdout=speaker, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(speaker)
    assert b"Traceback" not in told.stderr


def test_a_stall_that_cannot_start_holds_no_signal_of_whoever_started_it(tmp_path: Path) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(SystemExit):
        main(["web", "--data", str(tmp_path / "nothing")])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before

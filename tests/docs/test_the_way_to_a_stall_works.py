"""The commands that the README gives a creator and a box, in its order, lead to a sale; the help gives the same ones."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from stall.cli import main
from tests.house.sources import ROOT

NOT_TRIED = {"stall web --data BOX"}  # it serves until it is stopped


def shown() -> list[str]:
    """The commands of the README's section, line by line."""
    section = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("## A stall of your own\n")[2].partition("\n## ")[0]
    )
    return [line for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]


def ran(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run one line as the shell would, into a file if it says so."""
    words = shlex.split(command.partition(" > ")[0])
    with pytest.raises(SystemExit) as ended:
        main(words[1:])
    said = capsys.readouterr()
    assert ended.value.code in {0, None}, f"{command}: {said.err}"
    return said.out


@pytest.fixture
def fair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STALL_PASSPHRASE", "three words of mine")
    (tmp_path / "FILES").mkdir()
    (tmp_path / "FILES" / "one.txt").write_text("one")
    return tmp_path


def test_every_command_works_in_the_order_it_is_given(fair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [line for line in shown() if line not in NOT_TRIED]
    assert len(commands) >= 11
    for command in commands:
        said = ran(command, capsys)
        if " > " in command:
            (fair / command.partition(" > ")[2]).write_text(said)
    ran("stall sell night-prints --cash --data BOX", capsys)


def test_the_help_of_pack_gives_the_same_steps_in_the_same_order(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["pack", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    steps = [" ".join(shlex.split(line)[1:3]) for line in shown() if line not in NOT_TRIED]
    steps.remove("clock confirm")
    at = 0
    for step in steps:
        at = told.find(f"stall {step}", at)
        assert at >= 0, f"the help does not give {step} there"

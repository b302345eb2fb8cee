"""A folder whose key file is gone, or that is a stall's: each command about keys says so, and none makes another identity there."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from stall.creator import keyring
from stall.wire.keys import SigningKey
from tests.commands.conftest import Run

BOX = SigningKey.from_seed(bytes([9]) * 32).did


@pytest.fixture
def lost(tmp_path: Path) -> Path:
    """A creator's folder without its key file."""
    folder = keyring.new(tmp_path / "ada prints", "Ada").folder
    (folder / "creator.key").unlink()
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "keys show FOLDER",
        "keys sheet FOLDER",
        "keys sheet FOLDER --check",
        "keys passphrase FOLDER --no-passphrase",
        f"delegate --creator FOLDER --box {BOX} --out OUT",
        f"lease issue --creator FOLDER --pack OUT.pack --box {BOX} --epoch {'A' * 22} --count 1 --out OUT",
        "pack build . --creator FOLDER --title Night --price 1 --out OUT",
    ],
)
def test_whoever_asks_for_a_lost_key_hears_how_it_comes_back(
    stall: Run, lost: Path, tmp_path: Path, command: str
) -> None:
    given = {"FOLDER": lost, "OUT": tmp_path / "out"}
    ran = stall(*(given.get(word, word) for word in command.split()))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("[creator-key-lost]\n")
    assert f"stall keys recover --out {shlex.quote(str(lost))}" in ran.err
    assert "new creator" not in ran.err


@pytest.mark.parametrize("left", ["did", "name", "ledger.jsonl"])
def test_no_other_identity_is_made_where_a_key_was_lost(stall: Run, lost: Path, left: str) -> None:
    (lost / "ledger.jsonl").touch()
    for path in lost.iterdir():
        if path.name != left:
            path.unlink()
    before = (lost / left).read_bytes()
    ran = stall("keys", "new", "creator", "--out", lost, "--name", "Eve", "--no-passphrase")
    assert ran.err.endswith("[creator-key-lost]\n")
    assert f"stall keys recover --out {shlex.quote(str(lost))}" in ran.err
    assert "choose another folder" in ran.err
    assert [path.name for path in lost.iterdir()] == [left]
    assert (lost / left).read_bytes() == before


def test_the_command_that_is_named_brings_the_key_back(stall: Run, tmp_path: Path) -> None:
    made = keyring.new(tmp_path / "ada", "Ada")
    (tmp_path / "sheet").write_text(stall("keys", "sheet", made.folder).out)
    (made.folder / "creator.key").unlink()
    ran = stall("keys", "recover", "--out", made.folder, "--lines", tmp_path / "sheet", "--no-passphrase", "--json")
    assert (ran.code, ran.json["did"], ran.json["name"]) == (0, made.did, "Ada")


@pytest.mark.parametrize("command", [("passphrase", "--no-passphrase"), ("sheet",), ("sheet", "--check")])
def test_a_stalls_folder_is_said_to_be_one(stall: Run, data: Path, command: tuple[str, ...]) -> None:
    ran = stall("keys", command[0], data, *command[1:])
    assert ran.code == 1
    assert ran.err.endswith("[creator-is-stall]\n")
    assert "new creator" not in ran.err


def test_a_folder_that_is_nobodys_is_none(stall: Run, tmp_path: Path) -> None:
    assert "[creator-not-found]" in stall("keys", "sheet", tmp_path).err
    assert "[keys-none]" in stall("keys", "show", tmp_path).err

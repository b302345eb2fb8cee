"""The creator's key is made once, lies in a closed folder, and is never overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stall.creator import keyring
from stall.errors import Broken, Refused


def test_a_new_creator_can_be_loaded_again_with_the_same_name_and_did(tmp_path: Path) -> None:
    made = keyring.new(tmp_path / "ada", " Ada Prints ")
    again = keyring.load(tmp_path / "ada")
    assert (again.did, again.name, again.key.public) == (made.did, "Ada Prints", made.key.public)
    assert (tmp_path / "ada" / "did").read_text() == made.did + "\n"


def test_the_folder_and_the_key_are_the_owners_alone(tmp_path: Path) -> None:
    made = keyring.new(tmp_path / "ada", "Ada")
    assert (tmp_path / "ada").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "ada" / "creator.key").stat().st_mode & 0o777 == 0o600
    assert made.warning is None


def test_a_key_others_can_read_is_used_with_a_warning(tmp_path: Path) -> None:
    keyring.new(tmp_path / "ada", "Ada")
    (tmp_path / "ada" / "creator.key").chmod(0o644)
    warning = keyring.load(tmp_path / "ada").warning
    assert warning is not None
    assert "chmod 600" in warning


def test_a_second_key_in_the_same_folder_is_refused_and_the_first_kept(tmp_path: Path) -> None:
    first = keyring.new(tmp_path / "ada", "Ada").did
    with pytest.raises(Refused) as refused:
        keyring.new(tmp_path / "ada", "Eve")
    assert refused.value.code == "creator-exists"
    assert keyring.load(tmp_path / "ada").did == first


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "two\nlines", "red\x1b[31m"])
def test_a_name_nobody_could_read_is_refused_and_nothing_is_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused) as refused:
        keyring.new(tmp_path / "ada", name)
    assert refused.value.code == "creator-name"
    assert not (tmp_path / "ada").exists()


def test_a_folder_without_a_key_is_said_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="stall keys new creator") as refused:
        keyring.load(tmp_path)
    assert refused.value.code == "creator-not-found"


def damaged(good: dict[str, str]) -> list[bytes]:
    swapped = {**good, "x": good["d"]}
    return [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'"text"',
        b"\xff\xfe",
        json.dumps({**good, "kty": "EC"}).encode(),
        json.dumps({**good, "d": "short"}).encode(),
        json.dumps(swapped).encode(),
        b"[" * 900,
    ]


def test_a_damaged_key_is_refused_in_every_form(tmp_path: Path) -> None:
    keyring.new(tmp_path / "ada", "Ada")
    path = tmp_path / "ada" / "creator.key"
    for data in damaged(json.loads(path.read_bytes())):
        path.write_bytes(data)
        with pytest.raises(Broken) as refused:
            keyring.load(tmp_path / "ada")
        assert refused.value.code == "key-malformed", data


def test_a_lost_name_does_not_lose_the_creator(tmp_path: Path) -> None:
    made = keyring.new(tmp_path / "ada", "Ada")
    (tmp_path / "ada" / "name").unlink()
    assert keyring.load(tmp_path / "ada").name == made.did

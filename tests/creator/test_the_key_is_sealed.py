"""A creator's key opens with its passphrase, wherever that comes from; without one it is a file, and that is said."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.creator import keyring, passphrase
from stall.errors import Broken, Refused, StallError
from stall.wire import keyfile
from stall.wire.keyfile import Cost

CHEAP = Cost(n=16_384, r=1, p=1)
WORDS, OTHERS = "four old words drawn", "four new words drawn"


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    keyring.new(tmp_path / "ada", "Ada", WORDS, cost=CHEAP)
    return tmp_path / "ada"


def code(folder: Path, *typed: str) -> str:
    with pytest.raises(StallError) as refused:
        keyring.load(folder, lambda: typed)
    return refused.value.code


def test_a_sealed_key_is_the_same_key_again(sealed: Path) -> None:
    opened = keyring.load(sealed, lambda: [WORDS])
    assert (opened.did, opened.sealed, opened.name) == (keyring.show(sealed).did, True, "Ada")
    assert opened.key.public == opened.public
    assert (sealed / "creator.key").stat().st_mode & 0o777 == 0o600


def test_no_file_of_the_folder_holds_the_seed(sealed: Path) -> None:
    seed = keyring.load(sealed, lambda: [WORDS]).key
    spelled = json.loads(keyfile.write(keyfile.unsealed(seed)))["d"].encode()
    assert all(spelled not in path.read_bytes() for path in sealed.iterdir())


def test_the_public_side_is_shown_without_a_passphrase(sealed: Path) -> None:
    shown = keyring.show(sealed)
    assert (shown.name, shown.sealed, shown.exposed) == ("Ada", True, False)
    assert shown.did == (sealed / "did").read_text().strip()
    assert len(shown.fingerprint.split()) == 8


def test_nobody_asked_means_the_passphrase_is_needed(sealed: Path) -> None:
    with pytest.raises(Refused) as refused:
        keyring.load(sealed)
    assert refused.value.code == "passphrase-needed"


def test_a_slip_is_forgiven_and_the_last_try_is_not(sealed: Path) -> None:
    assert keyring.load(sealed, lambda: ["a slip of mine", WORDS]).sealed
    assert code(sealed, "a slip of mine", "and another one") == "key-passphrase-wrong"


def test_the_passphrase_changes_and_the_key_does_not(sealed: Path) -> None:
    before = keyring.load(sealed, lambda: [WORDS])
    after = keyring.seal(before, OTHERS, cost=CHEAP)
    assert after.did == before.did
    assert code(sealed, WORDS) == "key-passphrase-wrong"
    assert keyring.load(sealed, lambda: [OTHERS]).key.seed == before.key.seed
    assert (sealed / "creator.key").stat().st_mode & 0o777 == 0o600


def test_a_key_without_a_passphrase_can_be_given_one_and_lose_it(tmp_path: Path) -> None:
    made = keyring.new(tmp_path / "ada", "Ada")
    assert not made.sealed
    assert keyring.seal(made, WORDS, cost=CHEAP).sealed
    keyring.seal(keyring.load(tmp_path / "ada", lambda: [WORDS]), None)
    assert keyring.load(tmp_path / "ada").did == made.did


def test_a_short_passphrase_makes_and_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        keyring.new(tmp_path / "ada", "Ada", "short")
    assert refused.value.code == "key-passphrase-short"
    assert not (tmp_path / "ada").exists()
    made = keyring.new(tmp_path / "ada", "Ada")
    before = (tmp_path / "ada" / "creator.key").read_bytes()
    with pytest.raises(Refused):
        keyring.seal(made, "short")
    assert (tmp_path / "ada" / "creator.key").read_bytes() == before


def test_a_key_that_would_not_open_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = keyring.new(tmp_path / "ada", "Ada")
    before = (tmp_path / "ada" / "creator.key").read_bytes()
    seal = keyfile.seal
    monkeypatch.setattr(keyfile, "seal", lambda key, _, **given: seal(key, OTHERS, **given))  # as if memory had failed
    with pytest.raises(Refused):
        keyring.seal(made, WORDS, cost=CHEAP)
    assert (tmp_path / "ada" / "creator.key").read_bytes() == before


def test_a_sealed_file_with_another_public_half_does_not_open(sealed: Path, tmp_path: Path) -> None:
    other = keyring.new(tmp_path / "eve", "Eve", WORDS, cost=CHEAP)
    said = json.loads((sealed / "creator.key").read_bytes())
    said["x"] = json.loads((other.folder / "creator.key").read_bytes())["x"]
    (sealed / "creator.key").write_text(json.dumps(said))
    assert code(sealed, WORDS) == "key-passphrase-wrong"


@pytest.mark.parametrize("x", ["A" * 43, "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_public_half_that_is_no_key_is_damage(sealed: Path, x: str) -> None:
    said = json.loads((sealed / "creator.key").read_bytes())
    (sealed / "creator.key").write_text(json.dumps({**said, "x": x}))
    with pytest.raises(Broken) as refused:
        keyring.show(sealed)
    assert refused.value.code == "key-malformed"


def test_the_key_of_a_box_is_no_creators(tmp_path: Path) -> None:
    made = keyring.new(tmp_path / "ada", "Ada")
    bound = keyfile.bind(made.key, bytes([5]) * 32, "1000", nonce=bytes(12))
    (tmp_path / "ada" / "creator.key").write_bytes(keyfile.write(bound))
    assert code(tmp_path / "ada", WORDS) == "key-malformed"


# Where a passphrase comes from.


def given(tmp_path: Path, content: bytes, mode: int = 0o600) -> Path:
    file = tmp_path / "words"
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize("content", [WORDS, WORDS + "\n", WORDS + "\r\n", "\ufeff" + WORDS + "\n"])
def test_a_file_gives_its_one_line(tmp_path: Path, content: str) -> None:
    file = given(tmp_path, content.encode())
    assert list(passphrase.tries(file)) == [WORDS]
    assert passphrase.chosen(file) == WORDS


@pytest.mark.parametrize(
    ("content", "mode", "code"),
    [
        (b"one\ntwo\n", 0o600, "passphrase-file"),
        (b"x" * 5000, 0o600, "passphrase-file"),
        (b"\xff\xfe\x00", 0o600, "passphrase-file"),
        (WORDS.encode(), 0o644, "key-open-to-others"),
    ],
)
def test_a_file_that_is_none_is_refused_without_repeating_it(
    tmp_path: Path, content: bytes, mode: int, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        passphrase.chosen(given(tmp_path, content, mode))
    assert refused.value.code == code
    assert WORDS not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="gone") as refused:
        list(passphrase.tries(tmp_path / "gone"))
    assert refused.value.code == "passphrase-file"


def test_the_variable_stands_in_for_a_person_and_a_file_for_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STALL_PASSPHRASE", OTHERS)
    assert list(passphrase.tries(None)) == [OTHERS]
    assert passphrase.chosen(None) == OTHERS
    assert passphrase.chosen(None, changing=True) is None
    assert list(passphrase.tries(given(tmp_path, WORDS.encode()))) == [WORDS]


def test_where_nobody_can_be_asked_an_unopened_key_is_refused() -> None:
    assert passphrase.chosen(None) is None
    with pytest.raises(Refused, match="--passphrase-file") as refused:
        list(passphrase.tries(None))
    assert refused.value.code == "passphrase-needed"


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Somebody at a terminal who types these, one after the other."""
    typed: list[str] = []
    monkeypatch.setattr(passphrase, "_at_terminal", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda _: typed.pop(0))
    return typed


def test_a_person_chooses_by_typing_twice(typing: list[str]) -> None:
    typing += [WORDS, WORDS]
    assert passphrase.chosen(None) == WORDS
    typing += [WORDS, OTHERS]
    with pytest.raises(Refused) as refused:
        passphrase.chosen(None)
    assert refused.value.code == "passphrase-unlike"


def test_a_person_is_told_at_once_that_it_is_too_short(typing: list[str]) -> None:
    typing += ["short", "never asked for"]
    with pytest.raises(Refused) as refused:
        passphrase.chosen(None)
    assert refused.value.code == "key-passphrase-short"
    assert typing == ["never asked for"]


def test_a_person_has_three_tries(typing: list[str]) -> None:
    typing += ["a", "b", "c", "d"]
    tries: Iterator[str] = passphrase.tries(None)
    assert list(tries) == ["a", "b", "c"]

"""A box's key is bound to a board that has a secret, and opens there only; elsewhere it is a file, and that is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stall.box import board_secret
from stall.errors import StallError
from stall.store import board, secrets
from stall.store.board import Board
from stall.wire import keyfile
from stall.wire.keys import SigningKey
from tests.house.sources import ROOT

SERIAL, OTHER_SERIAL = "10000000abcdef01", "10000000abcdef02"
SECRET = bytes(range(1, 33))
HERE = Board(SERIAL, lambda: SECRET)
ELSEWHERE = Board(OTHER_SERIAL, lambda: bytes([9]) * 32)
BARE = Board(SERIAL, lambda: None)
NO_PI = Board("", lambda: SECRET)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(StallError) as error:
        call()
    return error.value.code


def test_a_new_box_on_a_board_with_a_secret_is_bound_to_it(tmp_path: Path) -> None:
    made = secrets.load_or_make(tmp_path, HERE)
    assert (made.bound, made.hw) == (True, keyfile.board_hash(SERIAL))
    assert secrets.load(tmp_path, HERE).signing.seed == made.signing.seed
    assert (tmp_path / "box.key").stat().st_mode & 0o777 == 0o600
    assert "d" in json.loads((tmp_path / "box.key").read_bytes())
    opened = keyfile.write(keyfile.unsealed(made.signing))
    assert json.loads(opened)["d"].encode() not in (tmp_path / "box.key").read_bytes()


@pytest.mark.parametrize("here", [BARE, NO_PI])
def test_a_new_box_elsewhere_has_a_file_of_its_owner_alone(tmp_path: Path, here: Board) -> None:
    made = secrets.load_or_make(tmp_path, here)
    assert not made.bound
    assert (tmp_path / "box.key").stat().st_mode & 0o777 == 0o600
    assert secrets.load(tmp_path, ELSEWHERE).signing.seed == made.signing.seed


def test_a_copied_card_opens_on_no_other_board_and_says_how_to_go_on(tmp_path: Path) -> None:
    secrets.load_or_make(tmp_path, HERE)
    for other in (ELSEWHERE, NO_PI, Board(OTHER_SERIAL, lambda: SECRET)):
        with pytest.raises(StallError, match="stall keys new box") as error:
            secrets.load(tmp_path, other)
        assert error.value.code == "key-bound-elsewhere"


def test_a_board_that_hides_its_secret_is_told_from_another_board(tmp_path: Path) -> None:
    secrets.load_or_make(tmp_path, HERE)
    assert refused(lambda: secrets.load(tmp_path, BARE)) == "board-secret-unreadable"


def test_a_secret_that_changed_under_the_same_serial_opens_nothing(tmp_path: Path) -> None:
    secrets.load_or_make(tmp_path, HERE)
    assert refused(lambda: secrets.load(tmp_path, Board(SERIAL, lambda: bytes([7]) * 32))) == "key-malformed"


def test_an_older_box_is_bound_on_demand_and_stays_the_same_box(tmp_path: Path) -> None:
    before = secrets.load_or_make(tmp_path, BARE)
    assert secrets.bind(tmp_path, HERE)
    after = secrets.load(tmp_path, HERE)
    assert (after.signing.did, after.bound, after.claim_key) == (before.signing.did, True, before.claim_key)
    assert not secrets.bind(tmp_path, HERE)
    assert refused(lambda: secrets.load(tmp_path, ELSEWHERE)) == "key-bound-elsewhere"


@pytest.mark.parametrize("here", [BARE, NO_PI])
def test_where_there_is_nothing_to_bind_to_the_key_stays_as_it_is(tmp_path: Path, here: Board) -> None:
    secrets.load_or_make(tmp_path, here)
    before = (tmp_path / "box.key").read_bytes()
    assert refused(lambda: secrets.bind(tmp_path, here)) == "board-no-secret"
    assert (tmp_path / "box.key").read_bytes() == before


def test_a_plain_key_asks_the_board_for_no_secret(tmp_path: Path) -> None:
    def must_not() -> bytes:
        raise AssertionError

    secrets.load_or_make(tmp_path, BARE)
    assert secrets.load(tmp_path, Board(SERIAL, must_not)).hw == keyfile.board_hash(SERIAL)


def test_a_creators_sealed_key_is_no_boxs(tmp_path: Path) -> None:
    secrets.load_or_make(tmp_path, BARE)
    cheap = keyfile.Cost(n=16_384, r=1, p=1)
    key = SigningKey.generate()
    sealed = keyfile.seal(key, "four old words", salt=bytes(16), nonce=bytes(12), cost=cheap)
    (tmp_path / "box.key").write_bytes(keyfile.write(sealed))
    assert refused(lambda: secrets.load(tmp_path, HERE)) == "key-malformed"


# The board itself, by the two programs that read it.

WORDS = "0x00000040 0x80000000 0x00030081 0x00000028 0x80000028 0x00000000 0x00000008 {words} 0x00000000"
SPELLED = " ".join(f"0x{SECRET[at : at + 4].hex()}" for at in range(0, 32, 4))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts programs of a Pi into the only folder of the search path; each notes how it was called."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()

    def put(name: str, body: str) -> None:
        path = tmp_path / "bin" / name
        path.write_text(f'#!/bin/sh\necho "$0 $*" >> "{tmp_path}/called"\n{body}\n')
        path.chmod(0o755)

    return put


def test_the_secret_is_read_by_the_boards_own_program(programs: Callable[[str, str], None], tmp_path: Path) -> None:
    programs("rpi-otp-private-key", f"echo {SECRET.hex()}")
    assert board.read_secret() == SECRET
    assert (tmp_path / "called").read_text().split() == [str(tmp_path / "bin" / "rpi-otp-private-key")]


def test_without_that_program_the_firmware_is_asked(programs: Callable[[str, str], None], tmp_path: Path) -> None:
    programs("vcmailbox", f"echo {WORDS.format(words=SPELLED)}")
    assert board.read_secret() == SECRET
    assert (tmp_path / "called").read_text().strip().endswith("/vcmailbox 0x00030081 40 40 0 8 0 0 0 0 0 0 0 0")


@pytest.mark.parametrize(
    "body",
    [
        f"echo {'0' * 64}",
        "echo",
        "echo Failed to read the current key from OTP >&2; exit 1",
        f"echo {SECRET.hex()}; exit 1",
        f"echo {SECRET.hex()[:-1]}",
        r"printf '\377\376'",
    ],
)
def test_a_board_without_a_secret_has_none(programs: Callable[[str, str], None], body: str) -> None:
    programs("rpi-otp-private-key", body)
    assert board.read_secret() is None


@pytest.mark.parametrize(
    "said",
    [
        WORDS.format(words=" ".join(["0x00000000"] * 8)),
        WORDS.format(words=SPELLED).replace("0x80000000", "0x80000001", 1),
        WORDS.format(words=SPELLED)[:120],
        "vcmailbox: cannot open /dev/vcio",
    ],
)
def test_an_answer_of_the_firmware_that_is_none_is_no_secret(programs: Callable[[str, str], None], said: str) -> None:
    programs("vcmailbox", f"echo '{said}'")
    assert board.read_secret() is None


def test_a_machine_that_is_no_pi_has_neither_secret_nor_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(board, "SERIAL_FILES", (tmp_path / "absent",))
    here = board.this()
    assert (here.serial, here.hw, here.secret()) == ("", None, None)


def test_nothing_in_the_product_can_write_into_a_board() -> None:
    """The firmware's tag to set the secret, and the flag of the program that burns it."""
    for path in (ROOT / "stall").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "38081" not in text
        assert '"-w"' not in text


def test_a_service_is_handed_the_secret_and_needs_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    board_secret.keep(tmp_path / board.HANDED, SECRET)
    assert (tmp_path / board.HANDED).stat().st_mode & 0o777 == 0o600
    assert board.read_secret() == SECRET
    for nothing in (b"", b"none", b"\xff" * 64):
        (tmp_path / board.HANDED).write_bytes(nothing)
        assert board.read_secret() is None
    board_secret.keep(tmp_path / board.HANDED, None)
    assert board.read_secret() is None

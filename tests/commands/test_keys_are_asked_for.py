"""The commands about keys: what is asked of a person, what a script gives instead, and what is never shown or overwritten."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from stall import cli
from stall.creator import keyring
from stall.store import board
from stall.store.board import Board
from stall.wire import delegation, fingerprint, jws, keyfile, recovery
from stall.wire.keyfile import Cost
from stall.wire.keys import SigningKey
from tests.commands.conftest import Run

CHEAP = Cost(n=16_384, r=1, p=1)
WORDS, OTHERS = "four old words drawn", "four new words drawn"
BOX = SigningKey.from_seed(bytes([9]) * 32)
SECRET, SERIAL = bytes([5]) * 32, "10000000abcdef01"


@pytest.fixture
def ada(tmp_path: Path) -> Path:
    keyring.new(tmp_path / "ada", "Ada", WORDS, cost=CHEAP)
    return tmp_path / "ada"


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands seal at the usual cost; here they need not."""
    for name in ("new", "seal", "recover"):
        usual = getattr(keyring, name)
        monkeypatch.setattr(keyring, name, lambda *given, usual=usual: usual(*given, cost=CHEAP))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Board:
    """This machine is a board with a secret."""
    found = Board(SERIAL, lambda: SECRET)
    monkeypatch.setattr(board, "this", lambda: found)
    return found


def words(tmp_path: Path, said: str = WORDS) -> Path:
    file = tmp_path / f"{said[5:8]}.words"
    file.write_text(said + "\n")
    file.chmod(0o600)
    return file


def lines_of(folder: Path, said: str | None = WORDS) -> str:
    return "\n".join(recovery.encode(keyring.load(folder, lambda: [said] if said else []).key.seed))


def test_a_script_seals_with_a_file_and_prints_the_sheet_at_once(stall: Run, tmp_path: Path) -> None:
    sheet, new = (
        tmp_path / "sheet.txt",
        ("keys", "new", "creator", "--out", tmp_path / "ada", "--name", "Ada", "--json"),
    )
    ran = stall(*new, "--passphrase-file", words(tmp_path), "--sheet", sheet)
    assert (ran.code, ran.json["protection"], ran.json["name"]) == (0, "passphrase", "Ada")
    said = json.loads((tmp_path / "ada" / "creator.key").read_bytes())
    assert (said["kdf"]["n"], said["kdf"]["r"]) == (131_072, 8)  # the usual cost, once
    seed = recovery.decode(recovery.lines_of(sheet.read_text()))
    assert SigningKey.from_seed(seed).did == ran.json["did"]
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert "delete the file" in ran.err


def test_a_key_without_a_passphrase_is_made_with_a_warning_or_by_wish(stall: Run, tmp_path: Path) -> None:
    new = ("keys", "new", "creator", "--name", "Ada", "--out")
    warned = stall(*new, tmp_path / "a b")
    assert warned.code == 0
    assert f"stall keys passphrase '{tmp_path / 'a b'}'" in warned.err
    wished = stall(*new, tmp_path / "eve", "--no-passphrase")
    assert (wished.code, wished.err) == (0, "")
    for name in ("a b", "eve"):
        assert stall("keys", "show", tmp_path / name, "--json").json["protection"] == "file"
    assert stall(*new, tmp_path / "both", "--no-passphrase", "--passphrase-file", words(tmp_path)).code == 2


def test_a_key_that_is_there_is_refused_before_anything_is_asked(
    stall: Run, ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STALL_PASSPHRASE", "short")
    assert "[creator-exists]" in stall("keys", "new", "creator", "--out", ada, "--name", "Ada").err


def test_a_sealed_key_is_shown_without_its_passphrase(stall: Run, ada: Path) -> None:
    shown = stall("keys", "show", ada, "--json").json
    own = keyring.load(ada, lambda: [WORDS]).key
    assert shown == {
        "ok": True,
        "kind": "creator",
        "name": "Ada",
        "fingerprint": fingerprint.of(own.public),
        "did": own.did,
        "thumbprint": own.thumbprint,
        "protection": "passphrase",
    }
    assert "protection   sealed with a passphrase" in stall("keys", "show", ada).out


@pytest.fixture
def signing(ada: Path, tmp_path: Path) -> dict[str, tuple[object, ...]]:
    """Each command that signs, with all it needs but the passphrase."""
    files, pack = tmp_path / "files", tmp_path / "night.stallpack"
    files.mkdir()
    (files / "a.txt").write_text("a")
    own = ("--creator", ada)
    build = ("pack", "build", files, *own, "--title", "Night", "--price", "1", "--edition", 9)
    given = ("--passphrase-file", words(tmp_path))
    with pytest.raises(SystemExit):
        cli.main([str(argument) for argument in (*build, "--out", pack, *given)])
    return {
        "delegate": ("delegate", *own, "--box", BOX.did, "--out", tmp_path / "d"),
        "lease": ("lease", "issue", *own, "--pack", pack, "--box", BOX.did, "--epoch", "A" * 22, "--count", 1, "--out", tmp_path / "l"),
        "pack": (*build, "--out", tmp_path / "2", "--after", pack),
    }  # fmt: skip


@pytest.mark.parametrize("command", ["delegate", "lease", "pack"])
def test_every_command_that_signs_needs_the_passphrase_first(
    stall: Run, signing: dict[str, tuple[object, ...]], command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Path(str(signing[command][signing[command].index("--out") + 1]))
    refused = stall(*signing[command])
    assert (refused.code, out.exists()) == (1, False)
    assert "[passphrase-needed]" in refused.err
    wrong = stall(*signing[command], "--passphrase-file", words(tmp_path, OTHERS))
    assert "[key-passphrase-wrong]" in wrong.err
    assert OTHERS not in wrong.err
    monkeypatch.setenv("STALL_PASSPHRASE", WORDS)
    assert stall(*signing[command]).code == 0
    assert out.exists()


def test_a_taken_name_is_refused_before_the_passphrase_is_asked(stall: Run, ada: Path, tmp_path: Path) -> None:
    (tmp_path / "d").write_text("signed before")
    ran = stall("delegate", "--creator", ada, "--box", BOX.did, "--out", tmp_path / "d")
    assert "[out-exists]" in ran.err


def test_the_passphrase_is_changed_from_one_file_to_another(stall: Run, ada: Path, tmp_path: Path, cheap: None) -> None:
    old, new = words(tmp_path), words(tmp_path, OTHERS)
    change = ("keys", "passphrase", ada, "--passphrase-file")
    ran = stall(*change, old, "--new-passphrase-file", new)
    assert (ran.code, ran.err) == (0, "")
    assert keyring.load(ada, lambda: [OTHERS]).name == "Ada"
    assert "[passphrase-new-needed]" in stall(*change, new).err
    assert "has no passphrase any more" in stall(*change, new, "--no-passphrase").out
    assert not keyring.show(ada).sealed


def test_the_variable_never_becomes_the_new_passphrase(stall: Run, ada: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STALL_PASSPHRASE", WORDS)
    assert "[passphrase-new-needed]" in stall("keys", "passphrase", ada).err


def test_the_sheet_is_printed_with_the_passphrase_and_checked_without(
    stall: Run, ada: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "[passphrase-needed]" in stall("keys", "sheet", ada).err
    printed = stall("keys", "sheet", ada, "--passphrase-file", words(tmp_path))
    assert printed.out.startswith("RECOVERY SHEET of Ada\n")
    (tmp_path / "typed").write_text(printed.out)
    assert "The sheet is right" in stall("keys", "sheet", ada, "--check", "--lines", tmp_path / "typed").out
    eve = keyring.new(tmp_path / "eve", "Eve").folder
    assert "[recovery-other-key]" in stall("keys", "sheet", eve, "--check", "--lines", tmp_path / "typed").err


def test_a_key_comes_back_from_its_sheet_and_the_missing_ledger_is_said(
    stall: Run, ada: Path, tmp_path: Path, cheap: None
) -> None:
    (tmp_path / "typed").write_text(lines_of(ada).lower().replace("0", "o"))
    back = ("keys", "recover", "--lines", tmp_path / "typed", "--passphrase-file", words(tmp_path, OTHERS), "--json")
    ran = stall(*back, "--out", tmp_path / "new", "--name", "Ada")
    assert (ran.code, ran.json["did"]) == (0, keyring.show(ada).did)
    assert "put ledger.jsonl back from your backup" in ran.err
    assert stall(*back, "--out", ada).err == ""  # only the passphrase was lost: no ledger means that nothing was leased
    assert keyring.load(ada, lambda: [OTHERS]).did == ran.json["did"]
    (ada / "creator.key").unlink()
    assert "put ledger.jsonl back from your backup" in stall(*back, "--out", ada).err
    (ada / "creator.key").unlink()
    (ada / "ledger.jsonl").touch()
    assert stall(*back, "--out", ada).err == ""


def test_a_slip_in_a_line_is_named_and_nothing_is_made(stall: Run, ada: Path, tmp_path: Path) -> None:
    lines = lines_of(ada).splitlines()
    lines[2] = ("Y" if lines[2][0] == "Z" else "Z") + lines[2][1:]
    (tmp_path / "typed").write_text("\n".join(lines))
    ran = stall("keys", "recover", "--lines", tmp_path / "typed", "--out", tmp_path / "new", "--name", "Ada")
    assert ran.code == 1
    assert ran.err.startswith("error: Line 3 is not as printed. Perhaps its sign 1 is ")
    assert not (tmp_path / "new").exists()


def test_lines_are_asked_for_one_by_one_until_each_is_right(
    stall: Run, ada: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = [lines_of(ada).splitlines()[0][:-1], *lines_of(ada).splitlines()]
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: typed.pop(0))
    ran = stall("keys", "sheet", ada, "--check")
    assert (ran.code, typed) == (0, [])
    assert "Line 1 has 15 signs instead of 16." in ran.err


def test_a_missing_name_is_said_before_anybody_types_four_lines(stall: Run, tmp_path: Path) -> None:
    ran = stall("keys", "recover", "--out", tmp_path / "new")
    assert ran.err.endswith("[creator-name]\n")
    assert "Line 1" not in ran.err


# A box's key and its board.


def test_a_box_says_how_its_key_is_kept(stall: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "this", lambda: Board("", lambda: None))
    made = stall("keys", "new", "box", "--data", tmp_path / "box")
    assert "a copy of the card signs on any board" in made.out
    shown = stall("keys", "show", tmp_path / "box", "--json").json
    assert (shown["protection"], "hw" in shown, len(shown["fingerprint"].split())) == ("file", False, 8)
    assert "[board-no-secret]" in stall("keys", "bind", "--data", tmp_path / "box").err


def test_a_new_box_on_a_board_with_a_secret_is_bound(stall: Run, tmp_path: Path, here: Board) -> None:
    made = stall("keys", "new", "box", "--data", tmp_path / "box", "--json").json
    shown = stall("keys", "show", tmp_path / "box", "--json").json
    assert (made["protection"], shown["protection"], shown["hw"]) == ("board", "board", here.hw)


def test_an_older_box_is_bound_by_command_and_the_copy_of_its_card_is_dead(
    stall: Run, tmp_path: Path, here: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "box"
    with monkeypatch.context() as before:
        before.setattr(board, "this", lambda: Board(SERIAL, lambda: None))
        did = stall("keys", "new", "box", "--data", data, "--json").json["did"]
    assert stall("keys", "bind", "--data", data, "--json").json == {"ok": True, "protection": "board", "new": True}
    assert stall("keys", "bind", "--data", data, "--json").json == {"ok": True, "protection": "board", "new": False}
    assert stall("keys", "show", data, "--json").json["did"] == did
    monkeypatch.setattr(board, "this", lambda: Board("another", lambda: SECRET))
    assert "[key-bound-elsewhere]" in stall("keys", "show", data).err


def test_a_delegation_names_the_board_of_the_boxs_file_unless_told_not_to(
    stall: Run, tmp_path: Path, here: Board
) -> None:
    creator = keyring.new(tmp_path / "ada", "Ada")
    trusted = {creator.thumbprint: creator.public}
    data, shown = tmp_path / "box", tmp_path / "box.json"
    stall("keys", "new", "box", "--data", data)
    shown.write_text(stall("keys", "show", data, "--json").out)
    delegate = ("delegate", "--creator", creator.folder, "--box", shown, "--out")
    assert stall(*delegate, tmp_path / "d").code == 0
    assert stall(*delegate, tmp_path / "any", "--any-board").code == 0
    assert delegation.verify((tmp_path / "d").read_text().strip(), trusted).hw == keyfile.board_hash(SERIAL)
    assert delegation.verify((tmp_path / "any").read_text().strip(), trusted).hw is None
    assert stall("accept", "--data", data, tmp_path / "d").code == 0


# At a terminal of its own.


def at_a_terminal(answers: dict[str, str], *arguments: object) -> tuple[int, str]:
    """Run one command at a pseudo-terminal and answer each of its questions once; give its exit code and what stood there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "stall", *map(str, arguments)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as running:
        os.close(theirs)
        drawn, waiting = "", list(answers.items())
        with contextlib.suppress(OSError):  # EIO: its end of the terminal is closed
            while more := os.read(ours, 4096):
                drawn += more.decode()
                if waiting and waiting[0][0] in drawn:  # typed before it is asked for, it would be thrown away
                    os.write(ours, waiting.pop(0)[1].encode() + b"\n")
    os.close(ours)
    return running.returncode, drawn


def test_a_person_types_unseen_and_may_slip_once(ada: Path, tmp_path: Path) -> None:
    answers = {"Passphrase of the creator's key: ": "not what it was", "That does not open it. Once more: ": WORDS}
    code, drawn = at_a_terminal(answers, "delegate", "--creator", ada, "--box", BOX.did, "--out", tmp_path / "d")
    assert code == 0
    assert all(question in drawn and typed not in drawn for question, typed in answers.items())
    assert jws.unverified_typ((tmp_path / "d").read_text().strip()) == delegation.TYP


def test_a_person_who_changes_the_passphrase_is_told_the_old_from_the_new(ada: Path) -> None:
    answers = {
        "Passphrase of the key now: ": WORDS,
        "New passphrase, at least 10 characters: ": OTHERS,
        "The same again: ": OTHERS,
    }
    code, drawn = at_a_terminal(answers, "keys", "passphrase", ada)
    assert (code, "opens with the new passphrase" in drawn) == (0, True)
    assert all(drawn.count(question) == 1 for question in answers)
    assert keyring.load(ada, lambda: [OTHERS]).name == "Ada"


def test_a_person_is_asked_twice_for_a_new_keys_passphrase(tmp_path: Path) -> None:
    answers = {"at least 10 characters: ": WORDS, "The same again: ": OTHERS}
    code, drawn = at_a_terminal(answers, "keys", "new", "creator", "--out", tmp_path / "ada", "--name", "Ada")
    assert code == 1
    assert "[passphrase-unlike]" in drawn
    assert not any(typed in drawn for typed in answers.values())
    assert not (tmp_path / "ada").exists()

"""`stall owner`, as a buyer and a gallery use it: a code that only its owner can read, and answers that nobody else can give."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stall.clock import SystemClock
from stall.wire import ownercode, presentation
from tests.commands.conftest import Run
from tests.wire import documents as doc

CODE = bytes(range(16))
ASKED = ("--challenge", "bNwYcs2Lq0mXh7tR4vKd1A", "--domain", "gallery.example")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code.txt").write_text(ownercode.encode(CODE) + "\n", encoding="ascii")
    return tmp_path / "code.txt"


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    document = doc.certificate_of(owner=ownercode.key_of(CODE).did)
    (tmp_path / "certificate.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path / "certificate.json"


@pytest.fixture
def answer(stall: Run, code: Path, paper: Path, tmp_path: Path) -> Path:
    out = tmp_path / "answer.json"
    assert stall("owner", "prove", paper, *ASKED, "--code-file", code, "--out", out).code == 0
    return out


def test_a_new_code_is_in_a_file_for_its_owner_alone_and_its_did_is_told(stall: Run, tmp_path: Path) -> None:
    out = tmp_path / "code.txt"
    made = stall("owner", "new", "--out", out, "--json")
    assert out.stat().st_mode & 0o777 == 0o600
    key = ownercode.key_of(ownercode.decode(out.read_text(encoding="ascii").strip()))
    assert made.json == {"ok": True, "did": key.did}
    assert stall("owner", "did", "--code-file", out).out == key.did + "\n"


def test_a_code_is_never_printed_nor_overwritten(stall: Run, code: Path, tmp_path: Path) -> None:
    before = code.read_bytes()
    refused = stall("owner", "new", "--out", code)
    assert (refused.code, code.read_bytes()) == (1, before)
    assert "[out-exists]" in refused.err
    said = stall("owner", "new", "--out", tmp_path / "other.txt")
    assert (tmp_path / "other.txt").read_text(encoding="ascii").strip() not in said.out + said.err


def test_an_answer_convinces_whoever_asked(stall: Run, answer: Path) -> None:
    told = stall("owner", "check", answer, *ASKED)
    assert told.code == 0
    assert "“Night prints – Zoë — edition 7 of 50”" in told.out
    assert "VALID-PROVISIONAL" in told.out
    facts = stall("owner", "check", answer, *ASKED, "--json").json
    assert (facts["ok"], facts["holder"], facts["edition"]) == (True, ownercode.key_of(CODE).did, 7)
    assert (facts["grade"], facts["reasons"]) == ("VALID-PROVISIONAL", ["provisional-unconfirmed"])


def test_a_wish_to_pass_on_is_told(stall: Run, code: Path, paper: Path, tmp_path: Path) -> None:
    out = tmp_path / "wish.json"
    said = stall("owner", "prove", paper, *ASKED, "--code-file", code, "--to", doc.STRANGER.did, "--out", out)
    assert "nothing has changed hands yet" in said.out
    assert doc.STRANGER.did in stall("owner", "check", out, *ASKED).out


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (("--challenge", "x" * 22, "--domain", "gallery.example"), "presentation-challenge"),
        (("--challenge", "bNwYcs2Lq0mXh7tR4vKd1A", "--domain", "elsewhere.example"), "presentation-domain"),
    ],
)
def test_an_answer_is_good_for_one_question_only(stall: Run, answer: Path, asked: Any, rule: str) -> None:
    refused = stall("owner", "check", answer, *asked)
    assert refused.code == 1
    assert f"[{rule}]" in refused.err


def test_an_old_answer_is_refused_unless_asked_for(stall: Run, paper: Path, tmp_path: Path) -> None:
    old_s = SystemClock().wall_ms() // 1000 - 900
    document = json.loads(paper.read_text(encoding="utf-8"))
    made = presentation.prove(ownercode.key_of(CODE), document, ASKED[1], ASKED[3], old_s)
    (tmp_path / "old.json").write_text(json.dumps(made), encoding="utf-8")
    assert "[presentation-stale]" in stall("owner", "check", tmp_path / "old.json", *ASKED).err
    assert stall("owner", "check", tmp_path / "old.json", *ASKED, "--max-age", 1000).code == 0


def test_another_code_proves_nothing(stall: Run, paper: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text(ownercode.encode(bytes(16)), encoding="ascii")
    out = tmp_path / "answer.json"
    refused = stall("owner", "prove", paper, *ASKED, "--code-file", tmp_path / "other.txt", "--out", out)
    assert "[presentation-holder]" in refused.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[]", "owner-not-a-paper"),
        ("", "json-malformed"),
        ("{}", "presentation-not-ours"),
        ("x" * 70_000, "json-malformed"),
    ],
    ids=["a list", "nothing", "an empty object", "a large file"],
)
def test_what_is_no_answer_is_refused(stall: Run, tmp_path: Path, content: str, code: str) -> None:
    (tmp_path / "given").write_text(content, encoding="ascii")
    assert f"[{code}]" in stall("owner", "check", tmp_path / "given", *ASKED).err


def test_a_mistyped_code_is_told(stall: Run, tmp_path: Path) -> None:
    (tmp_path / "code.txt").write_text("0000 1111\n", encoding="ascii")
    assert "[owner-code-malformed]" in stall("owner", "did", "--code-file", tmp_path / "code.txt").err
    right = ownercode.encode(CODE)
    (tmp_path / "code.txt").write_text(right[:9] + "Z" + right[10:], encoding="ascii")
    ran = stall("owner", "did", "--code-file", tmp_path / "code.txt")
    assert (ran.code, ran.out) == (1, "")  # never the did of another owner
    assert f"its sign 10 is {right[9]} and not Z" in ran.err


def test_a_missing_file_is_told(stall: Run, tmp_path: Path) -> None:
    refused = stall("owner", "did", "--code-file", tmp_path / "none.txt")
    assert refused.code == 1
    assert "none.txt" in refused.err


def test_a_person_types_the_code_unseen() -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "stall", "owner", "did"]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True) as process:
        os.close(slave)
        said = b""
        while b"Owner code" not in said:
            said += os.read(master, 1000)
        os.write(master, ownercode.encode(CODE).encode() + b"\n")
        while ownercode.key_of(CODE).did.encode() not in said:
            said += os.read(master, 1000)
        assert process.wait(20) == 0
    os.close(master)
    assert ownercode.encode(CODE).encode() not in said

"""What every command does alike: exit codes, `ok`, and one object on standard output for whoever asked for JSON."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from stall.wire import ownercode
from tests.commands.conftest import Run
from tests.fakes import stock
from tests.wire import documents as doc

ASKED = ("--challenge", "bNwYcs2Lq0mXh7tR4vKd1A", "--domain", "gallery.example")
CODE = bytes(range(16))


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "code.txt").write_text(ownercode.encode(CODE) + "\n", encoding="ascii")
    return tmp_path / "code.txt"


@pytest.fixture
def owned(tmp_path: Path) -> Path:
    document = doc.certificate_of(owner=ownercode.key_of(CODE).did)
    (tmp_path / "owned.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path / "owned.json"


# exit codes


@pytest.mark.parametrize(
    "command",
    [
        ("pack", "verify", "HERE"),
        ("accept", "HERE", "--data", "x"),
        ("delegate", "--creator", "x", "--box", "HERE", "--out", "y"),
        ("lease", "issue", "--creator", "x", "--pack", "p", "--box", "HERE", "--count", "1", "--out", "y"),
        ("owner", "did", "--code-file", "HERE"),
        ("keys", "recover", "--out", "x", "--lines", "HERE"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_folder_where_a_file_belongs_is_wrong_usage(stall: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = stall(*(str(tmp_path) if word == "HERE" else word for word in command))
    assert (ran.code, "[usage]" in ran.err) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        ("accept", "GONE", "--data", "x"),
        ("owner", "did", "--code-file", "GONE"),
        ("owner", "check", "GONE", *ASKED),
        ("keys", "recover", "--out", "new", "--name", "Ada", "--lines", "GONE"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_missing_file_is_refused_by_one_code(stall: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = stall(*(str(tmp_path / word) if word in {"GONE", "new"} else word for word in command))
    assert (ran.code, "[file-unreadable]" in ran.err) == (1, True)


@pytest.mark.parametrize(
    "option",
    [("--creator-did", "nonsense"), ("--cosigner", "nonsense"), ("--as-of", "nonsense")],
    ids=lambda option: option[0],
)
def test_an_option_that_means_nothing_is_wrong_usage(stall: Run, owned: Path, option: tuple[str, str]) -> None:
    ran = stall("verify", owned, *option)
    assert (ran.code, option[0] in ran.err, ran.out) == (2, True, "")


@pytest.mark.parametrize("command", [("pack", "verify", "x"), ("cloud", "init", "--data", "x")], ids=" ".join)
def test_a_creator_that_is_none_is_wrong_usage_everywhere(stall: Run, command: tuple[str, ...]) -> None:
    assert stall(*command, "--creator-did", "did:key:z6Mk").code == 2


def test_wrong_usage_has_a_code_and_an_object_too(stall: Run) -> None:
    ran = stall("sell", "--json")
    told = ran.json
    assert (ran.code, told["ok"], told["error"]["code"]) == (2, False, "usage")
    assert ran.err.endswith(f"error: {told['error']['sentence']} [usage]\n")


def test_a_group_alone_shows_its_help(stall: Run) -> None:
    assert "Commands:" in stall("owner").err


# JSON


def test_every_command_that_worked_says_so_first(stall: Run, run: Run, tmp_path: Path) -> None:
    for ran in (
        run("drop", "status", "--json"),
        run("clock", "show", "--json"),
        run("journal", "verify", "--json"),
        run("sell", stock.PRINTS, "--cash", "--json"),
        stall("keys", "show", tmp_path / "box", "--json"),
        stall("keys", "new", "creator", "--out", tmp_path / "me", "--name", "Ada", "--no-passphrase", "--json"),
        stall("keys", "show", tmp_path / "me", "--json"),
        stall("owner", "new", "--out", tmp_path / "owner.code", "--json"),
        stall("owner", "did", "--code-file", tmp_path / "owner.code", "--json"),
    ):
        assert (ran.code, next(iter(ran.json.items()))) == (0, ("ok", True))


def test_a_sale_tells_the_address_as_people_read_it_and_as_a_picture_has_it(run: Run) -> None:
    told = run("sell", stock.PRINTS, "--cash", "--json").json
    assert told["url"].endswith(told["code"])
    assert told["url"].startswith("http://")
    assert told["qr"].startswith("HTTP://")
    assert told["qr"].casefold() == told["url"].casefold()


# owners


def test_a_certificate_without_owner_is_said_to_have_none(stall: Run, code: Path, tmp_path: Path) -> None:
    (tmp_path / "free.json").write_text(json.dumps(doc.certificate_of(owner=None)), encoding="utf-8")
    ran = stall("owner", "prove", tmp_path / "free.json", *ASKED, "--code-file", code, "--out", tmp_path / "a.json")
    assert (ran.code, "[owner-none]" in ran.err) == (1, True)


def test_the_certificate_is_found_in_the_zip_a_buyer_has(stall: Run, code: Path, owned: Path, tmp_path: Path) -> None:
    papers, answer = tmp_path / "papers.zip", tmp_path / "answer.json"
    with zipfile.ZipFile(papers, "w") as made:
        made.write(owned, "certificate-night-1.json")
        made.writestr("receipt.jws", "x.y.z")
    assert stall("owner", "prove", papers, *ASKED, "--code-file", code, "--out", answer).code == 0
    assert stall("owner", "check", answer, *ASKED).code == 0
    assert "is a ZIP" in stall("owner", "check", papers, *ASKED).err


def test_of_several_certificates_in_a_zip_one_must_be_named(
    stall: Run, code: Path, owned: Path, tmp_path: Path
) -> None:
    for names in ((), ("one.json", "two.json")):
        with zipfile.ZipFile(tmp_path / "papers.zip", "w") as made:
            made.writestr("receipt.jws", "x.y.z")
            for name in names:
                made.write(owned, name)
        ran = stall(
            "owner", "prove", tmp_path / "papers.zip", *ASKED, "--code-file", code, "--out", tmp_path / "a.json"
        )
        assert "[owner-which-certificate]" in ran.err
        assert all(f"“{name}”" in ran.err for name in names)


def test_a_domain_with_other_letters_is_told_in_the_spelling_it_needs(
    stall: Run, code: Path, owned: Path, tmp_path: Path
) -> None:
    asked = (*ASKED[:2], "--domain", "exämple.org")
    ran = stall("owner", "prove", owned, *asked, "--code-file", code, "--out", tmp_path / "a.json")
    assert (ran.code, "xn--exmple-cua.org" in ran.err) == (2, True)


# folders


def test_a_sale_where_no_stall_is_names_the_folder_and_the_option(
    stall: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = stall("sell", stock.PRINTS, "--cash").err
    assert f"There is no stall in {tmp_path}. " in said
    assert "--data" in said


def test_a_creators_key_is_never_put_into_a_box(stall: Run, data: Path) -> None:
    before = sorted(data.rglob("*"))
    for command in (("recover",), ("new", "creator", "--no-passphrase")):
        ran = stall("keys", *command, "--out", data, "--name", "Ada")
        assert (ran.code, "[creator-in-box]" in ran.err) == (1, True)
    assert sorted(data.rglob("*")) == before

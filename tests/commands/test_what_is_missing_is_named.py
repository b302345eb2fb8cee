"""Commands say what is missing as what it is, and their hints can be pasted."""

from __future__ import annotations

import errno
import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from stall import disk
from stall.cli import main
from stall.commands import files
from stall.creator import keyring
from stall.errors import Broken
from stall.store import locks
from stall.wire import jws
from stall.wire.keys import SigningKey
from tests.commands.conftest import Ran, Run
from tests.fakes import stock
from tests.fakes.clock import FakeClock

Stall = Callable[..., Ran]


@pytest.fixture
def stall(capsys: pytest.CaptureFixture[str]) -> Stall:
    """Run `stall …` as it is given."""

    def ran(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    return ran


@pytest.mark.parametrize(
    "command",
    [
        ("web",),
        ("sync",),
        ("reader",),
        ("journal", "export"),
        ("journal", "verify"),
        ("report", "reconcile"),
        ("accept", __file__),
        ("drop", "status"),
        ("sell", "night", "--cash"),
        ("keys", "pin"),
        ("migrate",),
    ],
    ids=" ".join,
)
def test_a_folder_without_a_stall_is_called_that(stall: Stall, tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = stall(*command, "--data", tmp_path / "no pe")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert f"There is no stall in {tmp_path / 'no pe'}" in ran.err
    assert "[box-missing]" in ran.err


def test_the_command_that_makes_a_box_can_be_pasted(stall: Stall, tmp_path: Path) -> None:
    said = stall("drop", "status", "--data", tmp_path / "my stall").err
    words = shlex.split(said.partition("with: ")[2].removesuffix(" [box-missing]\n"))
    assert words == ["stall", "keys", "new", "box", "--data", str(tmp_path / "my stall")]


@pytest.mark.parametrize("why", [errno.EACCES, errno.EROFS])
def test_a_box_nobody_may_write_is_a_matter_of_rights_and_no_damage(
    data: Path, monkeypatch: pytest.MonkeyPatch, why: int
) -> None:
    def forbidden(path: Path, flags: int) -> int:
        raise OSError(why, os.strerror(why), str(path))

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(Broken, match="You may not write") as refused:
        locks.share_run(data)
    assert refused.value.code == "folder-unwritable"


def test_a_folder_without_any_key_is_not_said_to_lack_the_creators(stall: Stall, tmp_path: Path) -> None:
    ran = stall("keys", "show", tmp_path)
    assert ran.code == 1
    assert "neither a creator's key nor a box" in ran.err


def test_a_closed_drop_is_told_to_the_maker_with_the_way_to_open_it(run: Run, data: Path) -> None:
    run("drop", "close", stock.PRINTS)
    said = run("sell", stock.PRINTS, "--cash").err
    assert f"stall drop open --data {data} {stock.PRINTS}" in said
    assert "Ask at the stall" not in said


def test_a_drop_is_not_opened_by_a_box_without_the_time_and_both_ways_to_mend_that_are_said(
    run: Run, data: Path, clock: FakeClock
) -> None:
    run("drop", "close", stock.PRINTS)
    clock.source = None
    clock.reboot(wall=clock.wall)
    said = run("drop", "open", stock.PRINTS).err
    assert "at the till" in said
    assert f"stall clock confirm --data {data}" in said


def test_a_number_no_lease_gave_this_box_is_not_called_taken(run: Run, data: Path) -> None:
    from stall import app

    box = app.open_box(data)
    with box.db.transaction() as tx:
        tx.conn.execute("DELETE FROM numbers WHERE id & 0xFFFFF > 3")
    box.close()
    assert "[edition-number-elsewhere]" in run("sell", stock.PRINTS, "--cash", "--number", "4").err
    assert run("sell", stock.PRINTS, "--cash", "--number", "3").code == 0
    assert "[edition-number-taken]" in run("sell", stock.PRINTS, "--cash", "--number", "3").err
    assert run("sell", stock.PRINTS, "--cash", "--qty", "2").code == 0
    assert "nothing to sell, 0 left here, edition of 5" in run("drop", "status", stock.PRINTS).out
    assert "no number" in run("sell", stock.PRINTS, "--cash").err


def test_json_that_is_no_certificate_is_not_called_one(stall: Stall, tmp_path: Path) -> None:
    (tmp_path / "box.json").write_text(json.dumps({"did": "did:key:z6Mk", "epoch": "A" * 22}))
    said = stall("verify", tmp_path / "box.json").out
    assert "box.json: file, INVALID [verify-unknown]" in said
    assert "JSON, but no certificate" in said


def test_a_folder_of_papers_is_refused_with_the_command_for_its_files(stall: Stall, tmp_path: Path) -> None:
    (tmp_path / "my papers").mkdir()
    said = stall("verify", tmp_path / "my papers").out
    assert f"stall verify {shlex.quote(str(tmp_path / 'my papers'))}/*" in said


@pytest.fixture
def creator(tmp_path: Path) -> Path:
    keyring.new(tmp_path / "me", "Ada")
    return tmp_path / "me"


def test_a_lease_of_no_numbers_is_a_usage_error(stall: Stall, creator: Path, tmp_path: Path) -> None:
    where = ("--creator", creator, "--pack", "p", "--box", "b", "--out", tmp_path / "l.lease")
    ran = stall("lease", "issue", *where)
    assert ran.code == 2
    assert "--count" in ran.err


def test_a_delegation_is_written_once_and_its_hint_can_be_pasted(stall: Stall, creator: Path, tmp_path: Path) -> None:
    out = tmp_path / "dele gation.jws"
    box = SigningKey.from_seed(bytes([7]) * 32).did
    told = stall("delegate", "--creator", creator, "--box", box, "--out", out).out.splitlines()[-1]
    assert shlex.split(told) == ["stall", "accept", "--data", "BOX", str(out)]
    signed = out.read_bytes()
    assert "[out-exists]" in stall("delegate", "--creator", creator, "--box", box, "--out", out).err
    assert out.read_bytes() == signed


def test_a_new_version_of_an_open_drop_is_not_told_to_be_opened(stall: Stall, creator: Path, tmp_path: Path) -> None:
    box, files = tmp_path / "the box", tmp_path / "files"
    files.mkdir()
    (files / "a.txt").write_text("a")
    stall("keys", "new", "box", "--data", box)
    (tmp_path / "box.json").write_text(stall("keys", "show", box, "--json").out)
    stall("delegate", "--creator", creator, "--box", tmp_path / "box.json", "--out", tmp_path / "d")
    stall("accept", "--data", box, tmp_path / "d")
    build = ("pack", "build", files, "--creator", creator, "--title", "Night", "--price", "1")
    assert stall(*build, "--out", tmp_path / "1").code == 0
    assert stall(*build, "--out", tmp_path / "2", "--after", tmp_path / "1").code == 0
    told = stall("pack", "import", tmp_path / "1", "--data", box).out.splitlines()[-1]
    words = shlex.split(told.partition("Open it: ")[2])
    assert words == ["stall", "drop", "open", "--data", str(box), "night"]
    stall("clock", "confirm", "--data", box)  # this machine may not know the time for sure
    assert stall(*words[1:]).code == 0
    assert "drop open" not in stall("pack", "import", tmp_path / "2", "--data", box).out


def test_of_several_papers_the_one_that_is_refused_is_named_and_none_is_taken(
    stall: Stall, creator: Path, tmp_path: Path
) -> None:
    box, other = tmp_path / "box", tmp_path / "other"
    for data in (box, other):
        stall("keys", "new", "box", "--data", data)
        data.with_suffix(".json").write_text(stall("keys", "show", data, "--json").out)
        where = ("--creator", creator, "--box", data.with_suffix(".json"))
        assert stall("delegate", *where, "--out", tmp_path / f"{data.name}.delegation").code == 0
    both = (tmp_path / "box.delegation", tmp_path / "other.delegation")
    said = stall("accept", "--data", box, *both).err
    assert said.startswith("error: “other.delegation”: This delegation is for another box.")
    assert said.endswith("None of these files was taken. [delegation-not-ours]\n")
    assert stall("accept", "--data", box, both[0]).out.startswith("box.delegation: ")
    assert "“" not in stall("accept", "--data", box, both[1]).err


@pytest.mark.parametrize(
    ("typ", "word"),
    [
        ("stall-receipt+jwt", "receipt"),
        ("stall-decline+jwt", "decline"),
        ("stall-manifest+jwt", "manifest"),
        ("stall-lease-return+jwt", "lease return"),
        ("x" * 40, "paper of a kind this box does not know"),
    ],
)
def test_a_paper_that_is_not_for_the_box_is_called_by_its_word(run: Run, tmp_path: Path, typ: str, word: str) -> None:
    (tmp_path / "paper.jws").write_text(jws.sign(SigningKey.from_seed(bytes([7]) * 32), typ, {}))
    said = run("accept", str(tmp_path / "paper.jws")).err
    assert said.startswith(
        f"error: This is a {word}; accept takes delegations, leases, closing statements and certificates."
    )


def test_who_may_not_read_or_write_a_file_is_named_with_a_place_where_both_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    forbidden = PermissionError(errno.EACCES, "Permission denied")
    said = [files.unreadable(Path("box.lease"), forbidden), disk.explained(forbidden, Path("journal.jsonl"))]
    assert [error.code for error in said] == ["file-unreadable", "disk-not-writable"]
    assert all("the user root" in error.sentence and "/var/tmp" in error.sentence for error in said)

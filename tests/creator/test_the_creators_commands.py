"""A creator's way on the command line, from a folder of files to papers handed over, and its refusals."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest

from stall.cli import main
from stall.creator import keyring
from stall.creator.keyring import Creator
from stall.store import packfile
from stall.wire import delegation, jws, lease, manifest
from stall.wire.keys import SigningKey

BOX = SigningKey.from_seed(bytes([9]) * 32)
EPOCH = "A" * 22

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command as the shell would; give exit code, standard output and standard error."""

    def go(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return code, said.out, said.err

    return go


@pytest.fixture
def packed(run: Run, own_creator: Creator, folder: Path, tmp_path: Path) -> Path:
    """A pack built by the command."""
    out = tmp_path / "night.stallpack"
    options = ("--title", "Night Prints", "--price", "4,50", "--edition", "20", "--out", out)
    assert run("pack", "build", folder, "--creator", own_creator.folder, *options)[0] == 0
    return out


def test_a_creators_key_is_made_and_shown(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("keys", "new", "creator", "--out", tmp_path / "ada", "--name", "Ada")
    assert code == 0
    did = keyring.load(tmp_path / "ada").did
    assert did in out
    assert json.loads(run("keys", "show", tmp_path / "ada", "--json")[1])["did"] == did
    assert did in run("keys", "show", tmp_path / "ada")[1]


def test_making_a_key_twice_is_refused_in_one_sentence(run: Run, own_creator: Creator) -> None:
    code, out, err = run("keys", "new", "creator", "--out", own_creator.folder, "--name", "Ada")
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.endswith("[creator-exists]\n")


def test_an_open_key_is_used_with_a_warning_on_standard_error(run: Run, own_creator: Creator) -> None:
    (own_creator.folder / "creator.key").chmod(0o640)
    code, out, err = run("keys", "show", own_creator.folder, "--json")
    assert (code, json.loads(out)["kind"]) == (0, "creator")
    assert "warning: Other users" in err


def test_a_pack_is_built_and_verified_and_what_was_left_out_is_said(
    run: Run, own_creator: Creator, folder: Path, tmp_path: Path
) -> None:
    (folder / ".DS_Store").write_bytes(b"x")
    out = tmp_path / "p.stallpack"
    options = ("--title", "Night", "--price", "4.50", "--edition", 20, "--out", out, "--json")
    code, said, err = run("pack", "build", folder, "--creator", own_creator.folder, *options)
    assert (code, json.loads(said)["files"]) == (0, 3)
    assert "left out: .DS_Store (hidden)" in err
    code, said, _ = run("pack", "verify", out, "--creator-did", own_creator.did)
    assert code == 0
    assert "€4.50" in said
    assert own_creator.did in said


def test_a_changed_pack_fails_with_exit_code_one(run: Run, packed: Path) -> None:
    data = bytearray(packed.read_bytes())
    data[data.index(b" one ") + 1] ^= 1
    packed.write_bytes(data)
    code, out, err = run("pack", "verify", packed)
    assert (code, out) == (1, "")
    assert "one.jpg" in err
    assert "[pack-changed-file]" in err


def test_a_second_version_is_built_after_the_first(
    run: Run, own_creator: Creator, folder: Path, packed: Path, tmp_path: Path
) -> None:
    options = ("--title", "Night Prints", "--price", "5", "--edition", 20, "--out", tmp_path / "2", "--after", packed)
    code, out, _ = run("pack", "build", folder, "--creator", own_creator.folder, *options, "--json")
    assert (code, json.loads(out)["ver"]) == (0, 2)


def test_a_drop_may_open_later_and_its_window_begins_then(
    run: Run, own_creator: Creator, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "later.stallpack"
    given = ("pack", "build", folder, "--creator", own_creator.folder, "--title", "Later", "--price", "1", "--out", out)
    opens_s = int(time.time()) // 60 * 60 + 30 * 86_400
    typed = datetime.fromtimestamp(opens_s, UTC).strftime("%Y-%m-%d %H:%M")
    assert run(*given, "--opens", typed, "--window-days", 2)[0] == 0
    with packfile.open_pack(out) as opened:
        assert opened.manifest.drop.window == manifest.Window(nbf=opens_s, exp=opens_s + 2 * 86_400)
    code, _, said = run(*given, "--opens", "tea time")
    assert (code, "[time-malformed]" in said) == (1, True)


def test_a_price_that_is_no_amount_is_refused(run: Run, own_creator: Creator, folder: Path, tmp_path: Path) -> None:
    options = ("--title", "Night", "--price", "4.505", "--out", tmp_path / "p")
    code, _, err = run("pack", "build", folder, "--creator", own_creator.folder, *options)
    assert code == 1
    assert "[amount-malformed]" in err
    assert not (tmp_path / "p").exists()


def test_a_delegation_and_a_lease_are_written_for_a_box_known_by_its_file(
    run: Run, own_creator: Creator, packed: Path, tmp_path: Path
) -> None:
    shown = tmp_path / "box.json"
    shown.write_text(json.dumps({"did": BOX.did, "epoch": EPOCH}))
    where = ("--creator", own_creator.folder, "--box", shown)
    assert run("delegate", *where, "--out", tmp_path / "d.jws", "--max-sale", "12,50", "--drop", "night-prints")[0] == 0
    assert run("lease", "issue", *where, "--pack", packed, "--count", 12, "--out", tmp_path / "l.jws")[0] == 0
    trusted = {own_creator.key.thumbprint: own_creator.key.public}
    given = delegation.verify((tmp_path / "d.jws").read_text().strip(), trusted)
    assert (given.sub, given.drops) == (BOX.did, ("night-prints",))
    assert given.max is not None
    assert given.max.sale == 1250
    leased = lease.verify((tmp_path / "l.jws").read_text().strip(), trusted)
    assert (leased.sub, leased.epoch, leased.ranges) == (BOX.thumbprint, EPOCH, ((1, 12),))


def test_a_lease_takes_named_numbers_for_a_thumbprint_and_an_epoch(
    run: Run, own_creator: Creator, packed: Path, tmp_path: Path
) -> None:
    where = ("--creator", own_creator.folder, "--box", BOX.thumbprint, "--epoch", EPOCH, "--pack", packed)
    code, out, _ = run("lease", "issue", *where, "--numbers", "3-4,9", "--out", tmp_path / "l.jws", "--json")
    assert (code, json.loads(out)["ranges"]) == (0, [[3, 4], [9, 9]])
    code, _, err = run("lease", "issue", *where, "--numbers", "9", "--out", tmp_path / "again.jws")
    assert code == 1
    assert "[lease-taken]" in err
    assert not (tmp_path / "again.jws").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("delegate", "--box", BOX.thumbprint), "delegate-needs-did"),
        (("delegate", "--box", "nobody"), "recipient-unknown"),
        (("delegate", "--box", "did:key:z6Mk"), "recipient-unknown"),
        (("delegate", "--box", "/dev/null"), "recipient-unknown"),
    ],
)
def test_a_recipient_that_cannot_be_signed_for_is_refused(
    run: Run, own_creator: Creator, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    exit_code, _, err = run(*arguments, "--creator", own_creator.folder, "--out", tmp_path / "d.jws")
    assert exit_code == 1
    assert f"[{code}]" in err


def test_a_lease_without_an_epoch_is_refused(run: Run, own_creator: Creator, packed: Path, tmp_path: Path) -> None:
    where = ("--creator", own_creator.folder, "--box", BOX.did, "--pack", packed)
    code, _, err = run("lease", "issue", *where, "--count", 1, "--out", tmp_path / "l.jws")
    assert code == 1
    assert "[lease-needs-epoch]" in err


def test_verify_says_one_verdict_per_file_and_fails_if_one_fails(
    run: Run, own_creator: Creator, packed: Path, tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("hello")
    run("delegate", "--creator", own_creator.folder, "--box", BOX.did, "--out", tmp_path / "d.jws")
    good = ("verify", packed, tmp_path / "d.jws", "--creator-did", own_creator.did)
    code, out, _ = run(*good, "--json")
    found = json.loads(out)
    assert (code, found["ok"]) == (0, True)
    assert [paper["what"] for paper in found["papers"]] == ["manifest", "delegation"]
    assert "Every byte of its 3 files is as it was signed." in found["papers"][0]["says"]
    code, out, _ = run("verify", packed, tmp_path / "note.txt", tmp_path / "gone")
    assert code == 1
    assert "night.stallpack: manifest, VALID" in out
    assert "note.txt: file, INVALID [verify-unknown]" in out
    assert "gone: file, INVALID [file-unreadable]" in out


def test_verify_takes_the_zips_a_buyer_has(run: Run, own_creator: Creator, packed: Path, tmp_path: Path) -> None:
    run("delegate", "--creator", own_creator.folder, "--box", BOX.did, "--out", tmp_path / "d.jws")
    with ZipFile(packed) as opened, ZipFile(tmp_path / "files.zip", "w") as bought:
        for name in opened.namelist():
            bought.writestr(name.removeprefix("files/"), opened.read(name))
    with ZipFile(tmp_path / "papers.zip", "w", ZIP_DEFLATED) as papers:
        papers.write(tmp_path / "d.jws", "delegation.jws")
    code, out, _ = run("verify", tmp_path / "files.zip", tmp_path / "papers.zip")
    assert code == 0
    assert "files.zip: manifest, VALID" in out
    assert "Every byte of its 3 files is as it was signed." in out
    assert "papers.zip/delegation.jws: delegation, VALID" in out


def test_verify_says_that_the_page_in_a_buyers_zip_is_not_the_creators(
    run: Run, own_creator: Creator, packed: Path, tmp_path: Path
) -> None:
    with ZipFile(packed) as opened:
        entries = {name.removeprefix("files/"): opened.read(name) for name in opened.namelist()}
    ours, late = (
        {"manifest.jws": entries.pop("manifest.jws"), "verify.html": b"<!doctype html>of any release"},
        tmp_path / "late.zip",
    )
    for path, inside in ((tmp_path / "bought.zip", {**ours, **entries}), (late, {**ours, **entries})):
        with ZipFile(path, "w") as bought:
            for name, data in sorted(inside.items(), key=lambda one: path == late and one[0] == "verify.html"):
                bought.writestr(name, data)
    code, out, _ = run("verify", tmp_path / "bought.zip")
    assert code == 0
    assert "The page verify.html in it comes from the stall: its creator did not sign it." in out
    code, out, _ = run("verify", late)  # behind the files it is one that nobody expects
    assert (code, "INVALID [pack-unexpected-file]" in out) == (1, True)


def test_verify_refuses_a_buyers_zip_with_a_changed_or_foreign_file(run: Run, packed: Path, tmp_path: Path) -> None:
    with ZipFile(packed) as opened, ZipFile(tmp_path / "changed.zip", "w") as changed:
        for name in opened.namelist():
            changed.writestr(name.removeprefix("files/"), opened.read(name).replace(b" one ", b" 0ne ", 1))
    (tmp_path / "foreign.zip").write_bytes((tmp_path / "changed.zip").read_bytes())
    with ZipFile(tmp_path / "foreign.zip", "a") as foreign:
        foreign.writestr("extra.exe", b"x")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 nothing of the kind, but long enough for a header")
    code, out, _ = run("verify", tmp_path / "changed.zip", tmp_path / "foreign.zip", tmp_path / "broken.zip")
    assert code == 1
    assert "changed.zip: file, INVALID [pack-changed-file]" in out
    assert "foreign.zip: file, INVALID [pack-unexpected-file]" in out
    assert "broken.zip: file, INVALID" in out


def test_verify_survives_a_zip_packed_in_a_way_no_stall_packs(run: Run, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "odd.zip", "w", ZIP_LZMA) as papers:
        papers.writestr("receipt.jws", "a.b.c" * 100)
    data = bytearray((tmp_path / "odd.zip").read_bytes())
    data[45:60] = bytes(range(200, 215))  # in the middle of what is packed
    (tmp_path / "odd.zip").write_bytes(data)
    code, out, _ = run("verify", tmp_path / "odd.zip")
    assert (code, "odd.zip: file, INVALID [verify-unknown]" in out) == (1, True)


@pytest.mark.parametrize("arguments", [("keys",), ("pack", "build"), ("lease", "issue"), ("delegate",), ("verify",)])
def test_a_command_without_what_it_needs_is_a_usage_error(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == 2


def test_a_box_takes_what_the_creator_made(run: Run, own_creator: Creator, packed: Path, tmp_path: Path) -> None:
    box = tmp_path / "box"
    assert run("keys", "new", "box", "--data", box)[0] == 0
    (tmp_path / "box.json").write_text(run("keys", "show", box, "--json")[1])
    where = ("--creator", own_creator.folder, "--box", tmp_path / "box.json")
    assert run("delegate", *where, "--out", tmp_path / "d.jws")[0] == 0
    assert run("lease", "issue", *where, "--pack", packed, "--count", 5, "--out", tmp_path / "l.jws")[0] == 0
    assert run("accept", "--data", box, tmp_path / "d.jws")[0] == 0
    code, out, _ = run("pack", "import", packed, "--data", box, "--json")
    assert (code, json.loads(out)["new"]) == (0, True)
    assert run("accept", "--data", box, tmp_path / "l.jws")[0] == 0
    assert "was here already" in run("pack", "import", packed, "--data", box)[1]


def test_a_person_at_a_terminal_sees_a_progress_bar_and_a_script_does_not(
    own_creator: Creator, folder: Path, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "stall", "pack", "build", str(folder), "--creator", str(own_creator.folder)]
    options = ["--title", "Night", "--price", "0", "--out", str(tmp_path / "p.stallpack")]
    done = subprocess.run([*command, *options], stdout=subprocess.PIPE, stderr=theirs, check=False, timeout=60)
    os.close(theirs)
    drawn = os.read(ours, 65_536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "Signing and packing" in drawn
    assert "100%" in drawn
    assert b"Signing and packing" not in done.stdout
    assert jws.unverified_typ(_manifest_of(tmp_path / "p.stallpack")) == "stall-manifest+jwt"


def _manifest_of(pack: Path) -> str:
    with ZipFile(pack) as opened:
        return opened.read("manifest.jws").decode()

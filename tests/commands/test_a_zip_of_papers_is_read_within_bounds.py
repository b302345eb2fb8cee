"""A ZIP handed to `stall verify` costs little memory, and nothing in it passes unchecked without being named."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from stall.creator import zips
from stall.wire import delegation, manifest
from tests.commands.conftest import Run
from tests.wire import documents as doc

DATA = b"hello"
FILE = {"path": "a.txt", "size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest(), "type": "text/plain"}
MANIFEST = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims(files=[FILE]))
GIVEN = doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_claims())


def zipped(path: Path, *entries: tuple[str, str | bytes], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as made:
        for name, data in entries:
            made.writestr(name, data)
    return path


def test_a_zip_that_unpacks_to_more_than_a_sale_has_is_refused_at_once(stall: Run, tmp_path: Path) -> None:
    token = "A" * (6 * 2**20 - 200) + "." + "B" * 10 + "." + "C" * 86
    bomb = zipped(tmp_path / "bomb.zip", *((f"{n}.jws", token) for n in range(20)), how=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    ran = stall("verify", bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (ran.code, "[verify-zip-too-large]" in ran.out) == (1, True)
    assert peak < 16 * 2**20


def test_papers_are_read_one_after_the_other(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", *((f"{n}.jws", b"x" * 2**20) for n in range(20)), how=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    assert sum(len(data or b"") for _name, data in zips.read(path, "a.zip")) == 20 * 2**20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


def test_no_paper_beyond_the_hundredth_is_left_out_in_silence(stall: Run, tmp_path: Path) -> None:
    hundred = [(f"{n}.jws", GIVEN) for n in range(zips.MOST_PAPERS)]
    assert stall("verify", zipped(tmp_path / "a.zip", *hundred)).code == 0
    ran = stall("verify", zipped(tmp_path / "b.zip", *hundred, ("more.jws", GIVEN)))
    assert (ran.code, "[verify-zip-too-large]" in ran.out) == (1, True)


def test_a_list_of_files_longer_than_any_sale_has_is_not_read(stall: Run, tmp_path: Path) -> None:
    many = zipped(tmp_path / "a.zip", ("d.jws", GIVEN), *((f"{'n' * 200}{n}", b"") for n in range(6000)))
    assert "[verify-zip-too-large]" in stall("verify", many).out


def test_what_is_no_paper_in_a_zip_is_named(stall: Run, tmp_path: Path) -> None:
    ran = stall("verify", zipped(tmp_path / "a.zip", ("d.jws", GIVEN), ("evil.sh", b"x"), ("folder/", b"")))
    assert ran.code == 1
    assert "a.zip/d.jws: delegation, VALID" in ran.out
    assert "a.zip: file, CANNOT BE TOLD [verify-unchecked]" in ran.out
    assert "were not checked: “evil.sh”." in ran.out
    assert "manifest's files" not in ran.out


def test_one_paper_in_a_zip_that_is_none_hides_no_other(stall: Run, tmp_path: Path) -> None:
    told = stall("verify", zipped(tmp_path / "a.zip", ("b.jws", b"hello"), ("d.jws", GIVEN)), "--json").json["papers"]
    assert [(one["file"], one["ok"]) for one in told] == [("a.zip/b.jws", False), ("a.zip/d.jws", True)]


@pytest.mark.parametrize("content", [DATA, b"EVIL!"], ids=["as signed", "changed"])
def test_a_pack_in_another_order_never_passes_with_its_files_unchecked(
    stall: Run, tmp_path: Path, content: bytes
) -> None:
    turned = zipped(tmp_path / "a.zip", ("files/a.txt", content), ("manifest.jws", MANIFEST))
    ran = stall("verify", turned)
    assert ran.code == 1
    assert "The manifest's files were not checked" in ran.out
    told = stall("verify", turned, "--json").json
    assert (told["ok"], told["papers"][-1]["code"]) == (False, "verify-unchecked")


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([("files/a.txt", DATA), ("files/b.txt", DATA)], "pack-unexpected-file"),
        ([("files/a.txt", DATA), ("evil.sh", DATA)], "pack-unexpected-file"),
        ([("files/b.txt", DATA)], "pack-missing-file"),
        ([("files/a.txt", b"EVIL!")], "pack-changed-file"),
    ],
    ids=["a file more", "a file beside", "another file", "a changed file"],
)
def test_both_commands_that_check_a_pack_give_the_same_reason(
    stall: Run, tmp_path: Path, entries: list[tuple[str, bytes]], code: str
) -> None:
    pack = zipped(tmp_path / "a.zip", ("manifest.jws", MANIFEST), *entries)
    assert f"[{code}]" in stall("pack", "verify", pack).err
    assert f"[{code}]" in stall("verify", pack).out


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([("a.txt", DATA), ("evil.sh", DATA)], "pack-unexpected-file"),
        ([("a.txt", b"EVIL!")], "pack-changed-file"),
        ([("b.txt", DATA)], "pack-missing-file"),
    ],
    ids=["a file beside", "a changed file", "another file"],
)
def test_what_is_wrong_with_a_buyers_zip_is_told_of_that(
    stall: Run, tmp_path: Path, entries: list[tuple[str, bytes]], code: str
) -> None:
    assert f"[{code}]" in stall("verify", zipped(tmp_path / "a.zip", ("manifest.jws", MANIFEST), *entries)).out


def test_the_words_for_one_file_are_those_for_one(stall: Run, tmp_path: Path) -> None:
    said = stall("verify", zipped(tmp_path / "a.zip", ("manifest.jws", MANIFEST), ("files/a.txt", DATA))).out
    assert "version 1: 1 file, " in said
    assert "Every byte of its 1 file is as it was signed." in said


def test_a_pipe_a_socket_or_a_device_is_refused_and_not_waited_for(stall: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", "/dev/zero"):
            for command in (
                ("verify", path),
                ("owner", "did", "--code-file", path),
                ("accept", path, "--data", tmp_path),
            ):
                ran = stall(*command)
                assert (ran.code, "[file-not-plain]" in ran.out + ran.err) == (1, True)


def test_what_a_box_says_of_its_keys_is_read_in_a_zip_as_beside_it(stall: Run, tmp_path: Path) -> None:
    said = json.dumps({"box": {}, "delegations": [GIVEN]})
    told = stall("verify", zipped(tmp_path / "a.zip", ("keys.json", said)), "--json").json["papers"]
    assert [(one["file"], one["ok"]) for one in told] == [("a.zip/keys.json/1", True)]

"""Names and texts of others are shown as text: no line of theirs looks as if a command had said it, and nothing is hidden."""

from __future__ import annotations

import ast
import json
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.domain import shown
from stall.wire import delegation, manifest
from tests.commands.conftest import Run
from tests.house.sources import ROOT
from tests.wire import documents as doc

FORGED = "c.json: certificate, VALID-FINAL\n  Number 2 of 20.\n\nm.jws"
MOVING = ["a\nb", "a\x1b[31mb", "a\u202egpj.exe", "a\u2028b", "a\rb", "a\x9bb", "a\u2066b", "a\x7fb"]


def zipped(path: Path, *entries: tuple[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, data in entries:
            made.writestr(name, data)
    return path


def moves(said: str) -> list[str]:
    """What in an output could move, hide or recolour anything."""
    return [char for char in said.replace("\n", "") if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}]


@given(st.text())
def test_what_is_shown_is_one_line_that_moves_nothing(text: str) -> None:
    for written in (shown.line(text), shown.name(text), shown.quoted(text)):
        assert "\n" not in written
        assert set(moves(written)) <= {"\u200c", "\u200d"}
        written.encode()


@pytest.mark.parametrize("text", MOVING)
def test_what_moves_is_shown_as_an_escape(text: str) -> None:
    assert shown.line(text).isprintable()
    assert "\\" in shown.line(text)


def test_a_long_name_is_shortened() -> None:
    assert len(shown.quoted("x" * 5000)) == shown.MOST_NAME + 2
    assert shown.quoted("x" * 5000).endswith("…”")


@pytest.mark.parametrize("name", ["receipt.jws", "papers.zip/certificate-night-1.json", "Übung_(2).jws"])
def test_a_plain_name_stands_as_it_is(name: str) -> None:
    assert shown.name(name) == name


@pytest.mark.parametrize("name", ["a.json: certificate, VALID", "a b", "“", "a”: manifest, VALID"])
def test_a_name_that_could_be_read_as_more_is_quoted(name: str) -> None:
    written = shown.name(name)
    assert (written[0], written[-1]) == ("“", "”")
    assert not {"“", "”"} & set(written[1:-1])


def test_a_name_in_a_zip_makes_no_verdict_of_its_own(stall: Run, tmp_path: Path) -> None:
    token = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims())
    said = stall("verify", zipped(tmp_path / "forged.zip", (FORGED, token))).out
    heads = [line for line in said.splitlines() if line and not line.startswith("  ")]
    assert len(heads) == 1
    assert heads[0].startswith("“forged.zip/c.json: certificate, VALID-FINAL\\n")
    assert heads[0].endswith("”: manifest, VALID")


@pytest.mark.parametrize("name", MOVING)
def test_no_command_prints_what_moves(stall: Run, tmp_path: Path, name: str) -> None:
    token = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims())
    odd = doc.forge(doc.BOX, f"stall-{name}", {})
    (tmp_path / f"{name}.jws").write_text("hello")
    (tmp_path / "odd.jws").write_text(odd)
    pack = zipped(tmp_path / "pack.zip", ("manifest.jws", token), (f"files/{name}", "x"))
    foreign = zipped(tmp_path / "foreign.zip", ("manifest.jws", token), (name, "x"))
    papers = zipped(tmp_path / "papers.zip", ("d.jws", doc.forge(doc.CREATOR, delegation.TYP, {})), (name, "x"))
    certificate = tmp_path / "certificate.json"
    certificate.write_text(json.dumps(doc.certificate_of()))
    for command in (
        ("verify", tmp_path / f"{name}.jws", tmp_path / "odd.jws", pack, foreign, papers, tmp_path / name),
        ("pack", "verify", pack),
        ("pack", "verify", foreign),
        ("pack", "verify", tmp_path / name),
        ("keys", "show", tmp_path / name),
        ("verify", certificate, "--creator-did", name),
        ("verify", certificate, "--as-of", name),
        ("drop", "status", name, "--data", tmp_path / name),
        ("owner", "did", "--code-file", tmp_path / name),
        ("delegate", "--creator", tmp_path, "--box", name, "--out", tmp_path / "x"),
        (name,),
    ):
        ran = stall(*command)
        assert ran.code != 0
        assert moves(ran.out + ran.err) == []


def test_json_escapes_what_moves(stall: Run, tmp_path: Path) -> None:
    token = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims())
    ran = stall("verify", zipped(tmp_path / "a.zip", ("\x1b\u202e" + FORGED, token)), "--json")
    assert ran.out.count("\n") == 1
    assert moves(ran.out) == []
    assert ran.json["papers"][0]["file"] == f"a.zip/\x1b\u202e{FORGED}"


def test_commands_print_at_one_border_only() -> None:
    for path in sorted((ROOT / "stall/commands").glob("*.py")):
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        named = {ast.unparse(function) for function in calls}
        assert path.name == "say.py" or not {"click.echo", "click.secho"} & named, path.name

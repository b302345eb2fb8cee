"""docs/readers.md: its examples can be read, its commands exist, what it prints is printed, its tests are there."""

from __future__ import annotations

import ast
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec
import pytest

from stall import cli, settings
from stall.reader import ports
from stall.reader.simulated import script as scripts
from tests.docs.printed_tables import MARKED, PAGE, TABLES
from tests.house.sources import ROOT
from tests.reader.bench import Bench

TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
ROWS = re.compile(r"\| `(test_\w+)` \|$", re.MULTILINE)
KEY = re.compile(r"^\| (?:`(?P<table>\[+\w+\]+)`)? *\| (?P<keys>`\w+`(?:, `\w+`)*) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)
WATCHED = re.compile(
    r"[0-9:]{8}  Card reader: (?:ready|busy|lost|checking), [^|]+"
    r"(?: \| payment [0-9]+ of €[0-9.]+: (?:requested|sent|approved|paid|declined|reversed|unknown)(?:, .+)?)?"
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines()]


def named(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")}


def test_every_table_of_the_code_is_printed_once() -> None:
    assert sorted(mark["name"] for mark in MARKED.finditer(TEXT)) == sorted(TABLES)


def test_every_example_of_settings_can_be_read_and_names_a_profile(tmp_path: Path) -> None:
    examples = [each for each in blocks("toml") if "[reader]" in each]
    assert len(examples) == 2
    for example in examples:
        (tmp_path / settings.FILE).write_text(example, encoding="utf-8")
        own = settings.load(tmp_path).reader
        assert own is not None
        assert f"| `{own.profile}` |" in TEXT


def test_every_script_is_read_and_says_what_it_shows(tmp_path: Path) -> None:
    shown = [each for each in blocks("toml") if "[terminal]" in each]
    assert len(shown) == 1
    (tmp_path / "script.toml").write_text(shown[0], encoding="utf-8")
    script = scripts.load(tmp_path / "script.toml")
    assert [script.payment_fate(n).mode.value for n in range(4)] == [
        "wrong-pin-then-approve", "wrong-pin-then-approve", "lost-ack", "decline",
    ]  # fmt: skip
    for name in ("auto_reversal", "next_receipt", "wrap", "charset"):
        assert getattr(script.terminal, name) is not None


def test_every_key_of_a_script_is_described_and_no_other() -> None:
    tables: dict[str, type[msgspec.Struct]] = {
        "[terminal]": scripts.TerminalHabits, "[[payment]]": scripts.PaymentRow, "[[command]]": scripts.CommandRow,
        "[random]": scripts.RandomMode,
    }  # fmt: skip
    described: dict[str, list[str]] = {}
    table = ""
    for row in KEY.finditer(TEXT.partition("**A script**")[2].partition("<!-- printed")[0]):
        table = row["table"] or table
        described.setdefault(table, []).extend(re.findall(r"\w+", row["keys"]))
    assert described == {name: list(own.__struct_fields__) for name, own in tables.items()}


def test_every_command_exists_with_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen = 0
    for line in commands():
        words = shlex.split(line)
        if words[0] == "stall":
            parsed(cli.stall, words[1:])
            seen += 1
        elif words[:2] == ["sudo", "cp"]:
            assert (ROOT / words[2]).is_file()
    assert seen >= 6


def parsed(command: click.Command, words: list[str]) -> None:
    """Read a command line as it would be run, without running it."""
    context = click.Context(command, info_name=command.name)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        command = found
    command.make_context(command.name, words, parent=context)


@pytest.mark.parametrize("line", [each for each in commands() if each.startswith("stall simulate")])
def test_every_simulator_of_the_page_starts_as_written_and_says_where_it_is(tmp_path: Path, line: str) -> None:
    (script,) = [each for each in blocks("toml") if "[terminal]" in each]
    (tmp_path / "script.toml").write_text(script, encoding="utf-8")
    words = [sys.executable, "-m", *shlex.split(re.sub(r"--panel [0-9]+", "--panel 0", line))]  # that port may be taken
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        link, page = (process.stdout.readline().strip() for _ in range(2))
        port = urlsplit(page).port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port), 5):
            process.terminate()
        assert process.wait(30) == 0
    assert re.fullmatch(rf"tcp:127\.0\.0\.1:[1-9]\d*|serial:{re.escape(str(tmp_path))}/TERMINAL3?/port", link)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "TERMINAL").mkdir()
    bench = Bench(tmp_path / "TERMINAL")
    yield bench
    bench.end()


@pytest.mark.usefixtures("terminal")
def test_probe_says_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ports, "DEV", tmp_path / "no such folder")
    monkeypatch.setattr(ports, "modem_manager_runs", lambda: False)
    said = []
    for words in (["--link", "serial:TERMINAL/port"], []):
        with pytest.raises(SystemExit):
            cli.main(["reader", "probe", *words])
        said.append("".join(capsys.readouterr()))
    assert said[0] in blocks("text")
    assert said[1] in blocks("text")


def test_what_watch_shows_is_as_it_prints() -> None:
    (shown,) = [each for each in blocks("text") if "payment 1" in each]
    for line in shown.splitlines():
        assert WATCHED.fullmatch(line), line


def test_each_crash_point_has_a_test_of_its_name_and_each_test_a_row() -> None:
    rows = ROWS.findall(TEXT)
    assert len(rows) == len(set(rows))
    assert set(rows) == named("tests/reader/test_recovery_at_every_point.py")


def test_the_till_says_what_the_page_quotes() -> None:
    folders = (ROOT / "stall/web/till", ROOT / "stall/web/templates/till", ROOT / "stall/reader")
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".html"}]
    code = "".join(path.read_text(encoding="utf-8") for path in files)
    quoted = re.findall(r'"([A-Z][^"\n]+)"', TEXT.partition("## The acceptance test")[2].partition("## Approvals")[0])
    assert len(quoted) > 15
    assert [words for words in quoted if words not in code] == []


def test_every_file_the_page_names_is_there() -> None:
    for path in re.findall(r"`((?:tests|stall|docs|firmware_config)/[\w./]+)`", TEXT):
        assert "NAME" in path or (ROOT / path).exists(), path
    for name in re.findall(r"`(test_\w+\.py)`", TEXT):
        assert list((ROOT / "tests").rglob(name)), name


def test_the_other_pages_lead_here() -> None:
    assert "(docs/readers.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    for page in ("architecture.md", "settings.md", "field-checklist.md"):
        assert "(readers.md" in (ROOT / "docs" / page).read_text(encoding="utf-8"), page

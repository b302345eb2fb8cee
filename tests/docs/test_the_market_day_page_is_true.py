"""The commands, pages, words and units that the pages for the market name are those of the stall."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from stall import cli
from tests.house.sources import ROOT

PAGES = ("docs/operations.md", "docs/hardware.md")
COMMAND = re.compile(r"`(?:sudo )?(stall [^`]+)`")
PROGRAM = {"stall web", "stall reader", "stall sync"}  # named as processes


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def named() -> list[str]:
    return sorted({found for page in PAGES for found in COMMAND.findall(text(page))})


def words_of(source: str) -> str:
    return "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / source).rglob("*"))
        if path.suffix in {".py", ".html"}
    )


@pytest.mark.parametrize("line", named())
def test_every_command_named_is_one_with_these_options(line: str) -> None:
    _, *words = shlex.split(line)
    command: click.Command = cli.stall
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, line
        command = found
    known = {option for each in command.params for option in each.opts} | {"--help"}
    assert {word for word in words if word.startswith("--")} <= known, line


def test_the_pages_name_enough_commands_to_be_worth_checking() -> None:
    assert {"stall doctor --json", "stall doctor --bundle /tmp/help.tar.gz"} <= set(named())
    assert len(named()) >= 8


def test_the_ways_through_the_till_are_those_it_has() -> None:
    more = (ROOT / "stall/web/templates/till/more.html").read_text(encoding="utf-8")
    ways = re.findall(r"More(?: →|,) ([A-Z]\w+)", text("docs/operations.md"))
    assert set(ways) >= {"Clock", "Drops", "Devices"}
    for way in ways:
        assert f'"{way}"' in more, way


def rows(heading: str) -> Iterator[str]:
    section = text("docs/operations.md").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith(("| it says", "|---")):
            yield line.split("|")[1].strip()


def test_the_words_of_the_strip_are_those_the_till_says() -> None:
    till = words_of("stall/web/till")
    said = [words for row in rows("What the strip on the till means") for words in row.split(", ")]
    assert len(said) >= 15
    assert [words for words in said if words not in till] == []


def test_the_units_named_are_shipped() -> None:
    units = {
        re.sub(r"@\w+", "@", unit) for unit in re.findall(r"systemctl \w+ (stall[\w.@-]*)", text("docs/operations.md"))
    }
    shipped = {path.name for path in (ROOT / "systemd").iterdir()}
    assert units
    assert [unit for unit in units if not {unit, f"{unit}.service"} & shipped] == []

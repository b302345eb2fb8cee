"""docs/settings.md lists exactly the keys of stall/settings.py, with their defaults, and its examples can be read."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from stall import settings
from tests.house.sources import ROOT

PAGE = ROOT / "docs/settings.md"
ROW = re.compile(r"^\| `(?P<key>\w+)` \| (?P<default>[^|]+) \| [^|]{10,} \|$", re.MULTILINE)
EXAMPLE = re.compile(r"^```toml\n(.+?)^```", re.MULTILINE | re.DOTALL)
TABLES: dict[str, type[settings.Struct]] = {
    "The stall": settings.Settings,
    "`[web]`": settings.Web,
    "`[reader]`": settings.Reader,
    "`[standalone]`": settings.Standalone,
    "`[printer]`": settings.Printer,
    "`[cloud]`": settings.Cloud,
    "`[disk]`": settings.Disk,
    "`[till]`": settings.Till,
    "`[offline]`": settings.Offline,
    "`[captive]`": settings.Captive,
    "`[wifi]`": settings.Wifi,
    "`[network]`": settings.Network,
    "`[board]`": settings.Board,
}
SECTIONS = TABLES.keys() - {"The stall"}


def section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]


def default(field: msgspec.structs.FieldInfo) -> str:
    """The default as the page writes it: like in the file, or that there is none."""
    return "required" if field.required else f"`{msgspec.json.encode(field.default).decode()}`"


@pytest.mark.parametrize("title", TABLES)
def test_each_table_lists_its_keys_and_their_defaults_and_no_others(title: str) -> None:
    fields = [field for field in msgspec.structs.fields(TABLES[title]) if f"`[{field.name}]`" not in SECTIONS]
    listed = {row["key"]: row["default"] for row in ROW.finditer(section(title))}
    assert listed == {field.encode_name: default(field) for field in fields}


def test_every_table_of_the_file_has_a_section() -> None:
    titles = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert titles == [*TABLES, "Examples"]
    nested = {f"`[{name}]`" for name in settings.Settings.__struct_fields__} & SECTIONS
    assert nested == SECTIONS


def test_every_example_can_be_read(tmp_path: Path) -> None:
    examples = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    links = []
    for example in examples:
        (tmp_path / settings.FILE).write_text(example, encoding="utf-8")
        read = settings.load(tmp_path)
        if read.standalone:
            links.append(read.standalone.name)
        else:
            links.append(read.reader.link.partition(":")[0] if read.reader else "cloud" if read.cloud else "")
    assert links == ["serial", "tcp", "SumUp", "cloud"]

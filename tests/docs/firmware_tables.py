"""The tables of docs/firmware.md, printed from the table of files and what is known of the boards."""

from __future__ import annotations

from collections.abc import Sequence

from stall.box.config import boards, files
from stall.box.config.boards import Radio
from tests.docs import printed_tables
from tests.house.sources import ROOT

PAGE = "docs/firmware.md"


def _files() -> str:
    rows = []
    for row in sorted(files.TABLE, key=lambda row: row.path):
        rights = "" if (row.mode, row.owner, row.group) == (0o644, "root", "root") else f", {row.mode:04o}"
        rows.append((f"`{row.path}`{rights}", row.condition, row.why, row.check))
    return _table(("file", "where", "what it does", "read first by"), rows)


def _boards() -> str:
    rows = []
    for kind, name in boards.NAMES.items():
        chip = boards.BUILT_IN.get(kind, "")
        usual, minimal = Radio("brcmfmac", chip), Radio("brcmfmac", chip, minimal=chip == "43455")
        bands = "2.4 and 5 GHz" if usual.five else "2.4 GHz"
        if chip:
            rows.append(
                (name, f"`{chip}`, {bands}", str(usual.clients), str(minimal.clients) if minimal.minimal else "–")
            )
    rows.append(("any, with a radio of another make", "as it says itself", str(Radio("").clients), "–"))
    return _table(("board", "radio", "phones", "with the smaller firmware"), rows)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


TABLES = {"files": _files, "boards": _boards}


def firmware_page() -> str:
    """The page, its tables printed anew."""
    kept = (ROOT / PAGE).read_text(encoding="utf-8")
    return printed_tables.MARKED.sub(lambda found: f"{found[1]}{TABLES[found['name']]()}\n{found[3]}", kept)

"""The table of docs/units.md, printed from the units."""

from __future__ import annotations

from tests.docs import printed_tables
from tests.firmware import unit_facts
from tests.firmware.unit_facts import Said
from tests.house.sources import ROOT

PAGE = "docs/units.md"


def _units() -> str:
    heads = ("unit", "what it is", "runs as", "memory at most", "starts again", "ended when memory is short", "score")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name in unit_facts.services():
        own = unit_facts.said(name)
        what = own["Description"][0].removeprefix("Stall: ").replace("%i", "n")
        cells = (
            f"`{name}`", what, (own["User"] or ["root"])[0], (own["MemoryMax"] or ["–"])[0].replace("M", " MB"), _again(own),
            (own["OOMScoreAdjust"] or ["0"])[0].replace("-", "−"), f"{unit_facts.SCORES[name]}",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _again(own: Said) -> str:
    if not own["Restart"]:
        return "when asked"
    if own["RestartSec"] == ["100ms"]:
        return "at once; 3 s after an error of its own"
    return f"after {own['RestartSec'][0]} s"


def units_page() -> str:
    """The page, its table printed anew."""
    kept = (ROOT / PAGE).read_text(encoding="utf-8")
    return printed_tables.MARKED.sub(lambda found: f"{found[1]}{_units()}\n{found[3]}", kept)

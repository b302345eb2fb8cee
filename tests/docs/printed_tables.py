"""The tables of docs/readers.md that are printed from the code, between their marks; the prose around them stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from stall.reader.profiles import CONFIG, PROFILES, Profile
from stall.reader.simulated.faults import COMMAND_FAULTS, FAULTS
from stall.reader.simulated.script import NAMES
from stall.reader.simulated.telium.payment import OFFERED
from stall.reader.telium.timers import Timers as TeliumTimers
from stall.reader.zvt.timers import Timers as ZvtTimers
from tests.house.sources import ROOT

PAGE = "docs/readers.md"
MARKED = re.compile(r"(<!-- printed: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(heads: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (heads, *rows)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]])


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def profiles() -> str:
    """One row for each, with what differs."""
    heads = ("`profile`", "protocol", "may reverse by itself", "tells its last receipt", "stops from the till", "more")
    return _table(heads, (_profile(each) for each in PROFILES.values()))


def _profile(own: Profile) -> Iterator[str]:
    french = own.name.startswith("telium")
    yield f"`{own.name}`"
    yield "Concert E+" if french else "ZVT"
    yield "–" if french else _yes(own.reverses_by_itself)
    yield _yes(own.can_repeat)
    yield _yes(own.can_abort)
    more = [] if french else [f"texts in {own.charset.upper()}"]
    more += [] if own.config == CONFIG else [f"registers with {own.config:02X}"]
    more += [] if own.containers else ["no TLV containers"]
    more += ["no number in each ask"] if french and not own.marks_asks else []
    more += ["gives back by type 2"] if own.refunds_by_type_2 else []
    yield ", ".join(more) or "–"


def timers() -> str:
    """Every waiting time with its words, in seconds."""
    kinds = (("ZVT", ZvtTimers), ("Concert E+", TeliumTimers))
    return _table(("protocol", "time", "s", "what it is"), (row for name, kind in kinds for row in _timers(name, kind)))


def _timers(protocol: str, kind: type[ZvtTimers] | type[TeliumTimers]) -> Iterator[tuple[str, str, str, str]]:
    own = kind()
    for name, member in vars(kind).items():
        if isinstance(member, property):
            words = " ".join((member.__doc__ or "").split()).rstrip(".")
            yield protocol, f"`{name}`", f"{getattr(own, name):g}", words


def faults() -> str:
    """What may happen to a payment, and which of it a French terminal can do too."""
    rows = ((f"`{mode}`", fault.hint, _yes(mode in OFFERED)) for mode, fault in FAULTS.items())
    return _table(("`fault`", "what happens", "Concert E+ too"), rows)


def commands() -> str:
    """What may happen to the other commands, and their names."""
    rows = [(f"`{fault}`", words) for fault, words in COMMAND_FAULTS.items()]
    return _table(("`fault`", "what happens"), rows) + "\n\nNames: " + ", ".join(f"`{name}`" for name in NAMES) + "."


TABLES: dict[str, Callable[[], str]] = {
    "profiles": profiles, "timers": timers, "faults": faults, "command-faults": commands,
}  # fmt: skip


def readers_page() -> str:
    """The page as it is, with every marked table as the code prints it now."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    return MARKED.sub(lambda mark: f"{mark[1]}{TABLES[mark['name']]()}\n{mark[3]}", text)

"""The table of docs/captive.md: each probe that is known, and what the portal answers to it, asked of the code itself."""

from __future__ import annotations

from collections.abc import Iterator

from stall.web.captive import policy
from stall.web.captive.agents import Sheet, System
from stall.web.captive.policy import Client, Reply, World
from stall.web.captive.probes import KNOWN, Kind, Known, Probe
from tests.docs import printed_tables
from tests.house.sources import ROOT

PAGE = "docs/captive.md"
_BOX = World("")
_STATES = ((Client(), _BOX), (Client(released=True), _BOX), (Client(), World("", uplink=True)))
HEADS = ("who asks", "for what", "at first", "released", "uplink validated")


def captive_page() -> str:
    """The page as it is, its table printed anew."""
    kept = (ROOT / PAGE).read_text(encoding="utf-8")
    lines = ["| " + " | ".join(cells) + " |" for cells in (HEADS, *_rows())]
    table = "\n".join([lines[0], "|---" * len(HEADS) + "|", *lines[1:]])
    return printed_tables.MARKED.sub(lambda found: f"{found[1]}{table}\n{found[3]}", kept)


def _rows() -> Iterator[tuple[str, ...]]:
    for row in KNOWN:
        yield (row.named, _asked(row), *_answers(Probe(row.kind, success=row.success)))
    pages = (
        ("an Apple sheet", Probe(Kind.PAGE, System.APPLE, sheet=Sheet.APPLE, navigates=True)),
        ("an Android sheet or browser", Probe(Kind.PAGE, System.ANDROID, sheet=Sheet.ANDROID, navigates=True)),
        ("any other browser, which is released by it", Probe(Kind.PAGE, navigates=True)),
        ("any program", Probe(Kind.PAGE)),
    )
    for who, probe in pages:
        yield (who, "a page of any other name", *_answers(probe))
    yield ("anybody", "POST and all other methods", *_answers(Probe(Kind.OTHER)))


def _asked(row: Known) -> str:
    paths = " ".join(f"`{path}`" for path in row.paths) or "any path"
    return f"{paths} at {'any host' if not row.hosts else _hosts(row)}"


def _hosts(row: Known) -> str:
    first, *others = row.hosts
    return f"`{first}`" + (f" and {len(others)} more" if others else "")


def _answers(probe: Probe) -> Iterator[str]:
    for client, world in _STATES:
        yield _told(policy.answer(probe, client, world))


def _told(reply: Reply) -> str:
    headers = dict(reply.headers)
    if reply.status == 302:
        return f"302 `{headers['Location']}`"
    if not 200 <= reply.status < 300 or not reply.body:
        return str(reply.status)
    return f"{reply.status} `{reply.body.decode().strip()}`" if b"<" not in reply.body else f"{reply.status}, its page"

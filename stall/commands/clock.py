"""`stall clock`: what time the box believes it is, and the maker's word for it."""

from __future__ import annotations

import datetime
import shlex
from pathlib import Path

import click

from stall.commands import DATA_VARIABLE, say

DATA = click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="The box's data folder.",
)

_SOURCES = {
    "ntp": "set from the internet",
    "rtc": "kept by the box's own clock chip",
    "operator": "confirmed by you",
    "floor": "not sure: it may be later",
}
_DOUBTS = {
    "ahead": "The machine's clock says {wall}, more than two days later, so it is not believed. If that is right: stall clock confirm --data {data}",
    "behind": "The machine's clock says {wall}, but things were written down after that. Confirm the right time: stall clock confirm --data {data} (and --utc TIME, if this machine's is wrong)",
    "no_source": "Nothing has told this machine the time since it started. Confirm it: stall clock confirm --data {data} (and --utc TIME, if this machine's is wrong)",
}


@click.group("clock")
def clock() -> None:
    """Look at the box's time, or confirm it."""


@clock.command("show")
@DATA
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(data: Path, as_json: bool) -> None:
    """Show the box's time and where it comes from."""
    from stall import app
    from stall.store import floor

    box = app.open_box(data, looking=True)
    try:
        moment = floor.moment(box.db.read(), box.clock)
    finally:
        box.close()
    _say(moment.now_ms, moment.source.value, as_json=as_json)
    if moment.doubt is not None and not as_json:
        say.line(_DOUBTS[moment.doubt.value].format(wall=_text(moment.wall_ms), data=shlex.quote(str(data))))


@clock.command("confirm")
@DATA
@click.option(
    "--utc", metavar="TIME", help="The right time in UTC, like 2026-11-21 14:05, where this machine's is wrong."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def confirm(data: Path, utc: str | None, as_json: bool) -> None:
    """Take this machine's time, or the one given, as the maker's word, for this boot.

    It may set the box's time back, after a wrong one was believed. It asks for no PIN: whoever may write the data folder
    could set a new one.
    """
    from stall import app
    from stall.flows.confirm_clock import confirm_clock, read_time

    box = app.open_box(data)
    try:
        now_ms = box.clock.wall_ms() if utc is None else read_time(utc)
        box.write("payment", lambda tx: confirm_clock(tx, now_ms))
    finally:
        box.close()
    _say(now_ms, "operator", as_json=as_json)


def _text(now_ms: int) -> str:
    return f"{datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _say(now_ms: int, source: str, *, as_json: bool) -> None:
    if as_json:
        say.facts({"now_ms": now_ms, "clk": source})
    else:
        say.line(f"{_text(now_ms)}, {_SOURCES[source]}")

"""`stall clock`: what time the box believes it is, and the maker's word for it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import click

DATA = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="The box's data folder."
)

_SOURCES = {
    "ntp": "set from the internet",
    "rtc": "kept by the box's own clock chip",
    "operator": "confirmed by you",
    "floor": "not sure: it may be later",
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

    box = app.open_box(data)
    try:
        moment = floor.moment(box.db.read(), box.clock)
    finally:
        box.close()
    _say(moment.now_ms, moment.source.value, as_json=as_json)


@clock.command("confirm")
@DATA
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def confirm(data: Path, as_json: bool) -> None:
    """Take this machine's time as the maker's word, for this boot."""
    from stall import app
    from stall.flows.confirm_clock import confirm_clock

    box = app.open_box(data)
    try:
        now_ms = box.clock.wall_ms()
        box.write("payment", lambda tx: confirm_clock(tx, now_ms))
    finally:
        box.close()
    _say(now_ms, "operator", as_json=as_json)


def _say(now_ms: int, source: str, *, as_json: bool) -> None:
    moment = datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC)
    if as_json:
        click.echo(json.dumps({"ok": True, "now_ms": now_ms, "clk": source}))
    else:
        click.echo(f"{moment:%Y-%m-%d %H:%M:%S} UTC, {_SOURCES[source]}")

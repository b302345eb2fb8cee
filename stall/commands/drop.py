"""`stall drop`: open and close a drop, and see how each stands. The command line is the maker's own, so no PIN."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import DATA_VARIABLE, say
from stall.commands.waiting import waiting, what_to_do

if TYPE_CHECKING:
    from stall.store.catalogue import DropCard

DATA = click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="The box's data folder.",
)
#: In the maker's words; "sold out" would claim numbers that were never leased to this box.
_STANDS = {"open": "open", "early": "not open yet", "late": "over", "paused": "closed", "sold_out": "nothing to sell"}
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group("drop")
def drop() -> None:
    """Open, close and look at the drops of a box."""


@drop.command("open")
@click.argument("name", metavar="DROP")
@DATA
@JSON
def open_(name: str, data: Path, as_json: bool) -> None:
    """Switch DROP on. It sells within the window its manifest sets."""
    _switch(name, data, to_open=True, as_json=as_json)


@drop.command("close")
@click.argument("name", metavar="DROP")
@DATA
@JSON
def close(name: str, data: Path, as_json: bool) -> None:
    """Switch DROP off. Checkouts already running still finish."""
    _switch(name, data, to_open=False, as_json=as_json)


@drop.command("certificates")
@click.argument("name", metavar="DROP")
@DATA
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write the ZIP of them."
)
@JSON
def certificates(name: str, data: Path, out: Path, as_json: bool) -> None:
    """Write all certificates this box signed for DROP into a ZIP, for its creator to sign once the drop is closed."""
    from stall import app, disk
    from stall.creator import chains, handover, zips
    from stall.errors import Refused
    from stall.store import certificates as signed

    handover.check_free(out)
    box = app.open_box(data, looking=True)
    try:
        found = list(signed.of_drop(box.db.read(), name))
    finally:
        box.close()
    if not found:
        raise Refused("drop-no-certificates", f"This box signed no certificate of “{name}”. There is nothing to write.")
    with disk.whole_file(out) as file:
        zips.write(file, found)
    if as_json:
        say.facts({"file": str(out), "certificates": len(found)})
        return
    say.line(
        f"Wrote {chains.counted(len(found), 'certificate')} to {out}. Their creator signs them with: stall close certificates"
    )


@drop.command("status")
@click.argument("name", metavar="DROP", required=False)
@DATA
@JSON
def status(name: str | None, data: Path, as_json: bool) -> None:
    """Show how DROP stands, or every drop of the box."""
    from stall import app
    from stall.errors import Refused
    from stall.store import catalogue

    box = app.open_box(data, looking=True)
    try:
        cards = [c for c in catalogue.cards(box.db.read(), box.now_ms()) if name in (None, c.drop_id)]
        waits = {drop_id: what_to_do(box, drop) for drop_id, drop in waiting(box).items()}
    finally:
        box.close()
    if name is not None and not cards:
        raise Refused(
            "drop-unknown",
            f"This box has no drop “{name}”. See what it has with: stall drop status --data {shlex.quote(str(data))}",
        )
    _say(cards, waits, as_json=as_json)


def _switch(name: str, data: Path, *, to_open: bool, as_json: bool) -> None:
    from stall import app
    from stall.errors import Refused
    from stall.flows.switch_drop import close_drop, open_drop
    from stall.store import catalogue

    box = app.open_box(data)
    try:
        box.write("payment", lambda tx: (open_drop if to_open else close_drop)(tx, name))
    except Refused as refused:
        box.close()
        if refused.code != "clock-unsure":
            raise
        raise Refused(
            "clock-unsure",
            "The box does not know the time for sure. Confirm it at the till, or if this machine's clock is right with:"
            f" stall clock confirm --data {shlex.quote(str(data))}",
        ) from refused
    try:
        cards = [c for c in catalogue.cards(box.db.read(), box.now_ms()) if c.drop_id == name]
        waits = {drop_id: what_to_do(box, drop) for drop_id, drop in waiting(box).items()}
    finally:
        box.close()
    _say(cards, waits, as_json=as_json)


def _say(cards: list[DropCard], waits: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        say.facts({"drops": [_facts(card, waits) for card in cards]})
        return
    from stall.domain import money

    for card in cards:
        left = "open edition" if card.edition is None else f"{card.remaining} left here, edition of {card.edition}"
        price = money.text(card.price_minor, card.cur)
        stands = _STANDS[card.offer.value] if card.ended is None else "closed for good"
        if card.drop_id in waits and card.offer.value == "sold_out":
            stands, left = "waits for a new lease", f"edition of {card.edition}"
        say.line(f"{card.drop_id}: {stands}, {left}, {price}, {card.title}")
        if card.drop_id in waits:
            say.line(f"    {waits[card.drop_id]}")


def _facts(card: DropCard, waits: Mapping[str, str]) -> dict[str, object]:
    return {
        "drop": card.drop_id,
        "title": card.title,
        "state": card.offer.value,
        "waits_for_lease": card.drop_id in waits,
        "edition": card.edition,
        "remaining": card.remaining,
        "minor": card.price_minor,
        "cur": card.cur,
        "opens_ms": card.opens_ms,
        "closes_ms": card.closes_ms,
    }

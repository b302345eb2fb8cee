"""`stall simulate`: devices a stall needs, without the devices."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def simulate() -> None:
    """Simulate a device, as a process of its own."""


@simulate.command("zvt")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the terminal's own books.",
)
@click.option(
    "--pty",
    type=click.Path(path_type=Path),
    required=True,
    help="Name for its serial port; the reader's link is serial:NAME.",
)
@click.option("--panel", type=click.IntRange(0, 65535), required=True, help="Port of its page on 127.0.0.1.")
@click.option(
    "--card-after",
    type=click.FloatRange(0, 60),
    default=1.5,
    show_default=True,
    help="Seconds until a card is held to it.",
)
@click.option(
    "--scale",
    type=click.FloatRange(0.01, 1),
    default=1.0,
    show_default=True,
    help="Shorten the protocol's times by this.",
)
def zvt(data: Path, pty: Path, panel: int, card_after: float, scale: float) -> None:
    """A ZVT card terminal on a pseudo-terminal, with books and a page of its own. No real money moves."""
    from stall import log
    from stall.reader.simulated.simulator import simulate as run

    log.setup()
    run(data, pty, panel, card_after_s=card_after, scale=scale)

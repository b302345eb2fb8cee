"""`stall simulate`: devices a stall needs, without the devices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from stall.reader.simulated.cable import Cable


@click.group()
def simulate() -> None:
    """Simulate a device, as a process of its own."""


_OPTIONS = (
    click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        required=True,
        help="Folder for the terminal's own books.",
    ),
    click.option("--pty", type=click.Path(path_type=Path), help="Name for its serial port."),
    click.option(
        "--tcp",
        type=click.IntRange(0, 65535),
        help="Port on 127.0.0.1 instead, 0 for a free one.",
    ),
    click.option(
        "--panel", type=click.IntRange(0, 65535), required=True, help="Port of its page on 127.0.0.1, 0 for a free one."
    ),
    click.option(
        "--script",
        type=click.Path(path_type=Path, dir_okay=False),
        help="What happens to which payment, and the terminal's habits, in TOML.",
    ),
    click.option(
        "--card-after",
        type=click.FloatRange(0, 60),
        default=1.5,
        show_default=True,
        help="Seconds until a card is held to it.",
    ),
    click.option(
        "--scale",
        type=click.FloatRange(0.01, 1),
        default=1.0,
        show_default=True,
        help="Shorten the protocol's times by this.",
    ),
)


def _terminal(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options every simulated terminal has."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@simulate.command("zvt")
@_terminal
def zvt(
    data: Path, pty: Path | None, tcp: int | None, panel: int, script: Path | None, card_after: float, scale: float
) -> None:
    """A ZVT card terminal on --pty or --tcp, with books and a page of its own. No real money moves.

    The reader's link and the page's address are printed.
    """
    from stall import log
    from stall.reader.simulated import script as scripts
    from stall.reader.simulated.simulator import simulate as run

    cable = _cable(pty, tcp)
    log.setup()
    read = None if script is None else scripts.load(script)
    run(data, cable, panel, card_after_s=card_after, scale=scale, script=read, told=_say_page)


@simulate.command("telium")
@_terminal
@click.option("--own-numbers", is_flag=True, help="Answer with numbers of its own, as some terminals do.")
def telium(
    data: Path,
    pty: Path | None,
    tcp: int | None,
    panel: int,
    script: Path | None,
    card_after: float,
    scale: float,
    own_numbers: bool,
) -> None:
    """A Concert E+ card terminal (France) on --pty or --tcp, with books and a page of its own. No real money moves.

    The reader's link and the page's address are printed.
    """
    from stall import log
    from stall.reader.simulated import script as scripts
    from stall.reader.simulated.telium.simulator import simulate as run

    cable = _cable(pty, tcp)
    log.setup()
    read = None if script is None else scripts.load(script)
    run(data, cable, panel, card_after_s=card_after, scale=scale, script=read, own_numbers=own_numbers, told=_say_page)


def _say_page(port: int) -> None:
    print(f"http://127.0.0.1:{port}/", flush=True)


def _cable(pty: Path | None, tcp: int | None) -> Cable:
    """Make what the till reaches it by, and print the link for the reader's settings."""
    from stall.reader.simulated.cable import PtyCable
    from stall.reader.simulated.tcp_device import TcpPort

    if (pty is None) == (tcp is None):
        raise click.UsageError("Say where the till finds it: either --pty or --tcp.")
    if pty is not None:
        print(f"serial:{pty.absolute()}", flush=True)
        return PtyCable(pty)
    port = TcpPort(tcp or 0)
    print(f"tcp:127.0.0.1:{port.number}", flush=True)
    return port

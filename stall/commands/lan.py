"""`stall lan`: raise and lower the network of the appliance. Called by the service manager; root only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stall.commands import say

if TYPE_CHECKING:
    from stall.box.network.lan import Places
    from stall.box.network.way_out import Way
    from stall.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def _places(command: F) -> F:
    """The three folders every one of these works with; the appliance's own unless told otherwise."""
    for name, default, words in (
        ("--run", "/run", "Where what is gone with the power lies."),
        ("--config", "/etc/stall", "Where the rendered configuration lies."),
        ("--data", "/var/lib/stall", "The box's data folder."),
    ):
        kind = click.Path(path_type=Path, file_okay=False)
        command = click.option(name, type=kind, default=default, show_default=True, help=words)(command)
    return command


@click.group("lan")
def lan() -> None:
    """Raise or lower the Wi-Fi's network of an appliance (its units do that)."""


@lan.command("up")
@_places
def up(data: Path, config: Path, run: Path) -> None:
    """Load the rules, then give the interface its address."""
    from stall.box.network import lan as network

    settings, places = _read(data, config, run)
    _say(network.up(settings.network, places, _way(settings, run)))


@lan.command("down")
@_places
def down(data: Path, config: Path, run: Path) -> None:
    """Take the interface down, then the rules."""
    from stall.box.network import lan as network

    settings, places = _read(data, config, run)
    _say(network.down(settings.network, places))


@lan.command("channel")
@_places
def channel(data: Path, config: Path, run: Path) -> None:
    """Choose the radio's channel, and write what hostapd is started with."""
    from stall.box.config import boards, files, places
    from stall.box.network import radio

    settings, _ = _read(data, config, run)
    board = boards.read(Path("/"), settings.network.lan)
    _say(
        radio.prepare(
            settings.network,
            lambda found: files.one(places.HOSTAPD, settings, board, found),
            run / "stall-ap" / "hostapd.conf",
        )
    )


@lan.command("uplink")
@_places
def uplink(data: Path, config: Path, run: Path) -> None:
    """Open the way out for phones' questions for the internet, or shut it, as the notice of the uplink says."""
    from stall.box.network import programs, way_out

    programs.root_only()
    settings, places = _read(data, config, run)
    _say(way_out.settle(settings.network, run, places.proc, _way(settings, run)))


def _read(data: Path, config: Path, run: Path) -> tuple[Settings, Places]:
    from stall import settings
    from stall.box.network.lan import Places

    return settings.load(data), Places(config / "nftables.nft", run)


def _way(settings: Settings, run: Path) -> Way | None:
    """The way out that is there now; none where the settings want none."""
    from stall import runtime
    from stall.box.network import way_out
    from stall.web.captive.probes import ASKED_FIRST

    if not settings.captive.uplink:
        return None
    return way_out.told(runtime.told("uplink", run / "stall"), settings.network, ASKED_FIRST)


def _say(lines: list[str]) -> None:
    for line in lines:
        say.line(line)

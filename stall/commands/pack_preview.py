"""`stall pack preview`: the page buyers will see, before or after signing, from a stall that is gone again afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stall.commands import interview, offered, progress, say, survey_table
from stall.domain import shown

if TYPE_CHECKING:
    from stall.demo.preview import Wish


@click.command("preview")
@click.argument(
    "sources", nargs=-1, required=True, metavar="PACK|FOLDER…", type=click.Path(path_type=Path, exists=True)
)
@offered.options
@click.option("--name", default="Your stall", show_default=True, help="What the stall is called on the pages.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Serve on this port.  [default: a free one]")
@click.option("--no-open", is_flag=True, help="Only say the address; open no browser.")
def preview(*, sources: tuple[Path, ...], name: str, port: int, no_open: bool, **typed: Any) -> None:
    """Show the page buyers will see of packs, or of folders not yet signed.

    For a folder give what `stall pack build` takes, or keep it there as
    stall.toml; without a title its name is taken. The pages are the real ones,
    on this machine alone. Ctrl-C ends it, and nothing is left of it.
    """
    from stall import log
    from stall.clock import SystemClock
    from stall.demo import preview as previews
    from stall.demo.supervisor import SIGNALS, interruptible

    log.setup()  # as `stall web` does: nothing of its server for every picture that waits a moment
    now_s = SystemClock().wall_ms() // 1000
    ahead = {source: _offer(source, typed, now_s) for source in sources if source.is_dir()}
    total = sum(wish.looked.total_bytes for wish in ahead.values() if wish.looked)
    total += sum(source.stat().st_size for source in sources if source not in ahead)
    with interruptible(), contextlib.suppress(KeyboardInterrupt), previews.room(total) as folder:
        say.line("Making a stall to look at", err=True)
        wishes = [
            ahead.get(source) or previews.unpacked(source, folder / f"files-{number}", now_s)
            for number, source in enumerate(sources)
        ]
        with previews.shown(folder, wishes, name, port) as addresses:
            for address in addresses:
                say.line(address)
            say.line("Press Ctrl-C to end.", err=True)
            sys.stdout.flush()
            if not no_open:
                _open(addresses[0])
            try:
                threading.Event().wait()
            finally:  # a second Ctrl-C may not keep anything from being cleared away
                for number in SIGNALS:
                    signal.signal(number, signal.SIG_IGN)


def _offer(folder: Path, typed: dict[str, Any], now_s: int) -> Wish:
    from stall.creator import survey
    from stall.demo.preview import Wish

    offer = offered.of(folder, typed)
    with progress.counting("Looking at the files") as counted:
        looked = survey.survey(folder, keep_gps=offer.keep_gps, progress=counted)
    offer.title = offer.title or interview.title_of(looked, folder)
    offer.missing(click.get_current_context())
    for notice in survey_table.notices(looked, keep_gps=offer.keep_gps):
        say.paragraph(notice, err=True)
    return Wish(folder, offer.as_options(now_s), looked)


def _open(address: str) -> None:
    """Open a browser that has a window of its own: one of letters would take this terminal."""
    import webbrowser

    windowed = sys.platform in {"darwin", "win32"} or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if not windowed or not webbrowser.open(address):
        say.line(f"Open {shown.line(address)} in a browser.", err=True)

"""`stall sync`: upload the journal, tidy up, print, watch the machine, announce the stall."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import DATA_VARIABLE, say

if TYPE_CHECKING:
    from stall.box.printer.worker import Printing
    from stall.store.box import Box
    from stall.sync.serve import Beside


@click.command("sync")
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="The box's data folder.",
)
def sync(data: Path) -> None:
    """Bring the journal to the cloud whenever there is a network, print receipts, and keep the box tidy."""
    from stall import app, log, runtime
    from stall.box import sd_notify
    from stall.commands import managed
    from stall.sync import serve

    manager = sd_notify.taken()
    log.setup()
    box = app.open_box(data, all_day=True)
    with ExitStack() as until_stopped:
        until_stopped.callback(box.close)
        if box.settings.mdns and runtime.folder() is None:
            _announce(box, until_stopped)
        begun = managed.under(manager, "Uploads, prints and keeps the box tidy")
        serve.run(box.db, box.secrets, box.settings.cloud, say.line, _beside(box), begun)


def _beside(box: Box) -> list[Beside]:
    """What runs beside uploading: printing, where there is a printer; watching machine and network, where anybody can be told of it."""
    from stall import runtime

    printing = _printing(box)
    every: list[Beside] = [] if printing is None else [printing]
    if runtime.folder() is not None:
        from stall.box.machine.watch import Watch

        every += [Watch(box.folder, box.clock), _network(box)]
    return every


def _network(box: Box) -> Beside:
    """What watches uplink and Wi-Fi, and announces the stall where the maker's tools are."""
    import time

    from stall.box.config import boards, places
    from stall.box.network.stations import Stations
    from stall.box.network.uplink import Watcher
    from stall.box.network.watch import Watch

    settings, own = box.settings, box.settings.network
    radio = boards.read(Path("/"), own.lan).radio
    stations = Stations(
        Path(places.RUN_AP) / own.lan,
        Path(places.LEASES),
        time.monotonic,
        room=own.clients or (radio.clients if radio else 0),
        lan=own.lan,
        country=own.country,
    )
    follower = None
    if settings.mdns:
        from stall.box.network.announced import Announced

        follower = Announced(settings, box.secrets.signing.thumbprint)
    return Watch(Watcher(own, time.monotonic, depended=settings.captive.uplink), stations, follower)


def _printing(box: Box) -> Printing | None:
    """What prints on the receipt printer of the settings; without one, nothing waits for it."""
    from stall.flows import print_paper
    from stall.store import print_jobs

    if box.settings.printer is not None:
        from stall.box.printer.worker import Printing

        return Printing(box, box.settings.printer)
    if print_jobs.printer(box.db.read()) is not None:
        box.write("housekeeping", print_paper.remove_printer)
    return None


def _announce(box: Box, until_stopped: ExitStack) -> None:
    """Announce the stall if the network lets us; the upload does not depend on it."""
    from stall import log
    from stall.box.mdns import Announcement
    from stall.errors import Broken

    thumbprint, settings = box.secrets.signing.thumbprint, box.settings
    try:
        until_stopped.enter_context(Announcement(settings.name, thumbprint, settings.web.port, settings.mdns_interface))
    except Broken as error:
        log.get("sync").warning("mdns.failed", error=error.code)
        say.warning(f"{error.sentence} [{error.code}]")

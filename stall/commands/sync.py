"""`stall sync`: upload the journal, tidy up, announce the stall."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click


@click.command("sync")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), required=True, help="The box's data folder.")
def sync(data: Path) -> None:
    """Bring the journal to the cloud whenever there is a network, and keep the box tidy."""
    from stall import app, log
    from stall.box.mdns import Announcement
    from stall.sync import serve

    log.setup()
    box = app.open_box(data, all_day=True)
    settings = box.settings
    with ExitStack() as open_things:
        open_things.callback(box.close)
        if settings.mdns:
            thumbprint = box.secrets.signing.thumbprint
            open_things.enter_context(
                Announcement(settings.name, thumbprint, settings.web.port, settings.mdns_interface)
            )
        serve.run(box.db, box.secrets, settings.cloud, click.echo)

"""`stall reader`: own one card terminal's port for as long as the stall runs, and look at how it stands."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from stall.commands import reader_probe, reader_watch
from stall.commands.reader_probe import NUMBER


@click.group(invoke_without_command=True)
@click.option("--data", type=click.Path(path_type=Path), help="Data folder of the box.")
@NUMBER
@click.pass_context
def reader(context: click.Context, data: Path | None, number: int) -> None:
    """Take card payments: connect to the terminal of the settings and serve it until stopped.

    With a command: find a terminal, or follow how it stands.
    """
    if context.invoked_subcommand is None:
        if data is None:
            raise click.UsageError("Missing option '--data'.", context)
        _serve(data, number)
    elif data is not None:
        raise click.UsageError(f"Write --data after {context.invoked_subcommand}.", context)


for each in (reader_probe.probe, reader_watch.watch):
    reader.add_command(each)


#: Whoever stops us in the middle of a payment waits for its end: so long at most, which is more than a terminal gives a card (s).
PAYMENT_S = 180.0


def _serve(data: Path, number: int) -> None:
    from stall import log
    from stall.app import open_box
    from stall.box import sd_notify
    from stall.commands import managed
    from stall.errors import Refused
    from stall.reader.worker import Worker

    manager = sd_notify.taken()
    log.setup()
    stop = threading.Event()
    worker: Worker | None = None

    def asked_to_stop(*_: object) -> None:
        stop.set()
        if worker is not None and worker.paying:
            manager.extend(PAYMENT_S)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, asked_to_stop)
    box = open_box(data, all_day=True)
    try:
        if box.settings.reader is None:
            raise Refused(
                "reader-not-set", f"No reader is set up. Write a [reader] table into {data}/settings.toml first."
            )
        worker = Worker(box, number, box.settings.reader, stop)
        ended = managed.under(manager, f"Serves card reader {number}")(worker.alive())
        worker.run()
        ended()
    finally:
        box.close()

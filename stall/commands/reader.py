"""`stall reader`: own one card terminal's port for as long as the stall runs."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Data folder of the box.")
@click.option("--number", type=click.IntRange(1, 9), default=1, show_default=True, help="Number of the reader.")
def reader(data: Path, number: int) -> None:
    """Take card payments: connect to the terminal of the settings and serve it until stopped."""
    from stall import log
    from stall.app import open_box
    from stall.errors import Refused
    from stall.reader.worker import Worker

    log.setup()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    box = open_box(data, all_day=True)
    try:
        if box.settings.reader is None:
            raise Refused(
                "reader-not-set", f"No reader is set up. Write a [reader] table into {data}/settings.toml first."
            )
        Worker(box, number, box.settings.reader, stop).run()
    finally:
        box.close()

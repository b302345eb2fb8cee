"""`stall web`: the buyers' pages and the till."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from stall.commands import DATA_VARIABLE, say


@click.command("web")
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="The box's data folder.",
)
def web(data: Path) -> None:
    """Serve the buyers' pages, and the till on this machine only."""
    gc.disable()  # nothing of what is loaded now is garbage; `serve` enables it when all is there
    from stall import app, log
    from stall.box import sd_listen, sd_notify
    from stall.box.memory import give_back_free, give_back_large_blocks
    from stall.commands import managed
    from stall.web import serve

    manager, given = sd_notify.taken(), sd_listen.taken()
    log.setup()
    give_back_large_blocks()  # before the first thread takes an arena of its own
    held = serve.hold_signals()  # the crowd's writer is a thread too
    try:
        box = app.open_box(data, crowd=True, all_day=True)
    except BaseException:
        serve.let_signals(held)
        gc.enable()
        raise
    try:
        serve.run(box, say.line, give_back_free, given, managed.under(manager, "Serves buyers and the till"))
    finally:
        box.close()

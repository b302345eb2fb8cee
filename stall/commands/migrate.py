"""`stall migrate`: bring a box made by an older version up to this one."""

from __future__ import annotations

from pathlib import Path

import click

from stall.commands import DATA_VARIABLE, say


@click.command()
@click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, readable=False),
    required=True,
    help="Data folder of the box.",
)
def migrate(data: Path) -> None:
    """Bring the database of a stopped stall to the newest schema. Refused while the stall runs."""
    from stall.errors import Broken
    from stall.store import locks, migrations

    if not (data / "stall.sqlite").is_file():
        raise Broken(
            "box-missing", f"There is no stall in {data.absolute()}, so there is nothing to migrate. Check the name."
        )
    held = locks.own_run(data)
    try:
        migrations.migrate(data / "stall.sqlite")
    finally:
        held.release()
    say.line("The stall is up to date.")

"""`stall print`: ask for paper from the command line, and wait for what the printer makes of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import DATA_VARIABLE, say

if TYPE_CHECKING:
    from stall.store.db import Tx
    from stall.store.print_jobs import Job

DATA = click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    default=Path(),
    help="The box's data folder.",
)
WAIT = click.option(
    "--wait", "wait_s", type=click.IntRange(0, 600), default=30, show_default=True, help="Seconds to wait for it."
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_LOOK_S = 0.1


@click.group("print")
def print() -> None:  # noqa: A001 - what the command is called; nothing here prints by that name
    """Print on the receipt printer of the settings ([printer]). `stall sync` must be running: it prints."""


@print.command("test")
@DATA
@WAIT
@AS_JSON
def test(*, data: Path, wait_s: int, as_json: bool) -> int:
    """Print a page that shows whether the printer is set up right: letters, alphabets, width, a code."""
    from stall.flows import print_paper

    return _printed(data, print_paper.ask_test, wait_s, as_json=as_json)


@print.command("receipt")
@click.argument("sale", type=click.IntRange(min=1))
@DATA
@WAIT
@AS_JSON
def receipt(*, sale: int, data: Path, wait_s: int, as_json: bool) -> int:
    """Print the receipt of SALE, that of its void where it was taken back; what came out before bears COPY."""
    from stall.flows import print_paper

    return _printed(data, lambda tx, key: print_paper.ask_receipt(tx, sale, key), wait_s, as_json=as_json)


@print.command("z")
@click.argument("no", type=click.IntRange(min=1))
@DATA
@WAIT
@AS_JSON
def z(*, no: int, data: Path, wait_s: int, as_json: bool) -> int:
    """Print Z-report NO; what came out before bears COPY."""
    from stall.flows import print_paper

    return _printed(data, lambda tx, key: print_paper.ask_z_report(tx, no, key), wait_s, as_json=as_json)


@print.command("owner")
@click.argument("sale", type=click.IntRange(min=1))
@DATA
@WAIT
@AS_JSON
def owner(*, sale: int, data: Path, wait_s: int, as_json: bool) -> int:
    """Print the owner code of SALE, once: its certificates then name the owner. Before the buyer opens the download."""
    from stall.flows import print_paper

    return _printed(data, lambda tx, key: print_paper.ask_owner_slip(tx, sale, key), wait_s, as_json=as_json)


def _printed(data: Path, ask: Callable[[Tx, bytes], int], wait_s: int, *, as_json: bool) -> int:
    """Ask, wait, and say how it ended; 0 only where it was printed."""
    from stall import app
    from stall.store import print_jobs

    box = app.open_box(data)
    try:
        no = box.write("payment", lambda tx: ask(tx, secrets.token_bytes(16)))
        end = time.monotonic() + wait_s
        job = _job(print_jobs.find(box.db.read(), no))
        while job.state in {print_jobs.ASKED, print_jobs.BEGUN} and time.monotonic() < end:
            time.sleep(_LOOK_S)
            job = _job(print_jobs.find(box.db.read(), no))
        state = print_jobs.printer(box.db.read())
    finally:
        box.close()
    words = (
        {
            print_jobs.DONE: f"Printed, copy {job.copy}." if job.copy else "Printed.",
            print_jobs.ASKED: f"It waits: {state.sentence if state else ''} Is `stall sync` running?",
            print_jobs.BEGUN: "It is being printed.",
        }.get(job.state)
        or job.answer
        or "Not printed."
    )
    done = job.state == print_jobs.DONE
    if as_json:
        say.facts({"ok": done, "job": no, "state": job.state, "copy": job.copy, "sentence": words})
    else:
        say.line(words, err=not done)
    return 0 if done else 1


def _job(found: Job | None) -> Job:
    assert found is not None  # noqa: S101 - asked for just now, and jobs are never deleted; tells the type checker
    return found

"""The money check: sales by card while everything fails, and then the terminal's books held against ours.

Two tills press at once at each of some stalls; the terminal meets faults at random, processes are killed, cables pulled.
Prints how far it is and what it came to; the exit code is 1 when anything differs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import click

from tests.money import run
from tests.money.outcome import Outcome
from tests.money.plan import Share, shares

SALES, STALLS, AT_ONCE = 1000, 8, 2
#: At real times a payment takes seconds and some faults minutes.
SALES_IN_REAL_TIME = 10


def main(arguments: list[str]) -> int:
    """Do what was asked; 0 when both sets of books agree, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.money", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--sales",
        type=int,
        default=None,
        metavar="N",
        help=f"how many in all (default {SALES}, {SALES_IN_REAL_TIME} at --scale 1)",
    )
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="decides everything that can be decided")
    parser.add_argument(
        "--scale", type=float, default=run.SCALE, metavar="F", help="factor on every waiting time (default 1/50)"
    )
    parser.add_argument(
        "--stalls", type=int, default=None, metavar="M", help=f"so many, one after the other, {AT_ONCE} at once"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    chosen = parser.parse_args(arguments)
    seed = int(time.time()) if chosen.seed is None else chosen.seed
    real = chosen.scale >= 1
    sales = chosen.sales or (SALES_IN_REAL_TIME if real else SALES)
    stalls = chosen.stalls or min(STALLS, max(1, sales // 5))
    root = Path(tempfile.mkdtemp(prefix=f"stall-money-{seed}-"))
    click.echo(f"Money: {sales} sales at {stalls} stalls, seed {seed}, times x {chosen.scale:g}. Folders: {root}")
    began = time.monotonic()
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        outcome = together(pool, shares(sales, seed, stalls), root, chosen.scale)
    seconds = round(time.monotonic() - began)
    if chosen.json:
        told = {"seed": seed, "scale": chosen.scale, "seconds": seconds, **outcome.told()}
        chosen.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if not outcome.found:
        shutil.rmtree(root)
    say(outcome, seed, seconds)
    return 1 if outcome.found or not outcome.counts["sales"] else 0


def together(pool: Executor, wanted: list[Share], root: Path, scale: float = run.SCALE) -> Outcome:
    """Run the stalls, as many at once as the pool has room for."""
    outcome = Outcome()
    waiting = {pool.submit(run.play, share, root, scale) for share in wanted}
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for each in done:
            outcome.add(each.result())
        click.echo(f"  {outcome.counts['sales']} sales, {len(outcome.found)} differences", err=True)
    return outcome


def say(outcome: Outcome, seed: int, seconds: int) -> None:
    """Print what it came to."""
    for line in outcome.lines():
        click.echo(line)
    click.echo(f"{len(outcome.found):8}  differences; seed {seed}, {seconds} s")
    for sentence in outcome.found:
        click.echo(f"DIFFERS {sentence}")

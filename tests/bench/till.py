"""What the pages of the till cost: `python -m tests.bench.till [--sales N] [--rounds N] [--json FILE]`.

A stall that has sold ten thousand times, and every page of its till asked for in turns with a bare Flask page in the same
process: the server's time alone, without network or browser. Bars: the 95th of a hundred of each page within 150 ms on two
cores. The ratio beside the bare page carries over to other machines, times do not. Exit code 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from tests.bench import figures
from tests.fakes import busy_year
from tests.web.till_pages import Till
from tests.web.till_tour import tour

#: The 95th of a hundred may take so long on the server (ms).
REQUIRED_MS = 150.0
ROUNDS = 40
#: Read only where somebody asks for it by name: every receipt there ever was. Told, with no bar.
WITHOUT_BAR = {"/day/all"}
_TURNS_WITHOUT_BAR = 2


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def measure(till: Till, rounds: int) -> list[dict[str, float | str]]:
    """Time every page in turns with the bare one."""
    bare = Flask("bare")
    bare.add_url_rule("/", view_func=lambda: "<!doctype html><title>Bare</title>")
    beside = bare.test_client()
    pages = list(tour(till))
    measured: list[dict[str, float | str]] = []
    for name, path in pages:
        turns = _TURNS_WITHOUT_BAR if name in WITHOUT_BAR else rounds
        till.client.get(path)
        pairs = [(_ms(lambda: till.client.get(path)), _ms(lambda: beside.get("/"))) for _ in range(turns)]  # noqa: B023 - called before the next turn
        own, other = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        measured.append(
            {
                "page": name,
                "p50_ms": figures.middle(own),
                "p95_ms": figures.quantile(own, 0.95),
                "bare_ms": figures.middle(other),
                "ratio": figures.middle(own) / figures.middle(other),
            }
        )
    return measured


def missed(measured: list[dict[str, float | str]]) -> list[str]:
    """The pages that took longer than they may."""
    return [
        str(row["page"]) for row in measured if row["page"] not in WITHOUT_BAR and float(row["p95_ms"]) > REQUIRED_MS
    ]


def table(measured: list[dict[str, float | str]]) -> str:
    """What was measured, as text."""
    rows = [f"{'page':<44} {'p50':>9} {'p95':>9} {'required':>9}  beside bare Flask"]
    for row in measured:
        bar = "no bar" if row["page"] in WITHOUT_BAR else f"{REQUIRED_MS:.0f} ms"
        verdict = "MISSED" if row["page"] in missed(measured) else "ok"
        times = f"{float(row['p50_ms']):>6.1f} ms {float(row['p95_ms']):>6.1f} ms"
        rows.append(f"{row['page']:<44} {times} {bar:>9}  {float(row['ratio']):>5.1f} times  {verdict}")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Make the stall, measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.till", description=__doc__)
    parser.add_argument("--sales", type=int, default=busy_year.SALES, help="how many sales are in the database")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each page is asked for")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stocked = busy_year.copy(Path(folder), Path(folder) / "box", asked.sales)
        try:
            measured = measure(Till(stocked), asked.rounds)
        finally:
            stocked.box.close()
    sys.stdout.write(table(measured) + "\n")
    if asked.json is not None:
        machine = f"{platform.machine()}, Python {platform.python_version()}"
        told = {"machine": machine, "sales": asked.sales, "pages": measured, "missed": missed(measured)}
        asked.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 1 if missed(measured) else 0


if __name__ == "__main__":
    raise SystemExit(main())

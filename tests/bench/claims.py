"""How fast claims are, as ratios against the disk: `python -m tests.bench.claims [--quick] [--seconds N] [--json FILE]`.

A claim is one press of "take" on a free item of a limited edition, over HTTP, answered after COMMIT: a number, a
receipt, a claim code, an event. The limit is what the same disk does in the same minutes: append 4 KiB and sync.
Ratios carry over to other machines, times do not; so everything is printed as a ratio and the disk is measured
before and after each crowd. Exit code 1 when a sale was lost, doubled or oversold, or a required bar was missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import check, figures, growth, programs, stand
from tests.bench.stand import Server
from tests.preload import library
from tests.preload.counts import Counts

DELAY_US = 10_000
CROWD, THRONG = 32, 200
#: Most claims a second any machine of ours has made; editions are large enough for that.
FASTEST = 6_000
MOST_NUMBERS = 100_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often. Seconds of one measurement, rounds of each part, sizes of the journals compared."""

    seconds: float
    rounds: int
    beside_s: float
    sizes: tuple[int, ...]


QUICK = Plan(1.0, 2, 3.5, (1_000, 100_000))
FULL = Plan(3.0, 5, 20.0, (1_000, 100_000, 1_000_000))


@dataclass(slots=True)
class Bench:
    """What was measured so far; `wrong` names every broken promise."""

    plan: Plan
    home: Path
    measured: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    orders: dict[Path, list[str]] = field(default_factory=dict)

    def raw(self, folder: Path, environment: Mapping[str, str] | None = None) -> float:
        """Syncs a second of the disk now."""
        seconds = min(1.0, self.plan.seconds)
        return float(programs.run("raw", folder, seconds, seconds=seconds, environment=environment))

    def crowd(self, folder: Path, server: Server, drop: int, clients: int) -> dict[str, Any]:
        """Let a crowd take one drop; give the rate, the latencies in ms and the server's processor time."""
        cpu = server.cpu_s()
        seen = programs.run(
            "load", server.port, stand.limited(drop), clients, self.plan.seconds, seconds=self.plan.seconds
        )
        cpu = server.cpu_s() - cpu
        self.note(folder, seen, f"{clients} clients")
        latencies = seen["latencies_ms"]
        return {
            "clients": clients,
            "claims": len(seen["orders"]),
            "rate": len(latencies) / seen["seconds"],
            "p50_ms": figures.quantile(latencies, 0.5),
            "p99_ms": figures.quantile(latencies, 0.99),
            "max_ms": max(latencies),
            "cpu_us": cpu / len(seen["orders"]) * 1e6,
        }

    def note(self, folder: Path, seen: dict[str, Any], who: str) -> None:
        """Remember what a crowd was given, and whether anybody was turned away."""
        self.orders.setdefault(folder, []).extend(seen["orders"])
        if seen["refused"] or seen["unanswered"] or not seen["latencies_ms"]:
            self.wrong.append(f"{who}: refused {seen['refused']}, unanswered {seen['unanswered']}")

    def judge(self, folder: Path, *, whole_tree: bool = True) -> None:
        """Check a stall whose server has stopped, and throw it away."""
        self.wrong += check.check(folder, self.orders.get(folder, ()), whole_tree=whole_tree)
        shutil.rmtree(folder)

    def add(self, part: str, **facts: Any) -> None:
        """Keep one measurement and say it."""
        self.measured.append({"part": part, **facts})
        said = "  ".join(f"{name} {_short(value)}" for name, value in facts.items())
        sys.stderr.write(f"{part}: {said}\n")

    def of(self, part: str, name: str) -> float:
        """The median of one fact over all rounds of a part."""
        return figures.middle(self.each(part, name))

    def each(self, part: str, name: str) -> list[float]:
        """One fact of every round of a part, in order."""
        return [each[name] for each in self.measured if each["part"] == part]

    def has(self, part: str) -> bool:
        """Whether a part was measured."""
        return any(each["part"] == part for each in self.measured)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@contextlib.contextmanager
def _stall(bench: Bench, name: str, drops: int, seconds: float, environment: Mapping[str, str] | None) -> Iterator[tuple[Path, Server]]:  # fmt: skip
    """A stall of its own, served; judged when the block ends well."""
    folder = bench.home / name / "box"
    stand.make(folder, drops, min(MOST_NUMBERS, int(seconds * FASTEST)))
    with stand.serving(folder, environment) as server:
        bench.crowd(folder, server, 0, CROWD)  # what is loaded and compiled at first use is no claim's cost
        yield folder, server
    bench.judge(folder)


def fast_disk(bench: Bench) -> None:
    """One client, 32 and 200 on the disk as it is, the raw disk before and after each."""
    crowds = [1, CROWD, THRONG]
    with _stall(bench, "fast", 1 + len(crowds), bench.plan.seconds * bench.plan.rounds, None) as (folder, server):
        before = bench.raw(folder)
        for _ in range(bench.plan.rounds):
            for drop, clients in enumerate(crowds, 1):
                seen = bench.crowd(folder, server, drop, clients)
                after = bench.raw(folder)
                raw = (before + after) / 2
                bench.add(f"fast {clients}", raw=raw, ratio=seen["rate"] / raw, **seen)
                before = after


def slow_disk(bench: Bench) -> None:
    """The same with 10 ms added to every sync, counting what is written; then the till and the reader beside 200."""
    counts = Counts.make(bench.home / "counts")
    home = bench.home / "slow"
    home.mkdir()
    environment = library.environment(under=home, delay_us=DELAY_US, counts=counts.path)
    seconds = max(bench.plan.seconds * bench.plan.rounds, bench.plan.beside_s + 2)
    others = ("till", "seller", "reader")
    with _stall(bench, "slow", 3 + len(others), seconds, environment) as (folder, server):
        for _ in range(bench.plan.rounds):
            for drop, clients in enumerate((CROWD, THRONG), 1):
                raw = bench.raw(folder, environment)
                before = counts.read()
                seen = bench.crowd(folder, server, drop, clients)
                done = counts.read().since(before)
                bench.add(
                    f"slow {clients}",
                    raw=raw,
                    ratio=seen["rate"] / raw,
                    p99_syncs=seen["p99_ms"] / 1000 * raw,
                    bytes=done.bytes / seen["claims"],
                    syncs=done.syncs / seen["claims"],
                    **seen,
                )
        for drop, who in enumerate(others, 3):
            _beside(bench, folder, server, who, drop, environment)


def _beside(bench: Bench, folder: Path, server: Server, who: str, drop: int, environment: Mapping[str, str]) -> None:
    """Let 200 clients press all the while, and time the writes of somebody else."""
    seconds, raw = bench.plan.beside_s, bench.raw(folder, environment)
    crowd_s = seconds + 2
    with programs.started("load", server.port, stand.limited(drop), THRONG, crowd_s, seconds=crowd_s) as crowd:
        time.sleep(0.7)
        where = server.till_port if who == "till" else folder
        taken = programs.run("beside", who, where, seconds, seconds=seconds, environment=environment)
        seen = crowd.result()
    bench.note(folder, seen, f"the crowd beside the {who}")
    bench.add(
        who,
        writes=len(taken),
        p50_syncs=figures.quantile(taken, 0.5) / 1000 * raw,
        p99_syncs=figures.quantile(taken, 0.99) / 1000 * raw,
        max_syncs=max(taken) / 1000 * raw,
        crowd_rate=len(seen["latencies_ms"]) / seen["seconds"],
    )


def old_journals(bench: Bench) -> None:
    """The same crowd at stalls with journals of different lengths, in turn."""
    with contextlib.ExitStack() as open_stalls:
        stalls = []
        for size in bench.plan.sizes:
            folder = bench.home / f"grown-{size}" / "box"
            stand.make(folder, 2, min(MOST_NUMBERS, int(bench.plan.seconds * (bench.plan.rounds + 1) * FASTEST)))
            growth.grow(folder, size)
            server = open_stalls.enter_context(stand.serving(folder))
            bench.crowd(folder, server, 0, CROWD)
            stalls.append((size, folder, server))
        for _ in range(bench.plan.rounds):
            for size, folder, server in stalls:
                lone, many = bench.crowd(folder, server, 1, 1), bench.crowd(folder, server, 1, CROWD)
                bench.add(
                    f"journal {size}",
                    cpu_us=many["cpu_us"],
                    rate=many["rate"],
                    lone_ms=lone["p50_ms"],
                    lone_cpu_us=lone["cpu_us"],
                )
    for size, folder, _ in stalls:
        bench.judge(folder, whole_tree=size < max(bench.plan.sizes))


def results(bench: Bench) -> dict[str, float]:
    """The figures the bars ask for, as far as they were measured."""
    wanted = {
        "lone": ("fast 1", "ratio"),
        "crowd_fast": (f"fast {CROWD}", "ratio"),
        "crowd_slow": (f"slow {CROWD}", "ratio"),
        "crowd_p99": (f"slow {CROWD}", "p99_syncs"),
        "bytes": (f"slow {CROWD}", "bytes"),
        "syncs": (f"slow {CROWD}", "syncs"),
        "till_p99": ("till", "p99_syncs"),
        "reader_p99": ("reader", "p99_syncs"),
    }
    got = {name: bench.of(part, fact) for name, (part, fact) in wanted.items() if bench.has(part)}
    if "bytes" in got:
        got["bytes"] /= 1000
    least, most = (f"journal {size}" for size in (min(bench.plan.sizes), max(bench.plan.sizes)))
    if bench.has(most):
        rounds = zip(bench.each(most, "cpu_us"), bench.each(least, "cpu_us"), strict=True)
        got["growth"] = figures.middle([old / young for old, young in rounds])
    return got


def machine() -> dict[str, object]:
    """Where this ran; a busy machine spoils the figures."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
    }


PARTS = {"fast": fast_disk, "slow": slow_disk, "growth": old_journals}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the JSON."""
    asked = _parser().parse_args(arguments)
    plan = QUICK if asked.quick else FULL
    if asked.seconds is not None:
        plan = Plan(asked.seconds, plan.rounds, plan.beside_s, plan.sizes)
    where = machine()
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 4:
        sys.stderr.write("Others are busy on this machine: every figure will be worse than it is.\n")
    with tempfile.TemporaryDirectory(prefix="stall-bench-", dir=asked.folder) as home:
        bench = Bench(plan, Path(home))
        for part in asked.only or PARTS:
            PARTS[part](bench)
    got = results(bench)
    sys.stdout.write(figures.table(got) + "\n")
    for sentence in bench.wrong:
        sys.stdout.write(f"WRONG: {sentence}\n")
    if asked.json is not None:
        told = {
            "machine": where,
            "bars": got,
            "missed": figures.missed(got),
            "wrong": bench.wrong,
            "rounds": bench.measured,
        }
        asked.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 1 if bench.wrong or figures.missed(got) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.claims", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of six: fewer rounds, no million events")
    parser.add_argument("--seconds", type=float, help="length of a single measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    parser.add_argument("--folder", type=Path, help="where to put the data: on the disk to be measured")
    parser.add_argument("--only", action="append", choices=sorted(PARTS), help="measure only this part")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())

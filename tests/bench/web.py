"""What buyers get, beside what else there is: `python -m tests.bench.web [--quick] [--json FILE] [--only PART]`.

`stall web` alone and behind our nginx, against plain nginx and a bare Flask page in the same minutes: bytes, slow phones, kept
pages, a drop that opens with 10 ms a sync, memory, the start, and what is loaded. Processor time is that of the whole server, by the
scheduler's clock. Ratios and counts carry over to other machines, times do not. Exit code 1 when a bar is missed, a phone was
turned away or a number sold twice.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import check, claims, figures, front_stand, programs, stand
from tests.bench.figures import Bar
from tests.bench.front_stand import Buyer, Tree
from tests.bench.stand import ROOT
from tests.preload import library

DELAY_US = 10_000
PHONES, RATE = 200, 60_000
NGINX, ALONE = "nginx", "alone"
#: Phones of a burst, within so many seconds, and what the 99th of a hundred may take (ms).
BURSTS = ((300, 1.0, 100.0), (500, 0.3, 250.0))
#: Numbers of the drop that is sold out in the middle of a burst.
FEW = 100
FOR_IMPORTS = "free-print-0"

BARS = (
    Bar("link", "bytes by signed link, processor time / plain nginx", 1.15, 1.05, most=True),
    Bar("handed_back", "file handed back by the app: what that adds / bare Flask page", 1.5, 1.0, most=True),
    *(Bar(f"first_{how}", f"200 slow phones, {how}: last first byte, s", 1.0, 0.3, most=True) for how in (NGINX, ALONE)),
    *(Bar(f"page_{how}", f"200 slow phones, {how}: slowest page, ms", 150, 50, most=True, digits=0) for how in (NGINX, ALONE)),
    Bar("kept", "catalogue kept / drawn, processor time", 1 / 15, 1 / 30, most=True, digits=3),
    *(
        Bar(f"burst_{phones}_{how}", f"{phones} phones in {within} s, {how}: p99 of page and take, ms", most_ms, most_ms / 2, most=True, digits=0)
        for phones, within, most_ms in BURSTS
        for how in (NGINX, ALONE)
    ),
    Bar("idle", "nginx and web at rest, MB", 45, 40, most=True, digits=1),
    Bar("after", "nginx and web after the burst, MB", 65, 55, most=True, digits=1),
    Bar("start", "start to first answer, s", 0.35, 0.25, most=True),
    Bar("loaded", "libraries loaded that belong elsewhere", 0, 0, most=True, digits=0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of each: rounds, files fetched, pages asked for, seconds of slow phones, starts."""

    rounds: int
    files: int
    pages: int
    drawn: int
    slow_s: float
    starts: int


QUICK = Plan(1, 400, 4_000, 600, 5.0, 3)
FULL = Plan(3, 1_600, 20_000, 2_000, 15.0, 9)


@dataclass(slots=True)
class Bench:
    """What was measured so far; `wrong` names every broken promise."""

    plan: Plan
    home: Path
    nginx: str
    measured: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, part: str, **facts: Any) -> None:
        """Keep one measurement and say it."""
        self.measured.append({"part": part, **facts})
        said = "  ".join(
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in facts.items()
        )
        sys.stderr.write(f"{part}: {said}\n")

    def each(self, part: str, name: str) -> list[float]:
        """One fact of every round of a part."""
        return [each[name] for each in self.measured if each["part"] == part]

    def fine(self, who: str, wrong: Mapping[str, int], unanswered: int = 0) -> None:
        """Note whoever was turned away."""
        if any(wrong.values()) or unanswered:
            self.wrong.append(f"{who}: turned away {dict(wrong)}, unanswered {unanswered}")


@dataclass(slots=True)
class Stall:
    """A running stall: its folder, the port buyers come to, `stall web` and perhaps nginx."""

    folder: Path
    port: int
    web: Tree
    front: Tree | None

    def cpu_s(self) -> float:
        """Processor time of all of it."""
        return self.web.cpu_s() + (self.front.cpu_s() if self.front else 0.0)

    def pss_mb(self) -> float:
        """Memory of all of it."""
        return self.web.pss_mb() + (self.front.pss_mb() if self.front else 0.0)


@contextlib.contextmanager
def running(
    bench: Bench, name: str, how: str, *, drops: int = 1, edition: int = 1000, delay_us: int = 0
) -> Iterator[Stall]:
    """A stall of its own, alone or behind nginx."""
    home = bench.home / name / how
    folder, run = home / "box", home / "run"
    front_stand.make(folder, drops, edition)
    places = front_stand.front_it(folder, run) if how == NGINX else None
    run.mkdir(parents=True, exist_ok=True)
    environment = library.environment(under=home, delay_us=delay_us) if delay_us else {}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(stand.serving(folder, environment))
        front = None if places is None else stack.enter_context(front_stand.our_nginx(bench.nginx, places))
        yield Stall(folder, places.port if places else server.port, Tree(server.pid), front)


def phones(mode: str, *arguments: object, seconds: float = 30.0) -> Any:
    """Let a crowd come, in a process of its own."""
    return programs.run("phones", mode, *arguments, seconds=seconds)


def costs(cpu_s: Callable[[], float], mode: str, *arguments: object) -> tuple[float, dict[str, Any]]:
    """Processor time that a crowd cost a server (s), and what the crowd saw."""
    before = cpu_s()
    seen = phones(mode, *arguments)
    time.sleep(0.5)  # what the server still does of it
    return cpu_s() - before, seen


def send_bytes(bench: Bench) -> None:
    """Fifty connections fetch photos of 5 MiB: plain nginx, our signed links, and links that are over, in turn."""
    count = bench.plan.files
    with running(bench, "bytes", NGINX) as stall:
        plain = front_stand.plain_nginx(bench.nginx, stall.folder / "files", bench.home / "plain")
        with plain as (tree, port, bare):
            links = Buyer(stall.port).links()
            own = [f"/files/{link.split('/')[3]}" for link in links]
            old = front_stand.expired(stall.folder, links)
            assert stall.front is not None
            for _ in range(bench.plan.rounds):
                facts: dict[str, float] = {}
                for name, at, paths in (("plain", port, own), ("link", stall.port, links), ("old", stall.port, old)):
                    nginx = (tree if name == "plain" else stall.front).cpu_s
                    all_of_it = nginx if name == "plain" else stall.cpu_s
                    before = nginx()
                    cpu, seen = costs(all_of_it, "fetch", at, json.dumps(paths), 50, count)
                    facts[f"{name}_s_gb"] = (nginx() - before) / seen["bytes"] * 1e9
                    facts[f"{name}_all_us"] = cpu / count * 1e6
                    facts[f"{name}_mb_s"] = seen["bytes"] / seen["seconds"] / 1e6
                    bench.fine(f"{name} files", seen["wrong"], count - seen["files"])
                pages = bench.plan.drawn
                cpu, seen = costs(lambda: tree.cpu_s() + bare.cpu_s(), "ask", port, '["/bare"]', 8, pages)
                bench.fine("bare pages", seen["wrong"], pages - seen["answers"])
                facts["bare_us"] = cpu / pages * 1e6
                bench.add(
                    "bytes",
                    link=facts["link_s_gb"] / facts["plain_s_gb"],
                    handed_back=(facts["old_all_us"] - facts["link_all_us"]) / facts["bare_us"],
                    **facts,
                )


def slow_phones(bench: Bench) -> None:
    """Two hundred phones take photos at 60 kB/s each, and somebody looks at the catalogue and at an order meanwhile."""
    for how in (NGINX, ALONE):
        with running(bench, "slow", how) as stall:
            buyer, seconds = Buyer(stall.port), bench.plan.slow_s
            paths = buyer.links() if how == NGINX else buyer.direct()
            look = json.dumps(["/", buyer.order()])
            phones("probe", stall.port, look, 0.5)
            with programs.started(
                "phones", "slow", stall.port, json.dumps(paths), PHONES, RATE, seconds, seconds=seconds
            ) as crowd:
                seen = phones("probe", stall.port, look, seconds - 1, seconds=seconds)
                slow = crowd.result()
            bench.fine(f"pages beside slow phones, {how}", seen["failed"])
            bench.fine(f"slow phones, {how}", slow["wrong"], PHONES - len(slow["first_s"]))
            bench.add(
                f"slow {how}",
                first_s=max(slow["first_s"], default=99.0),
                page_p50_ms=figures.middle(seen["latencies_ms"]),
                page_max_ms=max(seen["latencies_ms"], default=9999.0),
                pages=len(seen["latencies_ms"]),
                pss_mb=stall.pss_mb(),
            )


def kept_pages(bench: Bench) -> None:
    """The catalogue through our nginx: kept by it, and drawn by the app for each (an address that is somebody's own)."""
    with running(bench, "kept", NGINX, drops=12) as stall:
        drawn = json.dumps([f"/?o={n}" for n in range(50)])
        for _ in range(bench.plan.rounds):
            facts = {}
            for name, paths, count in (("kept", '["/"]', bench.plan.pages), ("drawn", drawn, bench.plan.drawn)):
                phones("ask", stall.port, paths, 50, 200)
                cpu, seen = costs(stall.cpu_s, "ask", stall.port, paths, 50, count)
                bench.fine(f"{name} pages", seen["wrong"], count - seen["answers"])
                facts[f"{name}_us"] = cpu / count * 1e6
            bench.add("kept", ratio=facts["kept_us"] / facts["drawn_us"], **facts)


def bursts(bench: Bench) -> None:
    """A drop opens, each sync takes 10 ms: everybody opens the item and takes it. Then one with too few numbers."""
    for how in (NGINX, ALONE):
        rounds = bench.plan.rounds
        with running(bench, "burst", how, drops=2 + rounds * len(BURSTS), edition=600, delay_us=DELAY_US) as stall:
            if how == NGINX:
                time.sleep(2)
                bench.add("rest", pss_mb=stall.pss_mb(), web_mb=stall.web.pss_mb())
            orders, drop = [], 1
            orders += phones("burst", stall.port, stand.limited(0), 20, 0.5)["orders"]  # what only the first ones load
            for _ in range(rounds):
                for count, within, _ in BURSTS:
                    cpu, seen = costs(stall.cpu_s, "burst", stall.port, stand.limited(drop), count, within)
                    bench.fine(f"{count} phones in {within} s, {how}", seen["wrong"], seen["unanswered"])
                    orders += seen["orders"]
                    drop += 1
                    bench.add(
                        f"burst {count} {how}",
                        p50_ms=figures.middle(seen["both_ms"]),
                        p99_ms=figures.quantile(seen["both_ms"], 0.99),
                        max_ms=max(seen["both_ms"]),
                        page_p99_ms=figures.quantile(seen["pages_ms"], 0.99),
                        cpu_ms=cpu / count * 1000,
                    )
            orders += _sold_out(bench, stall, drop)
            if how == NGINX:
                bench.add("after", pss_mb=stall.pss_mb(), web_mb=stall.web.pss_mb())
            photos = stall.folder
        bench.wrong += check.check(photos, orders, whole_tree=True)


def _sold_out(bench: Bench, stall: Stall, drop: int) -> list[str]:
    """Three hundred phones for a hundred numbers: so many get one, the others a clear answer."""
    front_stand.leave(stall.folder, stand.limited(drop), FEW)
    time.sleep(0.3)
    seen = phones("burst", stall.port, stand.limited(drop), 300, 1.0)
    gone = {status: n for status, n in seen["wrong"].items() if status not in {"409", "gone"}}
    bench.fine("a drop sold out meanwhile", gone, seen["unanswered"])
    if len(seen["orders"]) != FEW:
        bench.wrong.append(f"{len(seen['orders'])} orders for {FEW} numbers")
    return list(seen["orders"])


def starts(bench: Bench) -> None:
    """From the start of the program to the first page, as everything lies in memory already."""
    folder = bench.home / "start" / "box"
    front_stand.make(folder, 1, 10)
    for n in range(bench.plan.starts + 1):
        seconds = _first_answer(folder)
        if n:
            bench.add("start", seconds=seconds)


def _first_answer(folder: Path) -> float:
    from stall import settings as settings_file

    port = settings_file.load(folder).web.port
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    command = [sys.executable, "-m", "stall", "web", "--data", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
        try:
            while time.perf_counter() - begun < stand.START_S:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
                    sock.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
                    if sock.recv(4096).startswith(b"HTTP/1.1 200"):
                        return time.perf_counter() - begun
                time.sleep(0.002)
            raise RuntimeError("stall web did not answer")
        finally:
            process.terminate()
            process.wait(10)


def loads(bench: Bench) -> None:
    """What the buyers' side loads that belongs elsewhere."""
    folder = bench.home / "loaded" / "box"
    front_stand.make(folder, 1, 10)
    told = programs.run("loaded", folder, front_stand.PHOTOS, seconds=30)
    bench.add("loaded", count=float(len(set(told["start"] + told["sale"] + told["all"] + told["till"]))), **told)


PARTS = {
    "bytes": send_bytes,
    "slow": slow_phones,
    "kept": kept_pages,
    "burst": bursts,
    "start": starts,
    "loaded": loads,
}


def results(bench: Bench) -> dict[str, float]:
    """The figures the bars ask for, as far as they were measured."""
    wanted = {
        "link": ("bytes", "link"),
        "handed_back": ("bytes", "handed_back"),
        "kept": ("kept", "ratio"),
        "idle": ("rest", "pss_mb"),
        "after": ("after", "pss_mb"),
        "start": ("start", "seconds"),
        "loaded": ("loaded", "count"),
    }
    for how in (NGINX, ALONE):
        wanted[f"first_{how}"], wanted[f"page_{how}"] = (f"slow {how}", "first_s"), (f"slow {how}", "page_max_ms")
        for count, _, _ in BURSTS:
            wanted[f"burst_{count}_{how}"] = (f"burst {count} {how}", "p99_ms")
    got = {name: bench.each(part, fact) for name, (part, fact) in wanted.items()}
    return {name: figures.middle(values) for name, values in got.items() if values}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.web", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of each, a minute or two")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    parser.add_argument("--folder", type=Path, help="where to put the data: on the disk to be measured")
    parser.add_argument("--only", action="append", choices=sorted(PARTS), help="measure only this part")
    asked = parser.parse_args(arguments)
    nginx = front_stand.find_nginx()
    where = {
        **claims.machine(),
        "nginx": subprocess.run([nginx, "-v"], check=True, capture_output=True, text=True).stderr.strip(),
    }
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 4:
        sys.stderr.write("Others are busy on this machine: every figure will be worse than it is.\n")
    with tempfile.TemporaryDirectory(prefix="sb-", dir=asked.folder) as home:
        bench = Bench(QUICK if asked.quick else FULL, Path(home), nginx)
        for part in asked.only or PARTS:
            PARTS[part](bench)
    got = results(bench)
    sys.stdout.write(figures.table(got, BARS) + "\n")
    for sentence in bench.wrong:
        sys.stdout.write(f"WRONG: {sentence}\n")
    missed = figures.missed(got, BARS)
    if asked.json is not None:
        told = {"machine": where, "bars": got, "missed": missed, "wrong": bench.wrong, "rounds": bench.measured}
        front_stand.save(asked.json, told)
    return 1 if bench.wrong or missed else 0


if __name__ == "__main__":
    raise SystemExit(main())

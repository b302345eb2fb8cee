"""What an import costs: `python -m tests.bench.importing [--megabytes N] [--rounds N] [--files N] [--json FILE]`.

A pack without pictures is imported, from its file and from a pipe, and in turns with that the least that any import must do is
done: one pass of SHA-256 over its files and one ZIP that stores them, by the standard library, forced to the disk. Each is a process
of its own; counted is its processor time, and how large it became. The ratio carries over to other machines, times do not. Then a pack four
times as large is imported: memory may not grow with it. Exit code 1 when a bar is missed. Needs about five times the pack's size, and twenty for the larger.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stall import app
from stall.clock import SystemClock
from stall.creator import delegations, keyring, packs
from stall.creator.packs import PackOptions
from stall.flows.accept_document import accept_delegation
from stall.flows.import_pack import import_pack
from stall.store.box import Box
from tests.bench import figures

#: Processor time of an import, at most this many times the least (through a pipe the kernel copies every byte once more); growth of
#: memory with a pack four times as large (MB).
REQUIRED, GROWTH_MB = {"file": 1.3, "pipe": 1.45}, 4.0
MB, CHUNK = 1024 * 1024, 1024 * 1024
WAYS = ("least", "file", "pipe")


@dataclass(frozen=True)
class Spent:
    """What one process took: seconds of the processor for the work, and its largest size (MB)."""

    cpu_s: float
    peak_mb: float


def lay_out(folder: Path, files: int, megabytes: int) -> None:
    """Make a box that knows its creator, and a pack of so many files of random bytes."""
    source, size = folder / "files", megabytes * MB // files
    source.mkdir(parents=True)
    for n in range(files):
        with (source / f"{n:03}.bin").open("wb") as file:
            for at in range(0, size, CHUNK):
                file.write(os.urandom(min(CHUNK, size - at)))
    creator = keyring.new(folder / "creator", "Ada Prints")
    now_s = SystemClock().wall_ms() // 1000
    app.create_box(folder / "box", pin="123456")
    box = app.open_box(folder / "box")
    with box.db.transaction() as tx:
        accept_delegation(tx, delegations.delegate(creator, box.secrets.signing.did, "box", now_s=now_s - 60))
    box.close()
    options = PackOptions(title="Night", price_minor=450, opens_s=now_s, closes_s=now_s + 86_400)
    packs.build(source, folder / "night.stallpack", creator, options, now_s=now_s - 30)


def least(folder: Path) -> None:
    """One pass of SHA-256, one ZIP."""
    found = sorted((folder / "files").iterdir())
    for path in found:
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as file:
            while piece := file.read(CHUNK):
                digest.update(piece)
    with (folder / "least.zip").open("wb") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
            for path in found:
                with path.open("rb", buffering=0) as file, made.open(zipfile.ZipInfo(path.name), "w") as entry:
                    while piece := file.read(CHUNK):
                        entry.write(piece)
        os.fsync(out.fileno())


def importing(box: Box, source: Path | int) -> None:
    """Import it."""
    if not import_pack(box, source).new:
        raise SystemExit("The pack was here already.")


def spent(folder: Path, way: str) -> Spent:
    """Run one way in a process of its own, on a box of its own."""
    copy = folder / "copies" / "box"
    shutil.rmtree(copy.parent, ignore_errors=True)
    shutil.copytree(folder / "box", copy)
    for name in ("files", "night.stallpack"):
        (copy.parent / name).symlink_to(folder / name)
    command = [sys.executable, "-m", "tests.bench.importing", "--way", way, str(copy.parent)]
    if way == "pipe":
        with subprocess.Popen(["cat", str(folder / "night.stallpack")], stdout=subprocess.PIPE) as sent:
            done = subprocess.run(command, stdin=sent.stdout, capture_output=True, check=True)
    else:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    shutil.rmtree(copy.parent)
    return Spent(**json.loads(done.stdout))


def _one_way(way: str, folder: Path) -> None:
    """What the child does, and tells."""
    box = app.open_box(folder / "box")
    ways: dict[str, Callable[[], None]] = {
        "least": lambda: least(folder),
        "file": lambda: importing(box, folder / "night.stallpack"),
        "pipe": lambda: importing(box, 0),
    }
    before = resource.getrusage(resource.RUSAGE_SELF)
    ways[way]()
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    box.close()
    sys.stdout.write(json.dumps({"cpu_s": cpu_s, "peak_mb": used.ru_maxrss / 1024}) + "\n")


def measure(folder: Path, files: int, megabytes: int, rounds: int) -> dict[str, float]:
    """Import in turns with the least; each ratio is the median over the rounds."""
    lay_out(folder / "small", files, megabytes)
    runs = [{way: spent(folder / "small", way) for way in WAYS} for _ in range(rounds + 1)][1:]  # the first warms up
    told = {f"{way}_s": figures.middle([run[way].cpu_s for run in runs]) for way in WAYS}
    for way in WAYS[1:]:
        told[f"{way}_ratio"] = figures.middle([run[way].cpu_s / run["least"].cpu_s for run in runs])
        told[f"{way}_mb"] = max(run[way].peak_mb for run in runs)
    shutil.rmtree(folder / "small")
    lay_out(folder / "large", files, 4 * megabytes)
    for way in WAYS[1:]:
        told[f"{way}_large_mb"] = spent(folder / "large", way).peak_mb
    return told


def missed(told: dict[str, float]) -> list[str]:
    """What is not as it must be."""
    ratios = [f"{way}_ratio" for way in WAYS[1:] if told[f"{way}_ratio"] > REQUIRED[way]]
    return ratios + [f"{way}_mb" for way in WAYS[1:] if told[f"{way}_large_mb"] - told[f"{way}_mb"] > GROWTH_MB]


def table(told: dict[str, float]) -> str:
    """What was measured, as text."""
    rows = [f"the least that must be done: {told['least_s']:.2f} s of the processor"]
    for way in WAYS[1:]:
        ratio, small, large = told[f"{way}_ratio"], told[f"{way}_mb"], told[f"{way}_large_mb"]
        verdict = "ok" if not [one for one in missed(told) if one.startswith(way)] else "MISSED"
        rows.append(
            f"by {way}: {ratio:.2f} times that (≤ {REQUIRED[way]}), {small:.1f} MB, four times the pack {large:.1f} MB"
            f" (≤ {GROWTH_MB:.0f} MB more)  {verdict}"
        )
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.importing", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=512, help="size of the smaller pack (MiB)")
    parser.add_argument("--files", type=int, default=16, help="in how many files")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is taken")
    parser.add_argument("--folder", type=Path, help="where to work; a folder for a moment if not given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    parser.add_argument("--way", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.way:
        _one_way(asked.way[0], Path(asked.way[1]))
        return 0
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        told = measure(Path(folder), asked.files, asked.megabytes, asked.rounds)
    sys.stdout.write(table(told) + "\n")
    if asked.json is not None:
        machine = f"{platform.machine()}, Python {platform.python_version()}"
        facts = {"machine": machine, "megabytes": asked.megabytes, "import": told, "missed": missed(told)}
        asked.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 1 if missed(told) else 0


if __name__ == "__main__":
    raise SystemExit(main())

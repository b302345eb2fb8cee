"""Cuts the power many times: records stalls, builds what a cut could leave, judges each image with the real code.

A recording is real processes at real speed, so no two are alike: its log is kept when something was found, and an image
is named by log, seed, cut and number. `again` builds that very image once more.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.outside_the_door import outside_the_door
from tests.faults.power import cuts, recording, replay
from tests.faults.power.disk import Disk
from tests.faults.power.images import Left
from tests.faults.power.told import Told, until
from tests.preload.records import Op, Record, read

#: Images of one recording, before another stall is recorded.
A_RECORDING = 2500
#: Failures described; the rest is only counted.
DESCRIBED = 20


@dataclass(frozen=True, slots=True)
class Spot:
    """One image: after how many records the power failed, and the number that decides what was left."""

    cut: int
    number: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An image that is not as it was promised."""

    log: Path
    seed: int
    spot: Spot
    left: Left
    sentences: tuple[str, ...]

    def __str__(self) -> str:
        command = f"{Path(sys.executable).name} -m tests.faults.power {self.log} --seed {self.seed} --cut {self.spot.cut} --image {self.spot.number}"
        return f"power cut after record {self.spot.cut}, of what was not safe: {self.left}\n  {'; '.join(self.sentences[:3])}\n  again: {command}"


@dataclass
class Summary:
    """What a run came to."""

    seed: int
    images: int = 0
    recordings: int = 0
    records: int = 0
    told: int = 0
    left: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    copied_back: int = 0
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every image was as promised, no recorded write went past the door, and nobody was refused."""
        return self.images > 0 and not self.failed and not self.beside and not self.refused

    @property
    def found(self) -> list[str]:
        """Every finding in words; of very many failures the first ones."""
        return [*map(str, self.failures), *self.beside, *(f"Somebody was refused: {each}" for each in self.refused)]

    def add(self, other: Summary) -> None:
        """Take in what another process found."""
        self.images += other.images
        self.left += other.left
        self.failed += other.failed
        self.failures += other.failures[: DESCRIBED - len(self.failures)]


def run(images: int, seed: int, workers: int = 1, *, scratch: Path | None = None) -> Summary:
    """Judge so many images, of as many recordings as that takes. A recording in which something was found is kept.

    `scratch` is a folder for the images; by default one in memory where there is one.
    """
    began = time.monotonic()
    summary = Summary(seed)
    home = Path(tempfile.mkdtemp(prefix=f"stall-power-{seed}-", dir=scratch or _memory()))
    for part in range(-(-images // A_RECORDING)):
        root = home / f"recording-{part}"
        log = recording.record(root, seed + part)
        clean = summary.failed + len(summary.beside)
        _replay(log, seed + part, min(A_RECORDING, images - part * A_RECORDING), workers, summary)
        if summary.failed + len(summary.beside) == clean:
            shutil.rmtree(root)
    if summary.ok:
        shutil.rmtree(home)
    summary.seconds = time.monotonic() - began
    return summary


def _replay(log: Path, seed: int, images: int, workers: int, summary: Summary) -> None:
    records = read(log)
    summary.recordings += 1
    summary.records += len(records)
    summary.beside += [f"{each} Recording: {log}" for each in outside_the_door(records)]
    summary.refused += [
        record.text for record in records if record.op is Op.ACK and record.text.startswith('{"refused"')
    ]
    summary.told += sum(record.op is Op.ACK for record in records)
    summary.copied_back += _copied_back_amid_sales(records)
    spots = choose(records, images, seed)
    shares = [spots[n::workers] for n in range(workers)]
    if workers == 1:
        summary.add(judge(log, seed, spots))
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in [pool.submit(judge, log, seed, share) for share in shares]:
            summary.add(done.result())


def _copied_back_amid_sales(records: list[Record]) -> int:
    """Writes into the database itself while people bought: without any, the most delicate moment was not recorded."""
    taken = [n for n, record in enumerate(records) if record.op is Op.ACK and record.text.startswith('{"take"')]
    amid = records[taken[0] : taken[-1]] if taken else []
    return sum(record.op is Op.WRITE and record.path == "stall.sqlite" for record in amid)


def choose(records: list[Record], images: int, seed: int) -> list[Spot]:
    """First what was told while the box was made, each with nothing left but what was safe; then the drawn cuts."""
    made = [n + 1 for n, record in enumerate(records) if record.op is Op.ACK and record.text.startswith(_OF_MAKING)]
    drawn = cuts.choose(records, max(0, images - len(made)), Random(seed))
    return [Spot(cut, 0) for cut in made[:images]] + [Spot(cut, n) for n, cut in enumerate(drawn, 1)]


_OF_MAKING = ('{"made"', '{"place"', '{"migrated"', '{"imported"', '{"opened"')


def judge(log: Path, seed: int, spots: Sequence[Spot]) -> Summary:
    """Judge some images of one recording; those with findings stay beside its log."""
    found = Summary(seed)
    for spot, disk, told in _at(read(log), spots):
        left, rng = _drawn(seed, spot)
        folder = log.parent / f"image-{spot.cut}-{spot.number}"
        sentences = replay.judge_image(disk, told, left, rng, folder)
        found.images += 1
        found.left[left] += 1
        if sentences:
            found.failed += 1
            found.failures.append(Failure(log, seed, spot, left, tuple(sentences)))
            if found.failed > DESCRIBED:
                shutil.rmtree(folder)
                found.failures.pop()
    return found


def again(log: Path, seed: int, spot: Spot, folder: Path) -> tuple[Left, list[str]]:
    """Build one image once more in `folder` and judge it; it stays there if something is found."""
    for _, disk, told in _at(read(log), [spot]):
        left, rng = _drawn(seed, spot)
        return left, replay.judge_image(disk, told, left, rng, folder)
    raise ValueError("the recording is shorter than that")


def _drawn(seed: int, spot: Spot) -> tuple[Left, Random]:
    """What is left, by chance; image 0 of a cut is the one that keeps nothing but what was safe."""
    rng = Random(f"{seed}/{spot.cut}/{spot.number}")
    left = rng.choice(list(Left))
    return (left if spot.number else Left.NOTHING), rng


def _at(records: list[Record], spots: Sequence[Spot]) -> Iterator[tuple[Spot, Disk, Told]]:
    """The disk, and what was told, at each spot in order of the cuts. The disk is only lent."""
    disk, done = Disk(), 0
    texts: list[str] = []
    for spot in sorted(spots, key=lambda spot: (spot.cut, spot.number)):
        for record in records[done : spot.cut]:
            disk.apply(record)
            if record.op is Op.ACK:
                texts.append(record.text)
        done = max(done, spot.cut)
        yield spot, disk, until(texts)


def _memory() -> Path | None:
    """A disk in memory, unless somebody says where temporary files go: what is laid out here lives for milliseconds."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and "TMPDIR" not in os.environ else None

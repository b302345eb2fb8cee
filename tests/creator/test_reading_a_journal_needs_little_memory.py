"""`verify` reads an exported journal line by line: what it keeps does not grow with the events."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

from stall.creator import journals, verdicts
from stall.creator.papers import Export, Paper
from stall.wire import b64, event, keys, merkle, note
from stall.wire.event import Event

BOX = keys.SigningKey.from_seed(bytes([1]) * 32)
EPOCH = b64.encode(bytes(16))
ORIGIN = note.origin(BOX.thumbprint, bytes(16))


def events(count: int) -> Iterator[bytes]:
    yield event.encode(Event(EPOCH, 0, "epoch", 1_795_000_000_000, "ntp", {"parent": None}))
    for seq in range(1, count):
        yield event.encode(Event(EPOCH, seq, "clock", 1_795_000_000_000, "ntp", {"before": seq, "set": "x" * 500}))


def lines(count: int) -> Iterator[bytes]:
    tree = merkle.Frontier.empty()
    for data in events(count):
        tree = tree.append(merkle.leaf_hash(data))
    text = note.sign(BOX, ORIGIN, note.Checkpoint(ORIGIN, count, tree.root()).body())
    yield json.dumps({"type": "checkpoint", "box": BOX.did, "epoch": EPOCH, "epochs": 1, "note": text}).encode()
    for seq, data in enumerate(events(count)):
        yield json.dumps({"type": "event", "seq": seq, "bytes": b64.encode(data)}).encode()


def test_memory_does_not_grow_with_the_events() -> None:
    peaks = []
    for count in (400, 2000):
        tracemalloc.start()
        report = journals.check(lines(count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert report.events == count
    assert peaks[1] < peaks[0] * 1.2, peaks


def test_an_export_is_read_anew_each_time_it_is_needed() -> None:
    [found] = verdicts.judge([Paper("journal", Export(lambda: lines(3)))])
    assert (found.verdict, found.says[0].split(",")[0]) == ("unknown", f"Epoch {EPOCH}: 3 events")

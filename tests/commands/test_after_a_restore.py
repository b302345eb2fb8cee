"""What a maker does after a copy was made or a backup put back: only documented commands, from laptop to box."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from stall.cli import main


class Bench:
    """A laptop and a box, worked by commands alone."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys

    def run(self, *arguments: object, code: int = 0) -> str:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        said = self._capsys.readouterr()
        assert int(ended.value.code or 0) == code, said.err
        return said.out if code == 0 else said.err

    def shown(self, box: Path) -> dict[str, Any]:
        facts = json.loads(self.run("keys", "show", box, "--json"))
        (self.root / "box.json").write_text(json.dumps(facts))
        assert isinstance(facts, dict)
        return facts

    def lease(self, name: str, *numbers: str, code: int = 0) -> str:
        return self.run(
            "lease", "issue", "--creator", self.root / "creator", "--pack", self.root / "prints.stallpack", "--box",
            self.root / "box.json", *numbers, "--out", self.root / name, code=code,
        )  # fmt: skip

    def make_pack(self, title: str, file: str, *more: str) -> None:
        (self.root / file).mkdir()
        (self.root / file / "one.txt").write_text(title)
        self.run(
            "pack", "build", self.root / file, "--creator", self.root / "creator", "--title", title, "--price", "4.50",
            "--out", self.root / f"{file}.stallpack", *more,
        )  # fmt: skip
        self.run("pack", "import", "--data", self.root / "box", self.root / f"{file}.stallpack")


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    """A box with a limited drop of five and an open one, both open and leased."""
    made, box = Bench(tmp_path, capsys), tmp_path / "box"
    made.run("keys", "new", "creator", "--out", tmp_path / "creator", "--name", "Ada Prints")
    made.run("keys", "new", "box", "--data", box)
    facts = made.shown(box)
    made.run("delegate", "--creator", tmp_path / "creator", "--box", tmp_path / "box.json", "--out", tmp_path / "d.jws")
    made.run("accept", "--data", box, tmp_path / "d.jws")
    made.make_pack("Harbour Prints", "prints", "--edition", "5")
    made.make_pack("Night Zine", "zine")
    made.lease("first.jws", "--numbers", "1-4")
    made.run("accept", "--data", box, tmp_path / "first.jws")
    made.run("clock", "confirm", "--data", box)
    for drop in json.loads(made.run("drop", "status", "--data", box, "--json"))["drops"]:
        made.run("drop", "open", drop["drop"], "--data", box)
    assert facts["epoch"]
    return made


def test_a_copied_box_sells_open_editions_at_once_and_limited_ones_after_a_lease(bench: Bench) -> None:
    box, copy = bench.root / "box", bench.root / "copy"
    names = {
        drop["title"]: drop["drop"]
        for drop in json.loads(bench.run("drop", "status", "--data", box, "--json"))["drops"]
    }
    prints, zine = names["Harbour Prints"], names["Night Zine"]
    bench.run("sell", prints, "--data", box, "--cash")
    before = bench.shown(box)["epoch"]
    shutil.copytree(box, copy)
    bench.run("sell", zine, "--data", copy, "--cash")
    told = bench.run("report", "reconcile", "--data", copy)  # it ties: a new epoch is no gap
    assert "New epoch, " in told
    assert f"Waiting for a new lease: {prints}, numbers 2-4" in told
    refused = bench.run("sell", prints, "--data", copy, "--cash", code=1)
    assert "drop-waits" in refused
    assert "wait for a new lease" in bench.run("drop", "status", prints, "--data", copy)
    epoch = bench.shown(copy)["epoch"]
    assert f"--epoch {epoch} --again NUMBERS" in refused
    assert f"stall accept --data {copy}" in refused
    assert epoch != before
    assert bench.shown(box)["epoch"] == before  # the original notices nothing
    bench.run("sell", prints, "--data", box, "--cash")
    bench.shown(copy)
    assert "lease-not-frozen" in bench.lease("wrong.jws", "--again", "5", code=1)
    bench.lease("sold.jws", "--again", "1-4")
    told = bench.run("accept", "--data", copy, bench.root / "sold.jws", code=1)  # number 1 was sold before the copy
    assert "--again 2-4" in told
    bench.lease("again.jws", "--again", "3-4", "--count", "1")
    bench.run("accept", "--data", copy, bench.root / "again.jws")
    for _ in range(3):
        bench.run("sell", prints, "--data", copy, "--cash")
    bench.run("sell", prints, "--data", copy, "--cash", code=1)
    for each in (box, copy):
        assert bench.run("journal", "verify", "--data", each).startswith("ok:")
        bench.run("journal", "export", "--data", each, "--out", bench.root / f"{each.name}.jsonl")


def test_a_bookkeeper_who_looks_into_a_copy_changes_nothing(bench: Bench) -> None:
    copy = bench.root / "copy"
    shutil.copytree(bench.root / "box", copy)
    kept = (copy / "stall.place").read_bytes()
    bench.run("journal", "verify", "--data", copy)
    bench.run("journal", "export", "--data", copy)
    bench.run("report", "reconcile", "--data", copy)
    bench.run("drop", "status", "--data", copy)
    bench.run("clock", "show", "--data", copy)
    assert (copy / "stall.place").read_bytes() == kept

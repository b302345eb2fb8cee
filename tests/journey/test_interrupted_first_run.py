"""Ctrl-C at any moment of the first run: it ends at once, leaves no process, and the next run comes up."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from stall.demo.journey.page import Page
from stall.demo.journey.visitor import Visitor
from tests.journey.running import RunningDemo, free_base, own_files, run_stall, running

MOMENTS = ("A stall in", "Making a creator's key", "Signing", "Checking and storing")


def test_ctrl_c_at_each_step_of_the_first_run_leaves_nothing_that_blocks_the_next(tmp_path: Path) -> None:
    pack = own_files(tmp_path / "Own files")
    data = tmp_path / "data"
    for number, words in enumerate(MOMENTS):
        demo = RunningDemo(data, "--pack", str(pack))
        demo.wait_for_words(words)
        code = demo.interrupt(signal.SIGTERM if number % 2 else signal.SIGINT)
        assert code in {0, 130}, demo.words
        assert "Traceback" not in demo.words
        assert not demo.parts()
        demo.close()
    with running(data, "--pack", str(pack)) as demo, Visitor(demo.at.buyers) as buyer:
        assert buyer.open("/").links("Own files")
        demo.interrupt(signal.SIGTERM)


def test_ctrl_c_while_the_prints_are_drawn_ends_the_drawing_too(tmp_path: Path) -> None:
    demo = RunningDemo(tmp_path / "data")
    demo.wait_for_words("drawing twenty prints")
    assert demo.interrupt() == 130
    assert not _drawing(tmp_path)
    demo.close()


def test_a_part_that_dies_during_the_check_is_a_failure_in_the_object_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stall.demo.journey import counter, once
    from stall.demo.ports import Ports

    def pull_the_plug(maker: Visitor, code: str) -> Page:
        maker.site = "http://127.0.0.1:9"  # nobody listens there
        return maker.open("/")

    monkeypatch.setattr(counter, "find_basket", pull_the_plug)
    told = once.check(tmp_path / "data", own_files(tmp_path / "Own files"), Ports.free(), tmp_path / "out")
    assert told["ok"] is False
    assert told["failures"] == [
        {
            "check": "sale",
            "sentence": "http://127.0.0.1:9/ gave no answer (ConnectError). Look into the logs of the demo.",
            "code": "visit-failed",
        }
    ]
    assert json.loads((tmp_path / "out" / "object.json").read_text()) == told


@pytest.mark.parametrize("place", ["file/below", "/proc/stall-demo"])
def test_a_folder_that_cannot_be_written_is_named_and_nothing_else_happens(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    done = run_stall("demo", "--once", "--json", "--data", str(tmp_path / place))
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["code"] in {"disk-no-folder", "disk-not-writable", "demo-folder-impossible"}
    assert str(tmp_path / place) in error["sentence"]


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "letter.txt").write_text("mine")
    done = run_stall("demo", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "holds other things (box)" in done.stderr
    assert [entry.name for entry in tmp_path.rglob("*")] == ["box", "letter.txt"]


def test_a_pack_folder_that_is_not_there_is_said_before_anything_is_made(tmp_path: Path) -> None:
    base = str(free_base())
    done = run_stall("demo", "--data", str(tmp_path / "data"), "--port-base", base, "--pack", str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert "There is no folder" in done.stderr
    assert not (tmp_path / "data" / "box").exists()


@pytest.mark.parametrize("arguments", [["--json"], ["--once", "--lan"], ["--port-base", "80"]])
def test_options_that_make_no_sense_together_are_a_matter_of_usage(arguments: list[str]) -> None:
    assert run_stall("demo", *arguments).returncode == 2


def _drawing(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode()
            except OSError:
                continue
            if "stall.demo.art.drawing" in command and str(folder) in command:
                found.append(command)
    return found

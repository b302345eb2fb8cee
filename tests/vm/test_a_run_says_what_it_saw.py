"""What a run of the virtual machine notes: findings, promises as they arrive, and the instants of a payment on the cable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vm.promises import Promises
from tests.vm.report import OutOfTime, Report
from tests.vm.terminal import ACKNOWLEDGED, APPROVED, ASKED, Terminal


def test_what_is_not_so_is_a_finding_and_stands_in_the_log_with_what_was_seen(tmp_path: Path) -> None:
    report = Report(tmp_path / "log", 20)
    assert report.must(so=True, words="the sky is blue")
    assert not report.must(so=False, words="grass is red", instead="green")
    report.close()
    assert report.found == ["not so: grass is red (green)"]
    assert "2 checks" in (tmp_path / "log").read_text("utf-8")
    assert (tmp_path / "log").read_text("utf-8").count("grass is red") == 2


def test_no_chapter_begins_after_its_time() -> None:
    report = Report(None, 0)
    with pytest.raises(OutOfTime):
        report.chapter("too late")


def test_promises_merge_as_they_arrive_and_half_a_line_is_none() -> None:
    promises = Promises()
    lines = [
        {"presses": {"take": 1}},
        {"takes": {"/o/a": None}},
        {"takes": {"/o/a": 7}},
        {"presses": {"take": 1}},
        {"takes": {"/o/a": None, "/o/b": None}},
        {"cash": {"3": 450}},
        {"complaint": "no change"},
    ]
    data = "".join(json.dumps(line) + "\n" for line in lines).encode() + b'{"cards": {"4": 4'
    for at in range(0, len(data), 11):
        promises.hear("till", data[at : at + 11])
    assert promises.told.takes == {"/o/a": 7, "/o/b": None}
    assert promises.told.presses == {"take": 2}
    assert promises.told.cash == {3: 450}
    assert promises.complaints == ["no change"]
    promises.power_gone()
    promises.hear("till", b'{"cards": {"5": 300}}\n')
    assert promises.as_told()["cards"] == {5: 300}


def test_the_instants_of_a_payment_are_seen_on_the_cable_in_their_order(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "terminal", lambda _: None)
    frame = b"\x10\x02%b\x10\x03\x00\x00"
    terminal.hear(frame % b"\x06\x01\x07")
    assert terminal.wait(ASKED, 0)
    terminal.hear(frame % b"\x80\x00\x00")  # to something said before the result
    assert not terminal.wait(ACKNOWLEDGED, 0)
    terminal._look(frame % b"\x04\x0f\x02\x27\x00", own=True)
    assert terminal.wait(APPROVED, 0)
    terminal.hear(frame % b"\x80\x00\x00")
    assert terminal.wait(ACKNOWLEDGED, 0)
    terminal.expect()
    assert not terminal.wait(APPROVED, 0)

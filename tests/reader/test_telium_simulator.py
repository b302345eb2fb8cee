"""The simulated Concert E+ terminal as a process of its own, on a network port, with a script."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.reader.connect import open_terminal
from stall.reader.driver import Driver, Exchange
from stall.reader.events import Approval, Event, NotApproved, Unreadable
from stall.reader.simulated.ledger import Ledger
from stall.settings import Reader

SCRIPT = """
[[payment]]
fault = "decline"
[[payment]]
fault = "wrong-amount"
"""
SCALE = "0.2"
PATIENCE_S = 30.0


@pytest.fixture
def link(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "script.toml").write_text(SCRIPT)
    command = [sys.executable, "-m", "stall", "simulate", "telium", "--data", str(tmp_path), "--tcp", "0"]
    command += ["--panel", "0", "--card-after", "0", "--scale", SCALE, "--script", str(tmp_path / "script.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def run(exchange: Exchange) -> list[Event]:
    events = []
    for event in exchange.events():
        events.append(event)
        if isinstance(event, Approval):
            assert exchange.accept().certain()
    return events


def test_a_terminal_on_the_network_follows_its_script_and_keeps_its_books(link: str, tmp_path: Path) -> None:
    till: Driver = open_terminal(Reader(link=link, protocol="telium", profile="telium", time_scale=float(SCALE)))
    try:
        till.register("EUR")
        said = [run(till.pay(minor, "EUR"))[1] for minor in (100, 200, 300)]
    finally:
        till.close()
    assert [type(each) for each in said] == [NotApproved, Unreadable, Approval]
    booked = [each.amount for each in Ledger(tmp_path / "ledger.sqlite").entries() if each.state == "booked"]
    assert booked == [300, 200, 1]

"""The supervisor's rules for one process: its leash, its restarts, its log, its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.demo import child as children
from stall.demo.child import Child
from stall.demo.ports import Ports
from stall.demo.supervisor import Supervisor, interruptible, running
from stall.errors import Broken, Refused
from tests.journey.running import eventually, free_base


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Child]:
    """A simulated terminal as a child: a command that runs until it is told to stop."""
    one = Child("terminal", _terminal(tmp_path), tmp_path / "terminal.log")
    yield one
    one.ask_to_stop()
    one.end(time.monotonic() + 2.0)


def _terminal(folder: Path) -> list[str]:
    return ["simulate", "zvt", "--data", str(folder / "books"), "--pty", str(folder / "port"), "--panel", "0"]


def _pid(child: Child) -> int:
    assert child.pid is not None
    return child.pid


def _ended(child: Child) -> int:
    codes: list[int] = []

    def looked() -> bool:
        code = child.look()
        codes.extend([] if code is None else [code])
        return bool(codes)

    assert eventually(looked, 10.0)
    return codes[0]


def test_a_command_on_the_leash_ends_in_good_order_when_its_supervisor_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stall.demo.leash", *_terminal(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stdin is not None
    assert eventually((tmp_path / "port").is_symlink)
    process.stdin.close()  # what the kernel does for a supervisor that was killed
    assert process.wait(5.0) == 0
    assert not (tmp_path / "port").is_symlink()
    assert process.stderr is not None
    process.stderr.close()


def test_a_process_that_is_killed_is_started_again_after_a_wait_that_grows(
    terminal: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FIRST_WAIT_S", 0.05)
    terminal._wait_s = 0.05
    terminal.start()
    first = terminal.pid
    for _ in range(2):
        os.kill(_pid(terminal), signal.SIGKILL)
        assert _ended(terminal) == -signal.SIGKILL
        assert eventually(lambda: terminal.look() is None and terminal.pid is not None)
    assert terminal.restarts == 2
    assert terminal.pid != first
    assert terminal._wait_s == pytest.approx(0.2)


def test_a_process_that_stopped_over_an_unknown_outcome_is_started_again_at_once(tmp_path: Path) -> None:
    one = Child("odd", ["simulate"], tmp_path / "odd.log")
    one._process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(75)"], stdin=subprocess.PIPE)
    one._wait_s = 60.0
    assert _ended(one) == children.UNKNOWN_OUTCOME
    one.look()
    assert one.restarts == 1
    one.end(time.monotonic() + 5.0)


def test_one_that_does_not_stop_when_asked_is_killed(tmp_path: Path) -> None:
    one = Child("deaf", [], tmp_path / "deaf.log")
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    with (tmp_path / "said").open("wb") as said:
        one._process = subprocess.Popen(
            [sys.executable, "-c", deaf], stdin=subprocess.PIPE, stdout=said, process_group=0
        )
    assert eventually(lambda: (tmp_path / "said").read_bytes() == b"deaf\n")
    process = one._process
    one.ask_to_stop()
    one.end(time.monotonic() + 0.1)
    assert process.returncode == -signal.SIGKILL
    assert one.look() is None
    assert one.pid is None


def test_a_log_that_grew_long_is_put_aside_and_the_process_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LOG_BYTES", 100)
    one = Child("talker", [], tmp_path / "talker.log")
    with one.log.open("ab") as log:
        log.write(b"x" * 101)
        log.flush()
        one.shorten_log()
        log.write(b"on\n")
    assert one.log.read_bytes() == b"on\n"
    assert (tmp_path / "talker.log.1").stat().st_size == 101


def test_a_part_that_never_comes_up_is_named_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "FIRST_WAIT_S", 0.01)
    from stall.demo.parts import Addresses

    nowhere = Addresses(*(f"http://127.0.0.1:{free_base()}" for _ in range(4)))
    wrong = Child("web", ["web", "--data", str(tmp_path / "nothing")], tmp_path / "web.log")
    wrong._wait_s = 0.01
    said: list[str] = []
    with pytest.raises(Broken) as raised, running([wrong], nowhere, said.append):
        pass
    assert raised.value.code == "demo-part-fails"
    assert "The part “web” does not start: error:" in raised.value.sentence
    assert len(said) == 3
    assert wrong.pid is None


def test_a_taken_port_is_named_and_a_free_set_is_accepted() -> None:
    base = free_base()
    Ports.from_base(base).check()
    import socket

    with socket.create_server(("127.0.0.1", base + 2)), pytest.raises(Refused) as raised:
        Ports.from_base(base).check()
    assert raised.value.code == "demo-port-in-use"
    assert f"Port {base + 2} on 127.0.0.1, for the terminal, is taken" in raised.value.sentence


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_way_to_end_it_is_one_and_the_old_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_while_stopping_cuts_nothing_short(terminal: Child) -> None:
    class Stubborn(Supervisor):
        def stop(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            super().stop()

    from stall.demo import supervisor

    terminal.start()
    with interruptible():
        stubborn = Stubborn([terminal], lambda _words: None)
        with supervisor._undisturbed():
            stubborn.stop()
    assert terminal.pid is None


def test_an_interrupt_lost_in_a_finalizer_is_found_at_the_next_look() -> None:
    class Dropped:
        def __del__(self) -> None:
            with contextlib.suppress(KeyboardInterrupt):  # as Python does with whatever is raised in here
                signal.raise_signal(signal.SIGTERM)

    with interruptible():
        dropped = Dropped()
        del dropped
        with pytest.raises(KeyboardInterrupt):
            Supervisor([], lambda _: None).look()
    with interruptible():
        Supervisor([], lambda _: None).look()  # a new run begins unasked

"""`stall reader probe` says what is there and what answers, and sends nothing but a question."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from stall import settings
from stall.errors import Refused, Retry
from stall.reader import connect, detect, ports
from stall.reader.driver import READY
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.zvt.link import Link
from stall.reader.zvt.terminal import Terminal
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from stall.store import locks
from stall.wire.readers import zvt
from tests.commands.conftest import Run

NAME = "usb-INGENICO_Move_5000-if00"
ASKS = b"\x05\x01"


class Terminals:
    """A terminal on a cable that answers how it stands, and keeps all it was ever sent."""

    def __init__(self, dev: Path) -> None:
        self.port = PtyDevice(dev / "ttyACM3")
        self.name = dev / "serial/by-id" / NAME
        self.name.parent.mkdir(parents=True)
        self.name.symlink_to("../../ttyACM3")
        self.status = READY
        self.heard: list[bytes] = []
        self._link = Link(self.port, Timers())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while self._link.alive:
            try:
                received = self._link.receive(1.0)
            except Retry:
                return
            if received is None:
                continue
            self.heard.append(received.data)
            if received.data[0] != 0x80:
                self._link.send(zvt.commands.POSITIVE)
                self._link.send(zvt.commands.unit(0x060F, bytes([self.status])))

    def close(self) -> None:
        self._link.close()
        self._thread.join(5)


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ports, "DEV", tmp_path / "dev")
    monkeypatch.setattr(ports, "modem_manager_runs", lambda: False)
    monkeypatch.setattr(detect, "GUESS_SCALE", 1 / 50)
    (tmp_path / "dev").mkdir()
    return tmp_path / "dev"


@pytest.fixture
def terminal(dev: Path) -> Iterator[Terminals]:
    made = Terminals(dev)
    yield made
    made.close()


def only_asked(terminal: Terminals) -> bool:
    """Nothing else was sent than the question, and yes to its answer."""
    return bool(terminal.heard) and {unit[:2] for unit in terminal.heard} <= {ASKS, b"\x80\x00"}


def test_without_a_port_it_says_so_and_what_to_do(stall: Run, dev: Path) -> None:
    ran = stall("reader", "probe")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: No serial port on USB is here")
    assert ran.err.endswith("[reader-not-found]\n")


def test_a_port_is_listed_with_the_lines_to_copy_and_nothing_is_sent(
    stall: Run, terminal: Terminals, tmp_path: Path
) -> None:
    ran = stall("reader", "probe")
    assert (ran.code, ran.err) == (0, "")
    first, *_ = ran.out.splitlines()
    assert first == f"serial:{terminal.name} is {terminal.port.path} now: free."
    (tmp_path / settings.FILE).write_text(ran.out.partition("For settings.toml:")[2])
    assert settings.load(tmp_path).reader == Reader(link=f"serial:{terminal.name}")
    assert terminal.heard == []


@pytest.mark.parametrize("protocol", [(), ("--protocol", "zvt")])
def test_a_terminal_is_asked_how_it_stands_and_nothing_else(
    stall: Run, terminal: Terminals, dev: Path, tmp_path: Path, protocol: tuple[str, ...]
) -> None:
    ran = stall("reader", "probe", "--link", f"serial:{dev / 'ttyACM3'}", "--line", "9600 8N1", *protocol)
    assert (ran.code, ran.err) == (0, "")
    assert "answers as zvt: Ready" in ran.out
    assert only_asked(terminal)
    (tmp_path / settings.FILE).write_text(ran.out.partition("For settings.toml:")[2])
    assert settings.load(tmp_path).reader == Reader(link=f"serial:{terminal.name}", line="9600 8N1")


def test_a_terminal_that_is_not_ready_answers_too_and_says_why(stall: Run, terminal: Terminals) -> None:
    terminal.status = 0xCC
    told = stall("reader", "probe", "--link", f"serial:{terminal.name}", "--json")
    assert told.code == 0
    assert told.json["answer"]["ready"] is False
    assert "rinter" in told.json["answer"]["words"]


def test_each_protocol_is_tried_until_one_answers(
    stall: Run, terminal: Terminals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tried: list[str] = []

    class Deaf(Terminal):
        def status(self) -> int:
            tried.append("deaf")
            raise Retry("reader-silent", "Nothing is heard.")

    own = connect.PROTOCOLS["zvt"]

    def deaf(reader: Reader, profile: object, trace: object) -> Terminal:
        assert not reader.trace
        made = own(reader, profile, trace)  # type: ignore[arg-type]  # passed through as it came
        assert isinstance(made, Terminal)
        return Deaf(made.link, made.profile, "000000")

    monkeypatch.setattr(detect, "PROTOCOLS", ["deaf", "zvt"])
    monkeypatch.setattr(connect, "PROTOCOLS", {"deaf": deaf, "zvt": own})
    ran = stall("reader", "probe", "--link", f"serial:{terminal.name}")
    assert tried == ["deaf"]
    assert "answers as zvt: Ready" in ran.out
    monkeypatch.setattr(detect, "PROTOCOLS", ["deaf"])
    ran = stall("reader", "probe", "--link", f"serial:{terminal.name}")
    assert ran.code == 1
    assert f"Nothing on serial:{terminal.name} answers as deaf." in ran.err
    assert ran.err.endswith("[reader-no-answer]\n")


def test_a_protocol_that_is_not_zvt_stands_in_the_lines_to_copy(
    stall: Run, terminal: Terminals, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(connect, "PROTOCOLS", {"other": connect.PROTOCOLS["zvt"]})
    ran = stall("reader", "probe", "--link", f"serial:{terminal.name}", "--protocol", "other")
    (tmp_path / settings.FILE).write_text(ran.out.partition("For settings.toml:")[2])
    assert settings.load(tmp_path).reader == Reader(link=f"serial:{terminal.name}", protocol="other")


def test_a_mute_line_is_told_apart_from_an_absent_one(stall: Run, dev: Path) -> None:
    mute = PtyDevice(dev / "ttyUSB0")
    ran = stall("reader", "probe", "--link", f"serial:{dev / 'ttyUSB0'}", "--json")
    mute.close()
    assert (ran.code, ran.json["error"]["code"]) == (1, "reader-no-answer")
    assert len(ran.json["ports"]) == 1
    gone = stall("reader", "probe", "--link", f"serial:{dev / 'ttyUSB0'}", "--json")
    assert (gone.code, gone.json["error"]["code"]) == (1, "reader-lost")


def test_what_hangs_up_on_the_question_is_no_terminal(stall: Run, dev: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []

        def hang_up() -> None:
            there, _ = listener.accept()
            heard.append(there.recv(64))
            there.close()

        serving = threading.Thread(target=hang_up)
        serving.start()
        ran = stall("reader", "probe", "--link", f"tcp:127.0.0.1:{listener.getsockname()[1]}", "--protocol", "zvt")
        serving.join(5)
    assert ran.err.endswith("[reader-no-answer]\n")
    assert heard == [zvt.commands.status_enquiry("000000")]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--link", "usb"), "reader-link"),
        (("--link", "serial:/dev/x", "--line", "fast"), "reader-line"),
        (("--link", "tcp:127.0.0.1:9", "--protocol", "nosuch"), "reader-protocol"),
    ],
)
def test_what_cannot_be_asked_is_refused(stall: Run, dev: Path, arguments: tuple[str, ...], code: str) -> None:
    ran = stall("reader", "probe", *arguments)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.endswith(f"[{code}]\n")


def test_who_may_speak_into_a_port_is_said_with_the_remedy(
    stall: Run, terminal: Terminals, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = ports.present()[0]
    monkeypatch.setattr(ports, "modem_manager_runs", lambda: True)

    def listed(**changes: object) -> str:
        monkeypatch.setattr(ports, "present", lambda: [changed(port, changes)])
        return stall("reader", "probe").out.splitlines()[0]

    assert listed(left_alone=True).endswith("now: free.")
    assert "ModemManager runs and speaks into new ports: install firmware_config/udev/" in listed(left_alone=False)
    assert "ModemManager runs and may speak into it" in listed(left_alone=None)
    assert listed(left_alone=True, holders=("minicom (7)",)).endswith("in use by minicom (7).")
    assert "this user may not open it: sudo usermod -aG " in listed(left_alone=True, allowed=False)
    assert "has no name in /dev/serial/by-id: free" in listed(left_alone=True, lasting=False)


def changed(port: ports.Port, changes: dict[str, object]) -> ports.Port:
    return replace(port, **changes)  # type: ignore[arg-type]  # the names and types are those of the test above


@pytest.fixture
def box(data: Path, terminal: Terminals) -> Path:
    own = settings.load(data)
    reader = Reader(link=f"serial:{terminal.name}", time_scale=0.1, trace=True)
    settings.save(data, msgspec.structs.replace(own, reader=reader))
    return data


def test_the_reader_of_the_settings_is_asked_in_its_own_protocol(run: Run, box: Path, terminal: Terminals) -> None:
    ran = run("reader", "probe", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["answer"]["words"] == "Ready", "the log of the worker is not the output of the probe"
    assert only_asked(terminal)


def test_the_lines_to_copy_keep_what_is_set_and_the_password_was_not_tried(
    run: Run, data: Path, terminal: Terminals, tmp_path: Path
) -> None:
    own = settings.load(data)
    set_ = Reader(link=f"serial:{terminal.name}", password="123456", profile="pax", name="Till 2", time_scale=0.1)
    settings.save(data, msgspec.structs.replace(own, reader=set_))
    ran = run("reader", "probe")
    assert (ran.code, ran.err) == (0, "")
    assert "Its password was not tried" in ran.out
    (tmp_path / settings.FILE).write_text(ran.out.partition("For settings.toml:")[2])
    assert settings.load(tmp_path).reader == set_


@pytest.mark.parametrize(
    ("protocol", "profile", "fitting"),
    [("telium", "standard", "telium, telium-plain, telium-refunds"), ("zvt", "telium", "standard, simulated, ")],
)
def test_a_profile_of_another_protocol_is_refused_and_those_that_fit_are_named(
    terminal: Terminals, protocol: str, profile: str, fitting: str
) -> None:
    with pytest.raises(Refused, match="reader-profile") as refused:
        connect.open_terminal(Reader(link=f"serial:{terminal.name}", protocol=protocol, profile=profile))
    assert f"With that, use one of: {fitting}" in refused.value.sentence
    assert terminal.heard == []


def test_a_port_its_worker_has_is_not_touched(run: Run, box: Path, terminal: Terminals) -> None:
    name = locks.own_name(box, "reader-1")
    ran = run("reader", "probe")
    name.release()
    assert (ran.code, ran.err) == (0, "")
    assert f"`stall reader` runs and has serial:{terminal.name}. It says: checking, It has only just begun" in ran.out
    assert terminal.heard == []


def test_while_the_terminal_is_asked_no_worker_can_start(run: Run, box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []
    plain = detect.ask

    def ask(own: Reader) -> detect.Answer:
        with pytest.raises(Exception, match="already-running"):
            locks.own_name(box, "reader-1")
        held.append(True)
        return plain(own)

    monkeypatch.setattr(detect, "ask", ask)
    assert run("reader", "probe").code == 0
    assert held == [True]
    locks.own_name(box, "reader-1").release()


def test_a_box_without_a_reader_is_told_what_there_is_all_the_same(run: Run, data: Path, terminal: Terminals) -> None:
    ran = run("reader", "probe", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "reader-not-set")
    assert json.dumps(f"serial:{terminal.name}") in ran.json["settings"]


def test_the_worker_is_still_started_by_the_bare_command(stall: Run, data: Path) -> None:
    assert stall("reader").code == 2
    assert stall("reader", "--data", data, "probe").code == 2
    ran = stall("reader", "--data", data)
    assert (ran.code, "[reader-not-set]" in ran.err) == (1, True)

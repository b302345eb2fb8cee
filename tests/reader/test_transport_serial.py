"""The byte pipe to a terminal on a cable: how the line is set, who may have it, and a name that moves on."""

from __future__ import annotations

import errno
import os
import re
import termios
from pathlib import Path

import pytest
import serial

from stall import log
from stall.errors import Refused, Retry
from stall.reader.connect import open_terminal
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.transport import SerialTransport, connect
from stall.reader.transports import serial_line
from stall.reader.transports.serial_line import Line
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from stall.wire.readers import zvt
from tests.reader.conftest import Wire


@pytest.fixture
def link(device: PtyDevice, tmp_path: Path) -> str:
    return f"serial:{tmp_path / 'port'}"


def set_to(device: PtyDevice) -> tuple[int, bool]:
    """The speed of the terminal's end and whether two stop bits are set, as the kernel keeps them."""
    descriptor = os.open(device.path, os.O_RDWR | os.O_NOCTTY)
    _, _, control, _, speed, _, _ = termios.tcgetattr(descriptor)
    os.close(descriptor)
    return speed, bool(control & termios.CSTOPB)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("9600 8N2", Line(9600, 8, "N", 2)),
        ("9600 7E1", Line(9600, 7, "E", 1)),
        ("115200 8N1", Line(115200, 8, "N", 1)),
        ("1200 8O1", Line(1200, 8, "O", 1)),
    ],
)
def test_a_line_is_read_as_it_is_written(text: str, line: Line) -> None:
    assert serial_line.line(text) == line


@pytest.mark.parametrize(
    "text",
    ["9600", "8N2", "9600 8N3", "9600 9N1", "9600 8n1", "9600  8N1", "9600 8N1 ", "9601 8N1", "9600,8N1", "٩٦٠٠ 8N1"],
)
def test_a_line_nobody_can_set_is_refused_with_an_example(text: str, link: str) -> None:
    for any_link in (link, "tcp:127.0.0.1:1"):
        with pytest.raises(Refused, match="9600 7E1") as refused:
            connect(any_link, text)
        assert refused.value.code == "reader-line"


def test_the_line_is_set_as_told_or_as_is_usual_with_the_protocol(device: PtyDevice, link: str) -> None:
    connect(link, "115200 8N1").close()
    assert set_to(device) == (termios.B115200, False)
    connect(link, usual="19200 8N2").close()
    assert set_to(device) == (termios.B19200, True)
    seven = connect(link, "9600 7E1")
    assert isinstance(seven, SerialTransport)
    assert (seven._port.bytesize, seven._port.parity) == (serial.SEVENBITS, serial.PARITY_EVEN)
    seven.close()


def test_a_zvt_terminal_has_two_stop_bits_unless_the_settings_say_otherwise(device: PtyDevice, link: str) -> None:
    open_terminal(Reader(link=link)).close()
    assert set_to(device) == (termios.B9600, True)
    open_terminal(Reader(link=link, line="38400 8N1")).close()
    assert set_to(device) == (termios.B38400, False)


def test_an_absent_device_is_a_lost_reader(tmp_path: Path) -> None:
    with pytest.raises(Retry, match=rf"not connected \(nothing is at {tmp_path / 'none'}\)\. Check .*reader-lost"):
        connect(f"serial:{tmp_path / 'none'}")


def test_what_is_no_serial_port_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")
    with pytest.raises(Retry, match="is no serial port"):
        connect(f"serial:{tmp_path / 'notes'}")


def test_a_device_has_one_owner_and_the_other_is_told_what_to_stop(link: str) -> None:
    first = connect(link)
    with pytest.raises(Retry, match="ModemManager") as refused:
        connect(link)
    assert refused.value.code == "reader-in-use"
    first.close()
    connect(link).close()


@pytest.mark.parametrize(
    ("why", "code", "words"),
    [
        (errno.EACCES, "reader-rights", r"usermod -aG \w+ USER"),
        (errno.EPERM, "reader-rights", r"usermod -aG \w+ USER"),
        (errno.EBUSY, "reader-in-use", "Stop that program"),
        (errno.EAGAIN, "reader-in-use", "Stop that program"),
        (errno.ENXIO, "reader-lost", r"not connected \(No such device or address\)\. Check its cable"),
    ],
)
def test_a_port_the_system_does_not_open_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, link: str, why: int, code: str, words: str
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(why, os.strerror(why))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Retry, match=words) as refused:
        connect(link)
    assert refused.value.code == code


def test_the_group_is_the_devices_own_and_dialout_where_it_does_not_tell(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.touch()
    assert serial_line.group_of(str(own)) == own.group()
    assert serial_line.group_of(str(tmp_path / "none")) == "dialout"


def test_a_hung_up_device_is_a_lost_reader(device: PtyDevice, tmp_path: Path) -> None:
    port = SerialTransport(str(tmp_path / "port"))
    assert port.read(10, 0.01) == b""
    assert port.drained(0.1)
    device.close()
    with pytest.raises(Retry, match=r"not connected \(it hung up\)\. .*reader-lost"):
        port.read(10, 1.0)
    with pytest.raises(Retry, match="reader-lost"):
        port.write(b"x")
    port.close()
    with pytest.raises(Retry, match="reader-lost"):
        port.read(10, 0.1)


def test_a_name_that_moved_on_to_another_index_is_followed(device: PtyDevice, tmp_path: Path, link: str) -> None:
    first = connect(link)
    again = PtyDevice(tmp_path / "port")  # the name points to it before the old index is gone, as after a quick replug
    assert again.path != device.path
    device.close()
    with pytest.raises(Retry, match="reader-lost"):
        first.read(1, 1.0)
    first.close()
    second = connect(link)
    second.write(b"hello")
    assert Wire(again).hear(5) == b"hello"
    second.close()
    again.close()


PAN = bytes.fromhex("4111111111111234")
WITH_PAN = zvt.commands.unit(0x040F, b"\x27\x00\x04\x00\x00\x00\x00\x12\x50\x22\xf0\xf8" + PAN)


def test_traces_hold_no_card_number(device: PtyDevice) -> None:
    told: list[bytes] = []
    link = Link(SerialTransport(device.path), Timers(1 / 10), lambda _direction, apdu: told.append(apdu))
    device.write(zvt.encode_frame(WITH_PAN))
    received = link.receive(3.0)
    assert received is not None
    assert told
    assert PAN not in b"".join(told)
    link.close()


def test_the_log_has_each_unit_without_card_data_only_where_the_settings_want_that(
    device: PtyDevice, link: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.setup()
    for wanted in (False, True):
        terminal = open_terminal(Reader(link=link, time_scale=0.02, trace=wanted))
        device.write(zvt.encode_frame(WITH_PAN))
        with pytest.raises(Retry, match="reader-silent"):
            terminal.status()  # sent in vain: nobody acknowledges
        terminal.close()
        units = re.findall(r"event=reader\.unit .*direction=(\w+) unit=\"([0-9a-f ]+)\"", capsys.readouterr().err)
        assert sorted(direction for direction, _ in units) == (["in", "out"] if wanted else [])
        assert all(PAN.hex(" ") not in unit and "04 00 00 00 00 12 50" in unit for way, unit in units if way == "in")

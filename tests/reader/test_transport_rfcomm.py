"""The byte pipe through the air, without a radio: what a Python must have, and that a socket carries blocks.

What only a paired terminal shows stands in docs/field-checklist.md.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from stall.errors import Refused, Retry
from stall.reader.transport import connect
from stall.reader.transports import rfcomm
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.wire.readers import zvt
from tests.house.sources import ROOT

DEVICE = "00:11:22:AA:BB:CC"
ABLE = "import socket, sys; sys.exit(sys.version_info < (3, 11) or not hasattr(socket, 'AF_BLUETOOTH'))"
DIAL_NOBODY = """
from stall.errors import Retry
from stall.reader.transports import rfcomm
assert rfcomm.can()
try:
    rfcomm.RfcommTransport("00:00:00:00:00:01", 1)
except Retry as lost:
    print(lost.code, lost.sentence)
"""


class Dialled(socket.socket):
    """One end of a socket pair, which remembers what it was to be connected to."""

    said: list[object]

    def connect(self, address: object) -> None:
        self.said.append(address)


@pytest.fixture
def radio(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[socket.socket, list[object]]]:
    """A Python with Bluetooth whose next socket is the near end of a pair; the far end and what was dialled."""

    def make() -> tuple[socket.socket, list[object]]:
        near, far = socket.socketpair()
        said: list[object] = []

        def dial(*kind: object) -> Dialled:
            dialled = Dialled(fileno=near.detach())
            dialled.said = said
            said.append(kind)
            return dialled

        has = SimpleNamespace(AF_BLUETOOTH=31, BTPROTO_RFCOMM=3, SOCK_STREAM=socket.SOCK_STREAM, socket=dial)
        monkeypatch.setattr(rfcomm, "socket", has)
        return far, said

    return make


def test_an_address_has_a_channel_and_it_is_1_unless_told() -> None:
    assert rfcomm.address("00:11:22:aa:bb:cc") == (DEVICE, 1)
    assert rfcomm.address(f"{DEVICE}:30") == (DEVICE, 30)


@pytest.mark.parametrize("lacks", ["AF_BLUETOOTH", "BTPROTO_RFCOMM"])
def test_a_python_without_bluetooth_says_what_to_do(monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    has = {"AF_BLUETOOTH": 31, "BTPROTO_RFCOMM": 3, "SOCK_STREAM": 1}
    del has[lacks]
    monkeypatch.setattr(rfcomm, "socket", SimpleNamespace(**has))
    with pytest.raises(Refused, match="/usr/bin/python3") as refused:
        connect(f"rfcomm:{DEVICE}")
    assert refused.value.code == "reader-rfcomm"


def test_a_machine_without_a_radio_is_a_lost_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> socket.socket:
        raise OSError(97, "Address family not supported by protocol")

    has = SimpleNamespace(AF_BLUETOOTH=31, BTPROTO_RFCOMM=3, SOCK_STREAM=1, socket=none)
    monkeypatch.setattr(rfcomm, "socket", has)
    with pytest.raises(Retry, match="reader-lost"):
        connect(f"rfcomm:{DEVICE}")


def test_the_paired_device_is_dialled_on_its_channel_and_carries_bytes(
    radio: Callable[[], tuple[socket.socket, list[object]]],
) -> None:
    far, dialled = radio()
    way = connect(f"rfcomm:{DEVICE}:5")
    assert dialled == [(31, socket.SOCK_STREAM, 3), (DEVICE, 5)]
    assert way.read(10, 0.01) == b""
    way.write(b"ask")
    assert far.recv(10) == b"ask"
    assert way.drained(1.0)
    far.sendall(b"answer")
    assert way.read(3, 1.0) == b"ans"
    assert way.read(10, 1.0) == b"wer"
    way.close()
    assert far.recv(10) == b""
    with pytest.raises(Retry, match="reader-lost"):
        way.read(1, 0.1)
    far.close()


def test_a_terminal_out_of_reach_is_a_lost_reader(
    radio: Callable[[], tuple[socket.socket, list[object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    far, _ = radio()
    way = connect(f"rfcomm:{DEVICE}")
    far.close()
    with pytest.raises(Retry, match="reader-lost"):
        way.read(1, 1.0)
    with pytest.raises(Retry, match="reader-lost"):
        way.write(b"x")
    way.close()
    far, _ = radio()
    monkeypatch.setattr(Dialled, "connect", lambda *_: (_ for _ in ()).throw(OSError(112, "Host is down")))
    with pytest.raises(Retry, match="Host is down"):
        connect(f"rfcomm:{DEVICE}")
    assert far.recv(1) == b"", "the socket in vain is still open"
    far.close()


def test_the_air_carries_blocks_with_checksums_like_a_cable(
    radio: Callable[[], tuple[socket.socket, list[object]]],
) -> None:
    far, _ = radio()
    link = Link(connect(f"rfcomm:{DEVICE}"), Timers(1 / 10))
    command = zvt.encode_frame(zvt.commands.status_enquiry("000000"))
    sent = link.send(zvt.commands.status_enquiry("000000"))
    assert far.recv(64) == command
    far.sendall(zvt.ACK)
    assert sent.acked(2.0)
    far.sendall(zvt.encode_frame(zvt.commands.POSITIVE))
    received = link.receive(2.0)
    assert received is not None
    assert received.data == zvt.commands.POSITIVE
    assert far.recv(1) == zvt.ACK
    link.close()
    far.close()


def test_a_python_with_bluetooth_dials_in_earnest_and_says_when_nobody_is_there() -> None:
    for python in filter(None, [sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")]):
        if subprocess.run([python, "-c", ABLE], check=False).returncode == 0:
            break
    else:
        pytest.skip("no Python 3.11 or newer with Bluetooth here; Debian's own has it")
    ran = subprocess.run(
        [python, "-c", DIAL_NOBODY], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True, env={}
    )
    assert ran.stdout.startswith("reader-lost The card terminal is not connected ("), ran.stdout

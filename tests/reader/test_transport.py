"""The byte pipes: what is missing, taken or cut off is a Retry; TCP knows whether bytes arrived."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.errors import Refused, Retry
from stall.reader.connect import open_terminal
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.transport import SerialTransport, TcpTransport, connect
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from stall.wire.readers import zvt
from stall.wire.readers import zvt_terminal as wire
from tests.reader import names as t

CARD = wire.Card("VISA", 0x0A, "4281", "Visa")
APPROVAL = wire.status_information(wire.Booking(1250, "EUR", "52000001", 7, 7, "120000", "1121", "000007", CARD))


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(3.0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        yield listener


@pytest.mark.parametrize("link", ["", "usb", "serial:", "tcp:", "tcp:host:port", "/dev/ttyACM0"])
def test_a_link_nobody_can_open_is_refused_with_an_example(link: str) -> None:
    with pytest.raises(Refused, match=r"serial:/dev/serial/by-id"):
        connect(link)


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match="simulated"):
        open_terminal(Reader(link="serial:/nowhere", profile="nosuch"))


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match="zvt"):
        open_terminal(Reader(link="serial:/nowhere", protocol="nosuch"))


def test_an_absent_device_is_a_lost_reader(tmp_path: Path) -> None:
    with pytest.raises(Retry, match="reader-lost"):
        connect(f"serial:{tmp_path / 'none'}")


def test_a_device_has_one_owner(device: PtyDevice, tmp_path: Path) -> None:
    first = connect(f"serial:{tmp_path / 'port'}")
    with pytest.raises(Retry, match="reader-lost"):
        connect(f"serial:{tmp_path / 'port'}")
    first.close()
    connect(f"serial:{tmp_path / 'port'}").close()


def test_a_hung_up_device_is_a_lost_reader(device: PtyDevice, tmp_path: Path) -> None:
    port = SerialTransport(str(tmp_path / "port"))
    assert port.read(10, 0.01) == b""
    assert port.drained(0.1)
    device.close()
    with pytest.raises(Retry, match="reader-lost"):
        port.read(10, 1.0)
    with pytest.raises(Retry, match="reader-lost"):
        port.write(b"x")
    port.close()
    with pytest.raises(Retry, match="reader-lost"):
        port.read(10, 0.1)


def test_a_port_where_nobody_listens_is_a_lost_reader(server: socket.socket) -> None:
    port = server.getsockname()[1]
    server.close()
    with pytest.raises(Retry, match="reader-lost"):
        connect(f"tcp:127.0.0.1:{port}")


class TcpScript:
    """A terminal on the network, played by the test with bare units."""

    def __init__(self, server: socket.socket) -> None:
        self.link = Link(TcpTransport("127.0.0.1", server.getsockname()[1]), Timers(1 / 10))
        self.terminal = t.Terminal(self.link, t.PROFILES["simulated"], "000000")
        self.socket, _ = server.accept()
        self.socket.settimeout(3.0)

    def hear(self, n: int) -> bytes:
        heard = b""
        while len(heard) < n:
            heard += self.socket.recv(n - len(heard))
        return heard


@pytest.fixture
def tcp(server: socket.socket) -> Iterator[TcpScript]:
    script = TcpScript(server)
    yield script
    script.link.close()
    script.socket.close()


def test_a_payment_over_tcp_needs_no_blocks_and_its_yes_is_certain_once_acknowledged(tcp: TcpScript) -> None:
    dialogue = tcp.terminal.pay(1250)
    command = zvt.commands.authorisation(1250)
    assert tcp.hear(len(command)) == command
    whole = b"\x80\x00\x00" + APPROVAL
    for at in range(0, len(whole), 5):
        tcp.socket.sendall(whole[at : at + 5])
    events = dialogue.events()
    assert next(events) == t.Started()
    assert isinstance(next(events), t.Approval)
    assert dialogue.accept().certain()
    assert tcp.hear(3) == b"\x80\x00\x00"
    tcp.socket.sendall(b"\x06\x0f\x00")
    assert isinstance(next(events), t.Completed)


def test_a_yes_on_a_connection_already_cut_is_not_certain(tcp: TcpScript) -> None:
    dialogue = tcp.terminal.pay(1250)
    tcp.socket.sendall(b"\x80\x00\x00" + APPROVAL)
    events = dialogue.events()
    assert [type(next(events)), type(next(events))] == [t.Started, t.Approval]
    tcp.link.close()
    assert not dialogue.accept().certain()
    (last,) = events
    assert isinstance(last, t.Lost)


def test_a_yes_the_other_host_has_not_acknowledged_is_not_certain(tcp: TcpScript) -> None:
    sent = tcp.link.send(zvt.commands.unit(0x06D3, bytes(60_000)))  # more than the peer, which reads nothing, takes
    assert not sent.acked(0.1)
    assert tcp.terminal.alive


def test_silence_after_a_command_over_tcp_closes_the_connection(tcp: TcpScript) -> None:
    (event,) = tcp.terminal.pay(1250).events()
    assert isinstance(event, t.Lost)
    assert event.reason == "t3"
    assert not tcp.terminal.alive


def test_a_terminal_that_hangs_up_ends_the_transaction_as_lost(tcp: TcpScript) -> None:
    dialogue = tcp.terminal.pay(1250)
    tcp.socket.sendall(b"\x80\x00\x00")
    threading.Timer(0.05, tcp.socket.close).start()
    assert [type(each) for each in dialogue.events()] == [t.Started, t.Lost]


def test_traces_hold_no_card_number(device: PtyDevice) -> None:
    told: list[bytes] = []
    transport = SerialTransport(device.path)
    link = Link(transport, Timers(1 / 10), lambda _direction, apdu: told.append(apdu))
    pan = bytes.fromhex("4111111111111234")
    body = b"\x27\x00\x04\x00\x00\x00\x00\x12\x50\x22\xf0\xf8" + pan
    device.write(zvt.encode_frame(zvt.commands.unit(0x040F, body)))
    received = link.receive(3.0)
    assert received is not None
    assert told
    assert pan not in b"".join(told)
    link.close()

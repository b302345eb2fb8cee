"""The byte pipe to a terminal on the network: what is missing or cut off is a Retry; TCP knows whether bytes arrived."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from stall.errors import Refused, Retry
from stall.reader.connect import open_terminal
from stall.reader.transport import TcpTransport, connect
from stall.reader.transports import tcp
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


NO_LINKS = {
    "serial:/dev/serial/by-id": ["", "usb", "serial:", "tcp:", "rfcomm:", "/dev/ttyACM0", "SERIAL:/dev/ttyACM0"],
    "tcp:192": [
        "tcp:host:port",
        "tcp:host:",
        "tcp:host:0",
        "tcp:host:65536",
        "tcp:fd00::20",
        "tcp:[host]:1",
        "tcp:a b",
        "tcp::1",
    ],
    "tcp:127.0.0.1": ["tcp:999", "tcp:20007"],
    "rfcomm:00:11": [
        "rfcomm:terminal",
        "rfcomm:00:11:22:AA:BB",
        "rfcomm:00:11:22:AA:BB:CC:0",
        "rfcomm:00:11:22:AA:BB:CC:31",
    ],
}


@pytest.mark.parametrize(
    ("example", "link"), [(example, link) for example, links in NO_LINKS.items() for link in links]
)
def test_a_link_nobody_can_open_is_refused_with_an_example(example: str, link: str) -> None:
    with pytest.raises(Refused, match=example) as refused:
        connect(link)
    assert refused.value.code == "reader-link"


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match="simulated"):
        open_terminal(Reader(link="serial:/nowhere", profile="nosuch"))


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused, match="zvt"):
        open_terminal(Reader(link="serial:/nowhere", protocol="nosuch"))


def test_a_port_where_nobody_listens_is_a_lost_reader(server: socket.socket) -> None:
    port = server.getsockname()[1]
    server.close()
    with pytest.raises(Retry, match="reader-lost"):
        connect(f"tcp:127.0.0.1:{port}")


def test_a_terminal_has_an_address_of_either_kind_and_port_20007_unless_told() -> None:
    assert tcp.address("192.168.4.20:1") == ("192.168.4.20", 1)
    assert tcp.address("terminal.lan") == ("terminal.lan", 20007)
    assert tcp.address("[::1]:65535") == ("::1", 65535)
    assert tcp.address("[fe80::1%wlan0]") == ("fe80::1%wlan0", 20007)


def test_a_terminal_may_be_reached_over_ipv6() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listener:
        connect(f"tcp:[::1]:{listener.getsockname()[1]}").close()


def test_a_terminal_that_went_away_without_a_word_is_asked_for_by_the_kernel(server: socket.socket) -> None:
    way = TcpTransport("127.0.0.1", server.getsockname()[1])
    told = way._socket.getsockopt
    assert told(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    idle, between, times = (told(socket.IPPROTO_TCP, option) for option, _ in tcp.KEEPALIVE)
    assert idle + between * times <= 60
    way.close()


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
def script(server: socket.socket) -> Iterator[TcpScript]:
    made = TcpScript(server)
    yield made
    made.link.close()
    made.socket.close()


def test_a_payment_over_tcp_needs_no_blocks_and_its_yes_is_certain_once_acknowledged(script: TcpScript) -> None:
    dialogue = script.terminal.pay(1250)
    command = zvt.commands.authorisation(1250)
    assert script.hear(len(command)) == command
    whole = b"\x80\x00\x00" + APPROVAL
    for at in range(0, len(whole), 5):
        script.socket.sendall(whole[at : at + 5])
    events = dialogue.events()
    assert next(events) == t.Started()
    assert isinstance(next(events), t.Approval)
    assert dialogue.accept().certain()
    assert script.hear(3) == b"\x80\x00\x00"
    script.socket.sendall(b"\x06\x0f\x00")
    assert isinstance(next(events), t.Completed)


def test_a_yes_on_a_connection_already_cut_is_not_certain(script: TcpScript) -> None:
    dialogue = script.terminal.pay(1250)
    script.socket.sendall(b"\x80\x00\x00" + APPROVAL)
    events = dialogue.events()
    assert [type(next(events)), type(next(events))] == [t.Started, t.Approval]
    script.link.close()
    assert not dialogue.accept().certain()
    (last,) = events
    assert isinstance(last, t.Lost)


def test_a_yes_the_other_host_has_not_acknowledged_is_not_certain(script: TcpScript) -> None:
    sent = script.link.send(zvt.commands.unit(0x06D3, bytes(60_000)))  # more than the peer, which reads nothing, takes
    assert not sent.acked(0.1)
    assert script.terminal.alive


def test_silence_after_a_command_over_tcp_closes_the_connection(script: TcpScript) -> None:
    (event,) = script.terminal.pay(1250).events()
    assert isinstance(event, t.Lost)
    assert event.reason == "t3"
    assert not script.terminal.alive


def test_a_terminal_that_hangs_up_ends_the_transaction_as_lost(script: TcpScript) -> None:
    dialogue = script.terminal.pay(1250)
    script.socket.sendall(b"\x80\x00\x00")
    threading.Timer(0.05, script.socket.close).start()
    assert [type(each) for each in dialogue.events()] == [t.Started, t.Lost]

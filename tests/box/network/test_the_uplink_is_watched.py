"""Whether the box is on the internet: looked at often, asked seldom; what claims to be and is not, is no uplink."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stall.box.network import uplink, way_out
from stall.box.network.uplink import DEPENDED_S, IDLE_S, LOST_S, Uplink, Watcher
from stall.box.network.way_out import Way
from stall.settings import Network
from stall.web.captive import probes

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
ROUTES = (
    "wlan0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    "wlan0\t00000000\t010200C0\t0003\t0\t0\t50\t00000000\t0\t0\t0\n"
    "usb0\t00000000\t0101A8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0\n"
    "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    "eth1\t00000000\t0100A8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0\n"
)


class World:
    """A box whose routes, resolver and internet are as the test says."""

    def __init__(self, *, depended: bool = True) -> None:
        self.now, self.route, self.there, self.asked = 0.0, "eth0", True, 0
        self.watcher = Watcher(
            Network(), lambda: self.now, depended=depended,
            route=lambda _: self.route, ask=self._ask, resolver=lambda _: "9.9.9.9", clash=lambda _: "",
        )  # fmt: skip

    def _ask(self, interface: str, resolver: str) -> bool:
        assert (interface, resolver) == (self.route, "9.9.9.9")
        self.asked += 1
        return self.there

    def look(self, later_s: float = 0) -> bool:
        self.now += later_s
        return self.watcher.look().up


def test_the_way_out_is_the_cheapest_default_route_that_is_up_and_not_the_lan(tmp_path: Path) -> None:
    table = tmp_path / "route"
    table.write_text(HEAD + ROUTES)
    assert uplink.default_route(Network(), table) == "eth0"
    assert uplink.default_route(Network(lan="eth0"), table) == "wlan0"
    table.write_text(HEAD)
    assert uplink.default_route(Network(), table) == ""
    assert uplink.default_route(Network(), tmp_path / "none") == ""


@pytest.mark.parametrize(("line", "own", "clash"), [
    ("eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n", Network(), "eth0"),
    ("eth0\t800200C0\t00000000\t0001\t0\t0\t100\t80FFFFFF\t0\t0\t0\n", Network(), "eth0"),
    ("eth0\t00000000\t01002A0A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n", Network(address="10.42.0.1"), "eth0"),
    ("eth0\t0000000A\t00000000\t0001\t0\t0\t100\t000000FF\t0\t0\t0\n", Network(address="10.42.0.1"), ""),
    ("eth0\t000200C0\tnone\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n", Network(), ""),
])  # fmt: skip
def test_a_network_that_is_the_lans_own_is_known(tmp_path: Path, line: str, own: Network, clash: str) -> None:
    table = tmp_path / "route"
    table.write_text(HEAD + ROUTES + line)
    assert uplink.same_network(own, table) == clash
    assert uplink.same_network(own, tmp_path / "none") == ""


def test_a_phone_is_never_asked_for_names(tmp_path: Path) -> None:
    """Where the uplink has the Wi-Fi's addresses, a name service there would be whoever took its address."""
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.77\n")
    assert uplink.resolver_of(Network(), (file,)) == ""
    notice = {"up": True, "interface": "eth0", "resolver": "192.0.2.77"}
    assert way_out.told(notice, Network(), ()) is None


def test_the_resolver_is_one_beyond_this_machine(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("nameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver ::1\n")
    second.write_text("# router\nsearch lan\nnameserver 999.1.1.1\nnameserver 192.168.0.1\n")
    assert uplink.resolver_of(Network(), (tmp_path / "none", first)) == ""
    second.write_text("search lan\nnameserver 192.168.0.1\n")
    assert uplink.resolver_of(Network(), (first, second)) == "192.168.0.1"


@pytest.mark.parametrize(("depended", "every_s"), [(True, DEPENDED_S), (False, IDLE_S)])
def test_the_internet_is_asked_for_seldom_while_it_is_there(depended: bool, every_s: float) -> None:
    world = World(depended=depended)
    assert world.look()
    assert world.look(every_s - 1)
    assert world.asked == 1
    assert world.look(1)
    assert world.asked == 2


def test_an_interface_that_goes_is_known_at_the_next_look_and_one_that_comes_is_asked_at_once() -> None:
    world = World()
    assert world.look()
    world.route = ""
    assert not world.look(0.1)
    world.route = "usb0"
    assert world.look(0.1)
    assert world.watcher.found == Uplink(up=True, interface="usb0", resolver="9.9.9.9")


def test_one_lost_answer_is_not_the_end_and_two_are() -> None:
    world = World()
    world.there = False
    assert not world.look()
    assert world.asked == 2
    assert not world.look(LOST_S - 1)
    assert world.asked == 2
    world.there = True
    assert world.look(1)


@contextmanager
def internet(address: str, reply: bytes) -> Iterator[None]:
    """A resolver and a web server on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names, socket.create_server(("127.0.0.1", 0)) as web:
        names.bind(("127.0.0.1", 0))
        threading.Thread(target=_name, args=(names, address), daemon=True).start()
        threading.Thread(target=_page, args=(web, reply), daemon=True).start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(uplink, "_on", lambda _, kind: _Turned(kind, names.getsockname(), web.getsockname()))
            yield


class _Turned(socket.socket):
    """Leads to the test's own ports, whatever address is asked for."""

    def __init__(self, kind: socket.SocketKind, names: tuple[str, int], web: tuple[str, int]) -> None:
        super().__init__(socket.AF_INET, kind)
        self.settimeout(2)
        self._to = names if kind == socket.SOCK_DGRAM else web

    def connect(self, _address: object, /) -> None:
        super().connect(self._to)


def _name(sock: socket.socket, address: str) -> None:
    query, who = sock.recvfrom(512)
    cname = b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 60, 2) + b"\xc0\x0c"
    answer = cname + b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
    sock.sendto(query[:2] + struct.pack(">5H", 0x8180, 1, 2, 0, 0) + query[12:] + answer, who)


def _page(server: socket.socket, reply: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody came before the test was over
        conn, _ = server.accept()
        with conn:
            conn.recv(1000)
            conn.sendall(reply)


@pytest.mark.parametrize(
    ("address", "reply", "there"),
    [
        ("142.250.1.94", b"HTTP/1.1 204 No Content\r\n\r\n", True),
        ("142.250.1.94", b"HTTP/1.1 302 Found\r\nLocation: http://hotel.example/\r\n\r\n", False),
        ("142.250.1.94", b"HTTP/1.1 200 OK\r\n\r\nWelcome", False),
        ("142.250.1.94", b"", False),
        ("10.0.0.1", b"HTTP/1.1 204 No Content\r\n\r\n", False),
        ("192.0.2.1", b"HTTP/1.1 204 No Content\r\n\r\n", False),
    ],
)  # fmt: skip
def test_only_the_internet_answers_as_it_does(address: str, reply: bytes, there: bool) -> None:
    with internet(address, reply):
        assert uplink.answers("eth0", "9.9.9.9") is there


def test_a_notice_is_believed_only_as_far_as_it_can_be() -> None:
    own = Network()
    good = {"up": True, "interface": "eth0", "resolver": "9.9.9.9"}
    assert way_out.told(good, own, ("a.example",)) == Way("eth0", "9.9.9.9", ("a.example",))
    for change in (
        {"up": False}, {"up": "yes"}, {"interface": "wlan0"}, {"interface": "lo"}, {"interface": 'e"}'}, {"interface": ""},
        {"interface": 7}, {"resolver": ""}, {"resolver": "127.0.0.1"}, {"resolver": "192.0.2.1"}, {"resolver": "9.9.9.9 # x"},
        {"resolver": None},
    ):  # fmt: skip
        assert way_out.told({**good, **change}, own, ()) is None
    assert way_out.told({}, own, ()) is None


def test_the_names_of_the_rules_file_are_those_of_the_portal() -> None:
    shipped = (Path(__file__).parents[3] / "firmware_config/dnsmasq/dnsmasq.conf").read_text()
    assert f"\nnftset=/{'/'.join(probes.ASKED_FIRST)}/4#inet#stall#probes\n" in shipped
    assert all(name.count(".") > 1 for name in probes.ASKED_FIRST)
    known = {host for row in probes.KNOWN for host in row.hosts if row.success}
    of_androids = {
        name for name in probes.ASKED_FIRST if "connectivitycheck" in name or "google" in name or "miui" in name
    }
    assert set(probes.ASKED_FIRST) - of_androids - {"dns.msftncsi.com"} <= known  # that one is asked for by name alone


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.7.1", "224.0.0.1", "0.0.0.1", "255.1.1.1"])
def test_an_address_that_no_phone_can_be_lent_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="can be lent"):
        Network(address=address)
    Network(address="10.42.0.1")

"""What somebody on the Wi-Fi tries against the box, other phones and the uplink, and what comes of it: seen from both sides.

A witness stands behind our rules on the box (another table, at a later priority): what it counts is what our rules let by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from stall.settings import Network
from tests.phone import street
from tests.phone.street import ANYBODY, BOX, BOX_OUT, ROUTER, VENDOR, Street

pytestmark = [
    pytest.mark.root, pytest.mark.nginx, pytest.mark.netns, pytest.mark.dnsmasq, pytest.mark.nft, pytest.mark.timeout(180),
]  # fmt: skip
WITNESS = """
table inet witness
delete table inet witness
table inet witness {
    set came { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags dynamic; size 65536; }
    set passed { type ipv4_addr . ipv4_addr; flags dynamic; size 65536; }
    counter six {
    }
    chain in {
        type filter hook input priority 100; policy accept;
        iifname "wlan0" meta l4proto { tcp, udp } update @came { ip saddr . ip daddr . meta l4proto . th dport }
        iifname "wlan0" meta nfproto ipv6 counter name six
    }
    chain through {
        type filter hook forward priority 100; policy accept;
        update @passed { ip saddr . ip daddr }
    }
}
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street.street(tmp_path_factory.mktemp("street")) as made:
        made.hand.do("join")
        made.other_hand.do("join")
        made.far.do("watch", at="eth0")
        made.far.do("serve", at=VENDOR, ports=[80, 443])
        made.far.do("serve", at=ANYBODY, ports=[80, 443, 8080])
        made.far.do("serve", at=ROUTER, ports=[80])
        yield made


@pytest.fixture(autouse=True)
def _witness(here: Street) -> None:
    """Sees only what comes from now on."""
    file = here.box.root / "run/witness.nft"
    file.write_text(WITNESS)
    here.box.run("nft", "-f", "/run/witness.nft")


def listed(here: Street, name: str) -> list[Any]:
    told = json.loads(here.box.run("nft", "-j", "list", "set", "inet", "witness", name))
    found = next(each["set"] for each in told["nftables"] if "set" in each).get("elem", [])
    return [(each["elem"]["val"] if "elem" in each else each)["concat"] for each in found]


def came(here: Street) -> set[tuple[str, int]]:
    """What reached the box's own programs: protocol and port."""
    return {(str(number), int(port)) for _, _, number, port in listed(here, "came")}


def out(here: Street) -> set[str]:
    """What came out at the uplink so far."""
    return {
        each for each in here.far.do("seen", at="eth0", patience=0.2)["packets"] if re.search(r" (6|17) \d+$", each)
    }


def own(here: Street, place: str = "phone") -> str:
    found = re.search(r"inet (\S+)/24", getattr(here, place).run("ip", "-4", "address", "show", "dev", "wlan0"))
    assert found
    return found[1]


def mac(here: Street) -> str:
    return (here.box.root / "sys/class/net/wlan0/address").read_text().strip()


def test_of_all_ports_only_those_that_are_told_of_answer(here: Street) -> None:
    told = here.hand.do("knock", to=BOX)
    assert (told["opened"], told["refused"]) == ([53, 80, 8443], [443])
    assert {port for number, port in came(here) if number == "tcp"} == {53, 80, 8443}


def test_no_program_hears_what_is_sent_to_it_by_udp(here: Street) -> None:
    ports = [53, 67, 68, 69, 111, 123, 137, 161, 443, 500, 514, 546, 1900, 5353, 8001, 8443]
    here.hand.do("lie", to=BOX, sources=[own(here)], ports=ports, mac=mac(here))
    assert {port for number, port in came(here) if number == "udp"} == {53, 67}


def test_nobody_speaks_for_somebody_else(here: Street) -> None:
    lies = [
        "127.0.0.1",
        BOX,
        "192.0.2.0",
        "192.0.2.255",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        BOX_OUT,
        ROUTER,
        VENDOR,
        "10.0.0.1",
        "169.254.1.1",
    ]
    here.hand.do("lie", to=BOX, sources=lies, ports=[53, 80, 8443], mac=mac(here))
    assert came(here) == set()
    assert out(here) == set()
    here.far.do("touch", to=BOX, port=80, patience=0.3)  # nor does the uplink reach the Wi-Fi's address
    assert listed(here, "came") == []


def test_the_box_is_reached_at_no_other_address_of_its_own(here: Street) -> None:
    for address in (BOX_OUT, "127.0.0.1", "10.0.0.1"):
        here.hand.do("lie", to=address, sources=[own(here)], ports=[22, 53, 80, 8001, 8443], mac=mac(here))
    assert here.hand.do("touch", to=BOX_OUT, port=80, patience=0.3) == {"end": "nothing"}
    assert here.hand.do("touch", to=BOX, port=8001, patience=0.3) == {"end": "nothing"}
    assert came(here) == set()


def test_nothing_goes_through_to_the_uplink(here: Street) -> None:
    before = out(here)
    for address in (VENDOR, ANYBODY, ROUTER):
        for port in (53, 80, 443, 853):
            here.hand.do("lie", to=address, sources=[own(here)], ports=[port], mac=mac(here))
        assert here.hand.do("touch", to=address, port=80, patience=0.3) == {"end": "nothing"}
    assert here.hand.do("name", name="example.com", to=ROUTER, patience=0.3)["rcode"] is None
    assert listed(here, "passed") == []
    assert out(here) == before


def test_the_box_passes_on_nothing_though_the_kernel_would(here: Street) -> None:
    """Somebody else on the machine switched forwarding on: containers do that."""
    here.box.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    try:
        assert here.hand.do("touch", to=ANYBODY, port=80, patience=0.3) == {"end": "nothing"}
        here.hand.do("lie", to=own(here, "other"), sources=[own(here)], ports=[80, 5000], mac=mac(here))
        assert listed(here, "passed") == []
    finally:
        here.box.run("sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward")


def test_phones_do_not_reach_each_other(here: Street) -> None:
    """Not through the air, which the access point keeps apart, and not by the box, asked as a router."""
    other = own(here, "other")
    here.other_hand.do("watch", at="wlan0")
    here.phone.run("ip", "neighbour", "replace", other, "lladdr", mac(here), "dev", "wlan0")
    assert here.hand.do("touch", to=other, port=5000, patience=0.4) == {"end": "nothing"}
    here.hand.do("lie", to=other, sources=[own(here), BOX], ports=[80, 5000], mac=mac(here))
    packets = here.other_hand.do("seen", at="wlan0", patience=0.2)["packets"]
    assert [each for each in packets if f" {other} " in each] == []
    assert listed(here, "passed") == []


def test_the_box_has_no_ipv6_there(here: Street) -> None:
    assert here.box.run("ip", "-6", "address", "show", "dev", "wlan0") == ""
    here.box.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/wlan0/disable_ipv6")  # whatever switched it on again
    here.box.run("ip", "address", "add", "fe80::1/64", "dev", "wlan0", "nodad")
    here.hand.do("six", to="fe80::1", ports=[22, 80, 8001, 8443], mac=mac(here))
    told = json.loads(here.box.run("nft", "-j", "list", "counter", "inet", "witness", "six"))
    assert next(each["counter"]["packets"] for each in told["nftables"] if "counter" in each) == 0
    here.stall("lan", "up")
    assert here.box.run("ip", "-6", "address", "show", "dev", "wlan0") == ""


def test_one_phone_takes_no_more_than_its_share(here: Street) -> None:
    """Half-open connections, whole ones, pings and questions: past the limit they are not heard, and others are served meanwhile."""
    here.hand.do("crowd", to=BOX, me="192.0.2.240", port=8443, count=3000, half=True)
    assert 0 < here.box.run("ss", "-Htan", "state", "syn-recv").count("\n") <= 100
    assert here.other_hand.do("get", path="/")["status"] == 200
    assert here.hand.do("crowd", to=BOX, port=80, count=400)["held"] <= 100
    assert here.hand.do("crowd", to=BOX, port=53, count=30)["held"] <= 4
    assert here.hand.do("ping", to=BOX, count=300)["answered"] <= 40
    assert here.other_hand.do("get", path="/")["status"] == 200
    assert here.other_hand.do("ping", to=BOX, count=3)["answered"] == 3
    assert here.other_hand.do("name", name="go.stall", to=BOX)["rcode"] == 0


def test_one_radio_does_not_take_every_address_there_is(here: Street) -> None:
    assert 0 < here.hand.do("starve", count=250)["lent"] <= 25
    assert here.other_hand.do("join")["router"] == BOX


def test_an_uplink_with_the_addresses_of_the_wifi_is_told_of_and_buyers_go_on(here: Street) -> None:
    """The kernel would send answers for phones to whichever came first."""
    here.stall("lan", "down")
    here.box.run("ip", "address", "add", "192.0.2.150/24", "dev", "eth0")
    try:
        for _ in range(2):
            assert "eth0 is in a network with the addresses of the Wi-Fi" in here.stall("lan", "up")
            assert here.box.run("ip", "route", "show", "192.0.2.0/24").split()[2] == "wlan0"
        assert here.other_hand.do("get", path="/")["status"] == 200
    finally:
        here.box.run("ip", "address", "del", "192.0.2.150/24", "dev", "eth0")


def test_the_maker_has_the_port_to_itself_where_there_is_a_way_for_it(here: Street) -> None:
    assert here.far.do("touch", to=BOX_OUT, port=8443, patience=0.3) == {"end": "nothing"}
    assert here.far.do("touch", to=BOX_OUT, port=80, patience=0.3) == {"end": "nothing"}
    here.settle(network=Network(country="DE", maker="eth0", port_443="drop"))
    assert here.far.do("touch", to=BOX_OUT, port=8443) == {"end": "open"}
    assert here.far.do("touch", to=BOX_OUT, port=80, patience=0.3) == {"end": "nothing"}
    told = here.other_hand.do("knock", to=BOX, last=9000)
    assert (told["opened"], told["refused"]) == ([53, 80], [8443])


def test_what_others_have_on_the_machine_stays_as_it_is(here: Street) -> None:
    """SSH on the uplink, say: not our port, not our table."""
    here.box.run("nft", "add table inet theirs")
    with here.standing("import socket, time; s = socket.create_server(('', 22)); time.sleep(60)"):
        here.until(lambda: here.far.do("touch", to=BOX_OUT, port=22, patience=0.3) == {"end": "open"})
        assert here.other_hand.do("touch", to=BOX, port=22, patience=0.3) == {"end": "nothing"}
    here.stall("lan", "up")
    here.stall("lan", "down")
    assert "table inet theirs" in here.box.run("nft", "list", "tables")
    assert "table inet stall" not in here.box.run("nft", "list", "tables")

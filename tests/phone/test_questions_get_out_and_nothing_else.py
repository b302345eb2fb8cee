"""With an uplink and the maker's leave, phones' own questions for the internet reach their makers' servers; nothing else ever does.

The internet is a namespace with two servers: the one a phone's maker has, and anybody's. Its name service knows both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from stall.box.config import places
from stall.settings import Captive, Network
from stall.web.captive import probes
from tests.phone import street
from tests.phone.street import ANYBODY, BOX, ROUTER, VENDOR, Street
from tests.web import captive_agents as agents

pytestmark = [
    pytest.mark.root, pytest.mark.nginx, pytest.mark.netns, pytest.mark.dnsmasq, pytest.mark.nft, pytest.mark.timeout(180),
]  # fmt: skip
ASKED, PROBE = "connectivitycheck.gstatic.com", "/generate_204"
#: A private network, to which no answer from outside may lead.
INSIDE = "192.168.7.7"
#: Another, which carriers have, and some who join their machines over the internet.
CARRIERS = "100.64.1.1"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("street")
    open_way = {"network": Network(country="DE", uplink_rate_kb=20), "captive": Captive(portal=True, uplink=True)}
    with street.street(folder, **open_way) as made:
        names = folder / "names.conf"
        names.write_text(
            f"no-resolv\nno-hosts\nno-daemon\nbind-interfaces\nlisten-address={ROUTER}\naddress=/gstatic.com/{VENDOR}\n"
            f"address=/captive.apple.com/{INSIDE}\naddress=/detectportal.firefox.com/127.0.0.1\naddress=/www.google.com/{VENDOR}\n"
            f"address=/anybody.example/{ANYBODY}\naddress=/apple.com/{ANYBODY}\n"
            f"address=/play.googleapis.com/{CARRIERS}\naddress=/nmcheck.gnome.org/224.0.0.251\nlog-queries\nlog-facility=-\n"
        )
        dns = made.uplink.start(folder / "names.log", "dnsmasq", "--user=root", f"--conf-file={names}", "--pid-file")
        made.far.do("serve", at=VENDOR, ports=[80, 443, 8080])
        made.far.do("serve", at=ANYBODY, ports=[80, 443])
        made.far.do("watch", at="eth0")
        made.inside("/etc/resolv.conf").write_text(f"nameserver {ROUTER}\n")
        made.hand.do("join")
        yield made
        made.kill(dns)


def tell(here: Street, *, up: bool) -> None:
    """As `stall sync` tells, and the unit that waits for it does."""
    notice = {"up": up, "interface": "eth0" if up else "", "resolver": ROUTER if up else ""}
    here.inside(f"{places.RUN}/uplink.json").write_text(json.dumps(notice))
    here.stall("lan", "uplink")


def address_of(here: Street, name: str) -> list[Any]:
    return [each["data"] for each in here.hand.do("name", name=name, to=BOX)["answers"]]


def probe(here: Street, host: str = ASKED) -> dict[str, Any]:
    (address,) = address_of(here, host)
    return here.hand.do("get", box=address, host=host, path=PROBE, headers={"User-Agent": agents.ANDROID_PROBE})


def test_the_box_finds_out_by_itself_and_tells(here: Street) -> None:
    """The real watcher, in the box, against this internet."""
    program = (
        "import time\nfrom stall.box.network.uplink import Watcher\nfrom stall.settings import Network\n"
        "print(Watcher(Network(), time.monotonic, depended=True).look())"
    )
    said = here.python(program)
    assert said.strip() == f"Uplink(up=True, interface='eth0', resolver='{ROUTER}', clash='')"


def test_without_word_of_an_uplink_phones_are_kept(here: Street) -> None:
    told = probe(here)
    assert (told["status"], told["headers"]["location"].rstrip("/")) == (302, f"http://{BOX}")


def test_the_question_is_answered_by_the_real_server_and_no_other_name_is(here: Street) -> None:
    tell(here, up=True)
    here.until(lambda: address_of(here, ASKED) == [VENDOR])
    told = probe(here)
    assert (told["status"], told["headers"]["server-of"]) == (204, VENDOR)
    for name in ("anybody.example", "apple.com", "gstatic.com", "www.gstatic.com", "example.org"):
        assert address_of(here, name) == [BOX]
    assert here.hand.do("name", name=ASKED, kind="HTTPS", to=BOX)["answers"] == []


def test_an_answer_that_leads_inside_is_none(here: Street) -> None:
    for name in ("captive.apple.com", "detectportal.firefox.com"):
        assert INSIDE not in address_of(here, name)
        assert "127.0.0.1" not in address_of(here, name)
    assert here.hand.do("touch", to=INSIDE, port=80, patience=0.3) == {"end": "nothing"}


def test_an_answer_that_no_server_has_opens_no_way(here: Street) -> None:
    """The name service lets it by; the rules do not."""
    tell(here, up=True)
    here.until(lambda: address_of(here, "play.googleapis.com") == [CARRIERS])
    before = set(here.far.do("seen", at="eth0")["packets"])
    for name in ("play.googleapis.com", "nmcheck.gnome.org"):
        for address in address_of(here, name):
            here.hand.do("touch", to=address, port=80, patience=0.1)
    after = set(here.far.do("seen", at="eth0", patience=0.2)["packets"]) - before
    assert [each for each in after if f" {CARRIERS} " in each or " 224." in each] == []


def test_a_name_below_one_that_may_be_asked_carries_nothing_out(here: Street) -> None:
    for name in ("a-secret.www.google.com", "a-secret.of.connectivitycheck.gstatic.com"):
        assert address_of(here, name) == [BOX]
        assert here.hand.do("name", name=name, kind="TXT", to=BOX)["answers"] == []
    names = places.under(here.box.root, places.DNSMASQ).read_text()
    for host in probes.ASKED_FIRST:
        assert f"/*.{host}/" in names
    assert "a-secret" not in (here.log.parent / "names.log").read_text()


def test_nothing_else_passes_though_the_way_is_open(here: Street) -> None:
    probe(here)  # its address is known to the rules by now
    before = set(here.far.do("seen", at="eth0")["packets"])
    mac = (here.box.root / "sys/class/net/wlan0/address").read_text().strip()
    own = here.hand.do("join")["address"]
    for address, port in ((ANYBODY, 80), (ANYBODY, 443), (ROUTER, 80), (VENDOR, 8080), (VENDOR, 22)):
        assert here.hand.do("touch", to=address, port=port, patience=0.3) == {"end": "nothing"}
    here.hand.do("lie", to=ANYBODY, sources=[own], ports=[53, 80, 443], mac=mac)
    here.hand.do("lie", to=VENDOR, sources=[own, "192.0.2.1", ROUTER, "10.9.8.7"], ports=[53, 123, 8443], mac=mac)
    assert here.hand.do("name", name="anybody.example", to=ROUTER, patience=0.3)["rcode"] is None
    after = set(here.far.do("seen", at="eth0", patience=0.2)["packets"]) - before
    assert {" ".join(each.split()[1:]) for each in after if " 17 " in each or " 6 " in each} <= {f"{ROUTER} 17 53"}
    assert here.hand.do("touch", to=VENDOR, port=443) == {"end": "open"}  # the question over https gets out


def test_what_comes_through_is_little_and_slow(here: Street) -> None:
    probe(here)
    told = here.hand.do("pull", to=VENDOR, path="/film", host=ASKED)
    assert 0 < told["bytes"] <= 65536
    ends = [here.hand.do("touch", to=VENDOR, port=80, patience=0.2)["end"] for _ in range(40)]
    assert ends.count("open") <= 20


def test_when_the_uplink_goes_phones_are_kept_again_within_seconds(here: Street) -> None:
    began = time.monotonic()
    tell(here, up=False)
    here.until(lambda: address_of(here, ASKED) == [BOX])
    told = probe(here)
    assert told["status"] == 302
    here.until(
        lambda: (
            here.hand.do("get", path="/captive/api", headers={"User-Agent": agents.ANDROID_PROBE})["text"].find(
                '"captive": true'
            )
            >= 0
        )
    )
    assert here.hand.do("touch", to=VENDOR, port=80, patience=0.3) == {"end": "nothing"}
    assert time.monotonic() - began < 10
    assert here.box.run("cat", "/proc/sys/net/ipv4/conf/wlan0/forwarding").strip() == "0"


def test_a_notice_that_lies_opens_nothing_else(here: Street) -> None:
    for interface, resolver in (
        ("wlan0", ROUTER),
        ("lo", ROUTER),
        ("eth0", "127.0.0.1"),
        ("eth0", BOX),
        ('e" }; flush ruleset', ROUTER),
        ("eth0", "1.1.1.1/0"),
    ):
        here.inside(f"{places.RUN}/uplink.json").write_text(
            json.dumps({"up": True, "interface": interface, "resolver": resolver})
        )
        here.stall("lan", "uplink")
        assert here.inside("/run/stall-lan/servers").read_text() == ""
        assert "elements" not in here.box.run("nft", "list", "set", "inet", "stall", "uplinks")


def test_without_leave_there_is_no_way_at_all(here: Street) -> None:
    here.settle(captive=Captive(portal=True))
    tell(here, up=True)
    assert "probe" not in here.box.run("nft", "list", "table", "inet", "stall")
    assert here.box.run("cat", "/proc/sys/net/ipv4/conf/wlan0/forwarding").strip() == "0"
    here.hand.do("join")
    assert probe(here)["status"] == 302

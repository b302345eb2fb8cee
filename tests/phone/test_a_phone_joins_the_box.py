"""A phone joins the appliance: an address with everything beside it, names that all lead to the box, and the portal of its own system.

The box runs what is rendered for it, byte for byte: nginx, dnsmasq, nftables, and the app behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from stall.box.config import places
from stall.settings import Network, Web
from tests.chromium import launched
from tests.phone import street
from tests.phone.street import BOX, Street
from tests.web import captive_agents as agents

pytestmark = [
    pytest.mark.root, pytest.mark.browser, pytest.mark.nginx, pytest.mark.netns, pytest.mark.dnsmasq, pytest.mark.nft, pytest.mark.timeout(180),
]  # fmt: skip
NOERROR, NXDOMAIN = 0, 3
CAPTIVE = "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street.street(tmp_path_factory.mktemp("street")) as made:
        made.hand.do("join")
        yield made


def ask(here: Street, name: str, kind: str = "A", to: str = BOX) -> tuple[int | None, list[Any]]:
    told = here.hand.do("name", name=name, kind=kind, to=to)
    return told["rcode"], [answer["data"] for answer in told["answers"]]


def probe(here: Street, host: str, path: str, agent: str, at: str = BOX) -> dict[str, Any]:
    """As a phone does: the name first, then the page at the address it gave."""
    _, (address,) = ask(here, host, to=at)
    return here.hand.do("get", box=address, host=host, path=path, headers={"User-Agent": agent})


def test_an_address_comes_with_the_way_the_names_and_the_portal(here: Street) -> None:
    told = here.hand.do("join")
    assert told["address"].startswith("192.0.2.")
    assert 20 <= int(told["address"].rpartition(".")[2]) <= 250
    assert (told["router"], told["names"], told["seconds"]) == (BOX, BOX, 7200)
    assert told["portal"] == f"http://{BOX}/captive/api"
    assert here.hand.do("get", path="/captive/api")["headers"]["content-type"] == "application/captive+json"


@pytest.mark.parametrize("name", ["captive.apple.com", "www.google.com", "anything.example", "go.stall", "printer"])
def test_every_name_is_the_box_and_of_no_other_kind(here: Street, name: str) -> None:
    assert ask(here, name) == (NOERROR, [BOX])
    for kind in ("AAAA", "HTTPS", "SVCB", "TXT"):
        assert ask(here, name, kind) == (NOERROR, [])


def test_names_that_would_lead_around_us_are_not_there(here: Street) -> None:
    for name in ("mask.icloud.com", "mask-h2.icloud.com", "mask-api.icloud.com", "use-application-dns.net"):
        assert ask(here, name) == (NXDOMAIN, [])


def test_each_system_meets_its_own_portal(here: Street) -> None:
    apple = probe(here, "captive.apple.com", "/hotspot-detect.html", agents.WISPR)
    android = probe(here, "connectivitycheck.gstatic.com", "/generate_204", agents.ANDROID_PROBE)
    windows = probe(here, "www.msftconnecttest.com", "/connecttest.txt", "Microsoft NCSI")
    linux = probe(here, "nmcheck.gnome.org", "/check_network_status.txt", "NetworkManager/1.42")
    firefox = probe(here, "detectportal.firefox.com", "/success.txt", "Mozilla/5.0 Firefox/140.0")
    assert [each["status"] for each in (apple, android, windows, linux, firefox)] == [302] * 5
    assert apple["headers"]["location"] == f"http://{BOX}/cna"
    assert {each["headers"]["location"].rstrip("/") for each in (android, windows, linux, firefox)} == {f"http://{BOX}"}
    assert here.hand.do("touch", to=BOX, port=443) == {
        "end": "Connection refused"
    }  # their question over https ends at once
    told = here.hand.do("get", path="/cna/go", headers={"User-Agent": agents.IPHONE_SHEET})
    assert told["status"] == 200
    assert "Success" in probe(here, "captive.apple.com", "/hotspot-detect.html", agents.WISPR)["text"]
    assert probe(here, "www.gstatic.com", "/generate_204", agents.ANDROID_PROBE)["status"] == 302


@pytest.fixture(scope="module")
def browser(here: Street, tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Browser]:
    """A browser in the phone, that asks the box for every name."""
    folder = tmp_path_factory.mktemp("phone")
    (folder / "resolv.conf").write_text(f"nameserver {BOX}\n")
    here.phone.run("mount", "--bind", str(folder / "resolv.conf"), "/etc/resolv.conf")
    script = folder / "chromium"
    script.write_text(f'#!/bin/sh\nexec {" ".join(here.phone.beside())} {chromium} "$@"\n')
    script.chmod(0o755)
    with launched(str(script)) as opened:
        yield opened


def test_a_typed_name_a_short_one_and_the_address_open_the_shop(here: Street, browser: Browser) -> None:
    del here
    window = browser.new_context(user_agent=agents.ANDROID_CHROME, viewport={"width": 390, "height": 844})
    page = window.new_page()
    for typed in ("http://marisol.example/", "http://go.stall/", f"http://{BOX}/"):
        page.goto(typed)
        assert page.url == f"http://{BOX}/"
        assert page.get_by_role("heading", name="Salt & Paper").count() == 1
    window.close()


def test_who_has_which_address_lies_in_memory_without_a_name(here: Street) -> None:
    lines = here.inside(places.LEASES).read_text().splitlines()
    assert lines
    assert {line.split()[3] for line in lines} == {"*"}
    mac = lines[0].split()[1]
    assert mac not in here.log.read_text()
    assert lines[0].split()[2] not in here.log.read_text()


def test_on_the_other_address_all_of_it_is_the_same(here: Street) -> None:
    other = "10.42.0.1"
    here.settle(
        network=Network(country="DE", address=other), web=Web(socket=places.BUYERS_SOCKET, address=f"http://{other}")
    )
    told = here.hand.do("join")
    assert told["address"].startswith("10.42.0.")
    assert (told["router"], told["portal"]) == (other, f"http://{other}/captive/api")
    assert (
        probe(here, "captive.apple.com", "/hotspot-detect.html", agents.WISPR, at=other)["headers"]["location"]
        == f"http://{other}/cna"
    )
    assert here.hand.do("get", box=other, path="/")["status"] == 200
    assert other in here.box.run("ip", "-4", "address", "show", "dev", "wlan0")
    assert BOX not in here.box.run("ip", "-4", "address", "show", "dev", "wlan0")

"""Where the stall announces itself: on the maker's side, not to buyers unless that is wanted, and as interfaces come and go."""

from __future__ import annotations

import pytest

from stall.box.network.announced import Announced, wanted
from stall.settings import Network, Settings, Web
from tests.box.test_stall_is_found_by_name import THUMBPRINT, look_for

THERE = {"lo": "127.0.0.1", "wlan0": "192.0.2.1", "eth0": "192.168.1.9", "wlan1": "172.20.10.3"}


@pytest.mark.parametrize(
    ("settings", "addresses"),
    [
        (Settings(), ("172.20.10.3", "192.168.1.9")),
        (Settings(network=Network(maker="eth0")), ("192.168.1.9",)),
        (Settings(network=Network(maker="eth7")), ()),
        (Settings(mdns_interface="wlan0"), ("192.0.2.1",)),
        (Settings(mdns_interface="192.0.2.1"), ("192.0.2.1",)),
        (Settings(mdns_interface="10.9.9.9"), ()),
    ],
)  # fmt: skip
def test_buyers_are_not_told_unless_that_is_wanted(settings: Settings, addresses: tuple[str, ...]) -> None:
    assert wanted(THERE, settings) == addresses


def test_it_follows_an_interface_that_comes_and_goes() -> None:
    there: dict[str, str] = {}
    settings = Settings(
        name="Print Stall", mdns=True, mdns_interface="127.0.0.1", web=Web(socket="/run/stall/buyers.sock")
    )
    announced = Announced(settings, THUMBPRINT, lambda: there)
    announced.follow()
    there["lo"] = "127.0.0.1"
    announced.follow()
    try:
        found = look_for("Print Stall abcDEF")
        assert found is not None
        assert found.port == 8443
        there.clear()
        announced.follow()
        assert announced._announcement is None
    finally:
        announced.close()

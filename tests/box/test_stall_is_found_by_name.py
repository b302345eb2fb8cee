from __future__ import annotations

import socket

import pytest
from zeroconf import ServiceInfo, Zeroconf

from stall.box.mdns import SERVICE, Announcement
from stall.errors import Broken

THUMBPRINT = "abcDEF" + "x" * 37


def look_for(name: str) -> ServiceInfo | None:
    with Zeroconf(interfaces=["127.0.0.1"]) as network:
        return network.get_service_info(SERVICE, f"{name}.{SERVICE}", timeout=3000)


def test_the_makers_tools_find_the_stall_on_the_chosen_interface() -> None:
    with Announcement("Print Stall. No 1", THUMBPRINT, 8001, "127.0.0.1"):
        found = look_for("Print Stall  No 1 abcDEF")
    assert found is not None
    assert (found.port, found.addresses) == (8001, [socket.inet_aton("127.0.0.1")])
    assert found.properties[b"box"] == THUMBPRINT.encode()


def test_a_long_name_is_cut_to_what_dns_allows() -> None:
    label = Announcement("Größte Bude " * 20, THUMBPRINT, 8001, "127.0.0.1").label
    assert len(label.encode()) <= 63
    assert label.startswith("Größte Bude ")
    assert label.endswith(" abcDEF")


@pytest.mark.parametrize("interface", ["wlan0", "203.0.113.9", "127.0.0.1 ", "::1"])
def test_what_is_no_address_of_this_machine_is_refused(interface: str) -> None:
    with pytest.raises(Broken, match="mdns-address"):
        Announcement("Stall", THUMBPRINT, 8001, interface)

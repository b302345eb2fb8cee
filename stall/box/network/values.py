"""What the files of the network are made from: the values for the templates of nftables and dnsmasq. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network

from stall.settings import Settings

#: What phones are lent of the 254 addresses (the last part); the rest is for whatever the maker sets by hand.
FIRST, LAST = 20, 250


def values(settings: Settings) -> dict[str, str | int | bool]:
    """The values by name."""
    own, captive = settings.network, settings.captive
    three = own.address.rpartition(".")[0]
    closed = not captive.https
    return {
        "lan": own.lan,
        "address": own.address,
        "network": str(IPv4Network(f"{own.address}/24", strict=False)),
        "first": f"{three}.{FIRST}",
        "last": f"{three}.{LAST}",
        "lease_minutes": captive.lease_minutes,
        "https": captive.https,
        "open_443": not closed,
        "reject_443": closed and own.port_443 == "reject",
        "maker": own.maker,
        "uplink": captive.uplink,
        "uplink_rate_kb": own.uplink_rate_kb,
    }

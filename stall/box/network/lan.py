"""The LAN raised and lowered: rules first, then the address, so that there is no moment in which it stands open. Root only.

Everything may be done again at any time and changes nothing then. The interface is waited for by the service manager
(`BindsTo=` its device); where it is missing here, that is said.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from stall.box.network import programs, radio, uplink, way_out
from stall.box.network.way_out import Way
from stall.errors import Broken, Refused
from stall.settings import Network

#: What the kernel is told of the interface: it asks and answers there for its own address alone, and leads nobody elsewhere.
_MANNERS = {
    "rp_filter": 1,
    "arp_ignore": 1,
    "arp_announce": 2,
    "accept_redirects": 0,
    "send_redirects": 0,
    "accept_source_route": 0,
    "proxy_arp": 0,
    "route_localnet": 0,
    "forwarding": 0,
}
TABLE = ("inet", "stall")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the rules are and what runs is kept; where the kernel shows itself, which a test may have elsewhere."""

    rules: Path
    run: Path
    proc: Path = Path("/proc/sys/net")
    sys: Path = Path("/sys/class")


def up(own: Network, places: Places, way: Way | None) -> list[str]:
    """Raise the LAN, and the way out if there is one. Gives what there is to say.

    Raises Refused `network-not-root`, `lan-missing`; Broken `lan-rules-missing` and what `programs.run` and `way_out.settle` raise.
    """
    programs.root_only()
    load_rules(places)
    device = places.sys / "net" / own.lan
    if not device.exists():
        raise Refused(
            "lan-missing",
            f"There is no network interface {own.lan} on this machine. Plug it in, or name another one as lan in settings.toml under [network].",
        )
    said = radio.unblock(places.sys / "rfkill")
    if radio.is_radio(device):
        said += radio.set_country(own.country)
    _tell_kernel(places.proc, own.lan)
    _only_address(own)
    programs.run("ip", "link", "set", own.lan, "up")
    _lead_to_phones(own)
    if clash := uplink.same_network(own):
        said.append(
            f"{clash} is in a network with the addresses of the Wi-Fi, {own.address}: there is no uplink by it. Set another one in settings.toml, like {other_address(own)}: address under [network] and under [web]. Then: sudo stall appliance apply"
        )
    return [*said, *way_out.settle(own, places.run, places.proc, way)]


def down(own: Network, places: Places) -> list[str]:
    """Lower the LAN; the rules go last. Raises Refused `network-not-root` and what `programs.attempt` raises."""
    programs.root_only()
    for arguments in (
        ("ip", "link", "set", own.lan, "down"),
        ("ip", "-4", "address", "flush", "dev", own.lan, "scope", "global"),
    ):
        programs.attempt(*arguments)
    way_out.settle(own, places.run, places.proc, None)
    programs.attempt("nft", "delete", "table", *TABLE)
    return [f"{own.lan} is down."]


def load_rules(places: Places) -> None:
    """Load our table anew, in one transaction. Raises Broken `lan-rules-missing` and what `programs.run` raises."""
    if not places.rules.is_file():
        raise Broken(
            "lan-rules-missing",
            f"{places.rules} is not there, so nothing would guard the Wi-Fi, and it stays down. Run: sudo ./setup.sh install",
        )
    programs.run("nft", "-f", str(places.rules))


def _only_address(own: Network) -> None:
    """Give the interface our address and take away every other of its IPv4 addresses."""
    wanted = f"{own.address}/24"
    lines = programs.run("ip", "-4", "-o", "address", "show", "dev", own.lan).splitlines()
    there = [words[words.index("inet") + 1] for words in map(str.split, lines) if "inet" in words]
    for other in there:
        if other != wanted:
            programs.attempt("ip", "address", "del", other, "dev", own.lan)
    if wanted not in there:
        programs.run("ip", "address", "add", wanted, "broadcast", "+", "dev", own.lan)


def other_address(own: Network) -> str:
    """One that the box could have instead."""
    return "10.42.0.1" if own.address != "10.42.0.1" else Network().address


def _lead_to_phones(own: Network) -> None:
    """Where another interface had the same network before, the kernel would answer phones there: let ours be asked first."""
    network = str(IPv4Network(f"{own.address}/24", strict=False))
    first = programs.run("ip", "-4", "route", "show", network).split("\n", 1)[0].split()
    if first and first[first.index("dev") + 1] != own.lan:
        route = (network, "dev", own.lan, "proto", "kernel", "scope", "link", "src", own.address)
        programs.attempt("ip", "route", "del", *route)
        programs.run("ip", "route", "prepend", *route)


def _tell_kernel(proc: Path, lan: str) -> None:
    """IPv6 off there, and its manners. A machine without IPv6 has no file for it."""
    with contextlib.suppress(FileNotFoundError):
        (proc / "ipv6/conf" / lan / "disable_ipv6").write_text("1")
    for name, value in _MANNERS.items():
        with contextlib.suppress(FileNotFoundError):
            (proc / "ipv4/conf" / lan / name).write_text(str(value))

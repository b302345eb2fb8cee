"""The way out for probes: opened while the internet is there, shut otherwise. Root only; every value is checked, for others told it.

Three things together: whom our name service asks, the interface the rules let these questions out of, and whether the kernel passes
packets on at all. Without `uplink` in the settings the rules have no such way, and nothing here opens one.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from stall import disk
from stall.box.network import programs
from stall.settings import Network

FOLDER, SERVERS, NAMES_PID, _OPEN = "stall-lan", "servers", "dns.pid", "open"
_INTERFACE = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,14}")
_SET, _PROBES = ("inet", "stall", "uplinks"), ("inet", "stall", "probes")


@dataclass(frozen=True, slots=True)
class Way:
    """The uplink's interface, its name server, and the names that are asked for there."""

    interface: str
    resolver: str
    names: tuple[str, ...]


def told(notice: Mapping[str, object], own: Network, names: tuple[str, ...]) -> Way | None:
    """The way out a notice `uplink` tells of; None where it tells of none, or of one that cannot be."""
    interface, resolver = notice.get("interface"), notice.get("resolver")
    if notice.get("up") is not True or not isinstance(interface, str) or not isinstance(resolver, str):
        return None
    if not _INTERFACE.fullmatch(interface) or interface in {own.lan, "lo"}:
        return None
    try:
        address = IPv4Address(resolver)
    except ValueError:
        return None
    lan = IPv4Network(f"{own.address}/24", strict=False)  # a phone would answer there
    return None if address.is_loopback or address in lan else Way(interface, str(address), names)


def settle(own: Network, run: Path, proc: Path, way: Way | None) -> list[str]:
    """Make the way out what it should be. Raises what `programs.run` raises, with nothing open then."""
    folder = run / FOLDER
    folder.mkdir(mode=0o755, exist_ok=True)
    before = _opened(folder)
    if way is None:
        _shut(own, folder, proc, before)
        return []
    _forward(proc, [each for each in before if each != way.interface], "0")
    name = " ".join(_SET)
    programs.run("nft", f'flush set {name}; add element {name} {{ "{way.interface}" }}')
    _forward(proc, [own.lan, way.interface], "1")
    with disk.whole_file(folder / _OPEN, 0o644) as file:
        file.write(way.interface.encode())
    _tell_names(folder, "".join(f"server=/{name}/{way.resolver}\n" for name in way.names))
    return [f"Phones' questions for the internet go out by {way.interface}, and nothing else of theirs."]


def _shut(own: Network, folder: Path, proc: Path, before: list[str]) -> None:
    """The door first, then who is asked. A table that is not there, or has no way out, is shut."""
    _forward(proc, [own.lan, *before], "0")
    for each in (_SET, _PROBES):
        programs.attempt("nft", "flush", "set", *each)
    (folder / _OPEN).unlink(missing_ok=True)
    _tell_names(folder, "")


def _tell_names(folder: Path, servers: str) -> None:
    """Give our name service the file of whom to ask, and have it read anew; one that is not up yet reads it when it starts."""
    file = folder / SERVERS
    if file.is_file() and file.read_text() == servers:
        return
    with disk.whole_file(file, 0o644) as written:
        written.write(servers.encode())
    with contextlib.suppress(OSError, ValueError):
        pid = int((folder / NAMES_PID).read_text())
        if (Path("/proc") / str(pid) / "comm").read_text().strip() == "dnsmasq":
            os.kill(pid, signal.SIGHUP)


def _forward(proc: Path, interfaces: list[str], value: str) -> None:
    """Let the kernel pass on what comes in there, or not. An interface that is gone has no file."""
    for interface in interfaces:
        with contextlib.suppress(OSError):
            (proc / "ipv4/conf" / interface / "forwarding").write_text(value)


def _opened(folder: Path) -> list[str]:
    """The uplink that was opened before, if any."""
    with contextlib.suppress(OSError):
        kept = (folder / _OPEN).read_text().strip()
        return [kept] if _INTERFACE.fullmatch(kept) else []
    return []

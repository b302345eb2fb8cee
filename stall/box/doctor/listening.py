"""Who listens: on the appliance each port has one program that should, and nothing else is open to buyers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from stall.box.doctor.finding import Finding, fault, ok, warning
from stall.box.doctor.patient import Patient

#: What the appliance listens on: protocol and port, what for, the unit that does it.
SERVICES = {
    ("tcp", 80): ("buyers' pages", "stall-nginx.service"),
    ("tcp", 8443): ("the till", "stall-nginx.service"),
    ("udp", 53): ("names", "stall-dns.service"),
    ("udp", 67): ("addresses for phones", "stall-dns.service"),
}
#: Open to buyers by right, besides: names by TCP, and https where there is a certificate.
ALSO = {("tcp", 53), ("tcp", 443)}
_LISTENING = {"tcp": "0A", "udp": "07"}


@dataclass(frozen=True, slots=True)
class Listener:
    """One socket that waits for whoever comes."""

    protocol: str
    address: IPv4Address | IPv6Address
    port: int

    @property
    def everywhere(self) -> bool:
        """Whether it waits on every interface."""
        return self.address.is_unspecified


def listeners(patient: Patient) -> list[Listener]:
    """Every socket of IP that listens, as the kernel lists them."""
    found = set()
    for protocol, state in _LISTENING.items():
        for table in (protocol, f"{protocol}6"):
            for line in patient.text(f"proc/net/{table}").splitlines()[1:]:
                fields = line.split()
                if len(fields) > 3 and fields[3] == state:  # noqa: PLR2004 - proc_pid_net(5)
                    address, _, port = fields[1].partition(":")
                    found.add(Listener(protocol, _address(address), int(port, 16)))
    return sorted(found, key=lambda each: (each.protocol, each.port, str(each.address)))


def check_services(patient: Patient) -> Iterator[Finding]:
    """See that each port of the appliance has somebody who answers."""
    if not patient.appliance:
        return
    there = {(each.protocol, each.port) for each in listeners(patient) if _for_buyers(each, patient)}
    silent = [(port, *told) for port, told in SERVICES.items() if port not in there]
    for (protocol, port), what, unit in silent:
        yield fault(
            "listening.silent",
            f"Nobody listens on {protocol} {port} ({what}).",
            f"sudo systemctl restart {unit} ; why it ended: sudo journalctl -u {unit.removesuffix('.service')} -n 30",
            port=port,
            protocol=protocol,
        )
    if not silent:
        yield ok("listening.services", "Pages (80), till (8443), names (53) and addresses (67) are served.")


def check_others(patient: Patient) -> Iterator[Finding]:
    """See that nothing else is open to buyers; what the packet filter stops is open all the same once that is off."""
    if not patient.appliance:
        return
    others = [
        each
        for each in listeners(patient)
        if each.protocol == "tcp"
        and _for_buyers(each, patient)
        and (each.protocol, each.port) not in {*SERVICES, *ALSO}
    ]
    rules = patient.run(("nft", "list", "table", "inet", "stall"))
    filtered = rules is not None and rules.code == 0 and "policy drop" in rules.out
    hidden = rules is None or "ermitted" in rules.err
    if rules is not None and rules.code != 0 and not hidden:
        yield fault(
            "listening.filter",
            "The packet filter is not loaded, so buyers reach whatever listens on this machine.",
            "sudo systemctl restart stall-lan.service",
        )
    ports = ", ".join(dict.fromkeys(str(each.port) for each in others))
    if others and not filtered:
        held = " The packet filter stops them if it is loaded, which only root can see." if hidden else ""
        yield warning(
            "listening.others",
            f"Besides the stall, TCP {ports} is open on the buyers' side.{held}",
            "Look who it is (sudo ss -ltnp) and switch it off, or let it listen on 127.0.0.1; then look again as root: sudo stall doctor",
            ports=sorted({each.port for each in others}),
        )
    else:
        more = f" TCP {ports} listens too, behind the packet filter." if others else ""
        yield ok(
            "listening.others", f"Nothing else is open to buyers.{more}", ports=sorted({each.port for each in others})
        )


def _for_buyers(each: Listener, patient: Patient) -> bool:
    return each.everywhere or str(each.address) == patient.settings.network.address


def _address(hexed: str) -> IPv4Address | IPv6Address:
    """Read an address as the kernel writes it: words of 32 bits, each in this machine's order."""
    words = [bytes.fromhex(hexed[at : at + 8])[::-1] for at in range(0, len(hexed), 8)]
    found = ip_address(b"".join(words))
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found

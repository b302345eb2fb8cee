"""The buyers' network: its interface, and the radio where it is one. Read from the kernel and from `iw`, never changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from stall.box.config import boards
from stall.box.doctor.finding import Finding, fault, note, ok, warning
from stall.box.doctor.patient import Patient
from stall.box.network import lan, uplink

_COUNTRY = re.compile(r"^country (\w\w):", re.MULTILINE)
_CHANNEL = re.compile(r"\bchannel (\d+) \((\d+) MHz\)")
_STATION = re.compile(r"^Station ", re.MULTILINE)
#: Of the most the radio bears, from so many clients on the next may be turned away (tenths).
NEARLY = 9


def check_interface(patient: Patient) -> Iterator[Finding]:
    """See that the interface of the buyers' network is there, up, and has the box's address."""
    if not patient.appliance:
        return
    name, address = patient.settings.network.lan, patient.settings.network.address
    if not patient.at(f"sys/class/net/{name}").exists():
        others = ", ".join(sorted(each.name for each in patient.at("sys/class/net").glob("*") if each.name != "lo"))
        yield fault(
            "radio.interface",
            f"The interface {name} of the buyers' network is not there.",
            f"Plug the radio in, or write one of these as lan under [network]: {others or 'none is here'}",
            lan=name,
        )
        return
    facts: dict[str, object] = {
        "lan": name,
        "driver": _driver(patient, name),
        "state": patient.text(f"sys/class/net/{name}/operstate"),
    }
    own_radio = boards.read(patient.root, name).radio
    if own_radio is not None and own_radio.chip:
        facts |= {"chip": own_radio.chip, "firmware": "minimal" if own_radio.chosen else "usual"}
    told = patient.asked("ip", "-o", "-4", "addr", "show", "dev", name)
    if told and f" {address}/" not in told:
        yield fault(
            "radio.address",
            f"{name} does not have the address {address}.",
            "sudo systemctl restart stall-lan.service",
            **facts,
        )
    elif told:
        yield ok("radio.interface", f"{name} is there with {address}, driver {facts['driver'] or 'unknown'}.", **facts)
    if clash := uplink.same_network(patient.settings.network, patient.at("proc/net/route")):
        yield warning(
            "radio.clash",
            f"The network at {clash} has the addresses of the Wi-Fi, {address}: there is no uplink by it.",
            f"Set another one in settings.toml, like {lan.other_address(patient.settings.network)}: address under [network] and under [web]. Then: sudo stall appliance apply",
            interface=clash,
        )


def check_radio(patient: Patient) -> Iterator[Finding]:
    """See that nothing blocks the radio, that it has a country, and that it makes a network."""
    name, own = patient.settings.network.lan, patient.settings.network
    if not patient.appliance or not wireless(patient):
        return
    blocked = [
        entry for entry in _switches(patient) if any(patient.number(f"{entry}/{how}") for how in ("soft", "hard"))
    ]
    if blocked:
        yield fault(
            "radio.blocked",
            "The Wi-Fi is switched off in this machine (rfkill).",
            "sudo rfkill unblock wlan, and set the country: [network] country in settings.toml",
        )
    told = _COUNTRY.search(patient.asked("iw", "reg", "get"))
    country = told[1] if told else ""
    if own.country and country and country not in {own.country, "99"}:
        yield warning(
            "radio.country",
            f"The radio keeps the rules of {'no country' if country == '00' else country}, and the stall stands in {own.country}.",
            "sudo stall appliance apply, then start the machine anew",
            country=country,
            wanted=own.country,
        )
    info = patient.asked("iw", "dev", name, "info")
    channel = _CHANNEL.search(info)
    if info and "type AP" not in info:
        yield fault(
            "radio.network",
            f"{name} makes no network now.",
            "sudo systemctl restart stall-ap.service ; why it ended: sudo journalctl -u stall-ap -n 30",
        )
    elif channel:
        yield ok(
            "radio.network",
            f"{name} makes the network on channel {channel[1]} ({channel[2]} MHz), country {country or 'unknown'}.",
            channel=int(channel[1]),
            country=country,
        )


def check_clients(patient: Patient) -> Iterator[Finding]:
    """See how many phones are on the radio, and how many it bears."""
    name = patient.settings.network.lan
    if not patient.appliance or not wireless(patient):
        return
    said = patient.run(("iw", "dev", name, "station", "dump"))
    if said is None or said.code != 0:
        return
    count = len(_STATION.findall(said.out))
    bears = boards.read(patient.root, name).radio
    most = patient.settings.network.clients or (0 if bears is None else bears.clients)
    if most and count * 10 >= most * NEARLY:
        yield note(
            "radio.clients",
            f"{count} phones are on the Wi-Fi, and it bears {most}.",
            "Ask buyers who are done to leave the Wi-Fi; for larger crowds use a second radio or a travel router (docs/hardware.md, Radios).",
            clients=count,
            most=most,
        )
    else:
        yield ok(
            "radio.clients",
            f"{count} phones are on the Wi-Fi{f' of {most} it bears' if most else ''}.",
            clients=count,
            most=most,
        )


def wireless(patient: Patient) -> bool:
    """Whether the buyers' network is a radio of this machine."""
    about = patient.at(f"sys/class/net/{patient.settings.network.lan}")
    return (about / "phy80211").exists() or (about / "wireless").exists()


def _driver(patient: Patient, name: str) -> str:
    try:
        return Path(patient.at(f"sys/class/net/{name}/device/driver").readlink()).name
    except OSError:
        return ""


def _switches(patient: Patient) -> list[str]:
    """The switches of radios, as paths of the machine."""
    every = sorted(patient.at("sys/class/rfkill").glob("rfkill*"))
    return [
        f"sys/class/rfkill/{each.name}"
        for each in every
        if patient.text(f"sys/class/rfkill/{each.name}/type") == "wlan"
    ]

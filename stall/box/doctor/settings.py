"""settings.toml: whether it can be read, and what in it contradicts itself or this machine."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from urllib.parse import urlsplit

from stall import settings as settings_file
from stall.box.doctor.finding import Finding, fault, note, of_error, ok, warning
from stall.box.doctor.patient import Patient

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def check_file(patient: Patient) -> Iterator[Finding]:
    """See that the settings can be read by the stall, and by nobody else: a Wi-Fi password and a reader's may stand there."""
    path = patient.data / settings_file.FILE
    if patient.settings_trouble is not None:
        yield of_error("settings.file", patient.settings_trouble)
        return
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        yield note(
            "settings.file",
            "There is no settings.toml, so everything has its default.",
            f"Write what is yours into {path}; docs/settings.md lists it.",
        )
        return
    if stat.S_IMODE(mode) & 0o077:
        yield warning(
            "settings.rights",
            f"{path} can be read by other users, and passwords may stand in it.",
            f"chmod 600 {path}",
            mode=f"{stat.S_IMODE(mode):04o}",
        )
    else:
        yield ok("settings.file", f"{patient.settings.name}: {path.name} can be read, by this user alone.")


def check_portal(patient: Patient) -> Iterator[Finding]:
    """See that what phones are led to is what the box answers on."""
    own = patient.settings
    if patient.settings_trouble is not None or not own.captive.portal:
        return
    host = urlsplit(own.web.address).hostname or ""
    if host in _LOOPBACK:
        yield fault(
            "settings.portal",
            f"[captive] portal leads phones to {own.web.address}, which on a phone is the phone itself.",
            f'Write address = "http://{own.network.address}" under [web] in {patient.shown_data}/settings.toml.',
        )
    elif host.replace(".", "").isdecimal() and host != own.network.address:
        yield fault(
            "settings.portal",
            f"Phones are led to {host} by [web], but the box stands at {own.network.address} by [network].",
            "Write the same address in both places of settings.toml.",
        )
    if not own.wifi.name:
        yield warning(
            "settings.wifi",
            "The portal is on and no Wi-Fi has a name, so nobody is shown how to join.",
            "Write name and password under [wifi] in settings.toml.",
        )


def check_network(patient: Patient) -> Iterator[Finding]:
    """See that the stall's own Wi-Fi can be raised, and is not the way to the internet."""
    own = patient.settings
    if patient.settings_trouble is not None:
        return
    if own.wifi.name and not own.wifi.password:
        yield warning(
            "settings.open_wifi",
            f"The Wi-Fi “{own.wifi.name}” has no password: everybody near joins it, and anybody may listen.",
            "Write a password of 8 letters or more under [wifi] in settings.toml; the code on the screen carries it.",
        )
    addresses = patient.asked("ip", "-o", "addr")
    if own.mdns and own.mdns_interface and addresses and f" {own.mdns_interface}/" not in addresses:
        yield warning(
            "settings.mdns_interface",
            f"The stall is to be announced from {own.mdns_interface}, which is no address of this machine now.",
            "Write one that `ip addr` shows as mdns_interface, or take the line out.",
        )
    if not patient.appliance:
        return
    if own.network.lan in uplinks(patient):
        yield fault(
            "settings.lan",
            f"{own.network.lan} is the buyers' network by [network] and at once the way to the internet.",
            "Write another interface as lan under [network], or take the uplink off that one.",
            lan=own.network.lan,
        )
    if own.network.lan.startswith("wl") and not own.network.country:
        yield fault(
            "settings.country",
            "No country is set, and without one no radio may send.",
            'Write country = "DE" (yours) under [network] in settings.toml, then: sudo stall appliance apply',
        )


def uplinks(patient: Patient) -> list[str]:
    """The interfaces a default route of IPv4 goes out by."""
    rows = (line.split() for line in patient.text("proc/net/route").splitlines()[1:])
    return sorted({row[0] for row in rows if len(row) > 7 and row[1] == row[7] == "00000000"})  # noqa: PLR2004 - destination and mask

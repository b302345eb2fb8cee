"""What runs here: the stall, Python, SQLite, the system, the board, and the programs beside us."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from importlib import metadata

from stall.box.doctor.finding import Finding, fault, note, ok
from stall.box.doctor.patient import Patient

#: Before this SQLite had a rare fault when two connections copied the log back at once (design 4).
SQLITE_CURED = (3, 51, 3)
#: The programs of the appliance, how each is asked for its version, and the package it comes in.
PROGRAMS = {
    "nginx": (("nginx", "-v"), "nginx-light"),
    "hostapd": (("hostapd", "-v"), "hostapd"),
    "dnsmasq": (("dnsmasq", "--version"), "dnsmasq-base"),
    "nft": (("nft", "--version"), "nftables"),
}
_VERSION = re.compile(r"\bv?(\d+(?:\.\d+)+[\w.-]*)")


def software(patient: Patient) -> dict[str, str]:
    """The names and versions of what runs here, for the head of the page."""
    return {
        "stall": metadata.version("stall"),
        "python": ".".join(map(str, sys.version_info[:3])),
        "sqlite": sqlite3.sqlite_version,
        "kernel": patient.text("proc/sys/kernel/osrelease") or "unknown",
        "system": system(patient),
        "board": board(patient),
    }


def system(patient: Patient) -> str:
    """The operating system by its own name; Raspberry Pi OS calls itself Debian, and lays its name down elsewhere."""
    told = dict(line.partition("=")[::2] for line in patient.text("etc/os-release").splitlines())
    name = told.get("PRETTY_NAME", "").strip('"') or "an unknown system"
    return f"Raspberry Pi OS on {name}" if patient.at("etc/rpi-issue").is_file() else name


def board(patient: Patient) -> str:
    """The board as its firmware calls it, empty where it does not say."""
    return patient.text("proc/device-tree/model") or patient.text("sys/class/dmi/id/product_name")


def check_software(patient: Patient) -> Iterator[Finding]:
    """Say what runs; nothing of it is wrong by itself."""
    told = software(patient)
    yield ok("versions.software", f"Python {told['python']}, SQLite {told['sqlite']}, kernel {told['kernel']}.", **told)


def check_sqlite(_patient: Patient) -> Iterator[Finding]:
    """Tell of the fault older ones have, which the one write door keeps from ever happening."""
    if sqlite3.sqlite_version_info < SQLITE_CURED:
        yield note(
            "versions.sqlite",
            f"SQLite {sqlite3.sqlite_version} has a rare fault that 3.51.3 cures; the stall's one write door keeps it from happening.",
            "Let no other program write into stall.sqlite while the stall runs.",
            version=sqlite3.sqlite_version,
        )


def check_programs(patient: Patient) -> Iterator[Finding]:
    """See that the programs of the appliance are here; elsewhere nobody needs them."""
    if not patient.appliance:
        return
    found = {name: _version(patient, command) for name, (command, _) in PROGRAMS.items()}
    missing = [name for name, version in found.items() if not version]
    here = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    if missing:
        packages = " ".join(PROGRAMS[name][1] for name in missing)
        yield fault(
            "versions.programs",
            f"{' and '.join(missing)} cannot be started on this machine.",
            f"sudo apt install {packages}",
            **found,
        )
    else:
        yield ok("versions.programs", f"{here}.", **found)


def _version(patient: Patient, command: tuple[str, ...]) -> str:
    said = patient.run(command)
    if said is None:
        return ""
    version = _VERSION.search(said.all)
    return version[1] if version else "unknown"

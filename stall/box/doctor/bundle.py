"""What whoever helps needs to see, in one archive of small texts: without secrets, card data, or anything of buyers.

Every text passes the redactor, whatever it is and however sure its source; the database is never among them.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from stall import settings as settings_file
from stall.box.doctor import examination, known, report, units
from stall.box.doctor.finding import Finding
from stall.box.doctor.patient import Patient
from stall.box.doctor.redaction import Redactor

#: So many lines of each unit's log, and of the kernel's.
LOG_LINES, KERNEL_LINES = 400, 300
_KERNEL = re.compile(r"(?i)mmc|ext4|i/o error|volt|thrott|usb|tty|brcmfmac|wlan|watchdog|out of memory|oom|thermal|rtc")
_KEY = re.compile(r"^\s*(\[[\w.]+\]|[\w.]+\s*(?==))")
#: The rendered configuration; of nginx without the folder of keys, which it only names.
CONFIGURATION = "etc/stall"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive, and in one word why it is there."""

    name: str
    why: str
    text: str


def gather(patient: Patient, found: Sequence[Finding]) -> list[Member]:
    """Every file, redacted; what cannot be had on this machine or by this user is left out."""
    clean = Redactor(known.secrets(patient))
    told = clean.value({"ok": examination.well(found), **report.facts(patient, found)})
    findings = Member("doctor.json", "findings", json.dumps(told, indent=1, ensure_ascii=True) + "\n")
    others = (Member(each.name, each.why, clean.text(each.text)) for each in _raw(patient))
    return [findings, *(each for each in others if each.text.strip())]


def packed(members: Sequence[Member], at_s: int) -> bytes:
    """The archive: gzip, everything of mode 0600, of nobody, and of that time (s UTC)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member in members:
            data = member.text.encode("utf-8", "replace")
            about = tarfile.TarInfo(f"stall-bundle/{member.name}")
            about.size, about.mtime, about.mode = len(data), at_s, 0o600
            archive.addfile(about, io.BytesIO(data))
    return out.getvalue()


def _raw(patient: Patient) -> Iterator[Member]:
    yield Member("settings.toml", "settings", settings_without_secrets(patient))
    yield from _configuration(patient)
    if patient.systemd:
        yield Member(
            "units.txt",
            "services",
            _said(patient, "systemctl", "--no-pager", "--full", "list-units", "--all", "stall*"),
        )
        for unit in units.asked(patient) or ():
            if unit.here:
                yield Member(f"log/{unit.name}.txt", "log", _log(patient, unit.name))
    kernel = patient.asked("dmesg") or patient.asked("journalctl", "-k", "-b", "--no-pager", "-o", "short-monotonic")
    yield Member(
        "kernel.txt",
        "kernel",
        "\n".join([line for line in kernel.splitlines() if _KERNEL.search(line)][-KERNEL_LINES:]),
    )
    for name, why, command in (
        ("addresses.txt", "network", ("ip", "-br", "addr")),
        ("radio.txt", "radio", ("iw", "dev")),
        ("country.txt", "radio", ("iw", "reg", "get")),
        ("usb.txt", "devices", ("lsusb",)),
        ("disks.txt", "disk", ("lsblk", "-o", "NAME,SIZE,FSTYPE,MOUNTPOINTS,MODEL")),
    ):
        yield Member(name, why, _said(patient, *command))


def settings_without_secrets(patient: Patient) -> str:
    """The settings with a word in place of each secret; of a file that is not right, its names alone, line by line."""
    if patient.settings_trouble is not None:
        try:
            lines = (patient.data / settings_file.FILE).read_text("utf-8", "replace").splitlines()
        except OSError:
            return ""
        named = (_KEY.match(line) for line in lines[:500])
        return "# This file is not right; only the names in it are here.\n" + "".join(
            f"{each[1]}\n" if each else "\n" for each in named
        )
    own = patient.settings
    if own.wifi.password:
        own = msgspec.structs.replace(own, wifi=msgspec.structs.replace(own.wifi, password="(secret)"))  # noqa: S106 - the word in its place
    if own.reader is not None:
        own = msgspec.structs.replace(own, reader=msgspec.structs.replace(own.reader, password="000000"))  # noqa: S106 - what every terminal comes with
    return settings_file.to_toml(own)


def _configuration(patient: Patient) -> Iterator[Member]:
    """What was rendered, and what of the boot was changed."""
    folder = patient.at(CONFIGURATION)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(patient.root).as_posix()
        if path.is_file() and not path.is_symlink() and "before" not in path.relative_to(folder).parts:
            yield Member(f"config/{name.removeprefix('etc/stall/')}", "configuration", patient.text(name))
    for name in ("boot/firmware/config.txt", "boot/firmware/cmdline.txt"):
        yield Member(f"config/{name.replace('/', '-')}", "boot", patient.text(name))


def _log(patient: Patient, unit: str) -> str:
    return _said(patient, "journalctl", "--no-pager", "-o", "short-iso", "-n", str(LOG_LINES), "-u", unit)


def _said(patient: Patient, *command: str) -> str:
    said = patient.run(command)
    return "" if said is None or said.code != 0 else said.out

"""The receipt printer of the settings: whether it is there, and what its own process says. Nothing is opened or printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stall.box.doctor.finding import Finding, fault, ok, unknown, warning
from stall.box.doctor.patient import Patient
from stall.box.printer.ports import device
from stall.errors import Refused
from stall.store import locks, print_jobs

_START = "sudo systemctl start stall-sync"
NAME = "printer"


def check_printer(patient: Patient) -> Iterator[Finding]:
    """See that the printer is there, that the process that prints runs, and what it says."""
    own = patient.settings.printer
    if own is None:
        if patient.settings_trouble is None:
            yield ok("printer.port", "No receipt printer is set up.")
        return
    kind, _, where = own.link.partition(":")
    gone = _gone(patient, kind, where)
    if gone:
        yield fault(
            "printer.port",
            gone,
            "Switch it on and plug it in; `lsusb` shows its ids for link under [printer]. Receipts are on phones and on the till meanwhile.",
            link=own.link,
        )
        return
    if not locks.name_held(patient.data, NAME):
        start = _START if patient.appliance else f"stall sync --data {patient.shown_data}"
        yield warning("printer.process", "`stall sync` does not run, so nothing is printed.", start, link=own.link)
        return
    conn = patient.box
    if conn is None:
        return
    told = print_jobs.printer(conn)
    if told is None:
        yield unknown("printer.state", "Nothing was told of the printer yet.", "stall print test --data FOLDER")
    elif told.state == "ready":
        yield ok("printer.state", "The printer is ready.", link=own.link)
    else:
        yield warning(
            "printer.state",
            f"The printer is not ready: {told.sentence.partition('. ')[0].removesuffix('.')}.",
            told.sentence.partition(". ")[2]
            or "Look at its paper, its cover and its lamp; what waits is printed once it is ready.",
            link=own.link,
            state=told.state,
        )


def _gone(patient: Patient, kind: str, where: str) -> str:
    """Say of a printer on a cable that it is not there; empty where it is, or where only asking it would tell."""
    if kind == "serial" and not patient.at(where.lstrip("/")).exists():
        return f"The printer's port {where} is not there."
    if kind == "file" and not Path(where).parent.exists():
        return f"There is no folder for {where}."
    if kind == "usb":
        try:
            wanted = device.ids(where)
        except Refused as error:
            return error.sentence
        if wanted not in _on_usb(patient):
            return f"No printer {where} is on USB."
    return ""


def _on_usb(patient: Patient) -> set[tuple[str, str]]:
    """The ids of every printer the kernel knows."""
    found = set()
    for entry in patient.at(str(device.CLASS).lstrip("/")).glob("lp*"):
        above = (entry / "device").resolve().parent
        try:
            vendor, product = ((above / name).read_text().strip().lower() for name in ("idVendor", "idProduct"))
            found.add((vendor, product))
        except OSError:
            continue
    return found

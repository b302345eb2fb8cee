"""The card reader of the settings: its port, who holds it, and what its own process says. Nothing is opened or asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from stall.box.doctor.finding import Finding, fault, note, ok, unknown, warning
from stall.box.doctor.patient import Patient, SerialPort
from stall.settings import Reader
from stall.store import locks, readers

NUMBER = 1


def check_reader(patient: Patient) -> Iterator[Finding]:
    """See that the reader's port is there and may be opened, and that its process has it and hears the terminal."""
    own = patient.settings.reader
    if own is None:
        if patient.settings_trouble is None:
            yield ok("reader.port", "No card reader is set up.")
        return
    kind, _, where = own.link.partition(":")
    runs = locks.name_held(patient.data, f"reader-{NUMBER}")
    if kind == "serial":
        wrong = list(_port(patient, Path(where), own, runs=runs))
        yield from wrong
        if wrong:
            return
    yield from _standing(patient, own, runs=runs)


def _port(patient: Patient, path: Path, own: Reader, *, runs: bool) -> Iterator[Finding]:
    there = patient.at(str(path).lstrip("/"))
    if not there.exists():
        others = [port.link for port in patient.serial_ports()]
        cure = "Plug it in and switch it on; which ports are here: stall reader probe"
        if others:
            cure = (
                f"Plug it in and switch it on. If it is another port now, write it under [reader]: {', '.join(others)}"
            )
        yield fault("reader.port", f"The card reader's port {path} is not there.", cure, link=own.link, ports=others)
        return
    port = _among(patient.serial_ports(), there)
    if port is None:
        return
    if not port.allowed and not runs:
        yield unknown(
            "reader.rights",
            f"This user may not open {path}.",
            "Let the stall's user in: sudo usermod -aG dialout stall, then start the stall anew. Or look again as root.",
        )
    elif port.holders and not runs:
        yield fault(
            "reader.held",
            f"Another program has the card reader's port: {', '.join(port.holders)}.",
            "End that program; if it is ModemManager: sudo systemctl disable --now ModemManager",
            holders=list(port.holders),
        )


def _standing(patient: Patient, own: Reader, *, runs: bool) -> Iterator[Finding]:
    """What the reader's process last said."""
    if not runs:
        start = (
            "sudo systemctl start stall-reader@1" if patient.appliance else f"stall reader --data {patient.shown_data}"
        )
        yield warning("reader.process", "`stall reader` does not run, so no card is taken.", start, link=own.link)
        return
    conn = patient.box
    if conn is None:
        return
    row = readers.find(conn, NUMBER)
    link, display = ("checking", "") if row is None else (row.link, row.display)
    if link == "lost":
        yield fault(
            "reader.lost",
            f"`stall reader` runs and does not hear the terminal: {display or 'no answer'}",
            "See that the terminal is on, not in its menu, and that the cable sits; switch it off and on. Cash and a separate reader go on.",
            link=own.link,
        )
    else:
        yield ok("reader.terminal", f"The terminal stands at: {link}.", link=own.link, state=link)


def check_modem_manager(patient: Patient) -> Iterator[Finding]:
    """See that no program speaks into new serial ports."""
    if patient.settings.reader is None or not patient.settings.reader.link.startswith("serial:"):
        return
    if patient.modem_manager() and any(port.left_alone is False for port in patient.serial_ports()):
        yield note(
            "reader.modem_manager",
            "ModemManager runs and speaks into ports that are plugged in, a card reader's too.",
            "sudo stall appliance apply (it installs a rule), or remove it: sudo apt remove modemmanager",
        )


def _among(ports: Iterable[SerialPort], device: Path) -> SerialPort | None:
    real = device.resolve()
    return next((port for port in ports if port.device == real), None)

"""`stall reader probe`: what a terminal may be on, what answers there, and the lines of the settings for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stall.commands import say

if TYPE_CHECKING:
    from stall.errors import StallError
    from stall.reader.detect import Answer
    from stall.reader.ports import Port
    from stall.settings import Reader
    from stall.store.box import Box

NUMBER = click.option("--number", type=click.IntRange(1, 9), default=1, show_default=True, help="Number of the reader.")
_RULES = "firmware_config/udev/60-stall-reader.rules"


@dataclass(slots=True)
class Found:
    """What one look brought to light. `own`: who is to be asked; `standing`: what its worker says, where that runs."""

    ports: list[Port]
    modem_manager: bool
    own: Reader | None = None
    answer: Answer | None = None
    standing: tuple[str, str] | None = None
    trouble: StallError | None = None
    lines: list[str] = field(default_factory=list)


@click.command("probe")
@click.option("--link", metavar="LINK", help="Ask the terminal there: serial:PATH, tcp:HOST:PORT or rfcomm:ADDRESS.")
@click.option("--line", default="", metavar="LINE", help='How a serial line is set, like "9600 8N2".')
@click.option("--protocol", metavar="NAME", help="Ask in this protocol only; else each that is known is tried.")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder of a box: ask the reader of its settings.")
@NUMBER
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def probe(*, link: str | None, line: str, protocol: str | None, data: Path | None, number: int, as_json: bool) -> int:
    """List the ports a terminal may be on, and ask it how it stands. No payment is ever sent, and nothing is changed.

    Without --link and --data nothing is opened. Exit code 1 when there is nothing, or nothing answers.
    """
    from stall.errors import StallError
    from stall.reader import ports

    found = Found(ports.present(), ports.modem_manager_runs())
    try:
        if link is not None:
            _ask_there(found, link, line, protocol)
        elif data is not None:
            _ask_own(found, data, number)
        elif not found.ports:
            raise _nothing()
    except StallError as trouble:
        found.trouble = trouble
    found.lines = _settings_lines(found)
    if as_json:
        say.facts(_facts(found))
    else:
        _print(found)
    if found.trouble is not None:
        say.line(f"error: {found.trouble.sentence} [{found.trouble.code}]", err=True)
    return 0 if found.trouble is None else 1


def _ask_there(found: Found, link: str, line: str, protocol: str | None) -> None:
    from stall.reader import detect
    from stall.reader.profiles import names_for
    from stall.settings import Reader

    spoken = protocol or "zvt"
    found.own = Reader(link=link, line=line, protocol=spoken, profile=names_for(spoken)[0])
    found.answer = detect.guess(found.own) if protocol is None else detect.ask(found.own)


def _ask_own(found: Found, data: Path, number: int) -> None:
    """Ask the reader of the settings, unless its own process has the port: then say what that knows."""
    from stall import app
    from stall.errors import Refused
    from stall.reader import detect
    from stall.store import locks

    box = app.open_box(data, looking=True)
    try:
        found.own = box.settings.reader
        if found.own is None:
            raise Refused(
                "reader-not-set", f"No reader is set up. Write a [reader] table into {data}/settings.toml first."
            )
        try:
            name = locks.own_name(data, f"reader-{number}")
        except Refused:
            found.standing = _standing(box, number)
            return
        try:
            found.answer = detect.ask(found.own)
        finally:
            name.release()
    finally:
        box.close()


def _standing(box: Box, number: int) -> tuple[str, str]:
    from stall.store import readers

    row = readers.find(box.db.read(), number)
    return ("checking", "It has only just begun") if row is None else (row.link, row.display)


def _nothing() -> StallError:
    from stall.errors import Refused

    return Refused(
        "reader-not-found",
        "No serial port on USB is here (/dev/serial/by-id, ttyACM, ttyUSB). Connect the terminal and switch it on; for one"
        " on the network or paired over Bluetooth, ask with --link.",
    )


def _settings_lines(found: Found) -> list[str]:
    """The table to copy: of what was asked with all that is set there, or of the only port there is."""
    from stall.reader import ports
    from stall.reader.profiles import names_for
    from stall.settings import Reader, reader_table

    answer, own = found.answer, found.own
    if answer is not None and own is not None:
        kind, _, rest = answer.link.partition(":")
        link = f"serial:{ports.lasting_name(Path(rest))}" if kind == "serial" else answer.link
        fitting = names_for(answer.protocol)
        profile = own.profile if own.profile in fitting else fitting[0]
        return reader_table(own, link=link, protocol=answer.protocol, profile=profile)
    if own is None and len(found.ports) == 1:
        return reader_table(Reader(link=found.ports[0].link))
    return []


def _print(found: Found) -> None:
    for port in found.ports:
        say.line(_words(port, found.modem_manager))
    if found.standing is not None and found.own is not None:
        link, display = found.standing
        say.line(f"`stall reader` runs and has {found.own.link}. It says: {link}, {display}")
    if found.answer is not None:
        say.line(f"The terminal on {found.answer.link} answers as {found.answer.protocol}: {found.answer.words}")
        if found.answer.protocol == "zvt":
            say.line("Its password was not tried: `stall reader` does that, and the till says so if it is wrong.")
    if found.lines:
        say.lines("", "For settings.toml:", "", *found.lines)


def _words(port: Port, modem_manager: bool) -> str:
    from stall.reader.transports import serial_line

    name = f"{port.link} is {port.device} now" if port.lasting else f"{port.link} has no name in /dev/serial/by-id"
    if not port.allowed:
        stands = f"this user may not open it: sudo usermod -aG {serial_line.group_of(str(port.device))} USER, then log in again"
    elif port.holders:
        stands = f"in use by {', '.join(port.holders)}"
    else:
        stands = "free"
    if modem_manager and not port.left_alone:
        unsure = "speaks into new ports" if port.left_alone is False else "may speak into it"
        stands += f". ModemManager runs and {unsure}: install {_RULES}, or remove it"
    return f"{name}: {stands}."


def _facts(found: Found) -> dict[str, Any]:
    ports = [
        {
            "link": port.link,
            "device": str(port.device),
            "lasting": port.lasting,
            "allowed": port.allowed,
            "holders": list(port.holders),
            "left_alone": port.left_alone,
        }
        for port in found.ports
    ]
    told: dict[str, Any] = {
        "ok": found.trouble is None,
        "ports": ports,
        "modem_manager": found.modem_manager,
        "link": None if found.own is None else found.own.link,
        "answer": None if found.answer is None else {**asdict(found.answer), "ready": found.answer.ready},
        "worker": None if found.standing is None else dict(zip(("link", "display"), found.standing, strict=True)),
        "settings": "\n".join(found.lines) or None,
    }
    if found.trouble is not None:
        told["error"] = {"code": found.trouble.code, "sentence": found.trouble.sentence}
    return told

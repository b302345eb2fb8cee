"""What a demo says to the person who started it: progress, addresses, a code to scan, what to try."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from stall.demo.parts import Addresses
from stall.demo.ports import Ports
from stall.domain import shown

#: Black on white, whatever the colours of the terminal are: cameras want it so.
_INK, _PLAIN = "\x1b[38;5;232;48;5;255m", "\x1b[0m"
#: Label, bar and figure fit into the 80 columns of the narrowest usual terminal.
_LABEL, _BAR = 40, 24
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def say(words: str) -> None:
    """One line on standard error; standard output belongs to the result."""
    click.echo(shown.line(words), err=True)


def show(text: str) -> None:
    """What the command is for, on standard output."""
    click.echo(text)


@contextlib.contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error for `total` bytes; one plain line when nobody looks at it."""
    if not sys.stderr.isatty():
        say(label)
        yield lambda _more: None
        return
    short = f"{label[:_LABEL]:{_LABEL}}"
    with click.progressbar(length=max(total, 1), label=short, file=sys.stderr, show_eta=False, width=_BAR) as drawn:
        yield drawn.update


def opened(at: Addresses, ports: Ports, pin: str | None, folder: Path, *, lan: bool, closes_s: int) -> str:
    """Everything a person needs to try the stall; without `pin` the maker has chosen another one."""
    sign_in = f"sign in with the PIN {pin}" if pin else "sign in with the PIN you chose"
    until = f"{datetime.fromtimestamp(closes_s, UTC):%d %B %Y}"
    code = scannable(at.buyers)
    return "\n".join(
        [
            "",
            "The stall is open.",
            "",
            f"  Buyers     {at.buyers}",
            f"  Till       {at.till}   {sign_in}",
            f"  Terminal   {at.terminal}   (the simulated card terminal and its faults)",
            f"  Cloud      {at.cloud}/healthz",
            *(["", *_tunnel(ports)] if lan else []),
            *(["", code] if code else []),
            "",
            *_to_try(at.buyers, lan=lan, code=code is not None),
            "",
            *_commands(folder, pin),
            "",
            f"Everything is kept in {folder}; the next run goes on from it, and it sells until {until}.",
            "To begin anew, remove that folder. Ctrl-C ends the demo.",
        ]
    )


def _commands(folder: Path, pin: str | None) -> list[str]:
    box = folder / "box"
    forgotten = [] if pin else [f"  .venv/bin/stall keys pin --data {box}   (another PIN for the first maker)"]
    return [
        "The box's own folder, for every command that wants --data:",
        f"  .venv/bin/stall staff list --data {box}",
        *forgotten,
    ]


def scannable(text: str) -> str | None:
    """A QR code in half blocks; None where it could not be scanned: no terminal, or one too narrow."""
    if not sys.stdout.isatty():
        return None
    rows = _rows(text)
    if shutil.get_terminal_size().columns < len(rows[0]):
        return None
    return "\n".join(f"{_INK}{row}{_PLAIN}" for row in rows)


def _rows(text: str) -> list[str]:
    import qrcode

    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4)
    code.add_data(text.upper())
    dots = [[bool(dot) for dot in row] for row in code.get_matrix()]
    if len(dots) % 2:
        dots.append([False] * len(dots[0]))
    return [
        "".join(_HALVES[pair] for pair in zip(above, below, strict=True))
        for above, below in zip(dots[::2], dots[1::2], strict=True)
    ]


def _tunnel(ports: Ports) -> list[str]:
    forwards = " ".join(f"-L {port}:127.0.0.1:{port}" for port in (ports.till, ports.terminal))
    return [
        "Till and terminal answer on this machine only. From another one:",
        f"  ssh {forwards} {_user()}@{socket.gethostname()}",
    ]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _to_try(buyers: str, *, lan: bool, code: bool) -> list[str]:
    phone = "Open the buyers' page (--lan lets phones in)"
    if lan:
        phone = f"{'Scan the code' if code else f'Open {buyers}'} with a phone on the same network"
    return [
        "What to try",
        f"  1. {phone}, choose the prints, and get a code of four letters.",
        "  2. At the till, sign in with the PIN, type that code and press Card. A simulated card is held to the terminal by itself.",
        "  3. The buyer's page turns by itself: download, with number, certificate and receipt.",
        "  4. On the terminal's page choose a fault for the next payment: decline, wrong PIN, silence, or vanish.",
        "  5. Sell again for cash, then press Day at the till: does it tie?",
    ]

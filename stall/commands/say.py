"""Where the commands print: the one border at which text from outside is made harmless to show."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Mapping

import click

from stall.domain import shown

_FEWEST = 40  # columns, of a window too narrow to be one


def line(text: str = "", *, err: bool = False) -> None:
    """Print one line, whatever stands in it."""
    click.echo(shown.line(text), err=err)


def lines(*texts: str, err: bool = False) -> None:
    """Print lines, each of them one."""
    for text in texts:
        line(text, err=err)


def code(text: str) -> None:
    """Draw a code to scan, to a person at a terminal: in half blocks, dark on light whatever the terminal's colours."""
    if not sys.stdout.isatty():
        return
    import qrcode

    drawn = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4)
    drawn.add_data(text)
    drawn.print_ascii(tty=True)


def paragraph(text: str, *, err: bool = False, indent: str = "", hang: int = 2) -> None:
    """Print text; to a person, in lines that end between words and none of which is wider than the terminal.

    Lines after the first begin `hang` columns in, or as the first where that has an indent.
    """
    stream = sys.stderr if err else sys.stdout
    safe = shown.line(text)
    if not stream.isatty():
        click.echo(indent + safe, err=err)
        return
    columns = max(_FEWEST, shutil.get_terminal_size().columns - 1)
    for part in textwrap.wrap(
        safe, columns, initial_indent=indent, subsequent_indent=indent or " " * hang, break_on_hyphens=False
    ):
        click.echo(part, err=err)


def warning(text: str) -> None:
    """Print a warning beside what the command prints."""
    line(f"warning: {text}", err=True)


def facts(found: Mapping[str, object]) -> None:
    """Print the one JSON object of a command: `ok` first, true if it says nothing else. All in it is ASCII."""
    click.echo(json.dumps({"ok": True, **found}))


def data(content: bytes) -> None:
    """Print a file as it is: for a pipe, and what is in it was made harmless where it was written."""
    click.echo(content, nl=False)

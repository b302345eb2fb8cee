"""Where the commands print: the one border at which text from outside is made harmless to show."""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

from stall.domain import shown


def line(text: str = "", *, err: bool = False) -> None:
    """Print one line, whatever stands in it."""
    click.echo(shown.line(text), err=err)


def lines(*texts: str, err: bool = False) -> None:
    """Print lines, each of them one."""
    for text in texts:
        line(text, err=err)


def warning(text: str) -> None:
    """Print a warning beside what the command prints."""
    line(f"warning: {text}", err=True)


def facts(found: Mapping[str, object]) -> None:
    """Print the one JSON object of a command: `ok` first, true if it says nothing else. All in it is ASCII."""
    click.echo(json.dumps({"ok": True, **found}))


def data(content: bytes) -> None:
    """Print a file as it is: for a pipe, and what is in it was made harmless where it was written."""
    click.echo(content, nl=False)

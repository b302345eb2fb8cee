"""What a person gives with an option and may have copied wrong: told as wrong usage, before anything is read."""

from __future__ import annotations

from pathlib import Path

import click

from stall.domain import shown


def creator(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Check the did of a creator."""
    from stall.errors import WireError
    from stall.wire import keys

    try:
        return text if text is None or keys.public_from_did(text) else None
    except WireError as error:
        raise click.BadParameter(
            f"{shown.quoted(text or '')} is no creator. Copy it whole from their poster or web page: it begins with"
            " did:key:z6Mk."
        ) from error


def no_folder(_context: click.Context, _option: click.Parameter, text: str) -> str:
    """Refuse a folder where a file or a name is asked for, as options for files do."""
    if Path(text).is_dir():
        raise click.BadParameter(f"{shown.quoted(text)} is a folder. Give a file.")
    return text


def no_folders(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The same for an option that may be given again."""
    return tuple(no_folder(context, option, text) for text in texts)

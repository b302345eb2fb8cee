"""The creator's key as the commands open it: how the passphrase may be given, and the warning when the file lies open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stall.commands import say

if TYPE_CHECKING:
    from stall.creator.keyring import Creator

PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the key's passphrase; else the variable STALL_PASSPHRASE, or you are asked.",
)


def opened(folder: Path, passphrase_file: Path | None, *, changing: bool = False) -> Creator:
    """Open the creator's folder before any work is done, asking for its passphrase (the old one, if `changing`)."""
    from stall.creator import keyring, passphrase

    creator = keyring.load(folder, lambda: passphrase.tries(passphrase_file, changing=changing))
    if creator.warning:
        say.warning(creator.warning)
    return creator

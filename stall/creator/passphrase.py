"""Where a passphrase comes from: a file, the variable STALL_PASSPHRASE, or a person at the terminal. Never the command line.

What stands in a command line is seen by every user of the machine and kept in the shell's history.
"""

from __future__ import annotations

import getpass
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from stall.errors import Refused
from stall.wire import keyfile

VARIABLE = "STALL_PASSPHRASE"
TRIES = 3
_MOST_BYTES = 4096


def tries(file: Path | None, *, changing: bool = False) -> Iterator[str]:
    """Give what to open a key with, one after the other: a file's, the variable's, or what a person types, three times.

    `changing` asks for it as for the old one of two. Raises Refused `passphrase-needed` where there is neither and nobody can be asked, and what reading the file raises.
    """
    given = _given(file)
    if given is not None:
        yield given
        return
    if not _at_terminal():
        raise Refused(
            "passphrase-needed",
            f"The key has a passphrase, and nobody is here to type it. Give --passphrase-file, or set {VARIABLE}.",
        )
    yield getpass.getpass("Passphrase of the key now: " if changing else "Passphrase of the creator's key: ")
    for _ in range(TRIES - 1):
        yield getpass.getpass("That does not open it. Once more: ")


def chosen(file: Path | None, *, changing: bool = False) -> str | None:
    """Give the passphrase for a key to be sealed; None where none was given and nobody can be asked.

    A person types it twice. `changing` an old one, never from the variable: that has the old one. Raises Refused `passphrase-unlike`, and what `keyfile.check_passphrase` raises.
    """
    given = _given(file) if file is not None or not changing else None
    if given is not None or not _at_terminal():
        if given is not None:
            keyfile.check_passphrase(given)
        return given
    what = "New passphrase" if changing else "A passphrase for the key"
    first = getpass.getpass(f"{what}, at least {keyfile.MIN_PASSPHRASE} characters: ")
    keyfile.check_passphrase(first)
    if getpass.getpass("The same again: ") != first:
        raise Refused("passphrase-unlike", "The two passphrases are not the same. Nothing was written; start again.")
    return first


def read(file: Path) -> str:
    """Read the one line of a passphrase file. Raises Refused `passphrase-file`, `key-open-to-others`."""
    try:
        if sys.platform != "win32" and file.is_file() and file.stat().st_mode & 0o077:
            raise Refused(
                "key-open-to-others",
                f"Other users can read the passphrase in “{file}”. Run: chmod 600 {shlex.quote(str(file))}",
            )
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        raise Refused("passphrase-file", f"“{file}” cannot be read ({error.strerror}). Check its name.") from error
    except UnicodeDecodeError as error:
        raise Refused("passphrase-file", f"“{file}” is no UTF-8 text. Save the passphrase as text.") from error
    line = text.removesuffix("\n").removesuffix("\r")
    if len(text) > _MOST_BYTES or "\n" in line:
        raise Refused("passphrase-file", f"“{file}” has more than one line. Keep the passphrase alone in it.")
    return line


def _given(file: Path | None) -> str | None:
    return read(file) if file is not None else os.environ.get(VARIABLE) or None


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()

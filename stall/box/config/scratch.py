"""A scratch copy of a machine's files, and how a program is asked about them without touching the machine.

What is wrong is a `Fault`: a file, a line, a sentence. A program gets nothing of our environment and a limited time, and where it
would look at the network, a network of its own without any interface.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stall.box.config import places
from stall.box.config.files import File

#: Debian keeps programs of the system where only root looks.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file: `line` from 1, or 0 for the whole of it. `unchecked`: not judged, `what` says why."""

    path: str
    line: int
    what: str
    unchecked: bool = False

    @property
    def sentence(self) -> str:
        """The same for a person."""
        where = f"{self.path}, line {self.line}" if self.line else self.path
        return f"{where} could not be checked: {self.what}" if self.unchecked else f"{where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Scratch:
    """The copy of a machine's tree."""

    root: Path
    files: Sequence[File]

    def of(self, check: str) -> list[File]:
        """The files that one program judges."""
        return [file for file in self.files if file.check == check]

    def at(self, path: str) -> Path:
        """Where a file of the appliance stands in here."""
        return places.under(self.root, path)

    def back(self, text: str) -> str:
        """What a program said, with the appliance's paths in it."""
        return text.replace(str(self.root), "")


def program(name: str) -> str | None:
    """Where a program is, or None."""
    return shutil.which(name, path=_PATH)


def said(command: Sequence[str], folder: Path, **environment: str) -> tuple[int, str]:
    """What a program answers: its exit code and its words. One that does not end by itself is ended: code 124."""
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=PATIENCE_S, check=False, text=True, errors="replace", env={"PATH": _PATH, "LC_ALL": "C", **environment},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 124, f"{command[0]} did not answer within {PATIENCE_S:.0f} s"
    return done.returncode, done.stdout


def alone() -> list[str] | None:
    """How to run something in a network of its own; None where that is not allowed. Needs no root where the kernel lets users."""
    unshare = program("unshare")
    if unshare is None:
        return None
    for command in ([unshare, "-n"], [unshare, "-r", "-n"]):
        if said([*command, "true"], Path("/"))[0] == 0:
            return command
    return None


def unchecked(files: Sequence[File], what: str) -> list[Fault]:
    """Say of each file that nobody judged it, and why."""
    return [Fault(file.path, 0, what, unchecked=True) for file in files]

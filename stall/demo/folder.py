"""The data folder of a demo: what stands where, how far its making came, and that one demo at a time uses it.

creator/    the creator's key and ledger; only the making of the demo opens it
box/        the stall's own data folder, as `stall keys new box` makes it
cloud/      the cloud's data folder
terminal/   the simulated terminal's books and the name of its port
documents/  what the creator handed over: packs, delegations, the lease
logs/       what each process said
nginx/      with --nginx: its configuration, and the sockets between it and the stall
maker-pin   the PIN of the till (0600)
demo.json   how far the making came; a folder without it is not ours and is left alone
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from stall import disk
from stall.errors import Broken, Refused
from stall.store import locks

STATE_FILE = "demo.json"
PIN_FILE = "maker-pin"
LOCK_NAME = "demo"
_MADE_HERE = ("creator", "box", "cloud", "terminal", "documents", "prints", "gift", "songs", "logs", PIN_FILE)


class Stage(StrEnum):
    """How far a demo's folder is: being made, made, or its drops were opened once."""

    MAKING = "making"
    MADE = "made"
    OPENED = "opened"


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What demo.json says: the creator's did as a poster would show it, and what was made for it.

    `pack` is the folder the files came from, `closes_s` (UTC) when selling ends.
    """

    stage: Stage
    creator: str = ""
    pack: str | None = None
    drops: tuple[str, ...] = ()
    closes_s: int = 0


class DemoFolder:
    """One demo's folder, held for the length of a `with hold(...)` block."""

    def __init__(self, path: Path) -> None:
        """See `hold`."""
        self.path = path
        self.creator, self.box, self.cloud = path / "creator", path / "box", path / "cloud"
        self.terminal, self.documents, self.logs = path / "terminal", path / "documents", path / "logs"
        self.prints = path / "prints"
        self.port_name = self.terminal / "port"

    def state(self) -> State | None:
        """How far its making came; None for a folder that is still empty. Raises Broken `demo-folder-damaged`."""
        file = self.path / STATE_FILE
        try:
            return msgspec.json.decode(file.read_bytes(), type=State)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise Broken(
                "demo-folder-damaged",
                f"{file} cannot be read. Remove {self.path}, or choose another folder with --data.",
            ) from error

    def remember(self, state: State) -> None:
        """Write demo.json, whole or not at all."""
        with disk.whole_file(self.path / STATE_FILE) as file:
            file.write(json.dumps(msgspec.to_builtins(state)).encode() + b"\n")

    def begin(self) -> None:
        """Start the making, removing what an interrupted one left. Nothing was sold in it: no process ran."""
        self.remember(State(Stage.MAKING))
        for name in _MADE_HERE:
            entry = self.path / name
            if entry.is_dir() and not entry.is_symlink():
                with disk.sentences(entry):
                    shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
        for made in (self.documents, self.logs, self.terminal):
            made.mkdir(mode=0o700)

    @property
    def pin(self) -> str:
        """The till's PIN. Raises Broken `demo-folder-damaged` when its file is gone."""
        try:
            return (self.path / PIN_FILE).read_text("ascii").strip()
        except OSError as error:
            raise Broken(
                "demo-folder-damaged",
                f"The PIN in {self.path / PIN_FILE} is gone. Remove {self.path}, or choose another folder with --data.",
            ) from error

    def keep_pin(self, pin: str) -> None:
        """Keep the PIN so that it can be printed again: this is a demo, and the folder is its owner's alone."""
        with disk.whole_file(self.path / PIN_FILE, 0o600) as file:
            file.write(pin.encode("ascii") + b"\n")


def is_begun(path: Path) -> bool:
    """Whether a demo was begun in this folder; then it may be running. Raises the errors of `disk.whole_file`."""
    with disk.sentences(path):
        return (path / STATE_FILE).exists()


@contextlib.contextmanager
def hold(path: Path) -> Iterator[DemoFolder]:
    """Make the folder if needed and hold it, so that no second demo uses it.

    Raises Refused `demo-folder-foreign` when it holds other things, `demo-folder-impossible` where none can be made,
    `already-running`, and the errors of `disk.whole_file` when it cannot be written.
    """
    path = path.resolve()
    folder = DemoFolder(path)
    with disk.sentences(path):
        _make(path)
        others = [entry.name for entry in path.iterdir() if not entry.name.startswith((".", "stall."))]
        if others and STATE_FILE not in others:
            raise Refused(
                "demo-folder-foreign",
                f"{path} holds other things ({others[0]}). Choose an empty folder with --data; nothing was changed.",
            )
        held = locks.own_name(path, LOCK_NAME)
    try:
        yield folder
    finally:
        held.release()


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileNotFoundError as error:  # its parents are made too, so the system keeps this place for itself
        raise Refused(
            "demo-folder-impossible", f"No folder can be made at {path}. Choose another place with --data."
        ) from error

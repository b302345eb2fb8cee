"""The machine that is changed: its root folder, whether it runs, who its users are, and its programs.

Everything `install` does to the world goes through here, so that a folder can be a machine: a card that is mounted somewhere, or a test.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stall.errors import Broken

#: What a program of the system may take (s); the slowest is the start of everything on a Pi Zero.
PATIENCE_S = 120
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True, slots=True)
class Machine:
    """`live`: it is the machine we run on, and its services may be started."""

    root: Path = Path("/")
    live: bool = True

    def at(self, path: str) -> Path:
        """Where a path of the machine lies for us."""
        return self.root / path.lstrip("/")

    def uid(self, name: str) -> int | None:
        """The number of a user, or None if there is none of that name."""
        return self._number("/etc/passwd", name)

    def gid(self, name: str) -> int | None:
        """The number of a group, or None if there is none of that name."""
        return self._number("/etc/group", name)

    def _number(self, table: str, name: str) -> int | None:
        try:
            lines = self.at(table).read_text("utf-8", "replace").splitlines()
        except OSError:
            return None
        for line in lines:
            found = line.split(":")
            if found[0] == name and len(found) > 2 and found[2].isdecimal():  # noqa: PLR2004 - name, password, number
                return int(found[2])
        return None

    def give(self, path: Path, owner: str, group: str) -> None:
        """Let a file belong to somebody; as an ordinary user it stays ours. Raises Broken `user-missing`."""
        if os.geteuid() != 0:
            return
        uid, gid = self.uid(owner), self.gid(group)
        if uid is None or gid is None:
            raise Broken(
                "user-missing", f"There is no user {owner} in a group {group} here. Run ./setup.sh install again."
            )
        os.chown(path, uid, gid, follow_symlinks=False)

    def has(self, program: str) -> bool:
        """Whether a program is there."""
        return shutil.which(program, path=_path()) is not None

    def run(
        self, command: Sequence[str], *, as_user: str = "", given: str | None = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the machine and keep what it says. One that hangs or is not there has exit code 124 or 127."""
        environment = {**os.environ, "PATH": _path(), "LC_ALL": "C.UTF-8", **(env or {})}
        other: dict[str, object] = {}
        if as_user and os.geteuid() == 0 and (uid := self.uid(as_user)) is not None:
            other = {"user": uid, "group": self.gid(as_user), "extra_groups": self._groups(as_user)}
        try:
            done: subprocess.CompletedProcess[str] = subprocess.run(
                list(command), input=given or "", capture_output=True, text=True, errors="replace", env=environment,
                timeout=PATIENCE_S, check=False, **other,  # type: ignore[call-overload]  # either all of these or none
            )  # fmt: skip
            return done  # noqa: TRY300 - it has a type of its own
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(list(command), 124, "", f"{command[0]} did not answer")
        except FileNotFoundError:
            return subprocess.CompletedProcess(list(command), 127, "", f"{command[0]} is not there")

    def members(self, group: str) -> set[str]:
        """The users a group names."""
        found: set[str] = set()
        for name, _, people in self._lists():
            if name == group:
                found.update(filter(None, people.split(",")))
        return found

    def _groups(self, user: str) -> list[int]:
        return [int(number) for _, number, people in self._lists() if user in people.split(",")]

    def _lists(self) -> list[tuple[str, str, str]]:
        """Every group: name, number, members."""
        found = []
        for line in self.at("/etc/group").read_text("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):  # another number of parts: not a group
                name, _, number, people = line.split(":")
                found.append((name, number, people))
        return found


def _path() -> str:
    return f"{os.environ.get('PATH', '/usr/bin:/bin')}:{_SBIN}"


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """The last line a program said, for a sentence."""
    lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {done.returncode}"

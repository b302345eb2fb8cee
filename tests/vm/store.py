"""What is kept between runs, outside the project, beside what the tests of the appliance keep there.

Each thing lies in a folder named after what it was made from, and appears there whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.appliance import cache

#: The longest that one step of making something may take (s).
MAKE_WITHIN_S = 1800


class CannotMake(Exception):
    """A step did not work; its own last words are in the message."""


def folder() -> Path:
    """Where it is kept: $STALL_CACHE, or the cache folder of this user."""
    return cache.folder() / "vm"


def kept(kind: str, recipe: Sequence[str], make: Callable[[Path], None]) -> Path:
    """Give the folder made from `recipe`; `make` fills it the first time. Raises CannotMake."""
    name = f"{kind}-{hashlib.sha256(chr(0).join(recipe).encode()).hexdigest()[:12]}"
    place = folder() / name
    if place.is_dir():
        return place
    folder().mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder()))
    try:
        draft.chmod(0o755)
        make(draft)
        with contextlib.suppress(FileExistsError):
            draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def do(*command: str | Path, within_s: float = MAKE_WITHIN_S, cwd: Path | None = None) -> str:
    """Run one command and give what it printed. Raises CannotMake."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=within_s, check=False
        )
    except FileNotFoundError as error:
        raise CannotMake(f"{words[0]} is not on this machine.") from error
    except subprocess.TimeoutExpired as error:
        raise CannotMake(f"{' '.join(words)} took more than {within_s:.0f} s.") from error
    if done.returncode != 0:
        last = " / ".join((done.stdout + done.stderr).strip().splitlines()[-6:])
        raise CannotMake(f"{' '.join(words)} ended with {done.returncode}: {last}")
    return done.stdout

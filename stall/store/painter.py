"""Draws the small pictures of an import in a child process, one after the other.

Decoding is C that reads whatever a pack brought, and may take hundreds of megabytes for one picture. In a child that is limited, niced, first to
go where memory runs out, and gone afterwards, none of it touches the import, let alone what sells. A picture at which the child dies or takes
too long has none, and the next gets a new child. Pillow is loaded in the child alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from stall.domain.colour import RGB
from stall.store.previews import Size, Wanted

#: What the child may use: address space (bytes), and for each picture processor (s); and how long it is waited for (s).
_MEMORY, _PROCESSOR_S, _PATIENCE_S = 1024**3, 20, 40
_NICE = 10
_MOST_ANSWER = 4096


@dataclass
class Painter:
    """Has pictures drawn; a child is begun with the first. To be closed."""

    patience_s: float = _PATIENCE_S
    _child: subprocess.Popen[bytes] | None = None

    def make(self, source: Path, wanted: Sequence[Wanted]) -> Size | None:
        """As `cover.make_pictures`, but None for whatever goes wrong."""
        outs = [[str(one.out), one.side, one.most_bytes] for one in wanted]
        return _size(self._asked({"make": str(source), "wanted": outs}))

    def size_of(self, made: Path) -> Size | None:
        """As `cover.size_of`."""
        return _size(self._asked({"size": str(made)}))

    def accent(self, cover: Path) -> RGB | None:
        """As `cover.accent`."""
        found = self._asked({"accent": str(cover)})
        return None if not isinstance(found, list) or len(found) != 3 else (found[0], found[1], found[2])  # noqa: PLR2004 - red, green, blue

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):
                    cast(Any, pipe).close()
            child.wait()

    def __enter__(self) -> Painter:
        """It closes itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _asked(self, job: dict[str, object]) -> object:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = _begun()
        try:
            return self._answer(self._child, json.dumps(job).encode() + b"\n")
        except (OSError, ValueError):
            self.close()
            return None

    def _answer(self, child: subprocess.Popen[bytes], asked: bytes) -> object:
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - pipes, both; tells the type checker
        child.stdin.write(asked)
        child.stdin.flush()
        if not select.select([child.stdout], [], [], self.patience_s)[0]:
            raise OSError("it takes too long")
        line = child.stdout.readline(_MOST_ANSWER)
        if not line.endswith(b"\n"):
            raise OSError("it is gone")
        return json.loads(line)


def _begun() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "stall.store.painter"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _size(answer: object) -> Size | None:
    return (answer[0], answer[1]) if isinstance(answer, list) and len(answer) == 2 else None  # noqa: PLR2004 - wide and high


def _child() -> None:
    """What the child does: limit itself, then draw what is asked for, line by line."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    with contextlib.suppress(OSError):
        os.nice(_NICE)
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    from stall.store import cover  # noqa: PLC0415 - Pillow is loaded in the child alone

    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    for line in sys.stdin.buffer:
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + _PROCESSOR_S, most))
        job = json.loads(line)
        answer: object
        if "make" in job:
            wanted = [Wanted(Path(out), side, most_bytes) for out, side, most_bytes in job["wanted"]]
            answer = cover.make_pictures(Path(job["make"]), wanted)
        elif "size" in job:
            answer = cover.size_of(Path(job["size"]))
        else:
            answer = cover.accent(Path(job["accent"]))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _child()

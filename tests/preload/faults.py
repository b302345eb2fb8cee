"""Makes file operations of a running process fail, from outside: which, where, when, how."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.preload.records import Op

#: struct faults of disk.c: armed, ops, error, always, halve, unused, after, hits, suffix.
_HEAD = struct.Struct("=6I")
_COUNT = struct.Struct("=q")
_AFTER, _HITS, _SUFFIX, _SIZE = 24, 32, 40, 296
#: Every kind of change at once.
ANY = tuple(op for op in Op if op is not Op.ACK)


class Faults:
    """A control block shared with the processes that were told of it (`library.environment`). Close it at the end."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)

    @classmethod
    def make(cls, path: Path) -> Faults:
        """Make the file; nothing fails until `arm`."""
        path.write_bytes(bytes(_SIZE))
        return cls(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._map.close()

    def arm(
        self,
        *ops: Op,
        error: int,
        suffix: str = "",
        after: int = 0,
        always: bool = False,
        halve: bool = False,
    ) -> None:
        """Let `after` calls of `ops` on paths ending in `suffix` through, then fail one, or with `always` every one.

        The call gets `error` (errno); with `halve` a write instead does half of its work and says so. `hits` starts
        again from 0.
        """
        self.disarm()
        mask = sum(1 << op for op in ops)
        _COUNT.pack_into(self._map, _AFTER, after)
        _COUNT.pack_into(self._map, _HITS, 0)
        self._map[_SUFFIX:_SIZE] = suffix.encode().ljust(_SIZE - _SUFFIX, b"\0")
        _HEAD.pack_into(self._map, 0, 0, mask, error, always, halve, 0)
        self._map[0] = 1

    def disarm(self) -> None:
        """Let everything work again."""
        self._map[0] = 0

    @property
    def hits(self) -> int:
        """How many calls failed since `arm`."""
        return int(_COUNT.unpack_from(self._map, _HITS)[0])

    @property
    def left(self) -> int:
        """How many more matching calls are let through; below 0 once it has struck."""
        return int(_COUNT.unpack_from(self._map, _AFTER)[0])

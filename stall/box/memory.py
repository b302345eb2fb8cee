"""How a long-running process treats its memory on a board with 512 MB."""

from __future__ import annotations

import ctypes

#: mallopt(3): parameters and the values we set.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE_BYTES = 1024 * 1024
_ARENAS = 2


def give_back_large_blocks() -> bool:
    """Have glibc return blocks of 1 MiB and more to the system at once, and share two arenas among all threads.

    Checking a PIN takes 19 MiB for a moment. Below its own threshold (which grows to 32 MiB) glibc would
    keep such a block for each thread that ever checked one. Returns False where there is no glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)) and bool(mallopt(_M_ARENA_MAX, _ARENAS))


def give_back_free() -> bool:
    """Have glibc return what is free of its arenas, after much was made and thrown away. Returns False where there is no glibc."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return False
    return bool(trim(0))

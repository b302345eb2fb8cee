"""Consistency proofs as RFC 9162 defines them, by recursion over all leaves: slow, short, and nothing of the stall's own code.

What the box proves from kept hashes is compared with these, and what anybody verifies is tried with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def consistency(size1: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF of clause 2.1.4.1: the hashes that show the first `size1` leaves unchanged in the tree; none if empty."""
    assert 0 <= size1 <= len(leaf_hashes)
    return _subproof(size1, leaf_hashes, known=True) if size1 else []


def _subproof(size1: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    if size1 == len(leaves):
        return [] if known else [_root(leaves)]
    split = _split_point(len(leaves))
    if size1 <= split:
        return [*_subproof(size1, leaves[:split], known=known), _root(leaves[split:])]
    return [*_subproof(size1 - split, leaves[split:], known=False), _root(leaves[:split])]


def _root(leaves: Sequence[bytes]) -> bytes:
    """MTH of clause 2.1.1, of at least one leaf."""
    if len(leaves) == 1:
        return leaves[0]
    split = _split_point(len(leaves))
    return hashlib.sha256(b"\x01" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def _split_point(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    split = 1
    while 2 * split < size:
        split *= 2
    return split

"""The Merkle tree over the journal: roots, frontiers and proofs (RFC 9162 clause 2.1, SHA-256)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from stall.errors import LocalWireError, WireError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash one leaf: SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into the node above them: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """What must be kept of a tree to append to it: the roots of its full subtrees, largest first."""

    size: int
    hashes: tuple[bytes, ...]

    @classmethod
    def empty(cls) -> Frontier:
        """Start a tree without leaves."""
        return cls(0, ())

    def append(self, leaf: bytes) -> Frontier:
        """Return the frontier after one more leaf hash."""
        return self.append_all((leaf,))

    def append_all(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the frontier after more leaf hashes, in order."""
        hashes, size = list(self.hashes), self.size
        for leaf in leaves:
            hashes.append(leaf)
            rest, size = size, size + 1
            while rest & 1:
                right, left = hashes.pop(), hashes.pop()
                hashes.append(node_hash(left, right))
                rest >>= 1
        return Frontier(size, tuple(hashes))

    def root(self) -> bytes:
        """Return the root hash of the tree; of the empty tree, SHA-256 of nothing."""
        if not self.hashes:
            return EMPTY_ROOT
        *others, root = self.hashes
        for left in reversed(others):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Write the hashes one after the other; the size is kept beside them."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Read what `to_bytes` wrote; raises WireError if the bytes do not fit the size."""
        if size < 0 or len(data) != size.bit_count() * HASH_BYTES:
            raise WireError(
                "frontier-malformed", "The summary of the journal does not fit its length. Run: stall journal verify"
            )
        return cls(size, tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)))


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Compute the root over all leaf hashes, by levels (a last odd node moves up as it is)."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """List the hashes that lead from leaf `index` to the root (PATH, RFC 9162 clause 2.1.3.1)."""
    if not 0 <= index < len(leaf_hashes):
        raise LocalWireError("proof-out-of-range", "There is no such entry in the log. Ask for one below its size.")
    return _path(index, leaf_hashes)


def _path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = _split_point(len(leaves))
    if index < split:
        return [*_path(index, leaves[:split]), root_of(leaves[split:])]
    return [*_path(index - split, leaves[split:]), root_of(leaves[:split])]


def _split_point(size: int) -> int:
    """Return the largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf_hash` is leaf `index` of the tree (`size`, `root`); raises WireError if not.

    The steps are those of RFC 9162 clause 2.1.3.2.
    """
    _check_shape(leaf_hash, root, proof)
    _check_counts(index, size)
    if index >= size:
        raise WireError("proof-out-of-range", "The log has no entry of that number. Ask for one below its size.")
    at, last, found = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            _refuse_longer()
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while at & 1 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        _refuse_shorter()
    if found != root:
        raise WireError(
            "proof-not-included", "The proof shows no such entry in this log. Do not rely on it; ask the stall."
        )


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> None:
    """Check that the tree (`size1`, `root1`) is the beginning of (`size2`, `root2`); raises WireError if not.

    The steps are those of RFC 9162 clause 2.1.4.2. The empty tree is the beginning of every tree and needs no proof.
    """
    _check_shape(root1, root2, proof)
    _check_counts(size1, size2)
    if size1 > size2:
        raise WireError("proof-order", "The earlier log is larger than the later one. Ask for it the other way round.")
    if size1 in (0, size2):
        _check_same(size1, size2, root1, root2)
        if proof:
            _refuse_longer()
        return
    first, second = _roots_from(size1, size2, proof, root1)
    if first != root1:
        raise WireError("proof-other-beginning", "The proof begins with another log than the earlier one. Ask again.")
    if second != root2:
        raise WireError(
            "proof-not-consistent",
            "The later log does not begin with the earlier one. Do not rely on it; ask the stall.",
        )


def _check_same(size1: int, size2: int, root1: bytes, root2: bytes) -> None:
    """Check the roots where no proof is needed: an empty tree has one root, and so has one tree."""
    if (size1 == 0 and root1 != EMPTY_ROOT) or (size2 == 0 and root2 != EMPTY_ROOT):
        raise WireError("proof-empty-root", "An empty log is given a root it does not have. Do not rely on it.")
    if size1 == size2 and root1 != root2:
        raise WireError("proof-forked", "Two logs of one length differ. Do not rely on either; ask the stall.")


def _roots_from(size1: int, size2: int, proof: Sequence[bytes], root1: bytes) -> tuple[bytes, bytes]:
    # A full first tree is not repeated in the proof: its root stands in front.
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    if not path:
        _refuse_shorter()
    at, last = size1 - 1, size2 - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            _refuse_longer()
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while at & 1 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        _refuse_shorter()
    return first, second


def _check_shape(first: object, second: object, proof: object) -> None:
    if not isinstance(proof, Sequence) or not all(map(_is_hash, (first, second, *proof))):
        raise WireError("proof-not-hashes", "A proof holds something that is not a 32-byte hash. Ask for it again.")


def _is_hash(item: object) -> bool:
    return isinstance(item, bytes) and len(item) == HASH_BYTES


def _check_counts(*counts: object) -> None:
    if not all(type(count) is int and count >= 0 for count in counts):
        raise WireError("proof-counts", "A proof is given a number that counts nothing. Count from 0.")


def _refuse_longer() -> NoReturn:
    raise WireError("proof-too-long", "The proof has more hashes than lead to the root. Ask for it again.")


def _refuse_shorter() -> NoReturn:
    raise WireError("proof-too-short", "The proof ends before it reaches the root. Ask for it again.")

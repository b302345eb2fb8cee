"""Roots and proofs of the journal at any size it ever had, from kept hashes and few events. Reads only.

Every kept hash is followed up to the root the journal keeps before it is used. Where they do not lead there,
they count as absent and the events themselves are hashed: slower, never wrong.
"""

from __future__ import annotations

import sqlite3

from stall.errors import Broken, LocalWireError
from stall.store import journal, tiles
from stall.store.tiles import WIDTH
from stall.wire import merkle
from stall.wire.merkle import Frontier

#: Rows of hashes kept in memory while a tree is used; some 40 KB each.
_ROWS = 32
_ROW_BITS = WIDTH.bit_length() - 1


def root_at(conn: sqlite3.Connection, epoch_no: int, size: int) -> bytes:
    """The root over the first `size` events of an epoch. Raises as `open_tree` and `Tree.frontier`."""
    return open_tree(conn, epoch_no).frontier(size).root()


def inclusion(conn: sqlite3.Connection, epoch_no: int, index: int, size: int) -> list[bytes]:
    """The hashes from event `index` to the root at `size`. Raises as `open_tree` and `Tree.inclusion`."""
    return open_tree(conn, epoch_no).inclusion(index, size)


def open_tree(conn: sqlite3.Connection, epoch_no: int) -> Tree:
    """The tree of an epoch as it stands now. Raises Broken `journal-broken` when events and root disagree."""
    head = journal.read_epoch(conn, epoch_no)
    return Tree(conn, epoch_no, head.size, head.frontier.root())


def last_signed(conn: sqlite3.Connection, epoch_no: int) -> tuple[str, int]:
    """The last checkpoint of an epoch that was signed, and its size; empty and 0 before there is one."""
    row = conn.execute("SELECT note, size FROM checkpoint WHERE epoch_no = ?", (epoch_no,)).fetchone()
    return ("", 0) if row is None else (row[0], row[1])


class Tree:
    """One epoch's tree of `size` events with its known root; for as many proofs as are wanted.

    Events that come later are not seen. `sound` is False once kept hashes were found wrong: whoever may
    write should then delete them (tiles.forget).
    """

    def __init__(self, conn: sqlite3.Connection, epoch_no: int, size: int, root: bytes) -> None:
        """Read the events after the last kept row, and check where both lead.

        Raises Broken `journal-broken` when events are missing or do not make the root.
        """
        self.size = size
        self.sound = True
        self._conn = conn
        self._epoch_no = epoch_no
        self._rows: dict[tuple[int, int], list[list[bytes]]] = {}
        self._tiled = min(tiles.tiled(conn, epoch_no), size // WIDTH * WIDTH)
        self._tail = self._leaves_from(self._tiled)
        if self._tiled and self.frontier(size).root() != root:
            self._distrust()
        if self.frontier(size).root() != root:
            raise _broken()

    def frontier(self, size: int) -> Frontier:
        """The frontier after `size` events. Raises LocalWireError `proof-out-of-range`."""
        if not 0 <= size <= self.size:
            raise LocalWireError("proof-out-of-range", "The log was never that long. Ask for a smaller size.")
        return Frontier(size, tuple(self._perfect(0, size)))

    def check_event(self, index: int, data: bytes) -> None:
        """Check that `data` is event `index` of this tree. Raises Broken `journal-broken`."""
        if not 0 <= index < self.size or merkle.leaf_hash(data) != self._node(0, index):
            raise _broken()

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """PATH of RFC 9162 clause 2.1.3.1. Raises LocalWireError `proof-out-of-range`."""
        if not 0 <= index < size <= self.size:
            raise LocalWireError("proof-out-of-range", "There is no such entry in the log. Ask for one below its size.")
        low, high, path = 0, size, []
        while high - low > 1:
            middle = low + _split_point(high - low)
            if index < middle:
                path.append(self._root(middle, high))
                high = middle
            else:
                path.append(self._root(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, size1: int, size2: int) -> list[bytes]:
        """PROOF of RFC 9162 clause 2.1.4.1. Raises LocalWireError `proof-out-of-range`."""
        if not 0 <= size1 <= size2 <= self.size:
            raise LocalWireError("proof-out-of-range", "The log was never that long. Ask for a smaller size.")
        if size1 in (0, size2):
            return []
        low, high, proof = 0, size2, []
        while high != size1:
            middle = low + _split_point(high - low)
            if size1 <= middle:
                proof.append(self._root(middle, high))
                high = middle
            else:
                proof.append(self._root(low, middle))
                low = middle
        known = [] if low == 0 else [self._root(low, high)]  # the root of the smaller tree is known to the asker
        return [*known, *proof[::-1]]

    def check_all(self) -> bool:
        """Follow every kept row to the root; False when one is wrong."""
        for index in range(self._tiled // WIDTH):
            if self.sound:
                self._row(0, index)
        return self.sound

    def _root(self, low: int, high: int) -> bytes:
        return Frontier(high - low, tuple(self._perfect(low, high))).root()

    def _perfect(self, low: int, high: int) -> list[bytes]:
        """The roots of the perfect subtrees that make up the events `low` to before `high`, largest first."""
        found, size = [], high - low
        for height in range(size.bit_length() - 1, -1, -1):
            if size >> height & 1:
                found.append(self._node(height, low >> height))
                low += 1 << height
        return found

    def _node(self, height: int, index: int) -> bytes:
        """The root of the perfect subtree over events index·2^height and following."""
        if (index + 1) << height <= self._tiled:
            level, inner = divmod(height, _ROW_BITS)
            row = self._row(level, index << inner >> _ROW_BITS)
            if row is not None:
                return row[inner][index & (WIDTH >> inner) - 1]
        if height == 0:
            return self._tail[index - self._tiled]
        return merkle.node_hash(self._node(height - 1, 2 * index), self._node(height - 1, 2 * index + 1))

    def _row(self, level: int, index: int) -> list[list[bytes]] | None:
        """A row with the nodes over it, followed to the root; None once kept hashes are not trusted."""
        row = self._rows.get((level, index))
        if row is not None:
            return row
        length = min(WIDTH, (self._tiled >> _ROW_BITS * level) - WIDTH * index)
        hashes = tiles.row_of(self._conn, self._epoch_no, level, index)[:length]
        row = _nodes_over(hashes)
        above = self._row(level + 1, index // WIDTH) if length == WIDTH else None
        broken_off = length == WIDTH and above is None
        if broken_off or len(hashes) != length or (above is not None and row[-1] != [above[0][index % WIDTH]]):
            self._distrust()
            return None
        if len(self._rows) >= _ROWS:
            del self._rows[next(iter(self._rows))]
        self._rows[level, index] = row
        return row

    def _distrust(self) -> None:
        """Do without kept hashes from here on. What was taken from them led to the root, so it stays."""
        if self._tiled:
            self.sound = False
            self._rows.clear()
            self._tiled = 0
            self._tail = self._leaves_from(0)

    def _leaves_from(self, first: int) -> list[bytes]:
        found = tiles.leaves(self._conn, self._epoch_no, first, self.size)
        if len(found) != self.size - first:
            raise _broken()
        return found


def _nodes_over(hashes: list[bytes]) -> list[list[bytes]]:
    """A run of hashes and, above it, the nodes of every whole pair, up to the last."""
    layers = [hashes]
    while len(layers[-1]) > 1:
        below = layers[-1]
        layers.append([merkle.node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return layers


def _split_point(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _broken() -> Broken:
    return Broken(
        "journal-broken",
        "The journal's events do not make the root the box keeps. Keep a copy of the data folder before anything else: a"
        " backup put in its place lacks every sale since. What is wrong says: stall journal verify --data FOLDER",
    )

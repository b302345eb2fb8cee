"""Claims, grants and what was downloaded under them. Reads only; flows change them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stall.store.schema import claim_id, line_id


@dataclass(frozen=True, slots=True)
class Claim:
    """The right a paid sale gives; `id` packs sale and issue. Times in ms UTC."""

    id: int
    state: str
    expires_ms: int

    @property
    def sale(self) -> int:
        """The sale it belongs to."""
        return self.id >> 8

    @property
    def issue(self) -> int:
        """Which issue of the code it is, counting from 1."""
        return self.id & 0xFF


@dataclass(frozen=True, slots=True)
class Grant:
    """One phone's right to download."""

    no: int
    claim: int
    created_ms: int
    expires_ms: int

    @property
    def sale(self) -> int:
        """The sale it belongs to."""
        return self.claim >> 8


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of a paid sale with what belongs to it."""

    line: int
    pack: int
    drop_id: str
    title: str
    ed: int | None
    edition: int | None
    cover: str | None
    certificate: bytes | None
    accent: str | None = None
    """The colour of the pack's cover (domain/colour.py)."""


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate of a sale: what it is of, its number if it has one, its uuid."""

    title: str
    ed: int | None
    certificate: bytes


def by_digest(conn: sqlite3.Connection, digest: bytes) -> Claim | None:
    """The claim a code's digest belongs to, or None."""
    row = conn.execute("SELECT id, state, expires_ms FROM claims WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else Claim(*row)


def of_sale(conn: sqlite3.Connection, sale: int, issue: int) -> Claim | None:
    """One issue of a sale's claim, or None."""
    row = conn.execute("SELECT id, state, expires_ms FROM claims WHERE id = ?", (claim_id(sale, issue),)).fetchone()
    return None if row is None else Claim(*row)


def grant(conn: sqlite3.Connection, no: int) -> Grant | None:
    """One grant, or None."""
    row = conn.execute("SELECT no, claim, created_ms, expires_ms FROM grants WHERE no = ?", (no,)).fetchone()
    return None if row is None else Grant(*row)


def bought(conn: sqlite3.Connection, sale: int) -> list[Bought]:
    """The downloadable lines of a sale, with the certificate's uuid once it is signed; not what came back, all its copies."""
    rows = conn.execute(
        "SELECT l.id & 255, l.pack, d.drop_id, l.title, l.ed, d.edition, p.cover, c.uuid, p.accent FROM lines l JOIN packs p ON p.no = l.pack"
        " JOIN drops d ON d.no = p.drop_no LEFT JOIN certificates c ON c.line = l.id WHERE l.id >= ? AND l.id < ? AND l.of_line IS NULL"
        " AND l.qty > (SELECT coalesce(sum(b.qty), 0) FROM lines b JOIN sales s ON s.no = b.id >> 8"
        "  WHERE b.of_line = l.id AND s.state = 'paid') ORDER BY l.id",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    )
    return [Bought(*row) for row in rows.fetchall()]


def certified(conn: sqlite3.Connection, sale: int) -> list[Certified]:
    """The certificates of a sale, in the order of its lines; not of what came back. Looks at no pack: they stand without it."""
    rows = conn.execute(
        "SELECT l.title, l.ed, c.uuid FROM lines l JOIN certificates c ON c.line = l.id WHERE l.id >= ? AND l.id < ? AND l.of_line IS NULL"
        " AND l.qty > (SELECT coalesce(sum(b.qty), 0) FROM lines b JOIN sales s ON s.no = b.id >> 8"
        "  WHERE b.of_line = l.id AND s.state = 'paid') ORDER BY l.id",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    )
    return [Certified(*row) for row in rows.fetchall()]


def accent(items: Sequence[Bought]) -> str | None:
    """The colour a page of these wears: that of their only pack."""
    return items[0].accent if len({item.pack for item in items}) == 1 else None


def downloads(conn: sqlite3.Connection, claim: int) -> dict[int, int]:
    """How often each file was downloaded to the end under a claim, by file id."""
    return dict(conn.execute("SELECT file, count FROM downloads WHERE claim = ?", (claim,)).fetchall())


def allowed_downloads(conn: sqlite3.Connection, pack: int) -> int:
    """How often each file of a pack may be downloaded under one claim; its creator's limit."""
    return int(conn.execute("SELECT max_downloads FROM packs WHERE no = ?", (pack,)).fetchone()[0])


def certificate(conn: sqlite3.Connection, uuid: bytes) -> tuple[int, str] | None:
    """A certificate by its uuid, as (sale, document), or None; as its creator signed it, once they did."""
    row = conn.execute(
        "SELECT line >> 8, coalesce(countersigned, document) FROM certificates WHERE uuid = ?", (uuid,)
    ).fetchone()
    return None if row is None else (row[0], row[1])

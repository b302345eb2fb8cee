"""What is for sale, as the pages show it: drops, packs, files, remaining numbers. Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from stall.domain.drop import Offer, Window, offer
from stall.store import closings, epochs
from stall.store.closings import Ended
from stall.store.numbers import FREE_NOW
from stall.store.schema import FREE, HELD, SOLD, ZIP, file_id, number_id

#: Roles of files that nobody signed: the pack's ZIP, and a snippet of one of its files.
MADE_HERE = frozenset({"zip", "snippet"})


class Snippet(NamedTuple):
    """A short taste that was cut from a song or a film: how its file ends, and how long it lasts (s)."""

    ends: str
    seconds: int


@dataclass(frozen=True, slots=True)
class PackFile:
    """One file of a pack; `id` names it in grants and transfers. The `sha256` of its ZIP is the ZIP's key (wire/pack.py)."""

    id: int
    path: str
    size: int
    sha256: str
    type: str
    role: str
    preview: tuple[int, int] | None = None
    """Width and height in pixels of its small picture (previews.py); None where there is none."""
    snippet: Snippet | None = None
    """What anybody may hear or see of it (snippets.py); None where nothing was cut."""

    @property
    def tag(self) -> str:
        """What names its bytes to whoever asks: of what was signed their hash, of what was made here what it was made from."""
        return f"{self.role if self.role in MADE_HERE else 'sha256'}-{self.sha256}"

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class DropCard:
    """One drop as the catalogue shows it. Money in minor units, times in ms UTC."""

    no: int
    drop_id: str
    pack: int
    ver: int
    title: str
    kind: str
    description: str
    licence: str
    price_minor: int
    cur: str
    edition: int | None
    remaining: int | None
    offer: Offer
    opens_ms: int | None
    closes_ms: int | None
    cover: str | None
    creator: str
    files: int
    bytes: int
    manifest_hash: str
    accent: str | None
    """The colour of its cover as six hex digits, before it is corrected for a page (domain/colour.py)."""
    switched_on: bool
    lang: str | None
    """The language its title and words are in (BCP 47), where its creator said."""
    ended: Ended | None = None
    """What its creator's closing statement says; None while it is not closed for good."""

    @property
    def free(self) -> bool:
        """Nothing to pay: a buyer takes it without the till."""
        return self.price_minor == 0


@dataclass(frozen=True, slots=True)
class Gone:
    """Numbers of a limited drop that nobody can choose now: sold ones, and those held while they are being paid.

    `waits` says that there are others, which this box may sell again once they are leased anew.
    """

    sold: int
    held: int
    waits: bool = False


NOTHING_GONE = Gone(0, 0)

_CARDS = """
SELECT d.no, d.drop_id, d.pack, d.ver, p.title, p.kind, p.description, p.licence, p.price_minor, p.cur, d.edition,
       d.switched_on, p.opens_ms, p.closes_ms, p.expires_ms, p.cover, c.did, p.bytes, p.manifest_hash, p.accent, p.lang, d.closing,
       (SELECT count(*) FROM files f WHERE f.id >= d.pack << 16 AND f.id < (d.pack + 1) << 16) AS files
FROM drops d JOIN packs p ON p.no = d.pack JOIN creators c ON c.no = d.creator
"""


def cards(conn: sqlite3.Connection, now_ms: int) -> list[DropCard]:
    """Every drop of the box, in the order they came."""
    return [_card(conn, row, now_ms) for row in conn.execute(f"{_CARDS} ORDER BY d.no").fetchall()]


def card(conn: sqlite3.Connection, drop_id: str, now_ms: int) -> DropCard | None:
    """One drop by its id, or None."""
    row = conn.execute(f"{_CARDS} WHERE d.drop_id = ?", (drop_id,)).fetchone()
    return None if row is None else _card(conn, row, now_ms)


def files(conn: sqlite3.Connection, pack: int) -> list[PackFile]:
    """The files of one pack in manifest order."""
    rows = conn.execute(
        "SELECT id, path, size, sha256, type, role, preview_w, preview_h, snippet, snippet_s FROM files WHERE id >= ? AND id < ? ORDER BY id",
        (file_id(pack, 0), file_id(pack, ZIP)),
    )
    return [_file(row) for row in rows.fetchall()]


def file(conn: sqlite3.Connection, pack: int, path: str) -> PackFile | None:
    """One file of a pack by its path, or None."""
    row = conn.execute(
        "SELECT id, path, size, sha256, type, role, preview_w, preview_h, snippet, snippet_s FROM files WHERE id >= ? AND id < ? AND path = ?",
        (file_id(pack, 0), file_id(pack, ZIP), path),
    ).fetchone()
    return None if row is None else _file(row)


def _file(row: sqlite3.Row) -> PackFile:
    preview = None if row["preview_w"] is None else (row["preview_w"], row["preview_h"])
    snippet = None if row["snippet"] is None else Snippet(row["snippet"], row["snippet_s"])
    return PackFile(row["id"], row["path"], row["size"], row["sha256"], row["type"], row["role"], preview, snippet)


def whole_pack(conn: sqlite3.Connection, pack: int) -> PackFile:
    """The pack's ZIP, as one file more."""
    row = conn.execute("SELECT zip_name, zip_size, zip_key FROM packs WHERE no = ?", (pack,)).fetchone()
    return PackFile(file_id(pack, ZIP), row[0], row[1], row[2], "application/zip", "zip")


def accent(conn: sqlite3.Connection, packs: Collection[int]) -> str | None:
    """The accent of a page about these packs, before it is corrected: theirs where they are of one drop, else none."""
    marks = ", ".join("?" * len(packs))
    rows = conn.execute(
        f"SELECT drop_no, accent FROM packs WHERE no IN ({marks}) ORDER BY no DESC", tuple(packs)
    ).fetchall()
    return rows[0]["accent"] if len({row["drop_no"] for row in rows}) == 1 else None


def manifest_token(conn: sqlite3.Connection, drop_id: str) -> str | None:
    """The signed manifest a drop is sold under now, or None."""
    row = conn.execute(
        "SELECT t.token FROM drops d JOIN packs p ON p.no = d.pack JOIN documents t ON t.no = p.document WHERE d.drop_id = ?",
        (drop_id,),
    ).fetchone()
    return None if row is None else str(row[0])


def pack_manifest(conn: sqlite3.Connection, pack: int) -> str:
    """The signed manifest of one pack, under which its sales were made, whatever version is sold now."""
    row = conn.execute(
        "SELECT t.token FROM packs p JOIN documents t ON t.no = p.document WHERE p.no = ?", (pack,)
    ).fetchone()
    return str(row[0])


def remaining(conn: sqlite3.Connection, drop_no: int, edition: int, now_ms: int) -> int:
    """How many numbers of a limited drop this box can still sell; none beyond its edition, which may have shrunk.

    Counted in the index of free numbers alone, unless a lease of the drop is over.
    """
    between = {"low": number_id(drop_no, 0), "high": number_id(drop_no, edition), "drop_no": drop_no, "now_ms": now_ms}
    over = conn.execute(
        "SELECT 1 FROM leases WHERE drop_no = :drop_no AND NOT (epoch_no = (SELECT epoch_no FROM journal) AND expires_ms > :now_ms)",
        between,
    ).fetchone()
    free = FREE_NOW if over else "FROM numbers n INDEXED BY numbers_free WHERE n.state = 0"
    return int(conn.execute(f"SELECT count(*) {free} AND n.id BETWEEN :low AND :high", between).fetchone()[0])


def gone(conn: sqlite3.Connection, card: DropCard) -> Gone:
    """How many numbers of a drop are sold or held on this box, and whether it waits for a new lease of others."""
    if card.edition is None:
        return NOTHING_GONE
    row = conn.execute(
        "SELECT count(*) FILTER (WHERE state = ?), count(*) FILTER (WHERE state = ?) FROM numbers WHERE id BETWEEN ? AND ?",
        (SOLD, HELD, number_id(card.no, 0), number_id(card.no, card.edition)),
    ).fetchone()
    return Gone(row[0], row[1], card.drop_id in epochs.frozen_drops(conn))


def number_free(conn: sqlite3.Connection, drop_no: int, number: int, now_ms: int) -> bool:
    """Whether this box can still sell one number of a limited drop."""
    row = conn.execute(
        "SELECT 1 FROM numbers n JOIN leases l ON l.no = n.lease"
        " WHERE n.id = ? AND n.state = ? AND l.epoch_no = (SELECT epoch_no FROM journal) AND l.expires_ms > ?",
        (number_id(drop_no, number), FREE, now_ms),
    ).fetchone()
    return row is not None


def _card(conn: sqlite3.Connection, row: sqlite3.Row, now_ms: int) -> DropCard:
    left = None if row["edition"] is None else remaining(conn, row["no"], row["edition"], now_ms)
    closes_ms = row["expires_ms"] if row["closes_ms"] is None else min(row["closes_ms"], row["expires_ms"])
    window = Window(row["opens_ms"], closes_ms)
    stands = offer(window, now_ms=now_ms, switched_on=bool(row["switched_on"]), remaining=left)
    return DropCard(
        no=row["no"],
        drop_id=row["drop_id"],
        pack=row["pack"],
        ver=row["ver"],
        title=row["title"],
        kind=row["kind"],
        description=row["description"],
        licence=row["licence"],
        price_minor=row["price_minor"],
        cur=row["cur"],
        edition=row["edition"],
        remaining=left,
        offer=stands if row["closing"] is None else Offer.LATE,
        opens_ms=window.opens_ms,
        closes_ms=window.closes_ms,
        cover=row["cover"],
        creator=row["did"],
        files=row["files"],
        bytes=row["bytes"],
        manifest_hash=row["manifest_hash"],
        accent=row["accent"],
        switched_on=bool(row["switched_on"]),
        lang=row["lang"],
        ended=closings.ended(conn, row["closing"]),
    )

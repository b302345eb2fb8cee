"""What a grant opens: the packs of its sale, their files, and the name each goes by in an address."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from stall.errors import Refused
from stall.flows.claim import check_claim, going_back
from stall.store import catalogue, claims, returns, sales
from stall.store.box import Box
from stall.store.catalogue import PackFile
from stall.store.claims import Claim, Grant
from stall.web import ids


@dataclass(frozen=True, slots=True)
class GrantedFile:
    """One file under a grant: its name in the address, and how often it may still be downloaded."""

    name: str
    file: PackFile
    taken: int
    allowed: int


@dataclass(frozen=True, slots=True)
class GrantedPack:
    """One pack under a grant, with the numbers and certificates bought."""

    drop_id: str
    title: str
    cover: str | None
    edition: int | None
    numbers: tuple[int, ...]
    certificates: tuple[bytes, ...]
    whole: GrantedFile
    files: tuple[GrantedFile, ...]
    paused: bool = False
    """Its money is on its way back, or owed: nothing of it is handed out now."""


def live_grant(box: Box, name: str) -> tuple[Grant, Claim]:
    """The grant an address names, while it may be used.

    Raises Refused `page-unknown` when there is none, `grant-over` when its time is up or its code was replaced,
    `grant-taken-back` when its sale was taken back.
    """
    conn, now_ms = box.db.read(), box.now_ms()
    grant = claims.grant(conn, ids.grant_no(box.secrets, name))
    if grant is None:
        raise ids.unknown_page()
    claim = claims.of_sale(conn, grant.sale, grant.claim & 0xFF)
    try:
        return grant, check_claim(claim, now_ms)
    except Refused:
        if sales.get(conn, grant.sale).void_event is not None:
            raise Refused(
                "grant-taken-back",
                "This was taken back and the money with it, so there is nothing to download here any more.",
            ) from None
        raise Refused(
            "grant-over",
            "The time to download is over. It is still yours: ask at the stall for a new code, with your receipt.",
        ) from None


def listing(conn: sqlite3.Connection, grant: Grant) -> list[GrantedPack]:
    """The packs of a grant, each once, in the order they were bought; not what came back."""
    bought = claims.bought(conn, grant.sale)
    counts, paused = claims.downloads(conn, grant.claim), returns.paused(conn, grant.sale)
    packs = list(dict.fromkeys(item.pack for item in bought))
    sold = {line.pack for line in sales.lines(conn, grant.sale) if line.pack is not None and line.of_line is None}
    found = [_pack(conn, pack, [b for b in bought if b.pack == pack], counts, alone=len(sold) == 1) for pack in packs]
    still = {item.pack for item in bought if item.line not in paused}
    return [pack if no in still else replace(pack, paused=True) for no, pack in zip(packs, found, strict=True)]


def _pack(
    conn: sqlite3.Connection, pack: int, items: list[claims.Bought], counts: dict[int, int], *, alone: bool
) -> GrantedPack:
    """One pack. Where a sale had several, its drop's id stands before each name: two packs may share a path."""
    first = items[0]
    allowed = claims.allowed_downloads(conn, pack)
    before = "" if alone else f"{first.drop_id}/"

    def granted(file: PackFile, path: str) -> GrantedFile:
        return GrantedFile(before + path, file, counts.get(file.id, 0), allowed)

    files, whole = catalogue.files(conn, pack), catalogue.whole_pack(conn, pack)
    return GrantedPack(
        drop_id=first.drop_id,
        title=first.title,
        cover=first.cover,
        edition=first.edition,
        numbers=tuple(item.ed for item in items if item.ed is not None),
        certificates=tuple(item.certificate for item in items if item.certificate is not None),
        whole=granted(whole, _unused(whole.path.removesuffix(".zip"), {file.path for file in files})),
        files=tuple(granted(file, file.path) for file in files),
    )


def one(conn: sqlite3.Connection, grant: Grant, name: str, paused: frozenset[int] | None = None) -> GrantedFile:
    """The file a name in the address means, as `find` in the whole listing says. Raises as that.

    A file of the maker's costs one look, whatever else was bought. `paused` are the lines of the sale that are, where that was just read.
    """
    bought = claims.bought(conn, grant.sale)
    drops = {item.pack: item.drop_id for item in bought}
    alone = sales.packs_sold(conn, grant.sale) == 1
    for pack, drop_id in drops.items():
        before = "" if alone else f"{drop_id}/"
        file = catalogue.file(conn, pack, name[len(before) :]) if name.startswith(before) else None
        if file is not None:
            if paused is None:
                paused = returns.paused(conn, grant.sale)
            if all(item.line in paused for item in bought if item.pack == pack):
                raise going_back()
            taken = claims.downloads(conn, grant.claim).get(file.id, 0)
            return GrantedFile(name, file, taken, claims.allowed_downloads(conn, pack))
    return find(listing(conn, grant), name)


def find(packs: list[GrantedPack], name: str) -> GrantedFile:
    """The file a name in the address means. Raises Refused `page-unknown`, `claim-going-back`."""
    for pack in packs:
        for file in (pack.whole, *pack.files):
            if file.name == name and pack.paused:
                raise going_back()
            if file.name == name:
                return file
    raise ids.unknown_page()


def papers_name(packs: list[GrantedPack]) -> str:
    """What the ZIP of the buyer's papers is called; a file of the maker's of that name goes first."""
    return _unused("papers", {file.name for pack in packs for file in (pack.whole, *pack.files)})


def _unused(stem: str, taken: set[str]) -> str:
    """Name a ZIP of ours so that every file of the maker's keeps its own name."""
    return next(name for n in range(len(taken) + 1) if (name := f"{stem}{n or ''}.zip") not in taken)

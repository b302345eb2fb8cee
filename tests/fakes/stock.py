"""A box with something to sell, built from real documents and real small files; for the tests of both apps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from stall import app
from stall.flows.accept_document import accept_delegation
from stall.flows.record_pack import Prepared
from stall.store import cover
from stall.store.box import Box
from stall.wire import keys, manifest
from tests.fakes import buyers_zip, home, papers
from tests.fakes.clock import START_MS, FakeClock

PIN = "123456"
NOW_S = START_MS // 1000
CREATOR, DAY_S = papers.CREATOR, papers.DAY_S
PRINTS, ZINE, SAMPLER = "harbour-prints", "night-zine", "free-sampler"
EDITION = 5
FILES: dict[str, dict[str, bytes]] = {
    PRINTS: {
        "01 low sun.jpg": b"\xff\xd8sun" * 3000,
        "notes/größe.txt": "Grüße vom Hafen\n".encode(),
        "empty.txt": b"",
    },
    ZINE: {"zine.pdf": b"%PDF-1.7 zine" * 500},
    SAMPLER: {"sampler.txt": b"Take this one.\n"},
}
_TYPES = {".jpg": "image/jpeg", ".txt": "text/plain", ".pdf": "application/pdf"}
_OFFERS = {
    PRINTS: ("Harbour Prints", 450, EDITION, "Two views of the harbour before anybody was up."),
    ZINE: ("Night Zine", 300, None, "Forty pages about shops that open after dark."),
    SAMPLER: ("Free Sampler", 0, None, "A taste."),
}
_COLOURS = {PRINTS: (20, 74, 90), ZINE: (43, 27, 77), SAMPLER: (201, 120, 60)}


@dataclass(frozen=True)
class Stocked:
    """The opened box, its clock, and where its data folder lies."""

    box: Box
    clock: FakeClock
    folder: Path
    creator: keys.SigningKey = CREATOR


def stock(folder: Path, clock: FakeClock) -> None:
    """Make a box in `folder` with one limited drop of five, one open and one free drop, all open."""
    app.create_box(folder, "Salt & Paper", pin=PIN, clock=clock)
    box = app.open_box(folder, clock=clock)
    try:
        with box.db.transaction() as tx:
            accept_delegation(tx, papers.delegate_box(box.secrets.signing, now_s=NOW_S, since_s=NOW_S - DAY_S))
        for drop, (_, _, edition, _) in _OFFERS.items():
            leasing = papers.Leasing(bytes([9]) * 16, NOW_S, ((1, edition),)) if edition else None
            papers.put_on_sale(box, _manifest(drop), _on_disk(folder, drop), leasing)
    finally:
        box.close()


def _manifest(drop: str) -> str:
    title, minor, edition, desc = _OFFERS[drop]
    files = tuple(
        manifest.File(
            path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest(), type=_TYPES[Path(path).suffix]
        )
        for path, data in FILES[drop].items()
    )
    offer = papers.Offer(drop, title, minor, edition, files, manifest.Listing(desc=desc, lang="en"))
    jti = hashlib.sha256(drop.encode()).digest()[:16]
    return papers.sign_manifest(offer, jti, now_s=NOW_S, since_s=NOW_S - DAY_S)


def _on_disk(folder: Path, drop: str) -> Prepared:
    """Lay out the files, the ZIP and the cover as an import does."""
    sources = []
    for path, data in FILES[drop].items():
        kept = folder / "files" / hashlib.sha256(data).hexdigest()
        kept.write_bytes(data)
        sources.append((path, kept))
    zip_name = f"{drop}.zip"
    zipped = buyers_zip.build(sources, _manifest(drop), folder / "zips" / "making.zip")
    (folder / "zips" / "making.zip").rename(folder / "zips" / f"{zipped.key}.zip")
    picture = folder / "covers" / "making.png"
    Image.new("RGB", (64, 48), _COLOURS[drop]).save(picture)
    cover.make_cover(picture, folder / "covers" / "making.jpg")
    picture.unlink()
    sha = hashlib.sha256((folder / "covers" / "making.jpg").read_bytes()).hexdigest()
    (folder / "covers" / "making.jpg").rename(folder / "covers" / f"{sha}.jpg")
    return Prepared(sha, zip_name, zipped.size, zipped.key)


def copy(template: Path, folder: Path) -> Stocked:
    """A box of one's own, copied from one that was stocked before."""
    home.copied(template, folder)
    clock = FakeClock()
    return Stocked(app.open_box(folder, clock=clock), clock, folder)

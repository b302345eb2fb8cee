"""A box with something to sell, built from real documents and real small files; for the tests of both apps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from stall import app
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.record_pack import Prepared, record_pack
from stall.flows.switch_drop import open_drop
from stall.store import cover, journal, packfile
from stall.store.box import Box
from stall.wire import b64, delegation, jws, keys, lease, manifest
from tests.fakes import home
from tests.fakes.clock import START_MS, FakeClock

PIN = "123456"
NOW_S = START_MS // 1000
DAY_S = 86_400
CREATOR = keys.SigningKey.from_seed(bytes([7]) * 32)
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
        own = box.secrets.signing
        with box.db.transaction() as tx:
            accept_delegation(tx, _delegation(own))
            epoch = journal.read_head(tx.conn).epoch_text
        for drop in FILES:
            token, made = _manifest(drop), _on_disk(folder, drop)
            signed = manifest.verify(token, {CREATOR.thumbprint: CREATOR.public})
            with box.db.transaction() as tx:
                record_pack(tx, signed, token, made, "EUR")
                if signed.drop.edition is not None:
                    accept_lease(tx, _lease(own, epoch, signed, token))
                open_drop(tx, drop)
    finally:
        box.close()


def _delegation(own: keys.SigningKey) -> str:
    return delegation.sign(
        CREATOR,
        delegation.Delegation(
            iss=CREATOR.did,
            sub=own.did,
            cnf=delegation.confirmation(own.public),
            jti=b64.encode(bytes(16)),
            seq=1,
            iat=NOW_S - DAY_S,
            nbf=NOW_S - DAY_S,
            exp=NOW_S + 60 * DAY_S,
            role="box",
            cap=("receipt", "cert", "badge", "log"),
            drops=("*",),
            max=delegation.Max(cur="EUR", sale=5000, stored_total=50_000, stored_age_h=24),
            name="Salt & Paper",
        ),
    )


def _manifest(drop: str) -> str:
    title, minor, edition, desc = _OFFERS[drop]
    kind = "limited" if edition else "open" if minor else "free"
    return manifest.sign(
        CREATOR,
        manifest.Manifest(
            iss=CREATOR.did,
            jti=b64.encode(hashlib.sha256(drop.encode()).digest()[:16]),
            iat=NOW_S - DAY_S,
            exp=NOW_S + 30 * DAY_S,
            ver=1,
            drop=manifest.Drop(
                id=drop,
                title=title,
                kind=kind,  # type: ignore[arg-type]  # one of the four words, chosen above
                edition=edition,
                window=manifest.Window(nbf=NOW_S - DAY_S, exp=NOW_S + 10 * DAY_S),
                licence="For private use",
                listing=manifest.Listing(desc=desc, lang="en"),
            ),
            price=(manifest.Price(cur="EUR", minor=minor),),
            files=tuple(
                manifest.File(
                    path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest(), type=_TYPES[Path(path).suffix]
                )
                for path, data in FILES[drop].items()
            ),
        ),
    )


def _lease(own: keys.SigningKey, epoch: str, signed: manifest.Manifest, token: str) -> str:
    return lease.sign(
        CREATOR,
        lease.Lease(
            iss=CREATOR.thumbprint,
            sub=own.thumbprint,
            jti=b64.encode(bytes([9]) * 16),
            iat=NOW_S - 60,
            exp=NOW_S + 20 * DAY_S,
            drop=signed.drop.id,
            man=jws.token_hash(token),
            epoch=epoch,
            lease_seq=1,
            ranges=((1, EDITION),),
        ),
    )


def _on_disk(folder: Path, drop: str) -> Prepared:
    """Lay out the files, the ZIP and the cover as an import does."""
    sources = []
    for path, data in FILES[drop].items():
        kept = folder / "files" / hashlib.sha256(data).hexdigest()
        kept.write_bytes(data)
        sources.append((path, kept))
    zip_name = f"{drop}.zip"
    zipped = packfile.build_zip(sources, _manifest(drop), folder / "zips" / "making.zip")
    (folder / "zips" / "making.zip").rename(folder / "zips" / f"{zipped.sha256}.zip")
    picture = folder / "covers" / "making.png"
    Image.new("RGB", (64, 48), _COLOURS[drop]).save(picture)
    cover.make_cover(picture, folder / "covers" / "making.jpg")
    picture.unlink()
    sha = hashlib.sha256((folder / "covers" / "making.jpg").read_bytes()).hexdigest()
    (folder / "covers" / "making.jpg").rename(folder / "covers" / f"{sha}.jpg")
    return Prepared(sha, zip_name, zipped.size, zipped.sha256)


def copy(template: Path, folder: Path) -> Stocked:
    """A box of one's own, copied from one that was stocked before."""
    home.copied(template, folder)
    clock = FakeClock()
    return Stocked(app.open_box(folder, clock=clock), clock, folder)

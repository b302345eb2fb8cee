"""A drop with everything an item's page can show: photos, songs and a film, some of them samples that anybody may see."""

from __future__ import annotations

import hashlib
import io
import math
import struct
import wave
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

from stall.flows.make_previews import make_previews
from stall.flows.record_pack import Prepared
from stall.store import cover
from stall.store.box import Box
from stall.store.painter import Painter
from stall.wire import manifest
from tests.fakes import buyers_zip, papers
from tests.fakes.stock import DAY_S, NOW_S, Stocked

GALLERY = "low-tide"
TITLE = "Low Tide"
TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
COVER = "cover.jpg"
SAMPLES = (COVER, "samples/01-wet-sand.jpg", "samples/02_the-harbour.jpg", "samples/Flut und Möwen.wav",
           "samples/tide.webm", "samples/notes.pdf", "samples/mark.svg")  # fmt: skip
PAID = ("photos/03-rope.jpg", "photos/04-gulls.jpg", "songs/whole.wav", "secret.txt")
EDITION = 50


def files() -> dict[str, bytes]:
    """The files of the drop, by path; the same every time."""
    made: dict[str, bytes] = {}
    for n, path in enumerate((*SAMPLES, *PAID)):
        match Path(path).suffix:
            case ".jpg":
                made[path] = photo(n)
            case ".wav":
                made[path] = tone(220 + 40 * n)
            case suffix:
                made[path] = f"{suffix} of {path}\n".encode() * 400
    return made


def photo(n: int) -> bytes:
    """A picture of a shore, as a camera writes it: with its place and its maker."""
    rng = Random(n)
    wide, high = ((900, 1125), (1600, 1000), (1000, 1400))[n % 3]
    image = Image.new("RGB", (wide, high), (214, 120 + 8 * n, 74))
    draw = ImageDraw.Draw(image)
    for at in range(0, high, 12):
        if at > high // 2:
            draw.rectangle((0, at, wide, at + 7), fill=(24 + rng.randrange(20), 74 + rng.randrange(30), 92))
    draw.ellipse((wide // 3, high // 5, wide // 3 + 220, high // 5 + 220), fill=(250, 226, 160))
    exif = Image.Exif()
    exif[0x010F] = "CameraMaker"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()


def tone(hertz: int, seconds: float = 1.0) -> bytes:
    """A second of one note."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        count = int(8000 * seconds)
        file.writeframes(
            b"".join(struct.pack("<h", int(9000 * math.sin(math.tau * hertz * n / 8000))) for n in range(count))
        )
    return out.getvalue()


def hang(stocked: Stocked, edition: int | None = EDITION, minor: int = 900) -> dict[str, bytes]:
    """Put the drop on sale in a stocked box, with its pictures as an import makes them; give its files."""
    box, data = stocked.box, files()
    offer = papers.Offer(
        GALLERY,
        TITLE,
        minor,
        edition,
        tuple(
            manifest.File(
                path=path,
                size=len(body),
                sha256=hashlib.sha256(body).hexdigest(),
                type=TYPES[Path(path).suffix],
                role="sample" if path in SAMPLES else None,
            )
            for path, body in data.items()
        ),
        manifest.Listing(desc="What the sea leaves twice a day.", lang="en"),
    )
    token = papers.sign_manifest(offer, b"gallery gallery!", now_s=NOW_S, since_s=NOW_S - DAY_S)
    leasing = papers.Leasing(b"leasing leasing!", NOW_S, ((1, edition),)) if edition else None
    papers.put_on_sale(box, token, _on_disk(box, token, data), leasing)
    return data


def _on_disk(box: Box, token: str, data: dict[str, bytes]) -> Prepared:
    sources = []
    for path, body in data.items():
        kept = box.folder / "files" / hashlib.sha256(body).hexdigest()
        kept.write_bytes(body)
        sources.append((path, kept))
    zipped = buyers_zip.build(sources, token, box.folder / "zips" / "making.zip")
    (box.folder / "zips" / "making.zip").rename(box.folder / "zips" / f"{zipped.key}.zip")
    drawn = hashlib.sha256(data[COVER]).hexdigest()
    cover.make_cover(box.folder / "files" / drawn, box.folder / "covers" / f"{drawn}.jpg")
    signed = manifest.verify(token, {papers.CREATOR.thumbprint: papers.CREATOR.public})
    with Painter() as painter:
        pictures = make_previews(box.folder, signed, drawn, painter)
    return Prepared(drawn, f"{GALLERY}.zip", zipped.size, zipped.key, pictures)

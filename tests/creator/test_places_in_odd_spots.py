"""Places where programs and phones leave them seldom: what is packed tells none of them, or is not packed."""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from stall.creator import folder as folders
from stall.creator import survey
from stall.creator.media.stretch import Seen
from stall.creator.media.xmp import clean as clean_xmp
from stall.errors import Refused

PNG_END = 12


def exif() -> bytes:
    made = Image.Exif()
    made[0x010F] = "Maker"
    place = made.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (48.0, 7.0, 2.5), "E", (11.0, 3.0, 1.0)
    return made.tobytes()


EXIF = exif()
TIFF = EXIF[6:]
COORDINATES = struct.pack("<4L", 48, 1, 7, 1)


def picture(kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), (9, 99, 200)).save(out, kind, **how)
    return out.getvalue()


JPEG, PNG = picture("JPEG"), picture("PNG")
TOLD = picture("JPEG", exif=EXIF)


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*put: bytes) -> bytes:
    return JPEG[:2] + b"".join(put) + JPEG[2:]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png(put: bytes) -> bytes:
    at = PNG.index(b"IDAT") - 4
    return PNG[:at] + put + PNG[at:]


def lists(count: int) -> bytes:
    """A TIFF of so many lists, of which the last leads to a place."""
    made, at = b"II*\0" + struct.pack("<L", 8), 8
    for _ in range(count):
        at += 18
        made += struct.pack("<HHHL4sL", 1, 0x010F, 2, 4, b"Abc\0", at)
    made += struct.pack("<HHHLLL", 1, 0x8825, 4, 1, at + 18, 0)
    return made + struct.pack("<HHHLLL", 1, 2, 5, 2, at + 36, 0) + COORDINATES


def small_picture_in(exif_of_it: bytes) -> bytes:
    inner = JPEG[:2] + segment(0xE1, exif_of_it) + JPEG[2:]
    outer = b"II*\0" + struct.pack("<L", 8) + struct.pack("<HHHL4sL", 1, 0x010F, 2, 4, b"Abc\0", 26)
    outer += (
        struct.pack("<H", 2) + struct.pack("<HHLL", 0x0201, 4, 1, 56) + struct.pack("<HHLL", 0x0202, 4, 1, len(inner))
    )
    return jpeg(segment(0xE1, b"Exif\0\0" + outer + bytes(4) + inner))


def digits(data: bytes) -> bytes:
    return b"\nexif\n%8d\n" % len(data) + data.hex().upper().encode()


def packed(path: Path) -> bytes:
    (one,) = survey.survey(path.parent).looks
    folders.measure(one.found)
    return b"".join(folders.read(one.found))


TAKEN_OUT = {
    "junk.jpg": jpeg(segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), b"junk", segment(0xE1, EXIF)),
    "lists.tif": lists(70),
    "end.png": PNG + chunk(b"eXIf", TIFF),
    "end and more.png": PNG + chunk(b"eXIf", TIFF) + b"\xff" * 40,
    "long.jpg": jpeg(segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<LH", 8, 5001) + struct.pack("<HHL4s", 0x010F, 2, 4, b"Abc\0") * 5000
        + struct.pack("<HHLL", 0x8825, 4, 1, 8 + 2 + 12 * 5001 + 4) + bytes(4) + struct.pack("<HHHLLL", 1, 2, 5, 2, 60_044, 0) + COORDINATES)),
}  # fmt: skip

REFUSED = {
    "thumbnail.jpg": small_picture_in(EXIF),
    "comment.jpg": jpeg(segment(0xFE, EXIF)),
    "cover.mp3": b"ID3\3\0\0\0\0\x10\0APIC\0\0\x07\xf6\0\0\0image/jpeg\0\3\0" + TOLD + b"\xff\xfb\x90\x64" + bytes(413),
    "packed.png": png(chunk(b"zxIf", b"\0" + struct.pack(">L", len(TIFF)) + zlib.compress(TIFF))),
    "digits.png": png(chunk(b"tEXt", b"Raw profile type APP1\0" + digits(EXIF))),
    "new digits.png": png(chunk(b"iTXt", b"Raw profile type exif\0\1\0\0\0" + zlib.compress(digits(EXIF)))),
    "words.png": png(chunk(b"tEXt", b"Location\x0048.1, 11.5")),
    "bomb.png": png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(17 << 20) + b"exif:GPSLatitude='1'"))),
    "late.mkv": bytes(3_000_000) + EXIF,
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN_OUT)
def test_a_place_is_taken_out_wherever_others_read_one(tmp_path: Path, name: str) -> None:
    assert COORDINATES in TAKEN_OUT[name]
    (tmp_path / name).write_bytes(TAKEN_OUT[name])
    made = packed(tmp_path / name)
    assert COORDINATES not in made
    assert len(made) == len(TAKEN_OUT[name])


@pytest.mark.parametrize("name", REFUSED)
def test_a_place_that_cannot_be_reached_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(REFUSED[name])
    with pytest.raises(Refused) as refused:
        packed(tmp_path / name)
    assert refused.value.code == "location-stuck"


@pytest.mark.parametrize("name", ["cover.mp3", "thumbnail.jpg", "comment.jpg"])
def test_a_picture_within_that_tells_no_place_is_taken(tmp_path: Path, name: str) -> None:
    plain = Image.Exif()
    plain[0x010F] = "Maker"
    data = {
        "cover.mp3": REFUSED["cover.mp3"].replace(TOLD, picture("JPEG", exif=plain)),
        "thumbnail.jpg": small_picture_in(plain.tobytes()),
        "comment.jpg": jpeg(segment(0xFE, plain.tobytes())),
    }[name]
    (tmp_path / name).write_bytes(data)
    assert packed(tmp_path / name) == data


def test_a_city_is_found_by_whatever_name_its_words_go() -> None:
    packet = b"<x xmlns:p='http://ns.adobe.com/photoshop/1.0/' p:City='Rome'><p:Country>Italy</p:Country></x>"
    made = clean_xmp(packet, seen := Seen())
    assert seen.place
    assert len(made) == len(packet)
    assert b"Rome" not in made
    assert b"Italy" not in made


@pytest.mark.parametrize("encoding", ["big5", "nonsense", "idna", "hex"])
def test_words_in_letters_nobody_reads_are_refused_where_they_may_tell(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.xmp").write_text(f"<?xml version='1.0' encoding='{encoding}'?><a exif:GPSLatitude='1'/>", "ascii")
    with pytest.raises(Refused) as refused:
        packed(tmp_path / "a.xmp")
    assert refused.value.code == "location-stuck"


def test_an_orientation_without_a_number_harms_nothing(tmp_path: Path) -> None:
    entry = struct.pack("<H", 1) + struct.pack("<HHL4s", 0x0112, 3, 0, bytes(4)) + bytes(4)
    data = jpeg(segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<L", 8) + entry))
    (tmp_path / "a.jpg").write_bytes(data)
    assert packed(tmp_path / "a.jpg") == data


def box(kind: bytes, *inner: bytes) -> bytes:
    data = b"".join(inner)
    return struct.pack(">L", len(data) + 8) + kind + data


def _tracks(count: int) -> bytes:
    """A film whose tracks of places each claim two million pieces of one byte, a few hundred bytes of list in all."""
    most = 2_000_000
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">LL", 0, 1), box(b"gpmd", bytes(8))),
        box(b"stsz", struct.pack(">LLL", 0, 1, most)),
        box(b"stsc", struct.pack(">LLLLL", 0, 1, 1, most, 1)),
        box(b"stco", struct.pack(">LLL", 0, 1, 24)),
    )
    tracks = box(b"trak", box(b"mdia", box(b"minf", table))) * count
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", bytes(most + 8)) + box(b"moov", tracks)


SLOW: dict[str, Callable[[], bytes]] = {
    "pages.pdf": lambda: b"/Type/Pages " * 200_000,
    "counts.pdf": lambda: b"/Count 3 " * 200_000,
    "name.xmp": lambda: b"<a " + b"gps" * 60_000 + b".='1'/>",
    "tracks.mp4": lambda: _tracks(20),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_file_takes_for_ever(tmp_path: Path, name: str) -> None:
    """Each took minutes where a pattern, or a list of pieces, was gone through for every byte."""
    (tmp_path / name).write_bytes(SLOW[name]())
    began = time.process_time()
    packed(tmp_path / name)
    assert time.process_time() - began < 5

"""Where a picture or film was made leaves it before it is signed; nothing else of it changes, and never the original."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stall.creator import folder as folders
from stall.creator import recipe, survey
from stall.creator.media import places
from stall.creator.media.stretch import Seen
from stall.errors import Refused
from tests.fakes import media

COORDINATES = struct.pack(">II", 48, 1), struct.pack("<II", 48, 1)


def cleaned(data: bytes, media_type: str = "image/jpeg") -> tuple[bytes, Seen]:
    looked = places.look(io.BytesIO(data), len(data), media_type)
    assert looked.stuck is None
    out = b"".join(recipe.read(io.BytesIO(data), list(recipe.pieces(looked.patches, 0, len(data)))))
    assert len(out) == len(data)
    return out, looked.seen


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.tobytes()


def told(data: bytes) -> tuple[dict[int, object], dict[int, object], dict[int, object]]:
    """What Pillow reads: the first list of EXIF, that of the camera, and that of the place."""
    with Image.open(io.BytesIO(data)) as picture:
        exif = picture.getexif()
        return dict(exif), exif.get_ifd(media.EXIF_IFD), exif.get_ifd(media.GPS_IFD)


@settings(max_examples=24)
@given(
    kind=st.sampled_from(media.FORMATS),
    orientation=st.integers(1, 8),
    artist=st.text("abc é", min_size=1, max_size=12),
    with_exif=st.booleans(),
    with_xmp=st.booleans(),
    place=st.booleans(),
)
def test_a_picture_keeps_its_pixels_and_all_else_and_loses_its_place(
    kind: str, orientation: int, artist: str, *, with_exif: bool, with_xmp: bool, place: bool
) -> None:
    facts = media.exif(place=place, orientation=orientation, artist=artist) if with_exif else None
    data = media.picture(kind, exif_bytes=facts, xmp=media.XMP if with_xmp else None)
    out, seen = cleaned(data)
    assert seen.place == ((place and with_exif) or with_xmp)
    assert pixels(out) == pixels(data)
    before, after = told(data), told(out)
    assert after[2] == {}
    assert media.GPS_IFD not in after[0]
    both = [
        {tag: one for tag, one in read[0].items() if tag not in {media.GPS_IFD, media.EXIF_IFD, 700}}
        for read in (before, after)
    ]
    assert both[0] == both[1]
    assert before[1] == after[1]
    assert not any(word in out for word in (*media.PLACE_WORDS, *COORDINATES))
    if with_xmp:
        assert b"Ada Example" in out
    if not seen.place:
        assert out == data
    assert not cleaned(out)[1].place


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_orders_of_bytes_are_read(order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(f"{order}HHII", 0x8825, 4, 1, 26)
    gps = struct.pack(f"{order}HHHII", 1, 0x0002, 5, 1, 44) + bytes(4) + struct.pack(f"{order}II", 48, 7)
    data = mark + struct.pack(f"{order}IH", 8, 1) + entry + bytes(4) + gps
    out, seen = cleaned(data)
    assert seen.place
    assert out == mark + struct.pack(f"{order}I", 8) + bytes(len(data) - 8)


def test_a_png_stays_whole(tmp_path: Path) -> None:
    out, _ = cleaned(media.picture("PNG", exif_bytes=media.exif(), xmp=media.XMP))
    at = 8
    while at < len(out):
        size = int.from_bytes(out[at : at + 4], "big")
        assert zlib.crc32(out[at + 4 : at + 8 + size]) == int.from_bytes(out[at + 8 + size : at + 12 + size], "big")
        at += 12 + size


def test_pictures_and_a_film_behind_a_picture_are_found() -> None:
    one = media.picture("JPEG", exif_bytes=media.exif())
    out, _ = cleaned(one + bytes(24) + one + b"trailer" + media.film())
    assert not any(word in out for word in (*COORDINATES, b"+48.2082", b"location", b"GPS5"))
    assert out.count(b"SN-4711") == 2


def test_photoshops_fields_lose_places_and_their_digest_fits() -> None:
    fields = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(words)) + words
        for number, words in ((80, b"Ada Example"), (90, b"Wien"), (101, b"Austria"), (116, b"All rights"))
    )
    blocks = b"".join(
        b"8BIM" + struct.pack(">H", kind) + b"\0\0" + struct.pack(">I", len(inner)) + inner + bytes(len(inner) % 2)
        for kind, inner in ((0x0404, fields), (0x0425, bytes(range(16))))
    )
    picture = media.picture("JPEG", exif_bytes=None)
    segment = b"Photoshop 3.0\0" + blocks
    data = picture[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + picture[2:]
    out, seen = cleaned(data)
    assert (seen.place, seen.facts["author"], seen.facts["copyright"]) == (True, "Ada Example", "All rights")
    assert b"Wien" not in out
    assert b"Austria" not in out
    assert bytes(range(16)) not in out
    assert pixels(out) == pixels(data)


def test_a_long_packet_is_named_by_its_new_digest() -> None:
    picture = media.picture("JPEG", exif_bytes=None)
    name = b"A" * 32
    main = b'<x xmlns:n="n" n:HasExtendedXMP="' + name + b'"/>'
    halves = [(0, media.XMP[:500]), (500, media.XMP[500:])]
    segments = [b"http://ns.adobe.com/xap/1.0/\0" + main] + [
        b"http://ns.adobe.com/xmp/extension/\0" + name + struct.pack(">II", len(media.XMP), at) + half
        for at, half in halves
    ]
    wrapped = b"".join(b"\xff\xe1" + struct.pack(">H", len(one) + 2) + one for one in segments)
    out, _ = cleaned(picture[:2] + wrapped + picture[2:])
    assert name not in out
    assert not any(word in out for word in media.PLACE_WORDS)
    called = out[out.index(b'XMP="') + 5 :][:32]
    assert out.count(called) == 3


@pytest.mark.parametrize("large", [False, True])
def test_a_film_loses_its_notes_and_its_track_of_places(*, large: bool) -> None:
    data = media.film(large=large)
    out, seen = cleaned(data, "video/mp4")
    assert seen.place
    assert not any(word in out for word in (b"+48", b"48.20", b"location", b"\xa9xyz"))
    assert media.frames_of(out) == media.FRAMES


def test_a_film_without_a_place_is_left_alone() -> None:
    data = media.film(place=False)
    assert cleaned(data, "video/mp4") == (data, Seen())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.raf", b"FUJIFILMCCD-RAW " + bytes(100)),
        ("a.cr3", media.box(b"ftyp", b"crx ", bytes(4))),
        ("a.png", media.picture("PNG", exif_bytes=None)[:33] + b"GPSLatitude"),
        ("a.webm", b"\x1a\x45\xdf\xa3" + bytes(50) + b"\x45\xa3\x88LOCATION\x44\x87\x92+48.2082+016.3738/"),
        ("a.jpg", media.picture("JPEG", exif_bytes=None, xmp=media.XMP.replace(b"</rdf:RDF>", b"</rdf:XXX>"))),
        ("a.xmp", media.XMP.decode().encode("utf-16")),
        ("b.xmp", media.XMP.replace(b"<x:xmpmeta", b'<!DOCTYPE x [<!ENTITY a "b">]><x:xmpmeta')),
    ],
    ids=["raf", "cr3", "elsewhere", "webm", "broken xml", "utf-16", "doctype"],
)
def test_what_cannot_be_taken_out_is_refused_unless_it_is_to_stay(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Refused, match="--keep-gps") as refused:
        [folders.measure(one) for one in survey.survey(tmp_path).found]
    assert refused.value.code == "location-stuck"
    kept = survey.survey(tmp_path, keep_gps=True).found[0]
    assert b"".join(folders.read(kept)) == data
    folders.measure(kept)


def test_the_original_stays_and_both_readings_see_the_same_bytes(tmp_path: Path) -> None:
    data = media.picture("JPEG", exif_bytes=media.exif())
    (tmp_path / "a.jpg").write_bytes(data)
    (found,) = survey.survey(tmp_path).found
    assert (tmp_path / "a.jpg").read_bytes() == data
    assert b"".join(folders.read(found)) == b"".join(folders.read(found)) == cleaned(data)[0]
    (tmp_path / "a.jpg").write_bytes(data + b"x")
    with pytest.raises(Refused, match="was changed"):
        folders.measure(found)


@settings(max_examples=100)
@given(
    which=st.sampled_from([*media.FORMATS, "film", "xmp"]),
    changes=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 400),
)
def test_damage_is_taken_calmly(which: str, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(_SAMPLES[which])
    for at, value in changes:
        data[at % len(data)] = value
    data = data[: len(data) - cut % len(data)]
    looked = places.look(io.BytesIO(bytes(data)), len(data), "application/rdf+xml" if which == "xmp" else "image/jpeg")
    out = b"".join(recipe.read(io.BytesIO(bytes(data)), list(recipe.pieces(looked.patches, 0, len(data)))))
    assert len(out) == len(data)


_SAMPLES = {kind: media.picture(kind, exif_bytes=media.exif(), xmp=media.XMP) for kind in media.FORMATS}
_SAMPLES |= {"film": media.film(), "xmp": media.XMP}


@pytest.mark.parametrize("step", range(1, 14))
def test_a_name_is_found_in_whatever_pieces_it_comes(step: int) -> None:
    watch = places.Watch("a.jpg")
    data = b"..GPSLongitude.."
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    with pytest.raises(Refused):
        list(map(watch, pieces))

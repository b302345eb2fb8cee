"""Small pictures and films as cameras make them: with the place they were made at, written by Pillow and by hand."""

from __future__ import annotations

import io
import struct

from PIL import Image, PngImagePlugin

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
GPS_IFD, EXIF_IFD = 0x8825, 0x8769
LATITUDE = (48.0, 12.0, 29.52)

XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' xmlns:drone="http://www.dji.com/drone-dji/1.0/"'
    ' exif:GPSLatitude="48,12.492N" photoshop:City = \'Wien > Mitte\' drone:GpsLongtitude="+16.37">'
    "<exif:GPSLongitude>16,22.428E</exif:GPSLongitude><dc:creator><rdf:Seq><rdf:li>Ada Example</rdf:li></rdf:Seq></dc:creator>"
    '<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:City>Wien</Iptc4xmpExt:City>'
    "</rdf:li></rdf:Bag></Iptc4xmpExt:LocationShown></rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
).encode()
PLACE_WORDS = (b"GPSL", b"Wien", b"GpsLong", b"48,12", b"16,22", b"LocationShown")


def exif(*, place: bool = True, orientation: int = 1, artist: str = "Ada Example") -> bytes:
    """EXIF as Pillow writes it."""
    made = Image.Exif()
    made[0x010F], made[0x0110], made[0x0112], made[0x013B] = "Maker", "Model 5", orientation, artist
    inner = made.get_ifd(EXIF_IFD)
    inner[0x9003], inner[0xA431] = "2026:05:01 10:11:12", "SN-4711"
    if place:
        gps = made.get_ifd(GPS_IFD)
        gps.update({1: "N", 2: LATITUDE, 3: "E", 4: (16.0, 22.0, 25.7), 0x1B: b"ASCII\0\0\0fused", 0x1D: "2026:05:01"})
    return made.tobytes()


def picture(
    kind: str, *, exif_bytes: bytes | None, xmp: bytes | None = None, size: tuple[int, int] = (40, 24)
) -> bytes:
    """A picture of a kind Pillow writes, of colours that compress to something of its own."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    out = io.BytesIO()
    options: dict[str, object] = {"speed": 10, "max_threads": 1} if kind == "AVIF" else {}
    if exif_bytes is not None:
        options["exif"] = exif_bytes
    if xmp is not None and kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options["pnginfo"] = info
    elif xmp is not None and kind in {"JPEG", "WEBP", "AVIF"}:
        options["xmp"] = xmp
    elif xmp is not None:
        options["tiffinfo"] = {700: xmp}
    image.save(out, kind, **options)
    return out.getvalue()


def box(kind: bytes, *content: bytes) -> bytes:
    """One box of an MP4."""
    inner = b"".join(content)
    return struct.pack(">I4s", 8 + len(inner), kind) + inner


def _full(kind: bytes, *content: bytes) -> bytes:
    return box(kind, bytes(4), *content)


def _track(kind: bytes, handler: bytes, places: list[int], sizes: list[int], *, large: bool) -> bytes:
    table = [struct.pack(">Q" if large else ">I", place) for place in places]
    return box(
        b"trak",
        _full(b"tkhd", bytes(72), struct.pack(">II", 320 << 16, 240 << 16)),
        box(
            b"mdia",
            _full(b"hdlr", bytes(4), handler, bytes(12)),
            box(
                b"minf",
                box(
                    b"stbl",
                    _full(b"stsd", struct.pack(">I", 1), box(kind, bytes(8))),
                    _full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
                    _full(b"stsz", struct.pack(">II", 0, len(sizes)), *(struct.pack(">I", size) for size in sizes)),
                    _full(b"co64" if large else b"stco", struct.pack(">I", len(places)), *table),
                ),
            ),
        ),
    )


FRAMES = [b"frame one ", b"frame two, longer ", b"frame three "]
SENSED = [b"GPS5 48.2082 16.3738", b"GPS5 48.2083 16.3739"]


def film(*, fast: bool = False, place: bool = True, large: bool = False, brand: bytes = b"isom") -> bytes:
    """A film of three frames, and with a place: notes of it, Apple's among them, and a track of a camera's sensors."""
    content = b"".join([FRAMES[0], SENSED[0] if place else b"", FRAMES[1], SENSED[1] if place else b"", FRAMES[2]])
    head = box(b"ftyp", brand, bytes(4), b"isom")

    def listed(start: int) -> bytes:
        tracks = [
            _track(b"avc1", b"vide", [start + content.index(f) for f in FRAMES], list(map(len, FRAMES)), large=large)
        ]
        notes = b""
        if place:
            found = [start + content.index(one) for one in SENSED]
            tracks.append(_track(b"gpmd", b"meta", found, list(map(len, SENSED)), large=large))
            key = b"com.apple.quicktime.location.ISO6709"
            notes = box(
                b"meta",
                _full(b"hdlr", bytes(4), b"mdta", bytes(13)),
                _full(b"keys", struct.pack(">I", 1), struct.pack(">I", 8 + len(key)), b"mdta", key),
                box(b"ilst", box(struct.pack(">I", 1), box(b"data", struct.pack(">II", 1, 0), b"+48.2082+016.3738/"))),
            ) + box(b"udta", box(b"\xa9xyz", struct.pack(">HH", 18, 0), b"+48.2082+016.3738/"), bytes(4))
        mvhd = _full(b"mvhd", bytes(8), struct.pack(">II", 1000, 65_000), bytes(80))
        return box(b"moov", mvhd, *tracks, notes)

    data = box(b"mdat", content)
    if fast:
        return head + listed(len(head) + len(listed(0)) + 8) + data
    return head + data + listed(len(head) + 8)


def frames_of(data: bytes) -> list[bytes]:
    """What a player finds of the film's frames, by the places in its first list."""
    at = data.index(b"stco") if b"stco" in data else data.index(b"co64")
    wide, code = (4, ">I") if data[at : at + 4] == b"stco" else (8, ">Q")
    places = [struct.unpack(code, data[at + 12 + n * wide :][:wide])[0] for n in range(3)]
    return [data[place : place + len(frame)] for place, frame in zip(places, FRAMES, strict=True)]

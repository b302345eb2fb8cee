"""A picture whose EXIF is damaged is drawn all the same, and upright where that much can be read."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from stall.store import cover
from stall.store.previews import Wanted


def picture(exif: bytes, colours: Image.Image) -> bytes:
    out = io.BytesIO()
    colours.save(out, "JPEG")
    data = out.getvalue()
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


def exif(turn: int, *more: bytes) -> bytes:
    entries = [struct.pack("<HHLHH", 0x0112, 3, 1, turn, 0), *more]
    return b"Exif\0\0II*\0" + struct.pack("<LH", 8, len(entries)) + b"".join(entries) + bytes(4)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("more", [b"", struct.pack("<HHL4s", 0x011A, 2, 4, b"abc\0")], ids=["whole", "damaged"])
def test_it_is_drawn_upright(tmp_path: Path, turn: int, more: bytes) -> None:
    colours = Image.new("RGB", (60, 40), (250, 250, 250))
    colours.paste((200, 10, 10), (0, 0, 20, 20))  # its corner tells how it was turned
    (tmp_path / "a.jpg").write_bytes(picture(exif(turn, *([more] if more else [])), colours))
    size = cover.make_pictures(tmp_path / "a.jpg", [Wanted(tmp_path / "b.jpg", 60)])
    assert size == ((60, 40) if turn < 5 else (40, 60))
    with Image.open(tmp_path / "b.jpg") as made:
        corners = [(5, 5), (made.width - 5, 5), (made.width - 5, made.height - 5), (5, made.height - 5)]
        red = [made.getpixel(at)[1] < 100 for at in corners]  # type: ignore[index]  # of an RGB picture
    assert red.index(True) == {1: 0, 2: 1, 3: 2, 4: 3, 5: 0, 6: 1, 7: 2, 8: 3}[turn]
    assert sum(red) == 1

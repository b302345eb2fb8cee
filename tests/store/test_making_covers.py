"""The cover made at import: small, upright, clean; and nothing at all from what is no picture."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from stall.store.cover import accent, make_cover, make_pictures, size_of
from stall.store.previews import Wanted


def photo(path: Path, size: tuple[int, int] = (1200, 800), exif: Image.Exif | None = None) -> Path:
    image = Image.new("RGB", size, (200, 40, 40))
    image.paste((20, 20, 200), (0, 0, size[0] // 2, size[1]))
    image.save(path, exif=exif or b"")
    return path


def test_a_cover_is_a_progressive_jpeg_of_the_asked_size(tmp_path: Path) -> None:
    made = make_cover(photo(tmp_path / "in.png"), tmp_path / "out.jpg", size=320)
    assert made == tmp_path / "out.jpg"
    with Image.open(made) as image:
        assert (image.format, image.size) == ("JPEG", (320, 213))
        assert image.info["progressive"] == 1


def test_a_photo_taken_sideways_stands_upright_and_tells_no_place(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[1] = "N"
    made = make_cover(photo(tmp_path / "in.jpg", exif=exif), tmp_path / "out.jpg")
    assert made is not None
    with Image.open(made) as image:
        assert image.size == (427, 640)
        assert dict(image.getexif()) == {}
        pixel = image.getpixel((200, 600))
        assert isinstance(pixel, tuple)
        assert pixel[0] > 150  # red was at the right and is now at the bottom
    assert b"CameraMaker" not in made.read_bytes()
    assert b"Exif" not in made.read_bytes()


def test_transparency_becomes_white(tmp_path: Path) -> None:
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(tmp_path / "in.png")
    made = make_cover(tmp_path / "in.png", tmp_path / "out.jpg")
    assert made is not None
    with Image.open(made) as image:
        assert image.getpixel((25, 25)) == (255, 255, 255)


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    head = struct.pack(">2L5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(10_000, 8_001), (20_000, 10_000), (60_000, 60_000)])
def test_a_picture_too_large_to_unpack_is_left_alone(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "bomb.png").write_bytes(png_that_claims(*size))
    assert make_cover(tmp_path / "bomb.png", tmp_path / "out.jpg") is None
    assert not (tmp_path / "out.jpg").exists()


def test_the_largest_picture_taken_is_in_memory_once(tmp_path: Path) -> None:
    Image.new("RGB", (8000, 5000), (200, 40, 40)).save(tmp_path / "in.png", compress_level=1)
    code = (
        "import sys; from pathlib import Path; from stall.store.cover import make_cover\n"
        "peak = lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
        "before = peak(); assert make_cover(Path(sys.argv[1]), Path(sys.argv[2])); print(peak() - before)"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "in.png"), str(tmp_path / "out.jpg")]
    kib = int(subprocess.run(arguments, capture_output=True, text=True, check=True).stdout)
    assert kib * 1024 < 1.5 * 8000 * 5000 * 4  # Pillow keeps a pixel in four bytes


@pytest.mark.parametrize("data", [b"", b"just words", b"\xff\xd8\xff\xe0 cut", png_that_claims(40, 40)])
def test_what_is_no_picture_gives_no_cover(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "in.jpg").write_bytes(data)
    assert make_cover(tmp_path / "in.jpg", tmp_path / "out.jpg") is None
    assert [path.name for path in tmp_path.iterdir()] == ["in.jpg"]


def test_several_sizes_are_made_of_one_reading(tmp_path: Path) -> None:
    wanted = [Wanted(tmp_path / "small.jpg", 200), Wanted(tmp_path / "large.jpg", 900)]
    assert make_pictures(photo(tmp_path / "in.png"), wanted) == (900, 600)
    for one, size in zip(wanted, ((200, 133), (900, 600)), strict=True):
        with Image.open(one.out) as image:
            assert image.size == size
        assert size_of(one.out) == size


def test_the_accent_is_the_colour_that_stands_out(tmp_path: Path) -> None:
    """A small red sign on a wall of grey, with a black shadow and a white sky."""
    image = Image.new("RGB", (400, 400), (128, 126, 122))
    image.paste((255, 255, 255), (0, 0, 400, 120))
    image.paste((4, 4, 4), (0, 320, 400, 400))
    image.paste((190, 40, 35), (150, 150, 250, 250))
    image.save(tmp_path / "in.png")
    found = accent(tmp_path / "in.png")
    assert found is not None
    assert max(abs(a - b) for a, b in zip(found, (190, 40, 35), strict=True)) < 16


@pytest.mark.parametrize("tone", [(0, 0, 0), (255, 255, 255), (120, 118, 121)])
def test_a_grey_cover_has_no_accent(tmp_path: Path, tone: tuple[int, int, int]) -> None:
    Image.new("RGB", (40, 40), tone).save(tmp_path / "in.png")
    assert accent(tmp_path / "in.png") is None


def test_what_is_no_picture_has_no_accent(tmp_path: Path) -> None:
    (tmp_path / "in.jpg").write_bytes(b"just words")
    assert accent(tmp_path / "in.jpg") is None
    assert accent(tmp_path / "nothing.jpg") is None


def test_a_picture_full_of_grain_is_light_all_the_same(tmp_path: Path) -> None:
    Image.effect_noise((900, 900), 40).convert("RGB").save(tmp_path / "in.png")
    light, heavy = Wanted(tmp_path / "light.jpg", 480, 60_000), Wanted(tmp_path / "heavy.jpg", 480, 10_000_000)
    assert make_pictures(tmp_path / "in.png", [light, heavy]) == (480, 480)
    assert light.out.stat().st_size <= light.most_bytes < heavy.out.stat().st_size


def test_what_can_be_no_lighter_is_made_nevertheless(tmp_path: Path) -> None:
    assert make_pictures(photo(tmp_path / "in.png"), [Wanted(tmp_path / "out.jpg", 480, 10)]) == (480, 320)

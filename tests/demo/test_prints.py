"""The twenty prints of the demo: each its own picture, the same every time."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from stall.demo.art import drawing, prints
from stall.demo.first_run import SONGS_COVER
from stall.store import cover, previews
from stall.store.previews import Wanted


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole series, drawn once for all tests here."""
    made = tmp_path_factory.mktemp("prints")
    prints.render(made)
    return made


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.jpg")}


def test_there_are_twenty_prints_and_a_cover_and_no_two_are_alike(folder: Path) -> None:
    found = digests(folder)
    assert len(found) == 21
    assert "cover.jpg" in found
    assert len(set(found.values())) == 21
    assert sorted(found)[:2] == ["01-low-sun.jpg", "02-quarter-turns.jpg"]


def test_every_print_is_a_jpeg_of_poster_shape_worth_downloading(folder: Path) -> None:
    for path in folder.glob("*.jpg"):
        with Image.open(path) as image:
            assert (image.format, image.size) == ("JPEG", (1600, 2000)), path.name
        assert 250_000 < path.stat().st_size < 1_400_000, path.name


def test_every_print_has_many_tones_and_none_is_a_blank_sheet(folder: Path) -> None:
    for path in folder.glob("*.jpg"):
        with Image.open(path) as image:
            small = image.convert("L").reduce(20)
        tones = sorted(small.tobytes())
        assert tones[-1] - tones[0] > 80, path.name


def test_the_same_seed_draws_the_same_bytes_and_another_seed_another_picture(tmp_path: Path) -> None:
    first = prints.render(tmp_path / "a", count=1)
    again = prints.render(tmp_path / "b", count=1)
    other = prints.render(tmp_path / "c", count=1, seed=2)
    assert first[0].read_bytes() == again[0].read_bytes() != other[0].read_bytes()


def test_what_the_demo_shows_first_is_light(folder: Path, tmp_path: Path) -> None:
    """Its covers as an import makes them: with page, style and script (14 kB) at most 150 kB."""
    shown = [("cover.jpg", previews.COVER, previews.COVER_BYTES)]
    for name in ("01-low-sun.jpg", SONGS_COVER):
        drawing.cut_wallpaper(folder / name, tmp_path / name)
        shown.append((str(tmp_path / name), previews.TILE, previews.TILE_BYTES))
    for n, (name, side, most) in enumerate(shown):
        assert cover.make_pictures(folder / name, [Wanted(tmp_path / f"{n}.jpg", side, most)])
    assert sum((tmp_path / f"{n}.jpg").stat().st_size for n in range(3)) <= 150_000 - 14_000


@pytest.mark.parametrize("count", [0, 21])
def test_a_series_of_another_length_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(ValueError, match="has 20 prints"):
        prints.render(tmp_path, count=count)
    assert not any(tmp_path.iterdir())


def test_a_wallpaper_is_a_print_without_its_bare_paper(folder: Path, tmp_path: Path) -> None:
    prints.render_wallpaper(folder / "01-low-sun.jpg", tmp_path / "wallpaper.jpg")
    with Image.open(tmp_path / "wallpaper.jpg") as cut, Image.open(folder / "01-low-sun.jpg") as whole:
        assert cut.size == (1400, 1800)
        ours, theirs = cut.crop((2, 2, 3, 3)).tobytes(), whole.crop((102, 102, 103, 103)).tobytes()
        assert all(abs(a - b) < 12 for a, b in zip(ours, theirs, strict=True))

"""Twenty art prints, each different, drawn when the demo is given no folder of files of its own.

`render` writes them and a cover as JPEG. The same seed draws the same pictures; nothing is downloaded or shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from PIL import Image

from stall.demo.art import figures, landscapes, patterns
from stall.demo.art.canvas import HEIGHT, MARGIN, WIDTH, Sheet, grained, ink, save


class Print(NamedTuple):
    """One of the twenty: the name it is filed under, its paper, its ground, and who draws it."""

    name: str
    paper: str
    ground: str
    draw: Callable[[Sheet], None]


SERIES = (
    Print("low-sun", "f6f0e4", "f7d9a8", landscapes.low_sun),
    Print("quarter-turns", "f4efe3", "f4efe3", patterns.quarter_turns),
    Print("sea-glass", "f3f3ec", "0f2b3d", landscapes.sea_glass),
    Print("seed-head", "f5efe4", "1b1b2f", figures.seed_head),
    Print("hill-country", "f7f2e7", "14424a", landscapes.hill_country),
    Print("two-stones", "f6f1e6", "f6f1e6", patterns.two_stones),
    Print("star-trails", "eef0f2", "0a1030", landscapes.star_trails),
    Print("half-moons", "f2efe4", "f2efe4", patterns.half_moons),
    Print("dune-lines", "f8f1e5", "f9e7cd", landscapes.dune_lines),
    Print("pressed-leaves", "f4f0e2", "efe7d2", figures.pressed_leaves),
    Print("basket-weave", "f5eee0", "3a261c", patterns.basket_weave),
    Print("late-windows", "f4eeea", "2b1b4d", landscapes.late_windows),
    Print("year-rings", "f3ece0", "e9e1cf", figures.year_rings),
    Print("still-waves", "f3f1e8", "12355b", patterns.still_waves),
    Print("paper-peaks", "f4f4ef", "c7dcdc", landscapes.paper_peaks),
    Print("wind-map", "f1efe6", "1f3a4d", figures.wind_map),
    Print("stacked-blocks", "f6f0e6", "2f3e46", patterns.stacked_blocks),
    Print("pebbles", "f5f1e8", "f0ebe0", figures.pebbles),
    Print("open-gates", "f5efe2", "f4ead5", patterns.open_gates),
    Print("slow-pendulum", "f0eee8", "14213d", figures.slow_pendulum),
)


def render(folder: Path, count: int = len(SERIES), seed: int = 1) -> list[Path]:
    """Draw the first `count` prints (1 to 20) and `cover.jpg` into `folder`; give the prints' paths.

    Raises ValueError for another `count`; OSError when the folder cannot be written.
    """
    if not 1 <= count <= len(SERIES):
        raise ValueError(f"the series has {len(SERIES)} prints, not {count}")
    paths = render_some(folder, range(1, count + 1), seed)
    render_cover(folder, paths, seed)
    return paths


def render_some(folder: Path, numbers: Iterable[int], seed: int = 1) -> list[Path]:
    """Draw the prints of these numbers (from 1) without a cover, so that several processes may share the series."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in numbers:
        item = SERIES[number - 1]
        paths.append(folder / f"{number:02d}-{item.name}.jpg")
        save(draw(item, seed), paths[-1])
    return paths


def render_cover(folder: Path, paths: Sequence[Path], seed: int = 1) -> None:
    """Make `cover.jpg` of prints already drawn."""
    small = []
    for path in paths:
        with Image.open(path) as image:
            small.append(_square(image))
    save(_cover(small, seed), folder / "cover.jpg")


def render_wallpaper(whole: Path, out: Path) -> None:
    """Cut the bare paper off a print already drawn, so that it fills a screen."""
    with Image.open(whole) as image:
        save(image.crop((MARGIN, MARGIN, WIDTH - MARGIN, HEIGHT - MARGIN)), out)


def render_details(wholes: Sequence[Path], folder: Path) -> list[Path]:
    """Cut a small piece out of prints already drawn, to be looked at closely by whoever has not bought them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for whole in wholes:
        with Image.open(whole) as image:
            left, top = image.width // 5, image.height // 4
            made.append(folder / f"detail-{whole.stem.split('-', 1)[1]}.jpg")
            save(image.crop((left, top, left + 900, top + 900)), made[-1])
    return made


def draw(item: Print, seed: int) -> Image.Image:
    """Draw one print, 1600 by 2000 pixels."""
    rng = Random(f"{seed} {item.name}")  # noqa: S311 - chance for pictures, not for secrets
    sheet = Sheet(item.paper, item.ground, rng)
    item.draw(sheet)
    return sheet.finish()


def _cover(prints: list[Image.Image], seed: int) -> Image.Image:
    """Set the prints edge to edge, four across, so that the drop is known at the size of a thumb."""
    side = WIDTH // 4
    wall = Image.new("RGB", (WIDTH, HEIGHT), ink("20242b"))
    for place in range(4 * HEIGHT // side):
        row, column = divmod(place, 4)
        wall.paste(prints[place % len(prints)], (column * side, row * side))
    return grained(wall, Random(seed))  # noqa: S311 - chance for pictures, not for secrets


def _square(image: Image.Image) -> Image.Image:
    """Cut the middle of a print, without its margin, to one square of the cover."""
    inner = WIDTH - 2 * MARGIN
    top = (HEIGHT - inner) // 2
    return image.resize((WIDTH // 4, WIDTH // 4), Image.Resampling.BOX, (MARGIN, top, WIDTH - MARGIN, top + inner))

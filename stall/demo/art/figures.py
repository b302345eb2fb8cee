"""Six of the demo's prints: single figures. Each function draws one motif on the sheet it is given."""

from __future__ import annotations

import math

from stall.demo.art.canvas import Ink, Point, Sheet, ink, inks, mix, wave


def seed_head(sheet: Sheet) -> None:
    """A sunflower's seeds, each a golden angle after the last."""
    x, y = sheet.width / 2, sheet.height / 2
    ramp = inks("fff1c9 ffc857 e9724c c5283d 481d24")
    golden = math.pi * (3 - math.sqrt(5))
    for seed in range(1150, 0, -1):
        share = seed / 1150
        reach = 640 * math.sqrt(share)
        place = share * (len(ramp) - 1.001)
        colour = mix(ramp[int(place)], ramp[int(place) + 1], place % 1)
        sheet.disc(x + reach * math.cos(seed * golden), y + reach * math.sin(seed * golden), 5 + 14 * share, colour)


def year_rings(sheet: Sheet) -> None:
    """The cut end of a tree, good years wide, hard years narrow."""
    x, y = sheet.width * 0.48, sheet.height * 0.51
    shape = wave(sheet.rng, 4)
    woods = inks("f0d9b5 d9a566 e8c48d b97a45")
    radius, year = 790.0, 0
    pith = 6
    while radius > pith:
        outline: list[Point] = []
        for step in range(0, 360, 3):
            turn = math.tau * step / 360
            bulge = 0.04 * math.sin(2 * turn + radius / 260) + 0.05 * shape(radius / 2600 + 0.2)
            reach = radius * (1 + bulge + 0.012 * math.sin(5 * turn + radius / 90))
            outline.append((x + reach * math.cos(turn) * 0.8, y + reach * math.sin(turn)))
        bark_or_storm = ink("3b2417") if year == 0 else ink("8a5230")
        sheet.polygon(outline, woods[year % 4] if year % 7 else bark_or_storm)
        radius -= sheet.rng.choice((9, 12, 16, 22, 28)) if year else 34
        year += 1


def wind_map(sheet: Sheet) -> None:
    """Where the air went on one afternoon."""
    swirl, drift = wave(sheet.rng, 3), wave(sheet.rng, 2)
    threads = inks("f7f3e3 ef8354 bfc0c0 4f9d9d f2c14e")
    for _ in range(900):
        x, y = sheet.rng.uniform(-100, sheet.width), sheet.rng.uniform(-50, sheet.height + 50)
        path: list[Point] = [(x, y)]
        for _ in range(sheet.rng.choice((14, 24, 34))):
            angle = 1.5 * swirl(x / 1500 + 0.35 * drift(y / 1900)) + 0.9 * drift(y / 1300)
            x, y = x + 15 * math.cos(angle), y + 15 * math.sin(angle)
            path.append((x, y))
        sheet.line(path, sheet.rng.choice(threads), sheet.rng.choice((1.5, 2.5, 4, 7)))


def pebbles(sheet: Sheet) -> None:
    """As many round stones as fit, the large ones first."""
    colours = inks("e8e4d9 c9b79c 71816d 342a21 da667b f2a65a 5e7c88")
    placed: list[tuple[float, float, float]] = []
    for radius, tries in ((170, 40), (110, 90), (70, 160), (44, 260), (26, 420), (15, 620)):
        for _ in range(tries):
            x = sheet.rng.uniform(radius + 10, sheet.width - radius - 10)
            y = sheet.rng.uniform(radius + 10, sheet.height - radius - 10)
            if all((x - a) ** 2 + (y - b) ** 2 > (radius + r + 7) ** 2 for a, b, r in placed):
                placed.append((x, y, radius))
                _stone(sheet, x, y, radius, sheet.rng.sample(colours, 2))


def _stone(sheet: Sheet, x: float, y: float, radius: float, colours: list[Ink]) -> None:
    sheet.disc(x, y, radius, colours[0])
    match sheet.rng.choice(("split", "rings", "yolk", "plain")):
        case "split":
            sheet.sector(x, y, radius, 45, 225, colours[1])
        case "rings":
            for ring in range(1, 4):
                sheet.ring(x, y, radius * (1 - 0.23 * ring), colours[1], radius * 0.09)
        case "yolk":
            sheet.disc(x, y, radius * 0.42, colours[1])


def slow_pendulum(sheet: Sheet) -> None:
    """What a pen on two pendulums writes until it comes to rest."""
    x, y = sheet.width / 2, sheet.height / 2
    start, end = ink("ff6f59"), ink("43aa8b")
    path: list[Point] = []
    steps = 9000
    for step in range(steps):
        time = step / 30
        fade = math.exp(-time / 190)
        across = math.sin(2 * time + 0.3) + 0.28 * math.sin(5.01 * time + 1.1)
        down = math.sin(3.004 * time + 1.2) + 0.28 * math.cos(2.0 * time)
        path.append((x + 470 * fade * across, y + 610 * fade * down))
    piece = 26
    for at in range(0, steps - piece, piece):
        sheet.line(path[at : at + piece + 1], mix(start, end, at / steps), 2)


def pressed_leaves(sheet: Sheet) -> None:
    """Three stems between two sheets of paper."""
    greens = inks("2d4739 52734d 91b47a c9b458 b4654a")
    for stem, (x, lean) in enumerate(((0.24, 40), (0.52, -30), (0.79, 50))):
        foot, head = sheet.height * 0.95, sheet.height * (0.1 + 0.06 * (stem % 2))
        spine = [(sheet.width * x + lean * math.sin(3 * t / 30), foot + (head - foot) * t / 30) for t in range(31)]
        for joint in range(3, 30, 2):
            at_x, at_y = spine[joint]
            length = 190 * math.sin(math.pi * (joint + 4) / 37) + 30
            for side in (-1, 1):
                _leaf(sheet, at_x, at_y, length, side * 0.95 - math.pi / 2, greens[(stem * 2 + joint // 2 % 2) % 5])
        _leaf(sheet, *spine[-1], 130, -math.pi / 2, greens[stem * 2 % 5])
        sheet.line(spine, ink("2d4739"), 6)


def _leaf(sheet: Sheet, x: float, y: float, length: float, angle: float, fill: Ink) -> None:
    along, out = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    edge = [(step / 16, 0.19 * math.sin(math.pi * (step / 16) ** 0.8)) for step in range(17)]
    outline = [*edge, *((a, -b) for a, b in reversed(edge))]
    sheet.polygon(
        [(x + length * (a * along[0] + b * out[0]), y + length * (a * along[1] + b * out[1])) for a, b in outline],
        fill,
    )
    tip = (x + length * along[0] * 0.9, y + length * along[1] * 0.9)
    sheet.segment((x, y), tip, mix(fill, (255, 250, 230), 0.45), 2.5)

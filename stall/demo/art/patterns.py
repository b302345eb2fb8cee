"""Seven of the demo's prints: repeats. Each function draws one motif on the sheet it is given."""

from __future__ import annotations

import math

from PIL import ImageChops

from stall.demo.art.canvas import Ink, Sheet, ink, inks, mix


def quarter_turns(sheet: Sheet) -> None:
    """Truchet tiles: quarter circles that join into endless bands."""
    cell, band = 100, 36
    deep, warm, bright = inks("14213d c8553d f2b134")
    for row in range(sheet.height // cell):
        for column in range(sheet.width // cell):
            x, y = column * cell, row * cell
            if sheet.chance(0.5):
                ends = ((x, y, 0), (x + cell, y + cell, 180))
            else:
                ends = ((x + cell, y, 90), (x, y + cell, 270))
            fall = row * cell / sheet.height
            colour = bright if sheet.chance(0.05) else mix(deep, warm, fall)
            for corner_x, corner_y, start in ends:
                radius = cell / 2 + band / 2
                sheet.arc(corner_x, corner_y, radius, start, start + 90, colour, band)
                sheet.arc(corner_x, corner_y, radius - band / 3, start, start + 90, sheet.ground, band / 3)


def two_stones(sheet: Sheet) -> None:
    """Rings from two stones in one pond, in two inks that darken where they cross."""
    red, blue = ink("e4572e"), ink("17629f")
    over = (red[0] * blue[0] // 255, red[1] * blue[1] // 255, red[2] * blue[2] // 255)
    plates = []
    for share, tone in ((0.36, 1), (0.64, 2)):  # each ink is one bit, so that crossings add to three
        plate, pen = sheet.plate()
        x, y = 2 * share * sheet.width, 2 * share * sheet.height
        for radius in range(2360, 20, -92):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=tone, width=50)
        plates.append(plate)
    sheet.overlay(ImageChops.add(plates[0], plates[1]), [sheet.ground, red, blue, over])


def basket_weave(sheet: Sheet) -> None:
    """Straw over straw, three warm colours, every crossing with its shadow."""
    warp, weft = inks("e6a95c c9783b 8b3f2b"), inks("f0dcb4 8fa68a 3d5a50")
    cell, straw = 100, 88
    rows, columns = sheet.height // cell, sheet.width // cell
    for row in range(rows):
        for column in range(columns):
            x, y = column * cell, row * cell
            up, across = warp[(column * 2 + column // 3) % 3], weft[(row + row // 2) % 3]
            over = (row + column) % 2 == 0
            _straw(sheet, x, y, cell, straw, across if over else up, not over)
            _straw(sheet, x, y, cell, straw, up if over else across, over)


def _straw(sheet: Sheet, x: float, y: float, cell: int, straw: int, fill: Ink, upright: bool) -> None:
    edge = (cell - straw) / 2
    shade, gleam = mix(fill, (20, 10, 10), 0.28), mix(fill, (255, 250, 235), 0.25)
    long = -edge * 0.6
    for low, high, colour in (
        (edge, cell - edge, shade),
        (edge + 4, cell - edge - 4, fill),
        (cell * 0.30, cell * 0.36, gleam),
        (cell * 0.48, cell * 0.51, gleam),
        (cell * 0.66, cell * 0.72, shade),
    ):
        if upright:
            sheet.box(x + low, y + long, x + high, y + cell - long, colour)
        else:
            sheet.box(x + long, y + low, x + cell - long, y + high, colour)


def half_moons(sheet: Sheet) -> None:
    """Half and quarter discs on a grid, after a Bauhaus carpet."""
    cell = 200
    colours = inks("f2efe4 e63946 1d3557 f1a208 457b9d a8c5b5")
    for row in range(sheet.height // cell):
        for column in range(sheet.width // cell):
            x, y = column * cell, row * cell
            back, front, dot = sheet.rng.sample(colours, 3)
            sheet.box(x, y, x + cell, y + cell, back)
            turn = sheet.rng.randrange(4)
            match sheet.rng.randrange(4):
                case 0:
                    corners = ((x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell))
                    sheet.sector(*corners[turn], cell, 90 * turn, 90 * turn + 90, front)
                    sheet.sector(*corners[turn], cell * 0.5, 90 * turn, 90 * turn + 90, dot)
                case 1:
                    sheet.sector(x + 100, y + 100, 100, 90 * turn, 90 * turn + 180, front)
                case 2:
                    sheet.disc(x + 100, y + 100, 78, front)
                    sheet.disc(x + 100, y + 100, 34, dot)
                case _:
                    corners = ((x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell))
                    sheet.polygon([corners[turn], corners[turn - 1], corners[turn - 2]], front)


def still_waves(sheet: Sheet) -> None:
    """Seigaiha: the sea as overlapping fans."""
    radius = 100
    deep, pale = ink("12355b"), ink("6fb3b8")
    foam, gold = ink("f4f1e6"), ink("e0a23a")
    for row in range(sheet.height // 50 + 4):
        y = row * 50 + 10
        tone = mix(pale, deep, min(1.0, row / 36))
        for column in range(-1, sheet.width // (2 * radius) + 1):
            x = column * 2 * radius + (radius if row % 2 else 0) + radius
            bright = gold if sheet.chance(0.06) else foam
            for ring, size in enumerate((100, 90, 70, 60, 40, 30)):
                sheet.disc(x, y, size, bright if ring % 2 == 0 else tone)
            sheet.disc(x, y, 14, bright)


def stacked_blocks(sheet: Sheet) -> None:
    """A city of cubes seen from the corner."""
    side = 70
    step_x, step_y = side * math.cos(math.pi / 6), side / 2
    tops, flank = inks("f6bd60 f28482 84a59d f5cac3"), ink("2f3e46")
    rows = int(sheet.height / step_y) + 14
    for row in range(-2, rows):
        for column in range(-1, int(sheet.width / (2 * step_x)) + 2):
            x = column * 2 * step_x + (step_x if row % 2 else 0)
            lift = sheet.rng.choice((0, 0, 0.5, 1, 1, 2, 3)) * side
            y = row * step_y - lift
            top = sheet.rng.choice(tops)
            left = [(x - step_x, y), (x, y + step_y), (x, y + step_y + side + lift), (x - step_x, y + side + lift)]
            right = [(x + step_x, y), (x, y + step_y), (x, y + step_y + side + lift), (x + step_x, y + side + lift)]
            sheet.polygon(left, mix(top, flank, 0.35))
            sheet.polygon(right, mix(top, flank, 0.7))
            sheet.polygon([(x, y - step_y), (x + step_x, y), (x, y + step_y), (x - step_x, y)], top)


def open_gates(sheet: Sheet) -> None:
    """Arches within arches, in the colours of old tiles."""
    sets = [inks("7b2d26 d7c9aa 0b7a75 f0f3bd 19535f"), inks("d1495b edae49 00798c 30638e f4ead5")]
    columns, rows = 4, 3
    wide, tall = sheet.width / columns, sheet.height / rows
    for row in range(rows):
        for column in range(columns):
            colours = sets[(row + column) % 2]
            shift = sheet.rng.randrange(5)
            sheet.box(column * wide, row * tall, (column + 1) * wide, (row + 1) * tall, colours[shift])
            x, foot = (column + 0.5) * wide, (row + 1) * tall
            for ring in range(6):
                radius = wide / 2 * (0.94 - 0.155 * ring)
                colour = colours[(shift + 1 + ring) % 5]
                spring = foot - tall * 0.56 + ring * 8
                sheet.sector(x, spring, radius, 180, 360, colour)
                sheet.box(x - radius, spring, x + radius, foot, colour)

"""Seven of the demo's prints: places. Each function draws one motif on the sheet it is given."""

from __future__ import annotations

import math

from stall.demo.art.canvas import Ink, Point, Sheet, ink, inks, mix, wave


def low_sun(sheet: Sheet) -> None:
    """A red sun behind seven ridges that grow paler with distance."""
    sky = inks("f7d9a8 f4b183 e9806e")
    sheet.fade(0, sheet.height * 0.62, sky)
    sheet.disc(sheet.width * 0.63, sheet.height * 0.36, 235, ink("d8432f"))
    far, near = ink("e39a86"), ink("1d2436")
    for ridge in range(7):
        depth = ridge / 6
        base = sheet.height * (0.42 + 0.085 * ridge)
        _ridge(sheet, base, 60 + 40 * depth, mix(far, near, depth**0.8))


def _ridge(sheet: Sheet, base: float, swing: float, fill: Ink) -> None:
    curve = wave(sheet.rng, 6)
    top = [(x, base + swing * curve(x / sheet.width)) for x in range(0, sheet.width + 8, 8)]
    sheet.polygon([*top, (sheet.width, sheet.height), (0, sheet.height)], fill)


def sea_glass(sheet: Sheet) -> None:
    """A white moon and its broken path on a green sea."""
    horizon = sheet.height * 0.44
    sheet.fade(0, horizon, inks("0f2b3d 1e5360 6fa69a"))
    sheet.fade(horizon, sheet.height, inks("2f7f83 155063 0b2436"))
    moon = sheet.width * 0.5
    sheet.disc(moon, horizon * 0.52, 190, ink("f8f1dc"))
    rows = 58
    for row in range(rows):
        share = row / rows
        y = horizon + (sheet.height - horizon) * share**1.25 + 6
        spread = 110 + 420 * share
        for _ in range(5 + row // 7):
            x = sheet.rng.gauss(moon, spread * 0.55)
            half = sheet.rng.uniform(18, 60) * (0.5 + 1.2 * share)
            thick = 2.5 + 7 * share
            light = mix(ink("f8f1dc"), ink("8fc9b6"), min(1.0, abs(x - moon) / (spread + 60)))
            sheet.polygon([(x - half, y), (x, y - thick), (x + half, y), (x, y + thick)], light)


def star_trails(sheet: Sheet) -> None:
    """A night of stars turning over a forest."""
    sheet.fade(0, sheet.height, inks("0a1030 142152 2b4a86 7a9bc4"))
    x, y = sheet.width * 0.42, sheet.height * 0.46
    tints = inks("fff4d2 ffd9a0 cfe3ff ffffff a9c4f5")
    for radius in range(14, 1560, 11):
        for _ in range(1 + radius // 210):
            start = sheet.rng.uniform(0, 360)
            turn = sheet.rng.uniform(18, 52)
            trail = [math.radians(start + turn * step / 14) for step in range(15)]
            path = [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in trail]
            sheet.line(path, sheet.rng.choice(tints), sheet.rng.choice((1, 1.5, 2, 3)))
    for depth, shade in enumerate(inks("1b2d55 0c1631")):
        _forest(sheet, sheet.height * (0.86 + 0.07 * depth), 120 + 50 * depth, shade)


def _forest(sheet: Sheet, ground: float, tall: float, fill: Ink) -> None:
    sheet.box(0, ground, sheet.width, sheet.height, fill)
    x = -40.0
    while x < sheet.width + 40:
        height = tall * sheet.rng.uniform(0.6, 1.7)
        half = height * 0.2
        for tier in range(4):
            top = ground - height + height * 0.2 * tier
            reach = half * (0.45 + 0.25 * tier)
            sheet.polygon([(x, top), (x - reach, top + height * 0.4), (x + reach, top + height * 0.4)], fill)
        x += half * sheet.rng.uniform(0.9, 2.1)


def dune_lines(sheet: Sheet) -> None:
    """Sand in thirty-eight lines, each hiding what lies behind it."""
    sand, dusk = ink("f3dfc1"), ink("b6532f")
    lines = 38
    crest = wave(sheet.rng, 3)
    for row in range(lines):
        share = row / lines
        base = sheet.height * (0.2 + 0.86 * share)
        curve, fine = wave(sheet.rng, 3), wave(sheet.rng, 9)
        top: list[Point] = []
        for step in range(0, sheet.width + 10, 10):
            x = step / sheet.width
            bell = math.exp(-(((x - 0.5 - 0.16 * crest(share * 0.8)) / 0.23) ** 2))
            lift = 235 * bell * (0.6 + 0.4 * curve(x)) + 9 * fine(x)
            top.append((step, base - lift))
        fill = mix(sand, dusk, share**1.3)
        below = base + 70  # the next line's sand begins above that
        sheet.polygon([*top, (sheet.width, below), (0, below)], fill)
        sheet.line(top, mix(ink("8a5a41"), ink("4a1f14"), share), 3)


def late_windows(sheet: Sheet) -> None:
    """A town after dark, where somebody is still up."""
    sheet.fade(0, sheet.height, inks("2b1b4d 6b2d6b d2607a f6a97b"))
    sheet.disc(sheet.width * 0.26, sheet.height * 0.2, 120, ink("fbe8c8"))
    for layer, shade in enumerate(inks("7a3a73 4a2560 251642")):
        x = -20.0
        while x < sheet.width:
            width = sheet.rng.choice((90, 120, 150, 190))
            top = sheet.height * (0.30 + 0.16 * layer) + sheet.rng.uniform(-30, 330)
            sheet.box(x, top, x + width, sheet.height, shade)
            if sheet.chance(0.35):
                sheet.polygon([(x, top), (x + width / 2, top - width * 0.5), (x + width, top)], shade)
            _windows(sheet, x, top, width, mix(shade, ink("ffd98a"), 0.45 + 0.275 * layer))
            x += width + sheet.rng.choice((0, 0, 14, 30))


def _windows(sheet: Sheet, left: float, top: float, width: float, light: Ink) -> None:
    columns = int(width // 34)
    gap = width / columns
    for row in range(int((sheet.height - top) // 46)):
        for column in range(columns):
            if sheet.chance(0.42):
                x, y = left + gap * (column + 0.5), top + 26 + 46 * row
                sheet.box(x - 7, y, x + 7, y + 22, light)


def paper_peaks(sheet: Sheet) -> None:
    """Mountains folded out of triangles."""
    sheet.fade(0, sheet.height, inks("e9f0ee c7dcdc 9fc0c6"))
    lit = inks("f3efe6 d9c7b2 7f9aa3 49707f 23475a")
    for layer, (bright, dark) in enumerate(zip(lit, [*lit[1:], ink("0f2a3b")], strict=True)):
        base = sheet.height * (0.36 + 0.155 * layer)
        x = -200.0
        while x < sheet.width + 200:
            half, tall = sheet.rng.uniform(150, 300), sheet.rng.uniform(150, 380)
            peak = (x + sheet.rng.uniform(-50, 50), base - tall)
            foot = (x + sheet.rng.uniform(-60, 90), base + 90)
            sheet.polygon([peak, (x - half, base + 90), foot], bright)
            sheet.polygon([peak, foot, (x + half, base + 90)], mix(bright, dark, 0.75))
            x += half * 0.8
        sheet.box(0, base + 88, sheet.width, sheet.height, mix(bright, dark, 0.5))


def hill_country(sheet: Sheet) -> None:
    """Fields seen from above: every height its own colour, every step a line."""
    bands = inks("14424a 1f6a64 4f9a72 9cbf74 e3d58a f1b568 e07f4e b8483c")
    line = ink("fbf3dd")  # every half band
    table = []
    for level in range(256):
        place = max(0.0, min(0.999, (level - 40) / 176)) * len(bands)
        table.append(line if place * 20 % 10 < 1 else bands[int(place)])
    sheet.overlay(sheet.relief(6), table)

"""QR codes as SVG draw exactly the modules of the code."""

from __future__ import annotations

import re
import subprocess
import sys

from qrcode import constants
from qrcode.main import QRCode

from stall.web import qr

TEXT = "HTTP://192.168.4.1:8000/T/7ZZZZZZZZZZZZZZZZZZZZZZZZZ"


def drawn(svg: str) -> tuple[int, set[tuple[int, int]]]:
    """The side in modules, and the dark ones."""
    box = re.search(r'viewBox="0 0 (\d+) \1"', svg)
    assert box
    dark = {
        (int(x) + step, int(y))
        for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg.split('fill="#000"')[1])
        for step in range(int(run))
    }
    return int(box[1]), dark


def test_the_drawing_is_the_code() -> None:
    code = QRCode(error_correction=constants.ERROR_CORRECT_M, border=4)
    code.add_data(TEXT)
    matrix = code.get_matrix()
    side, dark = drawn(str(qr.svg(TEXT)))
    assert side == len(matrix)
    assert dark == {(x, y) for y, row in enumerate(matrix) for x, cell in enumerate(row) if cell}


def test_four_light_modules_surround_it() -> None:
    side, dark = drawn(str(qr.svg(TEXT, "M")))
    assert {min(x for x, _ in dark), min(y for _, y in dark)} == {4}
    assert {max(x for x, _ in dark), max(y for _, y in dark)} == {side - 5}


def test_a_claim_in_capitals_needs_fewer_modules() -> None:
    assert drawn(str(qr.svg(TEXT)))[0] < drawn(str(qr.svg(TEXT.lower())))[0]


def test_its_label_is_text_not_markup() -> None:
    assert "&lt;b&gt;" in str(qr.svg("A", label="<b>"))


def test_a_code_is_drawn_without_the_imaging_library() -> None:
    code = "import sys; from stall.web import qr; qr.svg('A'); sys.exit('PIL' in sys.modules or 'qrcode' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

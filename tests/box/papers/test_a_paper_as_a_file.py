"""Certificates and receipts drawn: the signed paper is in them as it was, a phone reads the code, and equal sheets are equal bytes."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zxingcpp
from PIL import Image

from stall.box.papers import certificate, drawing, receipt
from stall.box.papers.pens import LARGEST_CODE, squares
from stall.domain.papersheet import CertificateSheet, Form, Row, Sheet
from stall.errors import Refused
from stall.wire import inside
from tests.box.papers.ruler import Ruler
from tests.fakes import sheets

DRAWN: list[tuple[Sheet, Form]] = [(sheets.CERTIFICATE, "pdf"), (sheets.CERTIFICATE, "png"), (sheets.RECEIPT, "pdf")]
GONE = replace(sheets.CERTIFICATE, counts=False, proves="", tone="bad", mark="cross", head="No longer valid")
COPY = replace(sheets.CERTIFICATE, number="", of="", mark="ok", head="Valid and final")
LONG = replace(sheets.RECEIPT, rows=tuple(Row(f"Postcard {n}", (), "€1.20") for n in range(40)))


@cache
def drawn(sheet: Sheet, form: Form) -> bytes:
    """Drawn once for all tests."""
    return drawing.draw(sheet, form)


def read_codes(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


def rendered(pdf: bytes, dots_to_the_inch: int = 110) -> list[Image.Image]:
    """The pages of a PDF, by another program."""
    with TemporaryDirectory() as folder:
        command = ["pdftoppm", "-gray", "-r", str(dots_to_the_inch), "-", f"{folder}/page"]
        subprocess.run(command, input=pdf, check=True, timeout=30)
        return [Image.open(io.BytesIO(one.read_bytes())) for one in sorted(Path(folder).iterdir())]


@pytest.mark.parametrize(("sheet", "form"), DRAWN)
def test_the_signed_paper_is_inside_as_it_was_signed(sheet: Sheet, form: Form) -> None:
    assert inside.papers(drawn(sheet, form)) == [sheet.inside.text.encode()]


@pytest.mark.parametrize(("sheet", "form"), DRAWN)
def test_equal_sheets_are_equal_bytes(sheet: Sheet, form: Form) -> None:
    assert drawing.draw(sheet, form) == drawn(sheet, form)


def test_a_receipt_is_no_picture() -> None:
    with pytest.raises(Refused, match="PDF only"):
        drawing.draw(sheets.RECEIPT, "png")


def test_a_picture_is_as_large_as_phones_share_and_small_in_bytes() -> None:
    data = drawn(sheets.CERTIFICATE, "png")
    assert Image.open(io.BytesIO(data)).size == certificate.PICTURE
    assert len(data) < 200_000


@pytest.mark.parametrize("sheet", [sheets.CERTIFICATE, GONE, COPY], ids=["numbered", "gone", "copy"])
def test_a_phone_reads_the_code_of_a_picture_as_it_is_and_half_as_large(sheet: CertificateSheet) -> None:
    picture = Image.open(io.BytesIO(drawn(sheet, "png"))).convert("L")
    assert read_codes(picture) == [sheets.HOLDS]
    assert read_codes(picture.resize((540, 675), Image.Resampling.BILINEAR)) == [sheets.HOLDS]


@pytest.mark.poppler
@pytest.mark.parametrize("sheet", [sheets.CERTIFICATE, sheets.RECEIPT, LONG], ids=["numbered", "receipt", "long"])  # fmt: skip
def test_a_phone_reads_the_code_of_a_pdf(sheet: Sheet) -> None:
    pages = rendered(drawn(sheet, "pdf"))
    assert [code for page in pages for code in read_codes(page)] == [sheet.code.holds]
    assert (len(pages) > 1) == (sheet is LONG)


def test_the_code_stays_small_enough_for_paper() -> None:
    side = 17 + 4 * LARGEST_CODE + 8
    assert len(squares(sheets.HOLDS)) <= side
    assert len(squares("http://" + "x" * 127)) <= side


def test_a_receipt_is_on_pages_of_a5() -> None:
    pdf = drawn(LONG, "pdf")
    assert len(re.findall(rb"/Type /Page\b(?!s)", pdf)) == len(receipt.pages(LONG)) > 1
    assert len(re.findall(rb"/MediaBox \[0 0 419\.5\d 595\.28\]", pdf)) >= 1


def test_every_page_of_a_receipt_says_which_it_is() -> None:
    stages = receipt.pages(LONG)
    for n, stage in enumerate(stages, 1):
        ruler = Ruler()
        stage.replay(ruler)
        assert LONG.page.format(page=n, pages=len(stages)) in [text for _, _, text in ruler.wide]


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.7", b"%PDF-1.7 /Type /EmbeddedFile", inside.PNG, inside.PNG + b"\xff" * 40, b"%PDF-1 1 0 obj\n<</Length 99999999\n/Type /EmbeddedFile\n>>\nstream\nx"],
)  # fmt: skip
def test_broken_files_hold_nothing(data: bytes) -> None:
    assert inside.papers(data) == []


def test_a_chunk_that_was_damaged_holds_nothing() -> None:
    data = drawn(sheets.CERTIFICATE, "png")
    assert inside.papers(data.replace("größe".encode(), "grösse".encode()[:7])) == []

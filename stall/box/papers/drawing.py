"""A sheet as a file: a PDF, or for a certificate also a picture. The same sheet gives the same bytes."""

from __future__ import annotations

from stall.box.papers import certificate, receipt
from stall.domain.papersheet import CertificateSheet, Form, Sheet
from stall.errors import Refused


def draw(sheet: Sheet, form: Form) -> bytes:
    """Draw it. Raises Refused `papers-no-picture` where a receipt is wanted as picture."""
    if isinstance(sheet, CertificateSheet):
        return _certificate_pdf(sheet) if form == "pdf" else _certificate_png(sheet)
    if form == "png":
        raise Refused("papers-no-picture", "A receipt is drawn as PDF only. Ask for the PDF.")
    from stall.box.papers.pdf_pen import PdfPen  # noqa: PLC0415 - half a second of the library, not for pictures

    first, *others = receipt.pages(sheet)
    pen = PdfPen(f"{sheet.kind}, {sheet.stall}", sheet.lang, sheet.at_s, receipt.SIZE)
    first.replay(pen)
    for page in others:
        pen.page()
        page.replay(pen)
    pen.attach(sheet.inside)
    return pen.made()


def _certificate_pdf(sheet: CertificateSheet) -> bytes:
    from stall.box.papers.pdf_pen import PdfPen  # noqa: PLC0415 - as above

    title = f"{sheet.title}, {sheet.no} {sheet.number}" if sheet.number else sheet.title
    pen = PdfPen(title, sheet.lang, sheet.at_s)
    certificate.a4(sheet).replay(pen)
    pen.attach(sheet.inside)
    return pen.made()


def _certificate_png(sheet: CertificateSheet) -> bytes:
    from stall.box.papers.png_pen import PngPen  # noqa: PLC0415 - not for PDFs

    pen = PngPen(certificate.PICTURE)
    certificate.picture(sheet).replay(pen)
    return pen.made(sheet.inside)

"""A page that shows a maker whether the printer is set up right: letters, alphabets, width, code."""

from __future__ import annotations

from stall.box.printer.paper import Cut, Document, Heading, Qr, Row, Rule, Text
from stall.settings import Printer, Settings


def document(settings: Settings, printer: Printer) -> Document:
    """What the test page says of itself, and what to do where it looks wrong."""
    return (
        Heading(settings.name),
        Text("Test page of the receipt printer", centred=True),
        Rule(),
        Row("Paper", f"{printer.width_mm} mm"),
        Row("Letters", printer.code_page),
        Row("Drawer", "yes" if printer.drawer else "no"),
        Row("Every receipt", "printed" if printer.auto else "when asked for"),
        Rule(),
        Text("This line runs to the edge, and the amounts below stand there:"),
        Row("Äpfel, Öl, Müsli, süß", "€4.50"),
        Row("Café, garçon, señor", "€12.00"),
        Text(
            "Where signs above are wrong, the printer has another code_page: see its own test page, or set it to raster."
        ),
        Rule(),
        Text("Drawn by the box:"),
        Text("Łódź · Ελλάδα · Привет · שלום"),
        Text("日本語 中文 한국어"),
        Rule(),
        Text("Scan this with a phone:", centred=True),
        Qr(settings.web.address.upper()),
        Text(settings.web.address, centred=True),
        Cut(),
    )

"""What is drawn of a sale, as answers: the ZIP of all papers, and one PDF or picture. Loaded with the first of them.

Nothing is drawn here and nobody waits long: a process beside draws (stall.web.drawing), and what is not ready goes out later.
"""

from __future__ import annotations

import io
import zipfile

from flask import Response

from stall.domain.papersheet import Form
from stall.errors import Retry
from stall.i18n import letters
from stall.store import claims, sales, worth
from stall.store.box import Box
from stall.web import ids, language
from stall.web.buyer import paper_files, paper_pages, paper_sheets
from stall.web.buyer.paper_files import Wanted
from stall.web.drawing import Drawing
from stall.web.files import disposition
from stall.web.guard import Tries

#: How long a ZIP waits for what is not drawn, and somebody who asked for one paper; the first leaves it out (s).
ZIP_WAITS_S, ONE_WAITS_S = 5.0, 10.0
AGAIN_S = 5.0
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)


def papers_zip(box: Box, grant: claims.Grant, drawing: Drawing | None, tries: Tries) -> Response:
    """The buyer's papers as one small ZIP, made in memory: nothing in it is larger than a page or a picture of one.

    What is not drawn within a moment is left out, and README.txt says so.
    """
    lang, sale = language.current(), sales.get(box.db.read(), grant.sale)
    papers = paper_files.of_sale(box, sale)
    wanted = paper_files.wanted(box, papers.receipt, papers.certificates, lang)
    drawn = {} if drawing is None else drawing.get(wanted, ZIP_WAITS_S, tries.press)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name, data in paper_files.whole(box, papers, drawn, len(wanted), lang):
            made.writestr(zipfile.ZipInfo(name, _ZIP_DAY), data)
    answer = Response(out.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = disposition("papers.zip")
    return answer


def certificate(box: Box, name: str, form: Form, drawing: Drawing | None, tries: Tries) -> Response:
    """A certificate as PDF or picture. Raises Refused `page-unknown`, Retry `paper-not-drawn`."""
    uuid = ids.certificate_uuid(name)
    held = worth.find(box.db.read(), uuid)
    if held is None:
        raise ids.unknown_page()
    file, sheet = paper_sheets.certificate_sheet(box, held, uuid, letters.settable(language.current()))
    return _drawn(Wanted(f"{file}.{form}", sheet, form), drawing, tries)


def receipt(box: Box, jti: str, drawing: Drawing | None, tries: Tries) -> Response:
    """A receipt as PDF. Raises Refused `page-unknown`, Retry `paper-not-drawn`."""
    found = paper_pages.find_receipt(box, jti)
    sheet = paper_sheets.receipt_sheet(box, found, letters.settable(language.current()))
    return _drawn(Wanted("receipt.pdf", sheet, "pdf"), drawing, tries)


def draw_ahead(box: Box, sale: int, lang: str, drawing: Drawing) -> None:
    """Have all papers of a sale drawn that are not, so that they are there when somebody wants them. On the thread of `drawing`."""
    conn = box.db.read()
    found = paper_files.find_signed(box, sales.get(conn, sale).receipt_event or 0)
    names = paper_sheets.certificates_of(box, sale)[: paper_files.MOST_DRAWN]
    certificates = {uuid: held for uuid in names if (held := worth.find(conn, uuid)) is not None}
    drawing.draw(paper_files.wanted(box, found, certificates, lang))


def _drawn(wanted: Wanted, drawing: Drawing | None, tries: Tries) -> Response:
    found = {} if drawing is None else drawing.get([wanted], ONE_WAITS_S, tries.press)
    if wanted.name not in found:
        raise Retry(
            "paper-not-drawn",
            "This paper is still being drawn. Wait a moment and open it again; what is signed is there already.",
            AGAIN_S,
        )
    answer = Response(found[wanted.name], mimetype="application/pdf" if wanted.form == "pdf" else "image/png")
    answer.headers["Content-Disposition"] = disposition(wanted.name, inline=True)
    return answer

"""The Z-report on a roll: every section and number of the report itself, on both widths, and COPY when it is printed again."""

from __future__ import annotations

import pytest

from stall.box.printer import escpos, z_paper
from stall.box.printer.escpos import Ability
from stall.domain import zlayout
from stall.domain.zlayout import Head
from stall.store import shifts
from tests.box.printing import paper_reader
from tests.fakes.stock import Stocked
from tests.flows import busy_day


@pytest.mark.parametrize("width_mm", [58, 80])
def test_every_cell_of_the_report_is_on_the_paper(stall: Stocked, width_mm: int) -> None:
    busy_day.live_through(stall)
    conn, box = stall.box.db.read(), stall.box
    document = z_paper.document(conn, box.secrets, box.settings, 1, copy=0)
    out = paper_reader.read(escpos.encode(document, Ability(width_mm)), width_mm)
    words = "".join("".join(out.words).split())
    report = shifts.report_of(conn, shifts.get(conn, 1))
    head = Head(box.settings.seller, box.settings.name, box.settings.place, box.secrets.signing.thumbprint[:12], "")
    cells = 0
    for section in zlayout.sections(report, head):
        assert "".join(section.title.split()) in words
        for row in section.rows:
            assert "".join(row.label.split()) in words, row
            for cell in row.cells:
                said = zlayout.words(cell, report.cur)
                bare = said.replace("€", "") if section.name == "vat" else said
                assert "".join(bare.split()) in words, (section.name, row.label, said)
                cells += 1
    assert cells > 60
    assert out.bands == []
    assert out.cuts == 1
    assert "COPY" not in words


def test_printed_again_it_bears_copy(stall: Stocked) -> None:
    busy_day.live_through(stall)
    box = stall.box
    document = z_paper.document(box.db.read(), box.secrets, box.settings, 1, copy=2)
    words = " ".join(paper_reader.read(escpos.encode(document, Ability())).words)
    assert "COPY" in words
    assert "Copy 2 of a paper printed before." in " ".join(words.split())

"""`stall report z` shows a Z-report in every form, the newest unless another is named."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from stall import app
from stall.flows import take_cash
from stall.flows.fill_basket import Wish, fill_basket
from tests.commands.conftest import Run
from tests.fakes import stock
from tests.flows import closing


@pytest.fixture
def closed(data: Path) -> Path:
    """A data folder with two closed shifts, the first with a sale."""
    box = app.open_box(data)
    closing.put_float(box, 2000)
    with box.db.transaction() as tx:
        take_cash.take_cash(tx, fill_basket(tx, [Wish(stock.PRINTS)], origin="till", vat_bp=1900), 1, 450)
    closing.count(box, {2000: 1, 200: 2, 50: 1})
    closing.close(box, counted=True)
    closing.close(box)
    box.close()
    return data


def test_it_is_shown_for_a_person(run: Run, closed: Path) -> None:
    shown = run("report", "z", 1, "--data", closed)
    assert shown.code == 0
    assert "Z-report 1, closed" in shown.out
    assert "Counted €24.50, just what it should hold." in shown.out
    assert "Z-report 2, closed" in run("report", "z", "--data", closed).out


def test_json_csv_receipts_and_pdf_have_the_same_numbers(run: Run, closed: Path, tmp_path: Path) -> None:
    told = json.loads(run("report", "z", 1, "--json", "--data", closed).out)
    assert (told["ok"], told["report"]["drawer"]["counted"]) == (True, 2450)
    rows = list(csv.reader(io.StringIO(run("report", "z", 1, "--csv", "--data", closed).out)))
    assert ["drawer", "Counted", "", "24.50", "EUR"] in rows
    lines = list(csv.DictReader(io.StringIO(run("report", "z", 1, "--receipts", "--data", closed).out)))
    assert [line["gross"] for line in lines] == ["4.50"]
    assert run("report", "z", 1, "--pdf", tmp_path / "z.pdf", "--data", closed).code == 0
    assert (tmp_path / "z.pdf").read_bytes().startswith(b"%PDF-1.")


def test_what_cannot_be_is_told(run: Run, data: Path) -> None:
    assert "closed yet" in run("report", "z", "--data", data).err
    assert "one form at a time" in run("report", "z", "--csv", "--json", "--data", data).err

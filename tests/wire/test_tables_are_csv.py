"""Tables as CSV: quoted as RFC 4180 wants it, numbers exact, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.wire import table
from stall.wire.table import OFFICE, PLAIN, Number

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=4), min_size=1, max_size=5))
def test_another_reader_finds_the_same_cells(rows: list[list[str]]) -> None:
    for dialect, separator in ((PLAIN, ","), (OFFICE, ";")):
        written = table.write(rows, dialect).removeprefix("\ufeff")
        read = list(csv.reader(io.StringIO(written, newline=""), delimiter=separator))
        assert [[cell.removeprefix("'") for cell in row] for row in read] == [
            [cell.removeprefix("'") for cell in row] for row in rows
        ]


@pytest.mark.parametrize(
    ("number", "plain", "office"),
    [
        (Number(1234, 2), "12.34", "12,34"),
        (Number(-5, 2), "-0.05", "-0,05"),
        (Number(0, 2), "0.00", "0,00"),
        (Number(-120, 0), "-120", "-120"),
        (Number(10**9, 2), "10000000.00", "10000000,00"),
    ],
)
def test_numbers_are_written_from_their_smallest_unit(number: Number, plain: str, office: str) -> None:
    assert table.write([[number]], PLAIN) == f"{plain}\r\n"
    assert table.write([[number]], OFFICE) == f"\ufeff{office}\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+49 40 1", "-2", "@SUM(A1)", "\tx"])
def test_what_looks_like_a_formula_is_text(text: str) -> None:
    assert table.write([[text]]).startswith(f"'{text}")


def test_quotes_and_separators_are_quoted() -> None:
    assert table.write([['He said "no"', "a,b", "a;b", None, 3]]) == '"He said ""no""","a,b",a;b,,3\r\n'

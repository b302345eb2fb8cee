"""The Z-report of a closed shift on paper: the same sections and numbers as its page, one under the other. It computes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from stall.box.printer import words
from stall.box.printer.paper import ROLLS, Block, Cut, Document, Heading, Mark, Row, Rule, Table, Text
from stall.domain import money, zlayout
from stall.domain.zlayout import Cell, Head, Money, Section
from stall.domain.zties import Standing, Tie, ties
from stall.settings import Settings
from stall.store import people, shifts
from stall.store.secrets import BoxSecrets

_STANDINGS = {Standing.OK: "ties", Standing.GAP: "LOOK", Standing.LATER: "later"}


def document(conn: sqlite3.Connection, own: BoxSecrets, settings: Settings, shift: int, *, copy: int) -> Document:
    """The paper of a shift's report; `copy` counts the reprints. Raises Refused `z-unknown`; Broken `z-unreadable`."""
    closed = shifts.get(conn, shift)
    report = shifts.report_of(conn, closed)
    # The signed note over it is for machines: the page and the files have it.
    by = "" if report.by is None else people.called(conn, report.by)
    head = Head(settings.seller, settings.name, settings.place, own.signing.thumbprint[:12], "", by)
    return (
        *([Mark(words.COPY)] if copy else []),
        Heading(f"Z-report {closed.no}"),
        Rule(),
        *(block for tie in ties(report) for block in _tie(tie, report.cur)),
        *(block for section in zlayout.sections(report, head) for block in _section(section, report.cur)),
        Rule(),
        *([Text(f"Copy {copy} of a paper printed before.")] if copy else []),
        Cut(),
    )


def _tie(tie: Tie, cur: str) -> Iterator[Block]:
    amount = "" if tie.minor is None else money.text(tie.minor, cur)
    yield Row(f"{tie.title}: {_STANDINGS[tie.standing]}", amount, bold=tie.standing is Standing.GAP)
    if tie.standing is Standing.GAP:
        yield Text(f"  {tie.sentence}")


def _section(section: Section, cur: str) -> Iterator[Block]:
    yield Rule()
    yield Text(section.title, bold=True)
    if not section.columns:
        for row in section.rows:
            yield from _fact(row.label, zlayout.words(row.cells[0], cur), bold=row.total)
        return
    if section.name == "vat":
        rows = tuple((row.label, *(_number(cell, cur) for cell in row.cells)) for row in section.rows)
        yield Table(("", *section.columns), rows)
        return
    for row in section.rows:  # on a roll a wide table stands row by row: what it is of, then its cells by name
        yield Text(row.label, bold=row.total)
        for name, cell in zip(section.columns, row.cells, strict=True):
            if cell not in {None, ""}:
                yield from _fact(f"  {name}", zlayout.words(cell, cur))


def _fact(name: str, value: str, *, bold: bool = False) -> Iterator[Block]:
    """A name and its value beside it; one that is wider than the paper stands under it."""
    if len(value) <= ROLLS[58].columns:
        yield Row(name, value, bold=bold)
        return
    yield Text(name, bold=bold)
    yield Text(f"  {value}")


def _number(cell: Cell, cur: str) -> str:
    """An amount without its currency, which the total above says."""
    return money.decimal(cell.minor, cur) if isinstance(cell, Money) else zlayout.words(cell, cur)

"""A Z-report adds up in itself, says of each of the five numbers whether it ties, and reads back as it was written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.domain import zbody, zlayout, zreport, zties
from stall.domain.zreport import (
    AtRisk,
    CardSum,
    DayEnd,
    Drawer,
    Edition,
    Move,
    OpenPayment,
    Owed,
    Period,
    Place,
    Rate,
    Receipts,
    TenderSum,
    Vouchers,
    ZReport,
)
from stall.domain.zties import Standing
from stall.errors import Refused

PERIOD = Period(Place("a" * 22, 7), Place("a" * 22, 90), 1_790_000_000_000, None, 1_790_040_000_000, "r" * 43)
NOTE = "stall.example/box/abc/def\n91\nROOT=\n\n— stall.example/box/abc/def SIGNED=\n"
HEAD = zlayout.Head("Somebody", "Stall", "Market", "b" * 43, NOTE, "Robin")


def a_day(**other: object) -> ZReport:
    """A day with a bit of everything, on which everything ties."""
    report = ZReport(
        no=3,
        cur="EUR",
        period=PERIOD,
        drawer=Drawer(5000, 1990, -500, 1000, -2000, 5490, blind=True, counts=2, pieces=((5000, 1), (200, 2), (10, 9))),
        moves=(Move(1, "float", 5000, ""), Move(2, "in", 1000, "change"), Move(3, "out", -2000, "supplies")),
        tenders=(
            TenderSum("cash", 1990, -500, 2, 1),
            TenderSum("card", 2500, 0, 1, 0),
            TenderSum("card_stored", 900, 0, 1, 0),
            TenderSum("voucher", 300, 0, 1, 0),
        ),
        vat=(Rate(700, 933, 65), Rate(1900, 2092, 398)),
        tips=200,
        rounding=2,
        vouchers=Vouchers(1500, -300, 1200),
        discounts=150,
        receipts=Receipts(5, 1, 0, 0, 1, 0, Place("a" * 22, 9), Place("a" * 22, 88)),
        at_risk=AtRisk(1, 900, 1_790_000_000_000),
        editions=(Edition("drop-a", 3, 1, "1-2,5", 10, 3, 1, 0, 6), Edition("drop-b", 2, 0, "")),
        day_ends=(DayEnd(1_790_030_000_000, "12345678", 3400, 2, 3400, 2, 0),),
        software="0.1.0",
    )
    return replace(report, **other)  # type: ignore[arg-type]  # whatever a test wants other


def standings(report: ZReport) -> list[Standing]:
    return [tie.standing for tie in zties.ties(report)]


def test_a_day_that_ties_has_two_numbers_that_only_wait() -> None:
    zreport.check(a_day())
    assert standings(a_day()) == [Standing.OK, Standing.OK, Standing.OK, Standing.LATER, Standing.LATER]


def test_a_day_that_gave_back_more_on_cards_than_it_took_owes_the_provider() -> None:
    tenders = (TenderSum("card", 450, -500, 1, 1),)
    said = zties.ties(a_day(tenders=tenders))[3]
    assert (said.standing, said.minor) == (Standing.LATER, -50)
    assert "€0.50 and fees are due to the card provider" in said.sentence
    assert "owes" not in said.sentence


def test_a_day_without_anything_ties() -> None:
    nothing = ZReport(1, "EUR", PERIOD, Drawer())
    zreport.check(nothing)
    assert standings(nothing) == [Standing.OK] * 5


@pytest.mark.parametrize(
    ("place", "other"),
    [
        (0, {"open": (OpenPayment(4, 3, "unknown", 500),)}),
        (0, {"unfinished_in_all": 500}),
        (1, {"drawer": replace(a_day().drawer, counted=5400, pieces=())}),
        (1, {"drawer": replace(a_day().drawer, counted=None, pieces=())}),
        (2, {"day_ends": (replace(a_day().day_ends[0], theirs=3401),)}),
        (2, {"since": CardSum(100, 1, 0)}),
        (2, {"day_ends": (), "since": CardSum(3400, 2, 0)}),
    ],
)
def test_each_gap_is_told_at_its_number(place: int, other: dict[str, object]) -> None:
    found = standings(a_day(**other))
    assert found[place] is Standing.GAP
    assert found[:place] + found[place + 1 : 3] == [Standing.OK] * 2


def test_over_and_short_are_told_with_their_amount() -> None:
    drawer = a_day().drawer
    short = zties.ties(a_day(drawer=replace(drawer, counted=5400, pieces=())))[1].sentence
    over = zties.ties(a_day(drawer=replace(drawer, counted=5500, pieces=())))[1].sentence
    assert "€0.90 less than the €54.90" in short
    assert "€0.10 more than the €54.90" in over


@pytest.mark.parametrize(
    "wrong",
    [
        {"tips": 201},
        {"rounding": 0},
        {"unfinished": 1},
        {"vat": (Rate(1900, 2092, 398),)},
        {"drawer": replace(a_day().drawer, sales=1991)},
        {"drawer": replace(a_day().drawer, pieces=((5000, 1),))},
        {"vouchers": Vouchers(1500, -200, 1300)},
        {"moves": ()},
        {"editions": (Edition("drop-a", 3, 1, "1-3", 10, 3, 1, 0, 5),)},
    ],
)
def test_a_report_whose_sums_differ_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Refused, match="do not add up"):
        zreport.check(a_day(**wrong))


def test_what_differs_outside_the_report_refuses_nothing() -> None:
    zreport.check(a_day(drawer=replace(a_day().drawer, counted=0, pieces=()), since=CardSum(700, 2, 1), exceptions=4))


AMOUNTS = st.integers(-(10**9), 10**9)


@given(
    st.booleans(), st.lists(st.tuples(st.integers(1, 50_000), st.integers(0, 500)), unique_by=lambda p: p[0]), AMOUNTS
)
def test_the_body_reads_back_as_the_same_report(known: bool, pieces: list[tuple[int, int]], minor: int) -> None:
    drawer = Drawer(minor, 1, -2, 3, -4, minor if known else None, known, 1, tuple(sorted(pieces, reverse=True)))
    report = a_day(
        drawer=drawer, unsent=5 if known else None, queued=Owed(2, minor), open=(OpenPayment(1, 2, "sent", minor),),
        period=replace(PERIOD, opened_ms=6 if known else None),
    )  # fmt: skip
    assert zbody.read(zbody.body(report)) == report


def test_every_amount_of_the_body_is_laid_out() -> None:
    report = a_day(queued=Owed(1, 777), unsent=12, open=(OpenPayment(1, 2, "sent", 666),), since=CardSum(555, 1, 0))
    shown = {
        cell.minor
        for section in zlayout.sections(report, HEAD)
        for row in section.rows
        for cell in row.cells
        if isinstance(cell, zlayout.Money)
    }
    told = {
        5000,
        1990,
        -500,
        1000,
        -2000,
        5490,
        2500,
        900,
        300,
        933,
        65,
        2092,
        398,
        200,
        2,
        1500,
        -300,
        1200,
        150,
        3400,
    }
    assert told | {777, 666, 555} <= shown


def test_the_layout_keeps_the_order_a_bookkeeper_expects() -> None:
    report = a_day(exceptions=1, unsent=1)
    assert [section.name for section in zlayout.sections(report, HEAD)] == [
        "head", "exceptions", "vat", "tenders", "drawer", "moves", "pieces", "receipts", "terminal", "at_risk", "liabilities",
        "editions", "fees", "rest", "signature",
    ]  # fmt: skip
    assert all(
        len(row.cells) == max(1, len(section.columns))
        for section in zlayout.sections(report, HEAD)
        for row in section.rows
    )


@pytest.mark.parametrize(
    ("rate_bp", "said"), [(0, "0 %"), (700, "7 %"), (550, "5.5 %"), (1925, "19.25 %"), (2000, "20 %")]
)
def test_rates_are_written_as_people_do(rate_bp: int, said: str) -> None:
    assert zlayout.rate(rate_bp) == said

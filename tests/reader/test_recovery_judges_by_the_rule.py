"""What counts as paid after an unknown outcome: each condition of the rule, alone, decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stall.domain.payment import State
from stall.reader.recovery import Finding, judge, said_otherwise, weigh
from stall.reader.told import DayTotal
from stall.reader.zvt.telling import told_of
from stall.store.attempts import Attempt
from stall.wire.readers.zvt_status import StatusInformation, parse_status

TID = "29001006"


NOTHING = parse_status(b"")
OURS = replace(
    NOTHING,
    result=0,
    amount_minor=450,
    currency="EUR",
    tid=TID,
    receipt_no=42,
    trace=22,
    online="online",
    complete=True,
)
#: The transaction the terminal told of before the attempt.
BEFORE = replace(OURS, receipt_no=41, trace=21, amount_minor=999, time="101500", date="1128")


def attempt(receipt_no: int | None = None, baseline: int | None = 41) -> Attempt:
    return Attempt(
        no=1, sale=1, ordinal=1, kind="pay", of=None, tender="card", reader=1, state=State.UNKNOWN, settlement=None, amount_minor=450,
        cur="EUR", given_minor=None, offline=None, decided_by=None, reason=None, boot_id="b", requested_boottime_ms=0, requested_ms=0,
        ended_ms=None, cancel_wanted=0, display="", tid=None, receipt_no=receipt_no, trace=None,
        baseline_tid=None if baseline is None else TID, baseline_receipt=baseline, baseline_mark=told_of(BEFORE).mark,
    )  # fmt: skip


def found(
    info: StatusInformation | None,
    of: Attempt | None = None,
    *,
    self_reversing: bool = False,
    undone: int | None = None,
) -> Finding:
    told = None if info is None else told_of(info)
    return judge(of or attempt(), told, reverses_by_itself=self_reversing, undone_trace=undone)


def test_ours_with_the_next_receipt_number_is_paid() -> None:
    assert found(OURS) is Finding.PAID
    assert found(replace(OURS, currency=None)) is Finding.PAID


@pytest.mark.parametrize(
    "differs",
    [
        {"amount_minor": 451},
        {"currency": "CHF"},
        {"tid": "29001007"},
        {"result": 0x6C},
        {"receipt_no": 43},
        {"receipt_no": 40},
        {"complete": False},
        {"receipt_no": None},
        {"tid": None},
    ],
)
def test_whatever_differs_leaves_it_to_a_person(differs: dict[str, object]) -> None:
    assert found(replace(OURS, **differs)) is Finding.UNCLEAR  # type: ignore[arg-type]  # one field at a time
    assert found(None) is Finding.UNCLEAR


def test_the_baselines_own_receipt_means_no_payment_happened() -> None:
    assert found(BEFORE) is Finding.NOT_FOUND


@pytest.mark.parametrize("differs", [{"trace": 99}, {"amount_minor": 450}, {"time": "101501"}, {"original_trace": 5}])
def test_another_transaction_with_the_baselines_number_is_for_a_person(differs: dict[str, object]) -> None:
    """Receipt numbers begin anew, on some terminals every day."""
    assert found(replace(BEFORE, **differs)) is Finding.UNCLEAR  # type: ignore[arg-type]  # one field at a time
    assert found(BEFORE, replace(attempt(), baseline_mark=None)) is Finding.UNCLEAR


def test_a_journaled_receipt_number_is_the_one_to_find() -> None:
    assert found(OURS, attempt(receipt_no=42, baseline=None)) is Finding.UNCLEAR  # nobody knows whose terminal it was
    known = replace(attempt(receipt_no=42, baseline=None), tid=TID)
    assert found(OURS, known) is Finding.PAID
    assert found(replace(OURS, receipt_no=43), known) is Finding.UNCLEAR


def test_without_a_baseline_nothing_is_concluded() -> None:
    assert found(OURS, attempt(baseline=None)) is Finding.UNCLEAR


def test_a_reversal_of_ours_was_taken_back() -> None:
    assert found(replace(OURS, original_trace=22)) is Finding.REVERSED
    assert found(replace(OURS, original_trace=22, amount_minor=1)) is Finding.UNCLEAR


def test_a_terminal_that_may_reverse_by_itself_never_proves_a_payment_alone() -> None:
    assert found(OURS, self_reversing=True) is Finding.STANDS_ALONE
    assert found(BEFORE, self_reversing=True) is Finding.NOT_FOUND
    assert found(replace(OURS, original_trace=22), self_reversing=True) is Finding.REVERSED


@pytest.mark.parametrize(
    ("total", "says"),
    [
        (1450, Finding.PAID),
        (1000, Finding.REVERSED),
        (1449, Finding.UNCLEAR),
        (0, Finding.UNCLEAR),
        (None, Finding.UNCLEAR),
    ],
)
def test_its_totals_say_whether_a_payment_is_among_them(total: int | None, says: Finding) -> None:
    told = None if total is None else DayTotal(total, "EUR")
    assert weigh(attempt(), told, (TID, 1000)) is says
    assert weigh(attempt(), DayTotal(1450, "CHF"), (TID, 1000)) is Finding.UNCLEAR


def test_totals_of_another_terminal_or_with_nothing_to_compare_are_for_a_person() -> None:
    assert weigh(attempt(), DayTotal(1450, "EUR", tid=TID), (TID, 1000)) is Finding.PAID
    assert weigh(attempt(), DayTotal(1450, "EUR", tid="29009999"), (TID, 1000)) is Finding.UNCLEAR
    assert weigh(attempt(), DayTotal(450, "EUR", tid=TID), None) is Finding.UNCLEAR


def test_a_payment_given_back_is_missing_from_its_totals() -> None:
    for kind in ("reverse", "refund"):
        back = replace(attempt(), kind=kind)
        assert weigh(back, DayTotal(550, None), (TID, 1000)) is Finding.PAID
        assert weigh(back, DayTotal(1000, None), (TID, 1000)) is Finding.NOT_FOUND


def test_a_reversal_is_found_by_the_original_it_names_and_a_refund_by_naming_none() -> None:
    reverse, refund = replace(attempt(), kind="reverse"), replace(attempt(), kind="refund")
    taken_back = replace(OURS, original_trace=22)
    assert (found(taken_back, reverse, undone=22), found(OURS, reverse, undone=22)) == (Finding.PAID, Finding.UNCLEAR)
    assert (found(OURS, refund), found(taken_back, refund)) == (Finding.PAID, Finding.UNCLEAR)
    assert found(BEFORE, reverse) is Finding.NOT_FOUND
    assert found(replace(taken_back, receipt_no=41), reverse) is Finding.UNCLEAR


@pytest.mark.parametrize("undone", [21, None])
def test_a_reversal_that_names_another_payment_may_have_been_taken_back_itself(undone: int | None) -> None:
    reverse = replace(attempt(), kind="reverse")
    assert found(replace(OURS, original_trace=22), reverse, undone=undone) is Finding.UNCLEAR


@pytest.mark.parametrize("after", [0, 1])
def test_receipt_numbers_wrap(after: int) -> None:
    assert found(replace(OURS, receipt_no=after), attempt(baseline=9999)) is Finding.PAID


@pytest.mark.parametrize(
    ("kind", "state", "words"),
    [
        ("pay", State.PAID, "did not take €4.50 for sale 1. Look at its slips; if so, that money is missing."),
        ("pay", State.DECLINED, "took €4.50 for sale 1. Look at its slips; if so, give the money back."),
        (
            "refund",
            State.PAID,
            "did not give €4.50 of sale 1 back. Look at its slips; if so, the buyer still has to get it.",
        ),
        (
            "refund",
            State.DECLINED,
            "gave €4.50 of sale 1 back. Look at its slips; if so, do not give it back again.",
        ),
    ],
)
def test_a_late_answer_against_a_decision_is_told_in_the_words_of_its_kind(kind: str, state: State, words: str) -> None:
    assert said_otherwise(replace(attempt(), kind=kind, state=state)).endswith(words)

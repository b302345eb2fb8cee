"""A card on a reader the box cannot ask: numbers held before the money, one event after it, and the receipt says who confirmed."""

from __future__ import annotations

import json

import pytest

from stall.cloud import judge
from stall.creator import journals
from stall.domain import books
from stall.domain.payment import State, Tender
from stall.errors import Refused
from stall.flows import take_card
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.hold_numbers import HOLD_MS, release_lapsed
from stall.flows.switch_drop import close_drop
from stall.flows.take_confirmed import hold_for_reader, read_reference, take_confirmed
from stall.store import attempts, journal, reconciliation, sales
from stall.store.audit import audit
from stall.wire import event
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling
from tests.flows.test_exports_are_checked_by_anybody import exported


def hold(stall: Stocked, sale: int) -> int:
    with stall.box.db.transaction() as tx:
        return hold_for_reader(tx, sale)


def confirm(stall: Stocked, sale: int, ordinal: int = 1, reference: str = "") -> int:
    with stall.box.db.transaction() as tx:
        return take_confirmed(tx, sale, ordinal, reference, "maker")


def refusal(stall: Stocked, sale: int, ordinal: int = 1, reference: str = "") -> str:
    with pytest.raises(Refused) as refused:
        confirm(stall, sale, ordinal, reference)
    return refused.value.code


def part(stall: Stocked, sale: int, minor: int) -> None:
    """Money that was taken for a part of a sale, as a terminal leaves it that takes less than was asked."""
    attempt = selling.ask(stall, sale)
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE attempts SET amount_minor = ? WHERE no = ?", (minor, attempt))
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(minor))
    selling.pay(stall, attempt)


def verified(stall: Stocked) -> list[str]:
    return audit(stall.box.db.read(), stall.box.secrets.signing.public).findings


def test_one_event_bears_the_payment_and_a_receipt_that_says_who_confirmed_it(stall: Stocked) -> None:
    sale = selling.basket(stall, PRINTS, ZINE)
    before = len(selling.events(stall))
    assert hold(stall, sale) == 750
    assert len(selling.events(stall)) == before  # nothing happened yet that anybody must know of
    attempt = confirm(stall, sale, reference=" #TAB4C7KZ2M ")
    told = selling.events(stall)[before:]
    assert [each.kind for each in told] == ["sale"]
    body = {name: value for name, value in told[0].body.items() if name != "receipt"}
    assert body == {
        "attempt": attempt, "sale": sale, "ordinal": 1, "kind": "pay", "tender": "operator", "state": "paid",
        "minor": 750, "cur": "EUR", "decided_by": "maker", "ref": "TAB4C7KZ2M",
    }  # fmt: skip
    signed = selling.receipt_of(stall, sale)
    assert [(pay.m, pay.st, pay.minor, pay.ref) for pay in signed.pay] == [("operator", "confirmed", 750, "TAB4C7KZ2M")]
    assert [item.ed for item in signed.items] == [1, None]
    assert attempts.get(stall.box.db.read(), attempt).reference == "TAB4C7KZ2M"
    assert verified(stall) == []


def test_a_second_press_returns_the_first_answer_whatever_it_says(stall: Stocked) -> None:
    sale = selling.basket(stall)
    first = confirm(stall, sale, reference="A1")
    assert confirm(stall, sale, reference="B2") == first
    assert confirm(stall, sale, reference="no reference at all") == first
    assert len(selling.events(stall, "sale")) == 1
    assert refusal(stall, sale, ordinal=2) == "sale-paid"


def test_without_a_reference_the_receipt_has_none(stall: Stocked) -> None:
    sale = selling.basket(stall, ZINE)
    confirm(stall, sale, reference="  ")
    assert selling.receipt_of(stall, sale).pay[0].ref is None
    assert "ref" not in selling.events(stall, "sale")[0].body
    assert verified(stall) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("", None), (" # ", None), ("x7Yd", "x7Yd"), ("#x7Yd", "x7Yd"), ("a.b_c:d-9", "a.b_c:d-9"), ("Z" * 40, "Z" * 40),
     ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"), ("123456789012", "123456789012")],
)  # fmt: skip
def test_a_reference_is_one_word_of_a_readers_papers(typed: str, kept: str | None) -> None:
    assert read_reference(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Z" * 41, "reference-malformed"), ("slip 42", "reference-malformed"), ("Größe", "reference-malformed"),
     ("a\nb", "reference-malformed"), ("<b>", "reference-malformed"), ("٤٢", "reference-malformed"),
     ("4111111111111111", "reference-card-number"), ("4111-1111-1111-1111", "reference-card-number"),
     ("3782-822463-10005", "reference-card-number"), ("no.1234567890123", "reference-card-number")],
)  # fmt: skip
def test_another_text_or_the_number_of_a_card_is_refused_and_nothing_sold(
    stall: Stocked, typed: str, code: str
) -> None:
    sale = selling.basket(stall)
    assert refusal(stall, sale, reference=typed) == code
    assert sales.get(stall.box.db.read(), sale).state == "basket"


def test_numbers_are_held_while_the_reader_takes_the_money_and_lapse_when_nothing_comes_of_it(stall: Stocked) -> None:
    sale = selling.basket(stall)
    hold(stall, sale)
    assert (selling.left(stall), selling.numbers(stall, sale)) == (4, [1])
    assert verified(stall) == []
    other = selling.basket(stall)
    selling.cash(stall, other)
    assert selling.numbers(stall, other) == [2]
    stall.clock.advance(HOLD_MS - 1)
    hold(stall, sale)  # looked at again: held anew
    stall.clock.advance(HOLD_MS - 1)
    with stall.box.db.transaction() as tx:
        assert release_lapsed(tx) == 0
    confirm(stall, sale)
    assert selling.numbers(stall, sale) == [1]

    late = selling.basket(stall)
    hold(stall, late)
    stall.clock.advance(HOLD_MS)
    with stall.box.db.transaction() as tx:
        assert release_lapsed(tx) == 1
    assert selling.left(stall) == 3
    confirm(stall, late)  # still one left, so the money need not go back
    assert selling.numbers(stall, late) == [3]
    assert verified(stall) == []


def test_confirming_what_is_gone_meanwhile_records_nothing(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        sale = fill_basket(tx, [Wish(PRINTS, 1, ed=3)], origin="till", vat_bp=1900)
    hold(stall, sale)
    stall.clock.advance(HOLD_MS)
    with stall.box.db.transaction() as tx:
        other = fill_basket(tx, [Wish(PRINTS, 1, ed=3)], origin="till", vat_bp=1900)
    selling.cash(stall, other)
    assert refusal(stall, sale) == "edition-number-taken"
    for _ in range(4):
        selling.cash(stall, selling.basket(stall))
    with pytest.raises(Refused, match="taken"):
        hold(stall, sale)
    assert attempts.of_sale(stall.box.db.read(), sale) == []
    assert verified(stall) == []


def test_a_drop_that_closes_while_the_reader_has_the_card_is_still_sold(stall: Stocked) -> None:
    held, idle = selling.basket(stall), selling.basket(stall)
    hold(stall, held)
    with stall.box.db.transaction() as tx:
        close_drop(tx, PRINTS)
    assert refusal(stall, idle) == "drop-not-open"
    confirm(stall, held)
    assert selling.numbers(stall, held) == [1]
    assert verified(stall) == []


def test_only_the_rest_is_due_of_what_is_paid_in_part(stall: Stocked) -> None:
    sale = selling.basket(stall)
    part(stall, sale, 200)
    assert hold(stall, sale) == 250
    confirm(stall, sale, ordinal=2, reference="A1")
    assert [(pay.m, pay.minor, pay.ref) for pay in selling.receipt_of(stall, sale).pay] == [
        ("card", 200, "29001006-0042-000022"),
        ("operator", 250, "A1"),
    ]
    assert verified(stall) == []


def test_a_payment_in_between_is_not_taken_for_this_one(stall: Stocked) -> None:
    paid, declined = selling.basket(stall, ZINE), selling.basket(stall, ZINE)
    hold(stall, paid)
    selling.cash(stall, paid)
    assert refusal(stall, paid) == "payment-between"
    hold(stall, declined)
    with stall.box.db.transaction() as tx:
        take_card.cancel_card(tx, take_card.ask_card(tx, declined, 1, reader=1))
    assert refusal(stall, declined) == "payment-between"
    assert confirm(stall, declined, ordinal=2)


def test_a_card_in_the_terminal_bars_the_other_reader(stall: Stocked) -> None:
    sale = selling.basket(stall, ZINE)
    selling.send(stall, selling.ask(stall, sale))
    with pytest.raises(Refused) as refused:
        hold(stall, sale)
    assert refused.value.code == "payment-open"
    assert refusal(stall, sale, ordinal=2) == "payment-open"
    assert refusal(stall, selling.basket(stall, SAMPLER)) == "nothing-due"


def test_the_creators_cap_on_a_card_counts_here_too(stall: Stocked) -> None:
    sale = selling.basket(stall, PRINTS, *[ZINE] * 16)
    with pytest.raises(Refused) as refused:
        hold(stall, sale)
    assert (refused.value.code, refusal(stall, sale)) == ("card-cap", "card-cap")
    assert selling.left(stall) == 5
    selling.cash(stall, sale)


def test_a_reference_altered_afterwards_is_found(stall: Stocked) -> None:
    confirm(stall, selling.basket(stall, ZINE), reference="TAB4C7KZ2M")
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE attempts SET reference = 'OTHER'")
    assert verified(stall) == ["Payment 1: ref is TAB4C7KZ2M in the journal and OTHER in the table."]


def test_who_reads_the_journal_elsewhere_counts_it_by_its_own_name(stall: Stocked) -> None:
    confirm(stall, selling.basket(stall, PRINTS, ZINE), reference="TAB4C7KZ2M")
    selling.cash(stall, selling.basket(stall, ZINE))
    lines = [json.dumps(line).encode() + b"\n" for line in exported(stall.box)]
    assert journals.check(lines, None).books.money == {("operator", "EUR"): 750, ("cash", "EUR"): 300}
    own = stall.box.secrets.signing
    for seq, data in journal.all_events(stall.box.db.read(), 1):
        read = judge.judge(data, seq, own.thumbprint, own.public, event.decode(data).epoch)
        assert (read.verdict, read.reason) == (judge.Verdict.ACCEPTED, None)


def test_the_day_keeps_it_apart_from_what_the_terminal_took(stall: Stocked) -> None:
    selling.card(stall, selling.basket(stall))
    confirm(stall, selling.basket(stall, ZINE))
    own = stall.box.secrets.signing
    read = reconciliation.read_books(stall.box.db.read(), {own.thumbprint: own.public}, "EUR", cloud=False)
    assert [(row.tender, row.minor) for row in read.receipts] == [("card", 450), ("operator", 300)]
    assert (read.since_minor, read.since_count) == (450, 1)
    ties = {check.name: check.ok for check in books.checks(read)}
    assert ties == {"receipts": True, "terminal": False, "open": True, "exceptions": True}
    row = attempts.of_sale(stall.box.db.read(), 2)[0]
    assert (row.tender, row.state, row.decided_by) == (Tender.OPERATOR, State.PAID, "maker")

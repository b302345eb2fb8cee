"""Takes done together leave what they leave one after the other, and each buyer hears what it would have heard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stall import app
from stall.errors import Refused, StallError
from stall.flows.switch_drop import close_drop
from stall.flows.take_free import take_free, take_free_together
from stall.store import presses
from stall.store.audit import audit
from stall.store.box import Box
from stall.wire import b64, event, receipt
from tests.bench import stand

DROP, VAT_BP, EDITION = stand.limited(0), 1900, 7


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    stand.make(tmp_path / "box", 2, EDITION)
    opened = app.open_box(tmp_path / "box")
    yield opened
    opened.close()


def keys(count: int) -> list[bytes]:
    return [presses.new_key() for _ in range(count)]


def together(box: Box, pressed: list[bytes], drop: str = DROP) -> list[int | StallError]:
    return box.write("claim", lambda tx: take_free_together(tx, drop, pressed, VAT_BP))


def sales_of(answers: list[int | StallError]) -> list[int]:
    return [answer for answer in answers if isinstance(answer, int)]


def editions(box: Box, sales: list[int]) -> list[int]:
    rows = [box.db.read().execute("SELECT ed FROM lines WHERE id = ?", (sale << 8,)).fetchone() for sale in sales]
    return [row[0] for row in rows]


def test_each_gets_a_sale_and_a_number_of_its_own_in_order(box: Box) -> None:
    sales = sales_of(together(box, keys(4)))
    assert sales == list(range(sales[0], sales[0] + 4))
    assert editions(box, sales) == [1, 2, 3, 4]
    assert audit(box.db.read(), box.secrets.signing.public).ok


def test_every_receipt_says_its_own_number_event_and_code(box: Box) -> None:
    sales = sales_of(together(box, keys(3)))
    own = box.secrets.signing
    rows = [
        box.db.read().execute("SELECT e.id, e.bytes, c.digest FROM sales s JOIN events e ON e.id = s.receipt_event"
        " JOIN claims c ON c.id = (s.no << 8) + 1 WHERE s.no = ?", (sale,)).fetchone()
        for sale in sales
    ]  # fmt: skip

    for sale, ed, (number, data, digest) in zip(sales, editions(box, sales), rows, strict=True):
        entry = event.decode(data)
        signed = receipt.verify(entry.body["receipt"], {own.thumbprint: own.public})
        assert (entry.body["sale"], signed.items[0].ed, signed.seq) == (sale, ed, number & ((1 << 40) - 1))
        assert signed.code == b64.encode(digest)
    assert len({row[2] for row in rows}) == len(rows)


def test_the_same_press_is_one_sale_in_a_batch_and_after_it(box: Box) -> None:
    one, other = keys(2)
    first = sales_of(together(box, [one, other, one]))
    assert first[0] == first[2] != first[1]
    assert together(box, [other, one]) == [first[1], first[0]]
    assert box.write("claim", lambda tx: take_free(tx, DROP, one, VAT_BP)) == first[0]


def test_the_last_numbers_go_to_the_first_and_the_rest_hear_that_it_is_sold_out(box: Box) -> None:
    pressed = keys(EDITION + 3)
    answers = together(box, pressed)
    assert editions(box, sales_of(answers)) == list(range(1, EDITION + 1))
    assert [getattr(answer, "code", None) for answer in answers] == [None] * EDITION + ["drop-sold-out"] * 3
    assert together(box, pressed)[:EDITION] == answers[:EDITION]  # and a press after it was sold out finds its sale
    assert audit(box.db.read(), box.secrets.signing.public).ok


def test_whoever_had_a_sale_keeps_it_when_the_drop_is_closed(box: Box) -> None:
    (had,) = pressed = keys(1)
    (sale,) = together(box, pressed)
    box.write("payment", lambda tx: close_drop(tx, DROP))
    again, refused = together(box, [had, *keys(1)])
    assert again == sale
    assert isinstance(refused, Refused)
    assert refused.code == "drop-not-open"


def test_what_costs_something_is_refused_to_all(box: Box) -> None:
    assert {getattr(answer, "code", None) for answer in together(box, keys(3), stand.ZINE)} == {"drop-not-free"}


def test_an_unknown_drop_is_refused_to_all(box: Box) -> None:
    assert {getattr(answer, "code", None) for answer in together(box, keys(3), "nothing-here")} == {"drop-unknown"}


def test_a_malformed_press_is_refused(box: Box) -> None:
    with pytest.raises(Refused) as refusal:
        together(box, [b"short"])
    assert refusal.value.code == "press-malformed"

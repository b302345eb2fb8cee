"""A return handed out by the card terminal over the real line: once, whatever breaks, and both sets of books tell the same."""

from __future__ import annotations

import pytest

from stall.domain.payment import Kind, Reason, State
from stall.errors import Refused
from stall.flows import card_attempt, give_back, pay_back
from stall.flows.begin_return import begin_return
from stall.store import sales
from stall.store.audit import audit
from tests.fakes.stock import PRINTS, ZINE
from tests.flows import selling
from tests.reader.scene import Scene


def two_sold(scene: Scene) -> int:
    """A print and a zine by one card payment; the sale."""
    sale = selling.basket(scene.stall, PRINTS, ZINE)
    assert scene.ended(selling.ask(scene.stall, sale)).state is State.PAID
    return sale


def ask_part(scene: Scene, sale: int, ordinal: int = 1, back: int | None = None) -> tuple[int, int]:
    """Ask the terminal for the money of the zine; the return and its attempt."""
    with scene.box.db.transaction() as tx:
        made = begin_return(tx, sale, {1: 1}) if back is None else back
        return made, give_back.ask_part_back(tx, made, 1, ordinal, Kind.REFUND, "maker")


def refunds(scene: Scene) -> list[int]:
    return [each.amount for each in scene.ledger.entries() if each.kind == "refund"]


def sound(scene: Scene) -> None:
    assert audit(scene.box.db.read(), scene.box.secrets.signing.public).findings == []


def test_one_line_of_a_card_sale_is_refunded_and_the_rest_stays(scene: Scene) -> None:
    scene.start_worker()
    back, asked = ask_part(scene, two_sold(scene))
    assert scene.ended(asked).state is State.PAID
    assert sales.get(scene.box.db.read(), back).state == "paid"
    assert refunds(scene) == [300]
    sound(scene)


def test_a_refund_cut_off_before_it_was_sent_is_asked_about_and_begun_anew_by_a_person_only(scene: Scene) -> None:
    scene.start_worker()
    sale = two_sold(scene)
    scene.stop_worker()
    back, asked = ask_part(scene, sale)
    selling.send(scene.stall, asked)  # the process died right after this: nobody can know whether a byte left
    scene.start_worker()
    assert scene.ended(asked).state is State.DECLINED
    assert refunds(scene) == []
    assert sales.get(scene.box.db.read(), back).state == "basket"
    _, again = ask_part(scene, sale, 2, back)
    assert scene.ended(again).state is State.PAID
    assert refunds(scene) == [300]
    sound(scene)


def test_while_nobody_knows_no_cash_goes_out_and_a_person_who_saw_the_slip_ends_it(scene: Scene) -> None:
    scene.start_worker()
    sale = two_sold(scene)
    scene.stop_worker()
    back, asked = ask_part(scene, sale)
    selling.send(scene.stall, asked)
    with scene.box.db.transaction() as tx:
        card_attempt.doubt(tx, asked, Reason.READER_LOST)
    with pytest.raises(Refused, match="payment-unknown"), scene.box.db.transaction() as tx:
        pay_back.pay_back_cash(tx, back, 2, "maker")
    with pytest.raises(Refused, match="return-running"), scene.box.db.transaction() as tx:
        begin_return(tx, sale, {1: 1})
    with scene.box.db.transaction() as tx:
        card_attempt.decide(tx, asked, "paid", "maker", "slip 0044 at the terminal")
    assert sales.get(scene.box.db.read(), back).state == "paid"
    sound(scene)

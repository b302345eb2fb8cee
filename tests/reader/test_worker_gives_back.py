"""The worker gives a card payment back: over the real line, never twice, and both sets of books tell the same."""

from __future__ import annotations

from stall.domain.payment import Kind, State
from stall.flows import card_attempt, give_back
from stall.store import readers
from tests.flows import selling
from tests.reader.scene import Scene, booked


def paid(scene: Scene) -> int:
    return scene.ended(selling.ask(scene.stall, selling.basket(scene.stall))).no


def ask_back(scene: Scene, of: int, kind: Kind = Kind.REVERSE, ordinal: int = 2) -> int:
    with scene.box.db.transaction() as tx:
        return give_back.ask_back(tx, of, ordinal, kind, "maker")


def test_the_till_is_told_what_the_terminal_can_do(scene: Scene) -> None:
    scene.start_worker()
    found = readers.find(scene.box.db.read(), 1)
    assert found is not None
    scene.until(lambda: "reverse" in (readers.find(scene.box.db.read(), 1) or found).can)
    assert (readers.find(scene.box.db.read(), 1) or found).can == {
        "reverse",
        "refund",
        "day_end",
        "diagnosis",
        "print_again",
    }


def test_a_payment_of_the_open_day_is_reversed_with_its_receipt_number(scene: Scene) -> None:
    scene.start_worker()
    first, second = paid(scene), paid(scene)
    back = scene.ended(ask_back(scene, first))
    assert (back.state, back.of) == (State.PAID, first)
    assert booked(scene.ledger)[0] == 1
    assert scene.attempt(second).state is State.PAID
    scene.books_agree()


def test_the_next_payment_after_a_reversal_is_recognised(scene: Scene) -> None:
    """The baseline moved with the reversal: else the next unclear payment would be judged by an old number."""
    scene.start_worker()
    back = scene.ended(ask_back(scene, paid(scene)))
    scene.until(lambda: scene.link() == "ready")
    known = readers.baseline(scene.box.db.read(), 1)
    assert known is not None
    assert (known.tid, known.receipt_no) == (back.tid, back.receipt_no)


def test_what_was_taken_back_on_the_terminal_itself_is_for_a_person(scene: Scene) -> None:
    scene.start_worker()
    first = paid(scene)
    entry = next(each for each in scene.ledger.entries() if each.receipt == scene.attempt(first).receipt_no)
    scene.ledger.finish_reversal(entry, scene.ledger.begin_reversal(entry))
    back = ask_back(scene, first)
    scene.until(lambda: scene.attempt(back).state is State.UNKNOWN)
    with scene.box.db.transaction() as tx:
        card_attempt.decide(tx, back, "paid", "maker", "slip of the terminal")
    scene.books_agree()


def test_a_reversal_cut_off_by_a_restart_is_asked_about_and_not_sent_again(scene: Scene) -> None:
    scene.start_worker()
    first = paid(scene)
    scene.stop_worker()
    back = ask_back(scene, first)
    selling.send(scene.stall, back)  # the process died right after this: nothing was sent, and nobody can know
    scene.start_worker()
    assert (scene.ended(back).state, scene.attempt(back).reason) == (State.DECLINED, "not_found")
    assert booked(scene.ledger)[0] == 1
    scene.books_agree()
    assert scene.ended(ask_back(scene, first, ordinal=3)).state is State.PAID
    scene.books_agree()


def test_a_reversal_the_terminal_did_and_nobody_heard_is_found_by_asking(scene: Scene) -> None:
    scene.start_worker()
    first = paid(scene)
    scene.stop_worker()
    back = ask_back(scene, first)
    selling.send(scene.stall, back)
    entry = next(each for each in scene.ledger.entries() if each.receipt == scene.attempt(first).receipt_no)
    scene.ledger.finish_reversal(entry, scene.ledger.begin_reversal(entry))
    scene.start_worker()
    assert scene.ended(back).state is State.PAID
    assert booked(scene.ledger)[0] == 0
    scene.books_agree()


def test_a_refund_after_the_day_end_is_booked_once(scene: Scene) -> None:
    scene.start_worker()
    first = paid(scene)
    with scene.box.db.transaction() as tx:
        job = readers.ask_job(tx, 1, "day_end")
    scene.until(lambda: (readers.job(scene.box.db.read(), job) or ("",))[0] == "done")
    back = scene.ended(ask_back(scene, first, Kind.REFUND))
    assert back.state is State.PAID
    assert [each.amount for each in scene.ledger.entries() if each.kind == "refund"] == [450]


def test_a_diagnosis_is_asked_for_and_answered(scene: Scene) -> None:
    scene.start_worker()
    with scene.box.db.transaction() as tx:
        job = readers.ask_job(tx, 1, "diagnosis")
    scene.until(lambda: (readers.job(scene.box.db.read(), job) or ("",))[0] == "done")


def test_a_terminal_that_wants_its_day_closed_can_be_told_to_and_then_sells(scene: Scene) -> None:
    scene.ledger.day_end_required = True
    scene.start_worker(stands="busy")
    found = readers.find(scene.box.db.read(), 1)
    assert found is not None
    assert found.display == "The terminal wants its day closed."
    with scene.box.db.transaction() as tx:
        job = readers.ask_job(tx, 1, "day_end")
    scene.until(lambda: (readers.job(scene.box.db.read(), job) or ("",))[0] == "done")
    paid(scene)
    scene.books_agree()


def test_the_last_slip_is_printed_again_when_asked_for(scene: Scene) -> None:
    scene.start_worker()
    paid(scene)
    with scene.box.db.transaction() as tx:
        job = readers.ask_job(tx, 1, "print_again")
    scene.until(lambda: (readers.job(scene.box.db.read(), job) or ("",))[0] == "done")
    scene.books_agree()

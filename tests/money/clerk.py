"""The procedure that ends an `unknown` the worker cannot: somebody reads the terminal's slips and decides at the till.

The clerk decides only what the worker has given up, and knows what a person can: the terminal's list of transactions,
what our own papers say of its receipts, and the time.
"""

from __future__ import annotations

import threading

from stall.domain.payment import Kind, State
from stall.reader.simulated.ledger import Entry
from stall.store import attempts
from stall.store.attempts import Attempt
from tests.faults import stocked
from tests.faults.browser import Browser, NoAnswer
from tests.money import books
from tests.money.books import Books
from tests.money.stand import Stand

LOOK_S = 0.1
#: The worker's last words on a payment it leaves to a person.
LEFT_TO_A_PERSON = "decide here"


class Clerk(threading.Thread):
    """Looks for what is left to decide until told to stop."""

    def __init__(self, stand: Stand) -> None:
        super().__init__(name=f"{stand.share.name} clerk", daemon=True)
        self._stand = stand
        self._till = Browser(stand.stage.till, stocked.PIN)
        self._over = threading.Event()

    def stop(self) -> None:
        """No more decisions."""
        self._over.set()
        self.join(self._stand.patience_s)

    def run(self) -> None:
        """Decide one after the other."""
        while not self._over.wait(LOOK_S):
            for attempt in attempts.open_on_reader(self._stand.stage.observer.db.read(), 1):
                if attempt.state is State.UNKNOWN and LEFT_TO_A_PERSON in attempt.display:
                    try:
                        self._decide(attempt)
                    except NoAnswer as error:
                        self._stand.find(f"A decision was never answered: {error}")
        self._till.close()

    def _decide(self, attempt: Attempt) -> None:
        slip = slip_of(self._stand, attempt, books.read(self._stand.stage.home.books))
        answer = self._till.press(
            f"/sale/{attempt.sale}/decide",
            attempt=str(attempt.no),
            outcome="declined" if slip is None else "paid",
            reason="no slip of it" if slip is None else f"slip {slip.receipt:04d} at the terminal",
            pin=stocked.PIN,
        )
        self._stand.count("decisions")
        if slip is not None:
            self._stand.decided.add(slip.id)
        if not answer.done:
            self._stand.find(f"Attempt {attempt.no} could not be decided ({answer.status}): {answer.words}")


def slip_of(stand: Stand, attempt: Attempt, told: Books) -> Entry | None:
    """The line of the terminal's books that is this attempt, or None.

    It is of its kind and amount, and bears the receipt number we wrote down; where we wrote down none, it is newer than
    every line that our papers, or an earlier decision, speak of. Of a reversal the slip names the payment.
    """
    made = {Kind.PAY: told.payments_made, Kind.REVERSE: told.reversals, Kind.REFUND: told.refunds}[Kind(attempt.kind)]
    mine = [each for each in reversed(made) if each.amount == attempt.amount_minor]
    conn = stand.stage.observer.db.read()
    if attempt.kind == Kind.REVERSE:
        of = attempts.get(conn, attempt.of or 0)
        traces = {each.trace for each in told.payments_made if each.receipt == of.receipt_no}
        return next((each for each in mine if each.original_trace in traces), None)
    if attempt.receipt_no is not None:
        return next((each for each in mine if each.receipt == attempt.receipt_no), None)
    rows = conn.execute("SELECT receipt_no FROM attempts WHERE receipt_no IS NOT NULL AND no <> ?", (attempt.no,))
    known = {row[0] for row in rows.fetchall()}
    spoken_of = [each.id for each in told.entries if each.receipt in known or each.id in stand.decided]
    return next((each for each in mine if each.id > max(spoken_of, default=0)), None)

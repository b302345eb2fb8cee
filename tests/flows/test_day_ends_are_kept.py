"""What the terminal says at its end of day is kept, whatever it says: it tells it once."""

from __future__ import annotations

from stall.flows.day_end import ask_day_end, record_day_end
from stall.store import readers
from tests.fakes.stock import Stocked


def test_totals_in_a_currency_unknown_here_are_kept_all_the_same(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        job = ask_day_end(tx, 1)
    with stall.box.db.transaction() as tx:
        record_day_end(tx, job, 1, total_minor=1234, count=2, cur="HUF", tid=None)
    assert readers.job(stall.box.db.read(), job) == (
        "done",
        "The terminal took 1234 in the smallest unit of HUF, 2 payments since its last end of day.",
    )

from __future__ import annotations

from stall.store import readers
from tests.fakes.stock import PRINTS, ZINE
from tests.flows import selling
from tests.sync.conftest import Pair


def test_sales_of_every_kind_are_accepted_and_add_up_in_the_cloud(pair: Pair) -> None:
    with pair.box.db.transaction() as tx:
        readers.report(tx, 1, "Reader", "ready", "Ready")
    selling.cash(pair.stall, selling.basket(pair.stall, PRINTS), given=500)
    attempt = selling.ask(pair.stall, selling.basket(pair.stall, PRINTS, ZINE))
    selling.send(pair.stall, attempt)
    selling.approve(pair.stall, attempt, selling.facts(750))
    selling.pay(pair.stall, attempt)
    selling.cash(pair.stall, selling.basket(pair.stall, ZINE), given=300)
    pair.flush()
    assert pair.in_step()
    totals = pair.remote("totals")
    assert totals["doubtful"] == []
    assert [(each["m"], each["minor"], each["count"]) for each in totals["tenders"]] == [
        ("card", 750, 1),
        ("cash", 750, 2),
    ]
    assert [(each["drop"], each["ed"]) for each in totals["editions"]] == [(PRINTS, 1), (PRINTS, 2)]
    assert totals["receipts"] == 3

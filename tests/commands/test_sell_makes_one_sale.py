"""`stall sell` goes through the till's flows: one sale, one receipt, one address; a refusal leaves nothing."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall import app, settings
from stall.commands import sell
from stall.domain.payment import Reason
from stall.flows import card_attempt
from stall.store import attempts, claims, locks, readers
from stall.store.db import Tx
from stall.wire import claimcode, credential, ownercode
from tests.commands.conftest import Run
from tests.fakes import stock

FACTS = card_attempt.TerminalFacts(450, "52500012", 42, 7, "A1", "girocard", "1234", offline=False)


def test_cash_prints_the_address_the_buyer_opens(run: Run, data: Path) -> None:
    ran = run("sell", stock.PRINTS, "--cash")
    assert ran.code == 0
    assert ran.out.startswith("http://127.0.0.1:8000/t/")
    digest = claimcode.digest(claimcode.decode(ran.out.strip().rsplit("/", 1)[1]))
    box = app.open_box(data)
    assert claims.by_digest(box.db.read(), digest) is not None
    box.close()


def test_json_names_sale_numbers_and_money(run: Run) -> None:
    facts = run("sell", stock.PRINTS, "--cash", "--qty", "2", "--number", "4", "--json").json
    assert facts["ok"]
    assert (sorted(facts["numbers"]), facts["minor"], facts["cur"]) == ([1, 4], 900, "EUR")
    assert facts["attempts"] == [{"tender": "cash", "state": "paid"}]


def test_a_gift_costs_nothing(run: Run) -> None:
    facts = run("sell", stock.ZINE, "--comp", "--json").json
    assert (facts["minor"], facts["attempts"]) == (0, [{"tender": "comp", "state": "paid"}])


def test_what_a_separate_reader_took_is_confirmed_with_its_reference(run: Run, data: Path) -> None:
    assert "[standalone-missing]" in run("sell", stock.ZINE, "--confirmed").err
    with (data / settings.FILE).open("a") as file:
        file.write('\n[standalone]\nname = "SumUp"\n')
    assert "[reference-malformed]" in run("sell", stock.ZINE, "--confirmed", "--reference", "slip 42").err
    facts = run("sell", stock.ZINE, "--confirmed", "--reference", "TAB42", "--json").json
    assert (facts["sale"], facts["attempts"]) == (1, [{"tender": "operator", "state": "paid"}])
    told = run("report", "reconcile", "--data", str(data)).out
    assert re.search(r"separate reader +1 receipt +€3.00", told)


def test_a_refused_sale_leaves_no_row(run: Run, data: Path) -> None:
    ran = run("sell", stock.PRINTS, "--cash", "--number", "9")
    assert (ran.code, ran.out) == (1, "")
    assert "[edition-number-wrong]" in ran.err
    assert "[drop-unknown]" in run("sell", "nothing", "--cash").err
    assert "[reader-missing]" in run("sell", stock.PRINTS, "--card").err
    box = app.open_box(data)
    assert box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 0
    box.close()


def test_without_a_tender_it_is_a_usage_error(run: Run) -> None:
    assert run("sell", stock.PRINTS).code == 2
    assert run("sell", stock.PRINTS, "--cash", "--card").code == 2
    assert run("sell", stock.PRINTS, "--cash", "--reference", "TAB42").code == 2


@pytest.fixture
def terminal(data: Path) -> Iterator[Callable[..., threading.Thread]]:
    """A worker of its own that takes the next request through the given steps; it holds the name of the reader's program."""
    setting_up = app.open_box(data)
    with setting_up.db.transaction() as tx:
        readers.report(tx, sell.READER, "Card reader", "ready", "Ready")
    setting_up.close()

    def play(*steps: Callable[[Tx, int], object]) -> threading.Thread:
        def work() -> None:
            box = app.open_box(data)
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                waiting = attempts.open_on_reader(box.db.read(), sell.READER)
                if waiting:
                    for step in steps:
                        with box.db.transaction() as tx:
                            step(tx, waiting[0].no)
                    break
                time.sleep(0.02)
            box.close()

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    program = locks.own_name(data, f"reader-{sell.READER}")
    yield play
    program.release()


def test_a_card_sale_waits_for_the_terminal(run: Run, terminal: Callable[..., threading.Thread]) -> None:
    worker = terminal(card_attempt.send, lambda tx, no: card_attempt.approve(tx, no, FACTS), card_attempt.pay)
    ran = run("sell", stock.PRINTS, "--card", "--json")
    worker.join()
    assert ran.code == 0
    assert ran.json["attempts"] == [{"tender": "card", "state": "paid"}]


def test_a_declined_card_sells_nothing_and_frees_the_number(
    run: Run, terminal: Callable[..., threading.Thread]
) -> None:
    worker = terminal(card_attempt.send, lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED))
    ran = run("sell", stock.PRINTS, "--card")
    worker.join()
    assert ran.code == 1
    assert "Declined, ask for another card" in ran.err
    assert run("drop", "status", stock.PRINTS, "--json").json["drops"][0]["remaining"] == 5


def test_an_unclear_card_is_never_charged_again(run: Run, terminal: Callable[..., threading.Thread]) -> None:
    worker = terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    ran = run("sell", stock.PRINTS, "--card", "--wait", "2")
    worker.join()
    assert ran.code == 1
    assert "Do not charge again" in ran.err
    assert "[reader-busy]" in run("sell", stock.PRINTS, "--card").err


def test_a_reader_nobody_serves_is_given_up_before_anything_was_sent(
    run: Run, terminal: Callable[..., threading.Thread], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sell, "PATIENCE_S", 0.0)
    ran = run("sell", stock.PRINTS, "--card")
    assert ran.code == 1
    assert "Nothing was sent to the terminal" in ran.err
    assert run("sell", stock.PRINTS, "--cash").code == 0


def test_a_reader_whose_program_does_not_run_is_told_at_once_and_nothing_is_begun(run: Run, data: Path) -> None:
    box = app.open_box(data)
    with box.db.transaction() as tx:
        readers.report(tx, sell.READER, "Card reader", "ready", "Ready")
    began = time.monotonic()
    ran = run("sell", stock.PRINTS, "--card")
    assert "[reader-not-running]" in ran.err
    assert time.monotonic() - began < sell.PATIENCE_S
    assert box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 0
    box.close()


def test_a_certificate_is_made_out_to_the_owner_it_is_sold_for(run: Run, data: Path) -> None:
    owner = ownercode.key_of(bytes(range(16)))
    sale = run("sell", stock.PRINTS, "--cash", "--owner", owner.did, "--json").json["sale"]
    box = app.open_box(data)
    (item,) = claims.bought(box.db.read(), sale)
    kept = claims.certificate(box.db.read(), item.certificate or b"")
    box.close()
    assert kept is not None
    assert credential.verify(json.loads(kept[1])).owner == owner.did


def test_an_owner_who_is_none_is_refused_before_anything_is_sold(run: Run, data: Path) -> None:
    assert run("sell", stock.PRINTS, "--cash", "--owner", "did:example:me").code == 1
    box = app.open_box(data)
    assert box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 0
    box.close()

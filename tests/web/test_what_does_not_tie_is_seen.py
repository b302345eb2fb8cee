"""What a person must look at is marked as seen, with a reason and a PIN; an end of day that was cut off is cleared up."""

from __future__ import annotations

import msgspec
import pytest

from stall import settings
from stall.flows import card_attempt
from stall.flows.day_end import ask_day_end, record_day_end
from stall.flows.note_exception import note_exception
from stall.store import journal, readers
from stall.store.audit import audit
from stall.store.schema import event_id
from stall.wire import event
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web.till_pages import Till, approve, text

WORDS = "slip 0042, it was the card of the sale before"


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    box = stocked_box.box
    box.settings = msgspec.structs.replace(box.settings, till=settings.Till(lock_minutes=0))  # hours pass here
    return Till(stocked_box)


def card_sale(till: Till) -> None:
    till.plug_in_reader()
    till.post(f"{till.press_tile(stock.PRINTS)}/card", ordinal=1)
    till.terminal(card_attempt.send, approve, card_attempt.pay)


def cut_off(till: Till) -> int:
    """An end of day of which nobody heard the end."""

    def work(tx: object) -> int:
        job = ask_day_end(tx, 1)  # type: ignore[arg-type]  # a transaction, as `write` hands it over
        readers.begin_job(tx, job)  # type: ignore[arg-type]  # the same
        readers.cut_job(tx, job, "cut off")  # type: ignore[arg-type]  # the same
        return job

    return till.write(work)


def closes(till: Till, total: int, count: int) -> None:
    till.write(
        lambda tx: record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=total, count=count, cur="EUR", tid="52500012")
    )


def told(till: Till, kind: str) -> list[dict[str, object]]:
    conn = till.box.db.read()
    head = journal.read_head(conn)
    every = [event.decode(data) for _, data in journal.all_events(conn, head.epoch_no)]
    return [dict(one.body) for one in every if one.kind == kind]


def clean(till: Till) -> None:
    assert audit(till.box.db.read(), till.box.secrets.signing.public).findings == []


def test_a_note_is_seen_once_with_who_and_why_and_ties_from_then_on(till: Till) -> None:
    till.write(lambda tx: note_exception(tx, "contradiction", "The terminal tells of a payment nobody asked for."))
    till.stocked.clock.advance(3 * 3_600_000)
    page = till.see("/day")
    assert "1 note to look at" in page
    assert "3 h ago The terminal tells of a payment" in page
    assert "before it is locked" in text(till.post("/day/note/1/seen", pin="0", reason=WORDS))
    assert "Write in a few words" in text(till.post("/day/note/1/seen", pin=stock.PIN, reason=" "))
    for _ in range(2):
        assert till.post("/day/note/1/seen", pin=stock.PIN, reason=WORDS).status_code == 303
    page = till.see("/day")
    assert "Nothing is left to look at: seen by Maker" in page
    assert f"Seen by Maker: {WORDS}" in page
    assert "Mark as seen" not in page
    (seen,) = told(till, "seen")
    assert seen["exception"] == 1
    assert WORDS not in str(seen)
    clean(till)


def test_the_oldest_note_stands_first(till: Till) -> None:
    for what in ("first", "second"):
        till.write(lambda tx, what=what: note_exception(tx, "contradiction", f"The {what} one."))  # type: ignore[misc]  # mypy cannot infer a lambda's default
        till.stocked.clock.advance(3_600_000)
    page = till.see("/day")
    assert page.index("The first one.") < page.index("The second one.")


def test_an_end_of_day_that_does_not_tie_is_seen(till: Till) -> None:
    till.plug_in_reader()
    closes(till, 990, 2)
    assert "The terminal took €9.90, our card payments are €0.00" in till.see("/day")
    till.post("/day/end/1/seen", pin=stock.PIN, reason=WORDS)
    page = till.see("/day")
    assert "Where the terminal's totals differ from our card payments: seen by Maker" in page
    assert "The terminal took €9.90, our card payments" not in page.split("Seen by")[0].split("To look at")[-1]
    assert told(till, "seen")[0]["day_end"] == 1
    clean(till)


@pytest.mark.parametrize("path", ["/day/note/9/seen", "/day/end/9/seen"])
def test_what_is_not_there_is_told(till: Till, path: str) -> None:
    assert "There is nothing like that to look at" in text(till.post(path, pin=stock.PIN, reason=WORDS))


def test_the_slip_of_an_end_of_day_that_was_cut_off_makes_the_sums_tie_again(till: Till) -> None:
    card_sale(till)
    job = cut_off(till)
    assert "nobody heard its end" in till.see("/day")
    card_sale(till)
    closes(till, 450, 1)  # the terminal had closed its day: it counts only the second sale
    page = till.see("/day")
    assert "the terminal counts only what came after it. Type the total of its slip" in page
    assert "the terminal closed its day, for it counts only what came after" in page
    assert "is not an amount in EUR" in text(till.post(f"/day/cut/{job}/slip", pin=stock.PIN, total="x"))
    assert "not a number of payments" in text(till.post(f"/day/cut/{job}/slip", pin=stock.PIN, total="4.50", count="-"))
    assert till.post(f"/day/cut/{job}/slip", pin=stock.PIN, total="4.50", count="1").status_code == 303
    page = till.see("/day")
    assert "The terminal's totals equal our card payments." in page
    assert "cut off" not in page
    assert "The terminal's totals equal our card payments." in till.see("/day/all")
    assert "Somebody said already" in text(till.post(f"/day/cut/{job}/slip", pin=stock.PIN, total="4.50"))
    assert len(told(till, "day_end")) == 2
    clean(till)


def test_a_cut_off_end_of_day_that_closed_nothing_asks_no_more_once_the_next_one_ties(till: Till) -> None:
    card_sale(till)
    cut_off(till)
    closes(till, 450, 1)
    assert "cut off" not in till.see("/day")


def test_somebody_says_that_it_closed_no_day(till: Till) -> None:
    card_sale(till)
    job = cut_off(till)
    assert till.post(f"/day/cut/{job}/none", pin=stock.PIN, reason=WORDS).status_code == 303
    page = till.see("/day")
    assert "cut off" not in page
    assert "1 card payment (€4.50) came after the last end of day" in page
    assert len(told(till, "no_day_end")) == 1
    clean(till)


@pytest.mark.parametrize("path", ["/day/end", "/day/check", "/day/slip"])
def test_what_nobody_would_answer_is_refused_at_once(till: Till, path: str) -> None:
    till.plug_in_reader()
    till.kill_readers_program()
    assert "program is not running" in text(till.post(path))
    assert till.count("reader_jobs") == 0
    assert "its program is not running" in till.see("/day")


def test_a_job_whose_program_was_killed_does_not_wait_silently(till: Till) -> None:
    till.plug_in_reader()
    asked = till.post("/day/end").location
    till.kill_readers_program()
    page = till.client.get(asked).text
    assert "so the terminal is not asked yet" in page
    assert 'http-equiv="refresh"' not in page


def test_the_day_begins_anew_after_a_z_report(till: Till) -> None:
    from tests.flows import closing

    till.post(f"{till.press_tile(stock.ZINE)}/cash", ordinal=1, given="3")
    assert "Since this stall began" in till.see("/day")
    assert "€3.00" in till.see("/day")
    closing.close(till.box)
    till.stocked.clock.advance(60_000)
    page = till.see("/day")
    assert "Since the last Z-report, 21 Nov 2026" in page
    assert "No sale yet." in page
    assert "Payments and double entry agree" in page
    till.post(f"{till.press_tile(stock.ZINE)}/cash", ordinal=1, given="3")
    assert "1 receipt" in till.see("/day")


def test_a_payment_that_was_changed_behind_the_double_entry_is_named(till: Till) -> None:
    till.post(f"{till.press_tile(stock.ZINE)}/cash", ordinal=1, given="3")
    till.write(lambda tx: tx.conn.execute("UPDATE attempts SET amount_minor = 299"))
    assert "Payments and double entry differ: cash differs by -€0.01" in till.see("/day")


def test_the_key_of_an_event_is_where_the_day_is_cut(till: Till) -> None:
    card_sale(till)
    closes(till, 450, 1)
    (upto, event_key) = till.box.db.read().execute("SELECT upto, event FROM day_ends").fetchone()
    assert upto == event_key > event_id(1, 0)

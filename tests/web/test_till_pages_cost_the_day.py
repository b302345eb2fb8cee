"""What a page of the till reads is what the day holds: nothing of it grows with the sales of the year before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall.settings import Cloud
from stall.store import journal
from stall.store.day import MOST_SEEN
from stall.store.schema import event_id
from stall.wire import receipt
from tests.fakes import busy_year
from tests.fakes.stock import Stocked
from tests.web.till_pages import Till
from tests.web.till_tour import tour

pytestmark = pytest.mark.timeout(600)  # five thousand sales are made first

#: Read only where somebody asks for it by name: every receipt there ever was.
ALL_OF_THEM = {"/day/all"}
#: A table of one day's receipts is as long as that day was.
A_DAYS_TABLE = "/receipts.csv"
#: The numbers of each limited edition are counted, sold or not, however many there are: a millisecond for ten thousand.
ADDS_UP = {"/shift/close"}
FEW, MANY = 1_000, 4_000
#: SQLite looks at the counter once in so many steps of its machine.
STEPS = 100
#: A tree of four times the rows may be a level deeper, and some rows lie on one page more.
MORE = 1.25
#: Until a year is full of them, a few notes that somebody has seen are listed more: two statements each.
SEEN = 2 * MOST_SEEN


@pytest.fixture(scope="module")
def tills(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Till, Till]]:
    folder = tmp_path_factory.mktemp("year")
    both = [busy_year.copy(shared_folder, folder / str(sales), sales) for sales in (FEW, MANY)]
    yield Till(both[0]), Till(both[1])
    for stocked in both:
        stocked.box.close()


def steps(till: Till, path: str) -> tuple[int, int]:
    """How many steps SQLite takes for a page, and how many statements it is asked."""
    conn = till.box.db.read()
    counted = [0, 0]

    def step() -> int:
        counted[0] += 1
        return 0

    def asked(_: str) -> None:
        counted[1] += 1

    till.client.get(path)  # what is prepared once is prepared
    conn.set_progress_handler(step, STEPS)
    conn.set_trace_callback(asked)
    try:
        answer = till.client.get(path)
    finally:
        conn.set_progress_handler(None, 0)
        conn.set_trace_callback(None)
    assert answer.status_code == 200, (path, answer.status_code)
    return counted[0], counted[1]


def test_no_page_costs_more_after_four_thousand_sales_than_after_a_thousand(tills: tuple[Till, Till]) -> None:
    few, many = tills
    grown = {}
    for (name, before), (_, after) in zip(tour(few), tour(many), strict=True):
        if name in ALL_OF_THEM | ADDS_UP or name.endswith(A_DAYS_TABLE):
            continue
        (old, asked_old), (new, asked_new) = steps(few, before), steps(many, after)
        if new > old * MORE + SEEN or asked_new > asked_old * MORE + SEEN:
            grown[name] = {"steps": (old * STEPS, new * STEPS), "statements": (asked_old, asked_new)}
    assert not grown, json.dumps(grown, indent=1)


def test_a_page_reads_no_more_of_the_journal_than_it_shows(
    tills: tuple[Till, Till], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    for module, name in (
        (journal, "event_bytes"),
        (journal, "all_events"),
        (receipt, "verify"),
        (receipt, "verify_any"),
    ):
        monkeypatch.setattr(module, name, _counting(read, getattr(module, name)))
    till = tills[1]
    for name, path in tour(till):
        if name not in ALL_OF_THEM and not name.endswith(A_DAYS_TABLE):
            read.clear()
            till.client.get(path)
            assert len(read) <= 60, (name, len(read))


def _counting(read: list[str], call: Callable[..., object]) -> Callable[..., object]:
    def counted(*args: object, **named: object) -> object:
        read.append(call.__name__)
        return call(*args, **named)

    return counted


def test_the_banner_counts_what_is_not_sent_so_far_and_no_further(tills: tuple[Till, Till]) -> None:
    import msgspec

    costs = []
    for till in tills:
        till.box.settings = msgspec.structs.replace(till.box.settings, cloud=Cloud("http://c", "c", "k"))
        try:
            costs.append(steps(till, "/state")[0])
            assert "1000 and more sales not sent" in till.client.get("/state").text
        finally:
            till.box.settings = msgspec.structs.replace(till.box.settings, cloud=None)
    assert costs[1] <= costs[0] * MORE + 5


def test_the_last_sales_come_in_the_order_they_were_paid(stocked_box: Stocked) -> None:
    till = Till(stocked_box)
    first, second = till.press_tile("night-zine"), till.press_tile("night-zine")
    for sale in (second, first):
        till.post(f"{sale}/cash", ordinal=1, given="3")
    page = till.client.get("/last").text.split("<h1>")[1]
    assert page.index(f'href="{first}"') < page.index(f'href="{second}"')


def test_event_keys_of_a_year_stay_in_order(tills: tuple[Till, Till]) -> None:
    conn = tills[1].box.db.read()
    head = journal.read_head(conn)
    (newest,) = conn.execute("SELECT max(paid_event) FROM attempts").fetchone()
    assert event_id(head.epoch_no, 0) < newest < event_id(head.epoch_no, head.size)

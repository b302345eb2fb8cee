"""Cards approved offline: within the stall's caps, told on every page with their age, settled by the day's end or lost."""

from __future__ import annotations

import msgspec
import pytest

from stall import settings
from stall.domain.at_risk import HOUR_MS, AtRisk, Cap, Caps, Tone, full, over, tone
from stall.errors import Refused
from stall.flows import card_attempt
from stall.flows.day_end import ask_day_end, record_day_end
from stall.store import ledger
from stall.store.audit import audit
from stall.store.db import Tx
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web.till_pages import APPROVAL, Till, text

WORDS = "provider's list of 3 December"


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    box = stocked_box.box
    box.settings = msgspec.structs.replace(box.settings, till=settings.Till(lock_minutes=0))  # hours pass here
    return Till(stocked_box)


def approve_offline(tx: Tx, no: int) -> object:
    import dataclasses

    return card_attempt.approve(tx, no, dataclasses.replace(APPROVAL, offline=True))


def offline_sale(till: Till) -> str:
    till.plug_in_reader()
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send, approve_offline, card_attempt.pay)
    return sale


def flag(till: Till) -> tuple[str, str] | None:
    answer = till.client.get("/state").json
    assert answer is not None
    return next(((f["shape"], f["words"]) for f in answer["flags"] if f["name"] == "risk"), None)


def settle_day(till: Till) -> None:
    till.write(
        lambda tx: record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=450, count=1, cur="EUR", tid="52500012")
    )


def sums(till: Till) -> dict[str, int]:
    conn = till.box.db.read()
    moved = ledger.sums(conn, 0, 1 << 62)
    return {
        name: moved.get(name, (0, 0))[0] for name in ("card_stored", "card_stored:over", "card:settled", "written_off")
    }


def clean(till: Till) -> None:
    assert audit(till.box.db.read(), till.box.secrets.signing.public).findings == []


def test_the_banner_says_how_much_and_how_old_and_turns_amber_then_red(till: Till) -> None:
    assert flag(till) is None
    offline_sale(till)
    assert flag(till) == ("wait", "€4.50 approved offline, of €500.00")
    till.stocked.clock.advance(3 * HOUR_MS)
    assert flag(till) == ("wait", "€4.50 approved offline, of €500.00, oldest 3 h")
    till.stocked.clock.advance(21 * HOUR_MS)
    till = Till(till.stocked)
    assert flag(till) == ("warn", "€4.50 approved offline, of €500.00, oldest 24 h")
    till.stocked.clock.advance(48 * HOUR_MS)
    till = Till(till.stocked)  # whoever was signed in is no more
    assert flag(till) == ("stop", "€4.50 approved offline, of €500.00, oldest 72 h")
    assert "no other card is taken before the terminal has closed its day" in till.see("/at-risk")


def test_a_terminal_is_not_asked_once_the_limit_is_reached(till: Till) -> None:
    till.box.settings = msgspec.structs.replace(till.box.settings, offline=settings.Offline(total_minor=450))
    offline_sale(till)
    second = till.press_tile(stock.ZINE)
    assert "is the most this stall risks" in text(till.post(f"{second}/card", ordinal=1))
    assert till.count("attempts") == 1
    settle_day(till)
    assert till.post(f"{second}/card", ordinal=1).status_code == 303


@pytest.mark.parametrize(
    ("caps", "code"),
    [
        (Caps(sale_minor=449), "offline-sale"),
        (Caps(total_minor=899), "offline-total"),
        (Caps(count=1), "offline-count"),
        (Caps(sale_minor=0), "offline-never"),
        (Caps(total_minor=0), "offline-never"),
        (Caps(count=0), "offline-never"),
    ],
)
def test_an_approval_past_a_cap_is_not_taken(till: Till, caps: Caps, code: str) -> None:
    import dataclasses

    offline_sale(till)
    till.post(f"{till.press_tile(stock.PRINTS)}/card", ordinal=1)
    no = till.newest_attempt().no
    till.terminal(card_attempt.send)
    with pytest.raises(Refused, match=code):
        till.write(lambda tx: card_attempt.approve(tx, no, dataclasses.replace(APPROVAL, offline=True), caps))
    till.write(lambda tx: card_attempt.approve(tx, no, APPROVAL, caps))  # online it is


def test_the_end_of_the_day_settles_it(till: Till) -> None:
    offline_sale(till)
    assert sums(till)["card_stored"] == 450
    settle_day(till)
    assert flag(till) is None
    assert till.newest_attempt().settlement == "settled"
    assert sums(till) == {"card_stored": 450, "card_stored:over": -450, "card:settled": 450, "written_off": 0}
    assert "No money is at risk." in till.see("/at-risk")
    clean(till)


def test_somebody_says_that_the_money_came(till: Till) -> None:
    offline_sale(till)
    no = till.newest_attempt().no
    assert "PIN" in text(till.post(f"/at-risk/{no}/settled", pin="0", reason=WORDS))
    for _ in range(2):
        assert till.post(f"/at-risk/{no}/settled", pin=stock.PIN, reason=WORDS).status_code == 303
    assert flag(till) is None
    assert till.newest_attempt().settlement == "settled"
    clean(till)


@pytest.mark.parametrize("after_the_day", [False, True])
def test_what_the_bank_refuses_later_is_lost_and_its_code_opens_nothing(till: Till, after_the_day: bool) -> None:
    sale = offline_sale(till)
    no = till.newest_attempt().no
    if after_the_day:
        settle_day(till)
    for _ in range(2):
        assert till.post(f"/at-risk/{no}/refused", pin=stock.PIN, reason=WORDS).status_code == 303
    page = till.see("/at-risk")
    assert "Refused later: €4.50 lost" in page
    assert flag(till) is None
    assert sums(till)["written_off"] == 450
    assert sum(sums(till).values()) == 450
    (state,) = till.box.db.read().execute("SELECT state FROM claims").fetchone()
    assert state == "revoked"
    assert "The bank refused €4.50 of sale 1 later" in till.see("/day")
    assert till.see(sale)
    clean(till)


def test_a_refusal_counts_before_and_after_in_the_same_turnover(till: Till) -> None:
    offline_sale(till)
    till.post(f"/at-risk/{till.newest_attempt().no}/refused", pin=stock.PIN, reason=WORDS)
    assert "Payments and double entry agree" in till.see("/day")
    assert "Every payment has its receipt" in till.see("/day/all")


def test_what_was_not_approved_offline_cannot_be_refused_later(till: Till) -> None:
    till.post(f"{till.press_tile(stock.ZINE)}/cash", ordinal=1, given="3")
    assert "was not approved offline" in text(till.post("/at-risk/1/refused", pin=stock.PIN, reason=WORDS))
    assert "was not approved offline" in text(till.post("/at-risk/1/settled", pin=stock.PIN, reason=WORDS))


def test_money_the_bank_refused_is_not_given_back(till: Till) -> None:
    from stall.domain.payment import Kind
    from stall.flows import give_back
    from stall.store import readers

    offline_sale(till)
    no = till.newest_attempt().no
    till.post(f"/at-risk/{no}/refused", pin=stock.PIN, reason=WORDS)
    till.write(lambda tx: readers.note_abilities(tx, 1, {"refund"}))
    with pytest.raises(Refused, match="back-declined"):
        till.write(lambda tx: give_back.ask_back(tx, no, 2, Kind.REFUND, "1"))


NOW = 1_000 * HOUR_MS


@pytest.mark.parametrize(
    ("risk", "minor", "expected"),
    [
        (AtRisk(0, 0, None), 5_000, None),
        (AtRisk(0, 0, None), 5_001, Cap.SALE),
        (AtRisk(49_000, 3, NOW), 1_000, None),
        (AtRisk(49_000, 3, NOW), 1_001, Cap.TOTAL),
        (AtRisk(100, 99, NOW), 1, None),
        (AtRisk(100, 100, NOW), 1, Cap.COUNT),
        (AtRisk(100, 1, NOW - 72 * HOUR_MS + 1), 1, None),
        (AtRisk(100, 1, NOW - 72 * HOUR_MS), 1, Cap.AGE),
    ],
)
def test_each_cap_at_its_edge(risk: AtRisk, minor: int, expected: Cap | None) -> None:
    assert over(Caps(), risk, minor, NOW) is expected


def test_an_online_only_stall_still_asks_the_terminal() -> None:
    assert full(Caps(total_minor=0), AtRisk(0, 0, None), NOW) is None
    assert over(Caps(total_minor=0), AtRisk(0, 0, None), 1, NOW) is Cap.ONLINE_ONLY


@pytest.mark.parametrize(("hours", "expected"), [(23, Tone.CALM), (24, Tone.AMBER), (71, Tone.AMBER), (72, Tone.RED)])
def test_age_turns_amber_then_red(hours: int, expected: Tone) -> None:
    assert tone(Caps(), AtRisk(100, 1, NOW - hours * HOUR_MS), NOW) is expected

"""Two tills at one stall, pressed at once: they sell by card, press twice, press each other's sales, give back, close the day.

Everything is pressed on the pages a person would press; only giving back calls its flow.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from dataclasses import dataclass

from stall.demo.journey.page import Page
from stall.domain.payment import Kind, State
from stall.errors import Broken, Refused, Retry
from stall.flows import give_back
from stall.store import attempts, readers
from stall.wire import b64
from tests.faults import stocked
from tests.faults.browser import WRONG, Answer, Browser, NoAnswer
from tests.money import books
from tests.money.plan import Wanted, wanted
from tests.money.stand import Stand

LOOK_S = 0.05
#: How long somebody waits before pressing Card again that was refused (s).
AGAIN_S = (0.05, 0.3)
#: How often one sale is tried by card before the buyer pays in cash or goes.
TRIES = 6
#: How many sales pass between two ends of the terminal's day, on the average.
A_DAY = 25
#: Buyers' pages take so many presses of one client before it must wait.
MOST_OPENED = 12
_ORDINAL = re.compile(rb'name="ordinal" value="(\d+)"')
_ATTEMPT = re.compile(rb'name="attempt" value="(\d+)"')
_NUMBER_OF_SALE = re.compile(r"/sale/(\d+)")


@dataclass(frozen=True)
class Button:
    """A form as it would be sent."""

    path: str
    form: dict[str, str]


class Till(threading.Thread):
    """One till and who stands at it."""

    def __init__(self, stand: Stand, name: str, other: str) -> None:
        """Starts with `start`, ends when all buyers have come."""
        super().__init__(name=f"{stand.share.name} {name}", daemon=True)
        self._stand, self._own, self._other = stand, name, other
        self._chance = stand.share.chance(name)
        self._till, self._second = (Browser(stand.stage.till, stocked.PIN) for _ in range(2))
        self._phone = Browser(stand.stage.buyers)

    def run(self) -> None:
        """Serve one buyer after the other. What nobody expected is a finding."""
        try:
            while self._stand.next_buyer() is not None:
                self._serve(wanted(self._chance))
                if self._chance.random() < 1 / A_DAY:
                    close_day(self._stand, self._till)
        except NoAnswer as error:
            self._stand.find(f"{self.name} was never answered: {error}")
        except Exception as error:  # noqa: BLE001 - whatever ends a till early must be heard of
            self._stand.find(f"{self.name} met something strange: {error!r}")
        finally:
            self._stand.going.pop(self._own, None)
            for browser in (self._till, self._second, self._phone):
                browser.close()

    def _serve(self, buyer: Wanted) -> None:
        """One buyer, to the end: paid by card or in cash, or gone."""
        sale = self._begin(buyer)
        if sale is None:
            return
        self._stand.going[self._own] = sale
        stage = self._by_card(sale, buyer)
        if stage == "choose":
            stage = self._otherwise(sale, buyer)
        if stage == "paid":
            self._after(sale, buyer)
        elif stage != "dropped":
            self._stand.find(f"{sale} was left {stage}.")

    def _begin(self, buyer: Wanted) -> str | None:
        """Press the tiles; give the address of the sale."""
        tiles = [(stocked.PRINTS, buyer.prints), (stocked.ZINE, buyer.zines)]
        sale = ""
        for drop, qty in ((drop, qty) for drop, qty in tiles if qty):
            form = {"item": drop, "qty": str(qty), "press": b64.encode(self._chance.randbytes(16))}
            button = Button("/sale", {**form, "add": _number(sale)} if sale else form)
            self._stand.press()
            answers = self._press(button, twice=buyer.twice)
            places = {answer.location for answer in answers}
            if not all(answer.done for answer in answers) or len(places) != 1:
                self._stand.find(f"{button} made {places}: {answers[0].words}")
                return None
            sale = places.pop()
        self._stand.begin(int(_number(sale)), buyer)
        return sale

    def _by_card(self, sale: str, buyer: Wanted) -> str:
        """Ask for the card until it is paid or tried often enough; give the stage the sale is in."""
        stage, tried, until = "choose", 0, time.monotonic() + self._stand.patience_s
        meddles = buyer.meddled != ""
        while stage == "choose" and tried < TRIES and time.monotonic() < until:
            ordinal = self._ordinal(sale)
            if ordinal is None:
                stage = self._follow(sale)
                continue
            answers = self._press(Button(f"{sale}/card", {"ordinal": ordinal}), twice=buyer.twice)
            if not any(answer.done for answer in answers):  # the other till's payment, or the reader is away
                self._stand.count("refused presses")
                if meddles:  # now is when the other one is busy
                    self._meddle(buyer)
                    meddles = False
                time.sleep(self._chance.uniform(*AGAIN_S))
                continue
            tried += 1
            if buyer.cancelled and tried == 1:
                self._cancel(sale)
            stage = self._follow(sale)
        return stage

    def _otherwise(self, sale: str, buyer: Wanted) -> str:
        """The buyer pays in cash or goes; the other till may still have pressed Card for this sale."""
        in_cash = self._chance.random() < 0.5
        until = time.monotonic() + self._stand.patience_s
        stage = "choose"
        while stage == "choose" and time.monotonic() < until:
            ordinal = self._ordinal(sale)
            if ordinal is not None:
                cash = Button(f"{sale}/cash", {"ordinal": ordinal, "given": f"{buyer.minor / 100:.2f}"})
                self._press(cash if in_cash else Button(f"{sale}/drop", {}))
            stage = self._follow(sale)
        return stage

    def _follow(self, sale: str) -> str:
        """Look at a sale until no payment of it is under way; give its stage."""
        until = time.monotonic() + self._stand.patience_s
        stage = "card"
        while stage in {"card", "unknown"} and time.monotonic() < until:
            stage = str(self._till.document(f"{sale}/state")["stage"])
            if stage in {"card", "unknown"}:
                time.sleep(LOOK_S)
        return stage

    def _meddle(self, buyer: Wanted) -> None:
        """Press something for the sale that is being paid at the other till: that button again, or the one after it."""
        theirs = self._stand.going.get(self._other)
        if theirs is None:
            return
        tried = len(attempts.of_sale(self._stand.stage.observer.db.read(), int(_number(theirs))))
        match buyer.meddled:
            case "card":
                button = Button(f"{theirs}/card", {"ordinal": str(max(1, tried))})
            case "next-card":
                button = Button(f"{theirs}/card", {"ordinal": str(tried + 1)})
            case _:
                button = Button(f"{theirs}/cash", {"ordinal": str(tried + 1), "given": "50.00"})
        self._sound(self._second.press(button.path, **button.form))
        self._stand.count("presses for the other till's sale")

    def _cancel(self, sale: str) -> None:
        found = _ATTEMPT.search(self._till.see(sale).body)
        if found:
            self._press(Button(f"{sale}/cancel-card", {"attempt": found[1].decode()}))
            self._stand.count("presses to cancel")

    def _after(self, sale: str, buyer: Wanted) -> None:
        """The till says it is paid: write that down, open it, give it back."""
        number = int(_number(sale))
        conn = self._stand.stage.observer.db.read()
        (payment,) = attempts.kept(attempts.of_sale(conn, number)) or (None,)
        if payment is None:
            self._stand.find(f"The till says that {sale} is paid, and nothing was taken for it.")
            return
        self._stand.paid(number, payment.tender, payment.amount_minor)
        if buyer.opened and self._stand.counts["opened"] < MOST_OPENED:
            self._open(sale)
        if buyer.back and payment.tender == "card":
            self._give_back(payment.no, Kind(buyer.back))

    def _open(self, sale: str) -> None:
        """The buyer's phone types the code and opens what was bought."""
        self._stand.count("opened")
        shown = Page(sale, self._till.see(sale).body.decode())
        code = shown.first("p", "spelled").text.replace(" ", "")
        form = Page("/t", self._phone.see("/t").body.decode()).form("")
        answer = self._phone.press(form.action, **form.filled(code=code))
        page = self._phone.see(answer.location) if answer.done else answer
        with contextlib.suppress(Broken):  # nothing to press: opened already
            claim = Page(answer.location or form.action, page.body.decode()).form("")
            self._sound(self._phone.press(claim.action, **claim.filled()))

    def _give_back(self, payment: int, kind: Kind) -> None:
        """Ask for the money to go back; again when the terminal said no."""
        for _ in range(TRIES):
            with self._stand.alone if kind is Kind.REFUND else contextlib.nullcontext():
                done = self._back_once(payment, kind)
            if done:
                return
            time.sleep(self._chance.uniform(0.05, 0.3))

    def _back_once(self, payment: int, kind: Kind) -> bool:
        """One attempt at it; False when it may be tried again."""
        box = self._stand.stage.observer
        of = attempts.get(box.db.read(), payment)
        if kind is Kind.REFUND and books.open_day_minor(self._stand.stage.home.books) < of.amount_minor:
            return True
        ordinal = len(attempts.of_sale(box.db.read(), of.sale)) + 1
        try:
            with box.db.transaction() as tx:
                no = give_back.ask_back(tx, payment, ordinal, kind, "maker")
            with box.db.transaction() as tx:  # pressed again
                if give_back.ask_back(tx, payment, ordinal, kind, "maker") != no:
                    self._stand.find(f"Giving payment {payment} back was asked for twice by one form.")
        except Refused as refusal:
            return refusal.code in {"back-already", "back-way", "back-mixed", "back-not-paid"}
        except Retry:
            return False
        self._stand.count(f"{kind.value} asked for")
        until = time.monotonic() + self._stand.patience_s
        while attempts.get(box.db.read(), no).open and time.monotonic() < until:
            time.sleep(LOOK_S)
        return attempts.get(box.db.read(), no).state is State.PAID

    def _ordinal(self, sale: str) -> str | None:
        """The number the pay form of a sale bears; None where it has none now."""
        found = _ORDINAL.search(self._sound(self._till.see(sale)).body)
        return found[1].decode() if found else None

    def _press(self, button: Button, *, twice: bool = False) -> list[Answer]:
        """Press it; `twice`: on two screens at one instant."""
        if not twice:
            return [self._sound(self._till.press(button.path, **button.form))]
        self._stand.count("presses of two at once")
        return [self._sound(answer) for answer in at_once(button, self._till, self._second)]

    def _sound(self, answer: Answer) -> Answer:
        """Note an answer that admits to a fault."""
        if answer.status >= WRONG:
            self._stand.find(f"{self.name} was answered {answer.status}: {answer.words}")
        return answer


def at_once(button: Button, first: Browser, second: Browser) -> list[Answer]:
    """Two press the same button at one instant."""
    ready = threading.Barrier(2)
    answers: list[Answer] = []
    failed: list[Exception] = []

    def press(browser: Browser) -> None:
        ready.wait()
        try:
            answers.append(browser.press(button.path, **button.form))
        except NoAnswer as error:
            failed.append(error)

    beside = threading.Thread(target=press, args=(second,), daemon=True)
    beside.start()
    press(first)
    beside.join()
    if failed:
        raise failed[0]
    return answers


def close_day(stand: Stand, till: Browser, tries: int = 40) -> bool:
    """Ask the terminal for its end of day when no payment is under way, and wait for it; whether it was done."""
    with stand.alone:
        for _ in range(tries):
            asked = till.press("/day/end")
            if asked.done:
                stand.count("ends of day asked for")
                return _day_done(stand, int(asked.location.rsplit("=", 1)[-1]))
            time.sleep(LOOK_S)
    return False


def _day_done(stand: Stand, job: int) -> bool:
    until = time.monotonic() + stand.patience_s
    while time.monotonic() < until:
        state, _ = readers.job(stand.stage.observer.db.read(), job) or ("", None)
        if state in {"done", "failed"}:
            stand.count(f"ends of day {state}")
            return state == "done"
        time.sleep(LOOK_S)
    stand.find(f"The end of day {job} never ended.")
    return False


def _number(sale: str) -> str:
    found = _NUMBER_OF_SALE.search(sale)
    return found[1] if found else ""

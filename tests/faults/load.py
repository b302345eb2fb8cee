"""A crowd at the stall: takes, claims and downloads on phones, cash and cards at the till, all at once.

Everybody writes down what was promised only after the answer arrived, and presses again when it did not.
"""

from __future__ import annotations

import random
import re
import secrets
import threading
import time
from collections.abc import Callable

from stall.wire import b64
from tests.faults import stocked
from tests.faults.browser import WRONG, Answer, Browser, NoAnswer
from tests.faults.promised import Promised
from tests.faults.stage import Stage

#: What happens to a card, and how often. A pulled cable stays out for five seconds, so it is rare.
MODES = {"approve": 14, "decline": 4, "wrong-pin-then-approve": 2, "approve-then-vanish": 1}
#: How long a card payment may be under way before the client goes on to the next (s).
CARD_WITHIN_S = 45.0
STOP_WITHIN_S = 120.0
#: Complaints kept of one crowd.
COMPLAINTS = 5
_NUMBER = re.compile(rb'class="no">No\.</span>(\d+)')


class Load:
    """The crowd, for the length of a `with` block; `promised` is what was acknowledged until now."""

    def __init__(
        self, stage: Stage, seed: int, *, takers: int = 3, numbered: bool = True, pause_s: float = 0.06
    ) -> None:
        """Nobody comes before the block begins. `pause_s` is the mean pause between two actions of one person.

        Without `numbered` nobody wants a limited drop. `modes`, how often the terminal does what, may be changed at any time.
        """
        self.stage, self.promised = stage, Promised()
        self.complaints: list[str] = []
        self.pause_s, self.modes = pause_s, dict(MODES)
        self.free = stocked.FREE if numbered else stocked.GIFT
        self.priced = [stocked.PRINTS, stocked.ZINE] if numbered else [stocked.ZINE]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        people: list[tuple[str, Callable[[Person], None]]] = [(f"taker-{n}", take) for n in range(takers)]
        people += [("cashier", sell_for_cash), ("card", sell_by_card)]
        self._people = [Person(self, name, what, random.Random(f"{seed} {name}")) for name, what in people]

    def __enter__(self) -> Load:
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def stopping(self) -> bool:
        """Whether everybody is to finish what they do and go."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Let everybody finish what they do, and wait until they have gone."""
        self._stop.set()
        for person in self._people:
            if person.ident is not None:
                person.join(STOP_WITHIN_S)
                if person.is_alive():
                    self.complain(f"{person.name} still waits for an answer.")

    def now(self) -> Promised:
        """What was promised until now, for judging while the crowd goes on: presses are counted only at the end."""
        with self._lock:
            made = self.promised.copy()
        made.presses.clear()
        return made

    def complain(self, sentence: str) -> None:
        """Say that something is not as it must be; the first few tell enough."""
        if len(self.complaints) < COMPLAINTS:
            self.complaints.append(sentence)

    def note(self, change: Callable[[Promised], object]) -> None:
        """Write down something that was acknowledged, or that a button is about to be pressed."""
        with self._lock:
            change(self.promised)

    @staticmethod
    def key() -> str:
        """The key of a form nobody has pressed."""
        return b64.encode(secrets.token_bytes(16))

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, or until everybody is to go."""
        self._stop.wait(seconds)


class Person(threading.Thread):
    """Does one thing again and again."""

    def __init__(self, load: Load, name: str, what: Callable[[Person], None], chance: random.Random) -> None:
        """Starts with `start`."""
        super().__init__(name=name, daemon=True)
        self.load, self.chance, self._what = load, chance, what
        stage = load.stage
        self.phone, self.till, self.panel = (
            Browser(stage.buyers),
            Browser(stage.till, stocked.PIN),
            Browser(stage.panel),
        )

    def run(self) -> None:
        """Go on until told to stop. What nobody expected is a complaint."""
        try:
            while not self.load.stopping:
                self._what(self)
                self.load.wait(self.chance.expovariate(1 / self.load.pause_s))
        except NoAnswer as error:
            self.load.complain(f"{self.name} was never answered: {error}")
        except Exception as error:  # noqa: BLE001 - a client that dies must be heard of, whatever it died of
            self.load.complain(f"{self.name} was told something strange: {error!r}")
        finally:
            for browser in (self.phone, self.till, self.panel):
                browser.close()

    def sound(self, answer: Answer) -> Answer:
        """Complain about an answer that admits to a fault."""
        if answer.status >= WRONG:
            self.load.complain(f"{self.name} was answered {answer.status}: {answer.words}")
        return answer

    def served(self, answer: Answer) -> bool:
        """Whether it was done. There is enough of everything, so a refusal is a complaint."""
        if not answer.done:
            self.load.complain(f"{self.name} was refused ({answer.status}): {answer.words}")
        return answer.done


def take(person: Person) -> None:
    """Take something free; look at its number now and then; open it and download now and then."""
    load = person.load
    load.note(lambda promised: promised.presses.update(take=1))
    answer = person.phone.press(f"/d/{load.free}/take", press=person.load.key())
    if not person.served(answer):
        return
    order = answer.location
    load.note(lambda promised: promised.takes.setdefault(order, None))
    if load.free == stocked.FREE and person.chance.random() < 0.5:
        page = person.sound(person.phone.see(order))
        shown = _NUMBER.search(page.body)
        if shown is None:
            load.complain(f"{order} was acknowledged and shows no number: {page.words}")
            return
        load.note(lambda promised: promised.takes.update({order: int(shown[1])}))
    if person.chance.random() < 0.3:
        claim(person, order)


def claim(person: Person, order: str) -> None:
    """Open what an order gives, and download a file of it."""
    answer = person.phone.press(f"{order}/claim", press=order.rsplit("/", 1)[-1])
    if not person.served(answer):
        return
    grant = answer.location
    person.load.note(lambda promised: promised.grants.update({grant: order}))
    file = person.sound(person.phone.see(f"{grant}/{stocked.FILE_NAME}"))
    if file.body != stocked.FILE_BYTES:
        person.load.complain(f"{grant} gave another file: {file.status}, {len(file.body)} bytes")


def begin_sale(person: Person, drop: str) -> str | None:
    """Press a tile; give the address of the sale."""
    person.load.note(lambda promised: promised.presses.update(till=1))
    answer = person.till.press("/sale", item=drop, press=person.load.key())
    return answer.location if person.served(answer) else None


def sell_for_cash(person: Person) -> None:
    """Sell something for cash, exactly paid."""
    drop = person.chance.choice(person.load.priced)
    sale = begin_sale(person, drop)
    if sale is not None:
        take_cash(person, sale, drop, 1)


def take_cash(person: Person, sale: str, drop: str, ordinal: int) -> None:
    """Take the exact amount for a sale."""
    price = stocked.PRICES[drop]
    answer = person.till.press(f"{sale}/cash", ordinal=str(ordinal), given=f"{price / 100:.2f}")
    if person.served(answer):
        no = int(sale.rsplit("/", 1)[-1])
        person.load.note(lambda promised: promised.cash.update({no: price}))


def sell_by_card(person: Person) -> None:
    """Sell something by card; whatever the terminal does, in the end it is paid, or paid in cash, or unclear."""
    drop = person.chance.choice(person.load.priced)
    modes = person.load.modes
    (mode,) = person.chance.choices([*modes], [*modes.values()])
    person.panel.press("/mode", mode=mode)
    sale = begin_sale(person, drop)
    if sale is None:
        return
    asked = person.sound(person.till.press(f"{sale}/card", ordinal="1"))
    if not asked.done:  # the reader is away or busy: the till says so and takes cash
        take_cash(person, sale, drop, 1)
        return
    stage = follow_card(person, sale)
    if stage == "paid":
        no = int(sale.rsplit("/", 1)[-1])
        person.load.note(lambda promised: promised.cards.update({no: stocked.PRICES[drop]}))
    elif stage == "choose":
        take_cash(person, sale, drop, 2)


def _still(person: Person, sale: str) -> bool:
    """Whether the till still lets choose how to pay; sale and payment are read one after the other."""
    return bool(person.till.document(f"{sale}/state")["stage"] == "choose")


def follow_card(person: Person, sale: str) -> str:
    """Look at a sale until its card payment has ended one way or another; give the stage the till shows."""
    until = time.monotonic() + CARD_WITHIN_S
    stage = "card"
    while time.monotonic() < until:
        stage = str(person.till.document(f"{sale}/state")["stage"])
        if stage in {"paid", "dropped"} or (stage == "choose" and _still(person, sale)):
            break
        if person.load.stopping and stage == "unknown":
            break  # the stage waits for it
        time.sleep(0.05)
    return stage

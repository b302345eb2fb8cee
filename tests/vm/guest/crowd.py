"""In the virtual machine: buyers on a phone, or the till; everything acknowledged is told outside at once, one line each.

`python -m tests.vm.guest.crowd phones|till ADDRESS SEED PORT`: people of `tests.faults.load`, who press again what was not
answered. They run until the power goes, or `--sales N` are done.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from tests.faults import load, stocked
from tests.faults.browser import Answer, Browser, NoAnswer
from tests.faults.load import Load, Person
from tests.faults.promised import Promised
from tests.faults.stage import Stage

#: Takers at once, all on one phone: more presses than these of one address are too many.
TAKERS = 2
#: Mean pause between two actions of one person (s).
PAUSE_S = 1.0
FOUND, TOO_OFTEN = 302, 429
TOO_OFTEN_S, TRIES = 2.5, 20


class Crowd(Load):
    """A load whose promises are lines outside; nothing is remembered here."""

    def __init__(self, address: str, seed: int, port: int) -> None:
        """`port` is a descriptor open for writing."""
        stage = SimpleNamespace(buyers=address, till=address, panel=address)
        super().__init__(cast(Stage, stage), seed, takers=0, pause_s=PAUSE_S)
        self._port, self._saying, self._complained = port, threading.Lock(), 0

    def note(self, change: Callable[[Promised], object]) -> None:
        """Tell what is new: the change made to promises that were empty."""
        told = Promised()
        change(told)
        self.tell({name: dict(value) for name, value in vars(told).items() if value})

    def complain(self, sentence: str) -> None:
        """Tell what nobody should be told; the first few tell enough."""
        self._complained += 1
        if self._complained <= load.COMPLAINTS:
            self.tell({"complaint": sentence})

    def tell(self, words: dict[str, Any]) -> None:
        """Write one line whole."""
        data = memoryview(json.dumps(words).encode() + b"\n")
        with self._saying:
            while data:
                data = data[os.write(self._port, data) :]


class Phone(Browser):
    """A buyer's browser behind nginx: follows where a file lies, and waits when told that it was too often."""

    def see(self, path: str) -> Answer:
        """Look at a page until it is there."""
        answer = super().see(path)
        return super().see(answer.location) if answer.status == FOUND else answer

    def press(self, path: str, **form: str) -> Answer:
        """Press a button until it was heard."""
        answer = super().press(path, **form)
        for _ in range(TRIES):
            if answer.status != TOO_OFTEN:
                break
            time.sleep(TOO_OFTEN_S)
            answer = super().press(path, **form)
        return answer


def card_or_cash(person: Person) -> None:
    """Sell by card; a card that is declined, or not asked for, is cash."""
    drop = person.chance.choice(person.load.priced)
    sale = load.begin_sale(person, drop)
    if sale is None:
        return
    asked = person.sound(person.till.press(f"{sale}/card", ordinal="1"))
    crowd = cast(Crowd, person.load)
    if not asked.done:
        crowd.tell({"refused": asked.words})
        load.take_cash(person, sale, drop, 1)
        return
    number = int(sale.rsplit("/", 1)[-1])
    crowd.tell({"asked": number})
    stage = load.follow_card(person, sale)
    if stage == "paid":
        crowd.note(lambda promised: promised.cards.update({number: stocked.PRICES[drop]}))
    else:
        crowd.tell({"ended": [number, stage]})


def main() -> None:
    """Be a crowd."""
    parser = argparse.ArgumentParser()
    parser.add_argument("who", choices=["phones", "till", "card"])
    parser.add_argument("address")
    parser.add_argument("seed", type=int)
    parser.add_argument("port")
    parser.add_argument("--sales", type=int, default=0)
    asked = parser.parse_args()
    crowd = Crowd(asked.address, asked.seed, os.open(asked.port, os.O_WRONLY))
    if asked.sales:
        person = Person(crowd, "card", card_or_cash, random.Random(asked.seed))
        try:
            for _ in range(asked.sales):
                card_or_cash(person)
        except NoAnswer as error:
            crowd.complain(f"the till was not answered: {error}")
        return
    jobs = {"phones": [load.take] * TAKERS, "till": [load.sell_for_cash, card_or_cash], "card": [card_or_cash]}[
        asked.who
    ]
    people = [
        Person(crowd, f"{asked.who}-{number}", what, random.Random(f"{asked.seed} {asked.who} {number}"))
        for number, what in enumerate(jobs)
    ]
    for person in people:
        person.phone = Phone(asked.address)
        person.start()
    for person in people:
        person.join()


if __name__ == "__main__":
    main()

"""People at a recorded stall: buyers who take and claim, a maker who takes cash and card. Over HTTP, as browsers do.

Each says what it was told only after the whole answer arrived.
"""

from __future__ import annotations

import http.client
import re
import time
from pathlib import Path
from urllib.parse import urlencode

from stall.web import ids
from tests.faults.power.making import FREE, PIN, PRICES
from tests.faults.power.told import tell

PATIENCE_S = 30.0
_NUMBER = re.compile(rb'class="no">No\.</span>(\d+)')


class Refusal(AssertionError):
    """The stall answered, and it was no."""

    def __init__(self, path: str, status: int, words: bytes) -> None:
        self.status, self.words = status, " ".join(re.sub(r"<[^>]+>", " ", words.decode()).split())
        super().__init__(f"{path} answered {status}: {self.words}")


class Person:
    """One keep-alive connection to one of the stall's two sites. A no is a Refusal."""

    def __init__(self, port: int, log: Path) -> None:
        self._conn = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._origin = f"http://127.0.0.1:{port}"
        self._cookie = ""
        self.log = log

    def close(self) -> None:
        self._conn.close()

    def get(self, path: str) -> bytes:
        """A page's bytes."""
        self._conn.request("GET", path, headers={"Cookie": self._cookie})
        answer = self._conn.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise Refusal(path, answer.status, data)
        return data

    def post(self, path: str, **fields: object) -> str:
        """Press a button; give where it leads."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._origin, "Cookie": self._cookie}
        self._conn.request("POST", path, urlencode(fields), headers)
        answer = self._conn.getresponse()
        words = answer.read()
        self._cookie = answer.headers.get("Set-Cookie", self._cookie).partition(";")[0]
        if answer.status != 303:
            raise Refusal(path, answer.status, words)
        return str(answer.getheader("Location")).removeprefix(self._origin)

    def sign_in(self) -> None:
        """Before the first sale: the till asks for a PIN."""
        if not self._cookie:
            self.post("/sign-in", pin=PIN)


def take(buyer: Person, *, claim: bool) -> None:
    """Take a free numbered item; look at its number, and open the claim on this phone if wanted."""
    tell(buyer.log, pressed=["take"])
    order = buyer.post(f"/d/{FREE}/take", press=ids.new_press())
    tell(buyer.log, take=[order])
    if claim:
        grant = buyer.post(f"{order}/claim", press=order.rsplit("/", 1)[1])
        tell(buyer.log, grant=[grant, order])
        found = _NUMBER.search(buyer.get(grant))
        assert found, "the download page shows no number"
        tell(buyer.log, number=[order, int(found[1])])


def sell(maker: Person, drop: str, *, card: bool) -> None:
    """Sell one item at the till, and see it paid."""
    maker.sign_in()
    tell(maker.log, pressed=["till"])
    sale = maker.post("/sale", press=ids.new_press(), item=drop)
    no = int(sale.rsplit("/", 1)[1])
    if card:
        maker.post(f"{sale}/card", ordinal=1)
        _until_paid(maker, sale)
        tell(maker.log, card=[no, PRICES[drop]])
    else:
        maker.post(f"{sale}/cash", ordinal=1, given=f"{PRICES[drop] / 100:.2f}")
        tell(maker.log, cash=[no, PRICES[drop]])


def _until_paid(maker: Person, sale: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while b'"stage":"paid"' not in maker.get(f"{sale}/state").replace(b" ", b""):
        assert time.monotonic() < end, f"{sale} was not paid in time"
        time.sleep(0.02)

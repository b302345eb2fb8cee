"""Who else writes while the crowd does: the till over HTTP, a seller and a reader in other processes.

Run as `python -m tests.bench.beside till PORT SECONDS`, or `seller` or `reader` with a data folder in place of the
port. Prints the latency of each single write in ms, as a JSON list. Everything pauses between its writes as people do.
"""

from __future__ import annotations

import http.client
import json
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from stall import app
from stall.flows import card_attempt
from stall.flows.card_attempt import TerminalFacts
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.take_card import ask_card
from stall.flows.take_cash import take_cash
from stall.store import readers
from stall.store.box import Box
from stall.store.db import Tx
from stall.web import ids
from tests.bench.stand import PIN, ZINE, ZINE_MINOR

T = TypeVar("T")

PAUSE_S = 0.05
VAT_BP = 1900
READER = 1


class Stopwatch:
    """Times single writes, in ms."""

    def __init__(self) -> None:
        self.taken_ms: list[float] = []

    def time(self, work: Callable[[], T]) -> T:
        """Do it and note how long it took."""
        begun = time.perf_counter()
        done = work()
        self.taken_ms.append((time.perf_counter() - begun) * 1000)
        return done


def till(port: int, seconds: float) -> list[float]:
    """Sell at the till's own pages: begin a sale, take cash. Every press of a button is timed."""
    watch, host = Stopwatch(), f"127.0.0.1:{port}"
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{host}"}

    def press(path: str, **fields: object) -> str:
        conn.request("POST", path, urlencode(fields), headers)
        answer = conn.getresponse()
        body = answer.read()
        if answer.status != 303:
            raise RuntimeError(f"{path}: {answer.status} {body[:500]!r}")
        return answer.getheader("Location") or ""

    conn.request("POST", "/sign-in", urlencode({"pin": PIN}), headers)
    signed = conn.getresponse()
    signed.read()
    headers["Cookie"] = (signed.getheader("Set-Cookie") or "").partition(";")[0]
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        sale = watch.time(lambda: press("/sale", item=ZINE, qty=1, press=ids.new_press()))
        number = re.search(r"/sale/(\d+)", sale)
        assert number, sale
        watch.time(partial(press, f"/sale/{number[1]}/cash", ordinal=1, given=f"{ZINE_MINOR / 100:.2f}"))
        time.sleep(PAUSE_S)
    conn.close()
    return watch.taken_ms


def seller(folder: Path, seconds: float) -> list[float]:
    """Sell as `stall sell` does: a whole cash sale in one transaction of another process."""

    def sell(tx: Tx) -> None:
        sale = fill_basket(tx, [Wish(ZINE)], origin="cli", vat_bp=VAT_BP)
        take_cash(tx, sale, 1, ZINE_MINOR)

    return _with_box(folder, seconds, lambda box, watch: watch.time(lambda: box.write("payment", sell)))


def reader(folder: Path, seconds: float) -> list[float]:
    """Take cards as the reader's process does. Timed are A (approved) and B (paid), which a terminal waits for."""
    facts = TerminalFacts(ZINE_MINOR, "29001006", 1, 1, "1", "Debit Mastercard", "5726", offline=False)

    def ask(tx: Tx) -> int:
        sale = fill_basket(tx, [Wish(ZINE)], origin="till", vat_bp=VAT_BP)
        return ask_card(tx, sale, 1, READER)

    def pay_once(box: Box, watch: Stopwatch) -> None:
        attempt = box.write("payment", ask)
        box.write("payment", lambda tx: card_attempt.send(tx, attempt))
        watch.time(lambda: box.write("payment", lambda tx: card_attempt.approve(tx, attempt, facts)))
        watch.time(lambda: box.write("payment", lambda tx: card_attempt.pay(tx, attempt)))

    return _with_box(folder, seconds, pay_once)


def _with_box(folder: Path, seconds: float, once: Callable[[Box, Stopwatch], object]) -> list[float]:
    watch, box = Stopwatch(), app.open_box(folder)
    try:
        box.write("payment", lambda tx: readers.report(tx, READER, "Reader", "ready", "Ready"))
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            once(box, watch)
            time.sleep(PAUSE_S)
    finally:
        box.close()
    return watch.taken_ms


def main(arguments: list[str]) -> int:
    """Be one of them."""
    who, where, seconds = arguments
    if who == "till":
        taken = till(int(where), float(seconds))
    else:
        taken = {"seller": seller, "reader": reader}[who](Path(where), float(seconds))
    json.dump(taken, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

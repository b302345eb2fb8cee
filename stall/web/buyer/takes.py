"""The one button a crowd presses, answered without thread and framework: POST /d/<drop>/take, when all is as usual.

A claim has a few hundred microseconds of processor on one core, and those would take most of them. What is unusual in any
way (another header, another form, a drop that is not for sale, a refusal) goes on to the framework, which asks and answers as
for every other address. So nothing is decided here that is not decided there as well.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Sequence

from stall.domain.drop import Offer
from stall.errors import Retry, StallError
from stall.flows.take_free import take_free_together
from stall.store import for_sale
from stall.store.asks import Asked
from stall.store.db import Tx
from stall.web import direct, guard, ids
from stall.web.buyer.shop import Shop
from stall.web.direct import Exchange

LANE = "claim"
#: How long a press waits before its phone is told that the stall is busy (s); it has not been begun by then and never will be.
PATIENCE_S = 10.0
_LOOK_S = 2.0
#: How long the end waits for presses that are still being written (s).
_STOP_S = 1.0
_PATH = re.compile(r"/d/([a-z0-9-]{3,64})/take")
#: A name or an address and perhaps a port, spelled so that nobody reads it differently; not the port that goes without saying.
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?!80$)[1-9][0-9]{0,3}|:[1-5][0-9]{4}|:6[0-4][0-9]{3})?")
_FORM = re.compile(rb"press=([A-Za-z0-9_-]{22}|[0-9a-f]{40})")
_PLACE = "/o/"
_HEADERS = [
    *guard.SEAL.items(),
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", "0"),
    ("Location", _PLACE),
]


def usual_host(host: str, rules: guard.Rules) -> bool:
    """Whether a request that names `host` is meant for us, in a spelling that nobody reads differently."""
    return _HOST.fullmatch(host) is not None and rules.answer_to(host)


class Takes:
    """Takes on the usual presses of one buyers' app, and has them done together."""

    def __init__(self, shop: Shop, rules: guard.Rules) -> None:
        """Answer takes of `shop` for those `rules` admit."""
        self._shop, self._rules = shop, rules
        self._drops: dict[str, _Drop] = {}
        #: Drops that were for sale when last looked at, and where nobody was refused since.
        self._selling: set[str] = set()
        self._stopping = threading.Event()
        self._open = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._look_after_the_late, name="takes", daemon=True)
        self._thread.start()

    def take_on(self, exchange: Exchange) -> bool:
        """Have a press written with the others, unless something about it needs a closer look."""
        drop, crowd = self._usual(exchange), self._shop.box.crowd
        press = None if drop is None else _FORM.fullmatch(exchange.request.body)
        client = exchange.client
        if drop is None or press is None or crowd is None or client is None:
            return False
        try:
            key = ids.read_press(press[1].decode("ascii"))
            self._shop.tries.press(client)
            crowd.ask(LANE, self._together(drop), key, exchange)
        except StallError:  # the framework finds the same and tells it as a page
            return False
        self._open_now(+1)
        return True

    def is_file(self, path: str) -> bool:
        """A button asks for no file."""
        return False

    def stop(self) -> None:
        """Take on nothing more, and wait a moment for what is being written."""
        self._stopping.set()
        self._thread.join(_LOOK_S)
        with self._changed:
            self._changed.wait_for(lambda: not self._open, _STOP_S)

    def _usual(self, exchange: Exchange) -> str | None:
        """The drop that is being taken, when nothing about the request needs a closer look."""
        request, shop = exchange.request, self._shop
        found, headers = _PATH.fullmatch(request.path), request.headers
        host = headers.get("HOST", "")
        if (
            found is None
            or self._stopping.is_set()
            or headers.get("CONTENT_TYPE") != "application/x-www-form-urlencoded"
            or headers.get("ORIGIN") != f"{exchange.scheme}://{host}"
            or not usual_host(host, self._rules)
            or shop.box.room.full()
            or shop.box.room.read_only()
            or not self._sells(found[1])
        ):
            return None
        return found[1]

    def _sells(self, drop: str) -> bool:
        """Whether a drop can be had for nothing now, as far as is known without the door: nobody writes to be refused."""
        if drop not in self._selling:
            box = self._shop.box
            try:
                item = for_sale.find(box.db.read(), drop, box.now_ms())
            except (sqlite3.Error, StallError):
                return False
            if item is None or item.price_minor or item.offer is not Offer.OPEN:
                return False
            self._selling.add(drop)
        return True

    def _together(self, drop: str) -> _Drop:
        return self._drops.setdefault(drop, _Drop(self, drop))

    def _open_now(self, more: int) -> None:
        with self._changed:
            self._open += more
            if not self._open:
                self._changed.notify_all()

    def _look_after_the_late(self) -> None:
        """Whoever waited too long is told so, by the framework."""
        while not self._stopping.wait(_LOOK_S):
            crowd = self._shop.box.crowd
            late = [] if crowd is None else crowd.withdraw(LANE, PATIENCE_S)
            if late:
                self._open_now(-len(late))
                busy = Retry("writer-busy", "The stall is very busy. Look at the order again in a moment.", 5.0)
                for item in late:
                    item.caller.pass_on(busy)

    def write(self, tx: Tx, drop: str, keys: Sequence[bytes]) -> list[int | StallError]:
        """Write the sales of some presses of one drop."""
        return take_free_together(tx, drop, keys, self._shop.box.settings.vat_bp)

    def answer(self, drop: str, asked: Sequence[Asked]) -> None:
        """Send every phone to its order; those refused are told so by the framework."""
        try:
            self._answer(drop, asked)
        finally:
            self._open_now(-len(asked))

    def _answer(self, drop: str, asked: Sequence[Asked]) -> None:
        for item in asked:
            if item.refusal is not None:
                self._selling.discard(drop)
                item.caller.pass_on(item.refusal)
        taken = [item for item in asked if item.refusal is None]
        if taken:
            orders = ids.order_ids(self._shop.box.secrets, [item.result for item in taken])
            now_s = self._shop.box.clock.wall_ms() // 1000
            before, after = direct.compose("303 See Other", _HEADERS, now_s).split(_PLACE.encode())
            answers = [
                (item.caller, b"".join((before, _PLACE.encode(), order.encode(), after)))
                for item, order in zip(taken, orders, strict=True)
            ]
            answers[0][0].deliver(answers)


class _Drop:
    """The presses of one drop, done together (store.asks.Joint)."""

    def __init__(self, takes: Takes, drop: str) -> None:
        self._takes, self._drop = takes, drop

    def do(self, tx: Tx, wishes: Sequence[bytes]) -> list[int | StallError]:
        return self._takes.write(tx, self._drop, wishes)

    def tell(self, asked: Sequence[Asked]) -> None:
        self._takes.answer(self._drop, asked)

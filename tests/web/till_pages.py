"""A person at the till: looks at pages, presses what is on them. Only what a browser could do."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from html import unescape
from typing import TypeVar

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.domain.payment import State
from stall.flows import card_attempt
from stall.store import attempts, locks, readers, sessions
from stall.store.box import Box
from stall.store.db import Tx
from stall.store.writer import CrowdWriter
from stall.web.till.app import create_till_app
from stall.wire import b64
from tests.fakes.stock import Stocked

T = TypeVar("T")
READER = 1
APPROVAL = card_attempt.TerminalFacts(450, "52500012", 42, 7, "A1", "girocard", "1234", offline=False)


class Till:
    """The till of a stocked box, and the reader's worker where a test plays it."""

    def __init__(self, stocked: Stocked, person: int = 1) -> None:
        self.stocked, self.person = stocked, person
        self.box = stocked.box
        if self.box.crowd is None:  # as `stall web` has it: what is written runs on a thread that knows no request
            self.box.crowd = CrowdWriter(self.box.db)
        self._program: locks.Held | None = None
        self.token = ""
        self.client: FlaskClient = create_till_app(stocked.box).test_client()
        self.client.environ_base["HTTP_ORIGIN"] = "http://localhost"
        self.sign_in_again()

    def sign_in_again(self) -> None:
        """Somebody was signed out, as everybody is after a copy was put back."""
        self.token = sign_in(self.box, self.person)
        self.client.set_cookie("stall", self.token)

    def see(self, path: str) -> str:
        """The text of a page a person would read."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return text(answer)

    def press_tile(self, drop: str, **more: object) -> str:
        """Press a tile of the page that is open; give the address of the sale."""
        answer = self.client.post("/sale", data={"press": self.press("/"), "item": drop, **more})
        assert answer.status_code == 303, text(answer)
        return answer.location

    def press_product(self, sku: str, **more: object) -> str:
        """Press a product's tile of the page that is open; give the address of the sale."""
        answer = self.client.post("/sale", data={"press": self.press("/"), "product": sku, **more})
        assert answer.status_code == 303, text(answer)
        return answer.location

    def scan(self, typed: str, path: str = "/", **more: object) -> TestResponse:
        """Type into the one field of a page, as a scanner does."""
        return self.client.post("/find", data={"press": self.press(path), "q": typed, **more})

    def press(self, path: str) -> str:
        """The key of the form on a page."""
        found = re.search(r'name="press" value="([^"]+)"', self.client.get(path).text)
        assert found
        return found[1]

    def press_of(self, action: str, path: str) -> str:
        """The key of the form on a page that posts to an address."""
        found = re.search(
            rf'action="{re.escape(action)}">\s*<input type="hidden" name="press" value="([^"]+)"',
            self.client.get(path).text,
        )
        assert found
        return found[1]

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.client.post(path, data=fields)

    def write(self, work: Callable[[Tx], T]) -> T:
        return self.box.write("payment", work)

    def plug_in_reader(self) -> None:
        """A reader that is ready, and whose program runs for as long as this till is used."""
        if self._program is None:
            self._program = locks.own_name(self.box.folder, f"reader-{READER}")
            weakref.finalize(self, self._program.release)
        self.write(lambda tx: readers.report(tx, READER, "Card reader", "ready", "Ready"))

    def kill_readers_program(self) -> None:
        """As kill -9 does: nothing is written down, only the lock is gone."""
        assert self._program is not None
        self._program.release()

    def newest_attempt(self) -> attempts.Attempt:
        (no,) = self.box.db.read().execute("SELECT max(no) FROM attempts").fetchone()
        return attempts.get(self.box.db.read(), no)

    def terminal(self, *steps: Callable[[Tx, int], object]) -> State:
        """Let the terminal go through steps with the newest attempt."""
        no = self.newest_attempt().no
        for step in steps:
            self.write(lambda tx, step=step: step(tx, no))  # type: ignore[misc]  # mypy cannot infer a lambda's default
        return self.newest_attempt().state

    def later(self, ms: int) -> None:
        """Time goes by with somebody there, so that the screen does not lock."""
        self.stocked.clock.advance(ms)
        self.write(lambda tx: sessions.see(tx, sessions.digest_of(b64.decode(self.token))))

    def count(self, table: str) -> int:
        return int(self.box.db.read().execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def sign_in(box: Box, person: int = 1) -> str:
    """Begin a session and give what the browser's cookie holds; without the PIN, which takes its time."""
    return b64.encode(box.write("payment", lambda tx: sessions.begin(tx, person)))


def approve(tx: Tx, no: int) -> object:
    return card_attempt.approve(tx, no, APPROVAL)


def text(answer: TestResponse) -> str:
    """What a person reads of an answer, its title included."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())

"""Ready before the rush: what a first visitor would wait for is done before they come, at the start and shortly before a drop opens.

Templates compiled, everybody's pages drawn in the languages last asked for, a connection to the database for the threads that serve next, the
writer and the door walked through once with nothing in hand. A thread goes by the box's clock; it decides nothing and nobody waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask

from stall import log
from stall.i18n.languages import DEFAULT
from stall.store import catalogue, moments
from stall.store.box import Box
from stall.store.db import Tx
from stall.web.buyer.remembered import Pages

logger = log.get("web")

#: How long before an opening everything is made ready, and how long is slept at most, as a clock may be set meanwhile (ms).
BEFORE_MS, LOOK_MS = 20_000, 5_000
#: Pages of so many drops at most.
MOST_DROPS = 30
#: What only follows when the rush is over, or lies beside the way to the file.
_LATER = ("about", "accent", "certificate", "cna", "code", "error", "grant", "photo", "receipt", "sheet", "type_code")
#: Between two steps, so that whoever asks for something meanwhile does not wait (s).
PAUSE_S = 0.002


class Warm:
    """Makes one buyers' app ready, again and again."""

    def __init__(
        self,
        box: Box,
        app: Flask,
        pages: Pages,
        on_threads: Callable[[Callable[[], object]], None],
        tidy: Callable[[], object] = int,
    ) -> None:
        """`on_threads` has the threads that serve next do something once; `tidy` gives back what was only needed to make all that."""
        self._tidy = tidy
        self._box, self._app, self._pages, self._on_threads = box, app, pages, on_threads
        self._begun = False
        #: The opening that is waited for, and whether everything is ready for it (ms UTC).
        self._opening: int | None = None
        self._ready = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warm", daemon=True)

    def start(self) -> None:
        """Begin, on a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End it after the step it is at."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def window(self) -> None:
        """Draw the first page of all, at the start, before anything else is loaded."""
        self._step(lambda: self._ask("/", DEFAULT))

    def turn(self) -> int:
        """Do what is due by now; say after how long to look again (ms)."""
        now = self._box.now_ms()
        if not self._begun:
            self._begun = True
            self.everything()
        if self._opening is not None and now >= self._opening:
            self.draw()
        opening = moments.next_opening(self._box.db.read(), now)
        if opening != self._opening:
            self._opening, self._ready = opening, False
        if opening is None:
            return LOOK_MS
        if opening - now <= BEFORE_MS and not self._ready:
            self._ready = True
            self.everything()
        return max(1, min(opening - now, LOOK_MS))

    def everything(self) -> None:
        """Make all of it ready."""
        for name in self._app.jinja_env.list_templates(filter_func=_is_buyers):
            self._step(lambda: self._app.jinja_env.get_template(name))  # noqa: B023 - called at once
        self.draw()
        self._on_threads(self._connect)
        self._step(lambda: self._box.write("housekeeping", _nothing))
        self._step(self._tidy)

    def draw(self) -> None:
        """Draw the pages that are everybody's, in the languages they were last asked for in."""
        drops = [card.drop_id for card in catalogue.cards(self._box.db.read(), self._box.now_ms())][:MOST_DROPS]
        for language in list(self._pages.spoken) or [DEFAULT]:
            for path in ("/", *(f"/d/{drop}" for drop in drops)):
                self._step(lambda: self._ask(path, language))  # noqa: B023 - called at once

    def _ask(self, path: str, language: str) -> None:
        headers = {"Accept-Language": language}
        with self._app.test_request_context(path, base_url="http://127.0.0.1", headers=headers):
            self._app.full_dispatch_request()

    def _step(self, do: Callable[[], object]) -> None:
        """One step of it; what goes wrong with it will go wrong for whoever comes, and is told then."""
        self._try(do)
        self._stopping.wait(PAUSE_S)

    def _connect(self) -> None:
        """Open this thread's connection to the database and have it read the schema."""
        self._try(lambda: self._box.db.read().execute("SELECT no FROM epochs LIMIT 1").fetchall())

    def _try(self, do: Callable[[], object]) -> None:
        if self._stopping.is_set():
            return
        try:
            do()
        except Exception as fault:  # noqa: BLE001 - whatever it was: without this nobody is worse off than before
            if not self._stopping.is_set():
                logger.warning("warm.step_failed", reason=str(fault))

    def _run(self) -> None:
        wait_ms = 0
        while not self._stopping.wait(wait_ms / 1000):
            try:
                wait_ms = self.turn()
            except Exception as fault:  # noqa: BLE001 - as above
                wait_ms = LOOK_MS
                if not self._stopping.is_set():
                    logger.warning("warm.turn_failed", reason=str(fault))


def _is_buyers(template: str) -> bool:
    return "/" not in template and template.endswith(".html") and not template.startswith(_LATER)


def _nothing(_tx: Tx) -> None:
    """Walk through the door and out again."""

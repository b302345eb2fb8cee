"""The simulated terminal's panel: a page on loopback to hold a card to it, choose the next fault, and meddle with it."""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, redirect, render_template, request
from waitress import wasyncore
from waitress.server import BaseWSGIServer, create_server
from werkzeug.wrappers import Response as AnyResponse

from stall.errors import Refused, StallError
from stall.reader.simulated.controls import Controls, Mode
from stall.reader.simulated.faults import FAULTS, Fault
from stall.reader.simulated.ledger import CARDS, Entry, Ledger

STATIC = Path(__file__).parents[2] / "static"
LOOPBACK = ("127.0.0.1", "localhost")
TIMES = (1, 2, 3)
"""How often a fault that is counted may be chosen to happen."""
REVERSAL_WORDS = {
    "reverse": "takes the payment back",
    "keep": "keeps the payment",
    "decline": "declines the payment",
}
"""What the terminal does with an approval that nobody answers."""
_CLEARING_WORDS = {"stored": "not cleared yet", "sent": "cleared", "declined": "when it was cleared"}
_AMOUNT = re.compile(r"([0-9]{1,4})(?:[.,]([0-9]{1,2}))?")


def amount_words(minor: int | None, currency: str = "EUR") -> str:
    """An amount as people read it, for example `12.50 EUR`."""
    if minor is None:
        return ""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d} {currency}"


def amount_typed(text: str) -> int:
    """Minor units of an amount as people type it. Raises Refused `panel-amount`."""
    found = _AMOUNT.fullmatch(text.strip())
    minor = 0 if found is None else int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    if not minor:
        raise Refused("panel-amount", f"{text!r} is no amount to sell for. Type one like 2.50.")
    return minor


def state_words(entry: Entry) -> str:
    """What became of a line of the books, for example `booked, day 2`."""
    what = entry.kind if entry.kind != "payment" and entry.state == "booked" else entry.state
    if entry.commissioning:
        what = "installer's test, no sale"
    words = [what, _CLEARING_WORDS.get(entry.clearing), "on the terminal" if entry.origin == "terminal" else None]
    words += [None if entry.day_end is None else f"day {entry.day_end}"]
    return ", ".join(each for each in words if each)


def make_app(controls: Controls, ledger: Ledger) -> Flask:
    """The panel's few pages. Writes are POSTs from the panel's own origin, on loopback names only."""
    app = Flask(__name__, static_folder=str(STATIC), static_url_path="/static")

    @app.before_request
    def guard() -> AnyResponse | None:
        if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
            return Response("This page is open on this machine only.\n", 403)
        if request.method == "POST" and request.headers.get("Origin") != request.host_url.rstrip("/"):
            return Response("This was not sent from the terminal's own page.\n", 403)
        return None

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(StallError)
    def refused(error: StallError) -> tuple[Response, int]:
        return jsonify(code=error.code, sentence=error.sentence), 409

    @app.get("/")
    def page() -> str:
        groups: dict[str, list[tuple[Mode, Fault]]] = {}
        for mode in controls.offered:
            groups.setdefault(FAULTS[mode].group, []).append((mode, FAULTS[mode]))
        return render_template(
            "panel.html",
            groups=groups,
            times=TIMES,
            reversals=REVERSAL_WORDS,
            hardware=controls.hardware,
            state=state_of(),
            books=books_of(),
        )

    @app.get("/state")
    def state() -> Response:
        return jsonify(state_of())

    @app.get("/ledger")
    def books() -> Response:
        return jsonify(books_of())

    @app.post("/mode")
    def mode() -> AnyResponse:
        often = request.form.get("times", "1")
        controls.choose(
            request.form.get("mode", ""),
            wait_for_tap=request.form.get("tap") == "on",
            times=int(often) if often in {str(each) for each in TIMES} else 1,
        )
        return redirect("/", 303)

    @app.post("/present")
    def present() -> AnyResponse:
        controls.present()
        return redirect("/", 303)

    @app.post("/cable")
    def cable() -> AnyResponse:
        controls.cable(put_in=request.form.get("in") == "yes")
        return redirect("/", 303)

    @app.post("/power")
    def power() -> AnyResponse:
        controls.power(on=request.form.get("on") == "yes")
        return redirect("/", 303)

    @app.post("/sale")
    def sale() -> AnyResponse:
        amount = amount_typed(request.form.get("amount", ""))
        view = controls.view()
        if view.amount_minor is not None or not view.powered:
            raise Refused("panel-busy", "The terminal is off or in the middle of something. Wait until it is ready.")
        ledger.sell_by_itself(amount)
        return redirect("/", 303)

    @app.post("/habits")
    def habits() -> AnyResponse:
        ledger.keep_habits(request.form.get("reversal", ""), day_end_required=request.form.get("day_end") == "on")
        return redirect("/", 303)

    def state_of() -> dict[str, object]:
        view = controls.view()
        return {**asdict(view), "amount": amount_words(view.amount_minor, view.currency), "tid": ledger.tid}

    def signed(entry: Entry) -> int:
        return -entry.amount if entry.kind == "refund" else entry.amount

    def books_of() -> dict[str, object]:
        day = ledger.day()
        total = sum(minor for _, _, minor in day.sums)
        return {
            "tid": ledger.tid,
            "day": day.number,
            "count": sum(count for _, count, _ in day.sums),
            "total_minor": total,
            "total": amount_words(total),
            "reversal": ledger.reversal,
            "day_end_required": ledger.day_end_required,
            "entries": [
                {
                    **asdict(each),
                    "card": CARDS[each.card].name,
                    "amount_words": amount_words(signed(each), each.currency),
                    "state_words": state_words(each),
                }
                for each in ledger.entries()
            ],
        }

    return app


class Panel:
    """The page's server, for the length of a `with` block."""

    def __init__(self, controls: Controls, ledger: Ledger, port: int) -> None:
        """Bind 127.0.0.1:`port` (0: a free one, see `.port`). Raises Refused `panel-port` when it is in use."""
        try:
            listener = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise Refused(
                "panel-port", f"The terminal's panel cannot use port {port} ({error.strerror}). Choose another one."
            ) from error
        self.port = int(listener.getsockname()[1])
        self._channels: dict[int, socket.socket] = {}  # by descriptor; waitress keeps its own kind of socket there
        self._ended = threading.Event()
        app = make_app(controls, ledger)
        server = create_server(
            app, map=self._channels, sockets=[listener], threads=4, clear_untrusted_proxy_headers=True, ident=None
        )
        self._server = cast(BaseWSGIServer, server)  # one socket, so one server
        self._thread = threading.Thread(target=self._serve, name="panel", daemon=True)

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server's own thread, then close every connection, and last the pipe that woke it."""
        self._ended.set()
        self._server.pull_trigger()
        self._thread.join(2.0)
        wasyncore.close_all(self._channels, ignore_all=True)
        self._server.task_dispatcher.shutdown()

    def _serve(self) -> None:
        while not self._ended.is_set():
            wasyncore.loop(timeout=1.0, map=self._channels, count=1)

"""What every request passes before a page sees it, and what every answer carries. For both apps.

Pages are plain http on a Wi-Fi that others share, so they hold nothing in cookies; still a foreign
site must not press our buttons (strict Origin), and a foreign name must not reach us (Host list, which
ends DNS rebinding). Till pages also refuse any connection that is not loopback.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from stall.errors import Hostile, Retry
from stall.settings import Settings, Web

MAX_BODY_BYTES = 64 * 1024
#: The one form of the till that sends a file: a picture of at most 16 MiB, and what a form puts around it.
MAX_PICTURE_BYTES = 16 * 1024 * 1024 + MAX_BODY_BYTES
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
#: What every answer carries that does not say otherwise.
SEAL = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: Presses and wrong guesses a client may make in a burst, and how many come back a minute.
PRESSES_A_MINUTE = 30
GUESSES_A_MINUTE = 10
_CLIENTS_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom an app talks to: names it answers to, whether only this machine, and whether a cookie of its own may come along.

    With a cookie a button must say which page it stood on: a browser too old to say could be abused.
    """

    hosts: frozenset[str]
    loopback_only: bool = False
    has_cookies: bool = False
    #: Whether any address in digits will do: no foreign name can be made to point here with one.
    addresses: bool = False

    def answer_to(self, host: str) -> bool:
        """Whether a request that names `host` (with or without a port) is meant for this app."""
        name = _name_of(host)
        return name in self.hosts or (self.addresses and _is_address(name))


@lru_cache(maxsize=256)
def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:  # brackets that do not close
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def buyer_rules(web: Web, https: str = "") -> Rules:
    """The buyers' app answers to its public address, its listening address and loopback, and to the name of its certificate."""
    named = {urlsplit(web.address).hostname or "", web.host.lower(), "127.0.0.1", "localhost", "::1"}
    named.add((urlsplit(https).hostname or "") if https else "")
    return Rules(frozenset(named - {"", "0.0.0.0", "::"}))  # noqa: S104 - a name left out, not an address bound


def till_rules() -> Rules:
    """The till's app answers to loopback alone, from loopback alone."""
    return Rules(frozenset({"127.0.0.1", "localhost", "::1"}), loopback_only=True, has_cookies=True)


def remote_till_rules(settings: Settings) -> Rules:
    """The till's app behind nginx answers to the box's names and to any address in digits."""
    named = {urlsplit(settings.web.address).hostname, urlsplit(settings.till.address).hostname, *settings.till.names}
    return Rules(frozenset(name.lower() for name in named if name), has_cookies=True, addresses=True)


def protect(app: Flask, rules: Rules, foreign: Callable[[], Response] | None = None) -> None:
    """Put the checks before and the headers after every request of an app.

    `foreign` answers what names another host, where the stall's Wi-Fi sends that here; nothing else sees such a request.
    A request fails with Hostile `host-foreign`, `origin-foreign`, `till-not-local`.
    """
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES

    @app.before_request
    def check() -> Response | None:
        if rules.loopback_only:
            _check_local()
        if not rules.answer_to(request.host):
            if foreign is not None:
                return foreign()
            raise Hostile("host-foreign", "This stall does not answer to that name. Scan the stall's code again.")
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            _check_origin(told=rules.has_cookies and bool(request.cookies))
        return None

    @app.after_request
    def seal(response: Response) -> Response:
        own = {name.title() for name, _ in response.headers}
        response.headers.extend(_missing(own, with_form=g.get("with_form", False)))
        return response


def sealed(headers: Iterable[tuple[str, str]], *, with_form: bool) -> list[tuple[str, str]]:
    """The headers of an answer with those that every answer carries, their names as the server writes them."""
    own = [("-".join(part.capitalize() for part in name.split("-")), value) for name, value in headers]
    return own + _missing({name for name, _ in own}, with_form=with_form)


def _missing(own: Set[str], *, with_form: bool) -> list[tuple[str, str]]:
    """What every answer carries and this one does not say for itself."""
    seal = {**SEAL, "Referrer-Policy": "same-origin"} if with_form else SEAL
    return [(name, value) for name, value in seal.items() if name not in own]


def page_has_form() -> None:
    """Say that this answer holds a form that POSTs.

    Under `no-referrer` a browser sends `Origin: null` with a form (Fetch standard, "append a request
    Origin header"), which we refuse; under `same-origin` it names us, and still nobody else.
    """
    g.with_form = True


def _check_local() -> None:
    if not is_shared(request.remote_addr or ""):
        raise Hostile("till-not-local", "The till answers only on this machine. Open it there, or through ssh.")


def _check_origin(*, told: bool) -> None:
    own = f"{request.scheme}://{request.host}"
    origin = request.headers.get("Origin")
    if origin is None and request.headers.get("Sec-Fetch-Site") in ({"same-origin"} if told else {None, "same-origin"}):
        return  # a browser too old to say, or a program: it carries no cookie that could be abused
    if origin != own:
        raise Hostile("origin-foreign", "That button was not pressed on this stall's own page. Open the page again.")


class Bucket:
    """Tries per client, coming back evenly over a minute. In memory: a restart forgives."""

    def __init__(self, a_minute: int) -> None:
        """Allow `a_minute` tries at once and as many again each minute."""
        self._most = float(a_minute)
        self._per_s = a_minute / 60
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def check(self, client: str) -> None:
        """Refuse a client that has no try left. Raises Retry `too-many-tries`."""
        with self._lock:
            left = self._now_left(client)
        if left < 1:
            raise Retry(
                "too-many-tries", "That was too often in a short time. Wait a minute, then try again.", 1 / self._per_s
            )

    def spend(self, client: str) -> None:
        """Take one try from a client."""
        with self._lock:
            left = self._now_left(client)
            self._left.pop(client, None)  # who tries stands last: who is quiet for longest is forgotten first
            if len(self._left) >= _CLIENTS_KEPT:
                self._left.pop(next(iter(self._left)))
            self._left[client] = (left - 1, time.monotonic())

    def _now_left(self, client: str) -> float:
        left, at = self._left.get(client, (self._most, 0.0))
        return max(0.0, min(self._most, left + (time.monotonic() - at) * self._per_s))


class Tries:
    """Both buckets of the buyers' app: presses of buttons, and guesses that found nothing."""

    def __init__(self) -> None:
        """Start with every client unknown."""
        self._presses = Bucket(PRESSES_A_MINUTE)
        self._guesses = Bucket(GUESSES_A_MINUTE)

    def press(self, address: str | None = None) -> None:
        """Count a press of a button by the client at `address`, or of the request at hand. Raises Retry `too-many-tries`."""
        client = address or request.remote_addr or ""
        if not is_shared(client):
            self._presses.check(client)
            self._presses.spend(client)

    def may_guess(self) -> None:
        """Refuse to look up a code for a client that guessed too often. Raises Retry `too-many-tries`."""
        self._guesses.check(request.remote_addr or "")

    def guessed_wrong(self) -> None:
        """Count a look-up that found nothing."""
        self._guesses.spend(request.remote_addr or "")


@lru_cache(maxsize=_CLIENTS_KEPT)
def is_shared(address: str) -> bool:
    """Whether a whole crowd may stand behind an address: this machine's own, where a proxy would be."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False

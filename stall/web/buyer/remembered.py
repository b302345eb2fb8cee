"""Pages that are the same for everybody, kept as they were drawn until something changes: the crowd costs one drawing.

Kept are the answers of views marked `page` or `data`, under their path and the page's language; an address that says more than
a language is somebody's own and never kept. What was drawn counts until the database changes (any process, noticed within
50 ms), until the clock passes a moment that changes it, and for a second at most. The key of a form is drawn for each phone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, NamedTuple

from flask import Response, g, has_request_context, make_response, request

from stall.i18n.languages import LANGUAGES
from stall.store import moments
from stall.store.box import Box
from stall.web import guard, ids, language

#: How long a page counts though nothing seems to have changed, and how old one may be that is sent while its next is drawn (ms).
FRESH_MS, OLDEST_MS = 1000, 2000
NEVER_MS = 1 << 62
#: What is kept at most; the oldest goes first.
MOST_PAGES, MOST_BYTES = 512, 4 * 1024 * 1024
#: How long one who waits for another's drawing waits (s); then they draw it themselves.
_PATIENCE_S = 2.0
#: nginx counts whole seconds, so what it may keep for one it sends for two at most.
NGINX_KEEPS_MS = 2000
#: How nginx is told how long it may keep an answer, and how it says that it keeps some (firmware_config/nginx).
_KEEP, _KEEPS = "X-Accel-Expires", "X-Stall-Keeps"
_OK = 200
_CHOICES = {f"{language.ARGUMENT}={code}": code for code in LANGUAGES}
View = Callable[..., Any]


class Key(NamedTuple):
    """What an answer depends on: the path, the language of the page, and whether that was chosen in the address."""

    path: str
    language: str
    chosen: bool


@dataclass(slots=True)
class Kept:
    """One answer as it was drawn. `between` are the pieces of its body between which the keys of forms stand.

    It is of the moment `at_ms` and good until `until_ms` (ms since boot), while the database stands at `changes`.
    """

    headers: list[tuple[str, str]]
    between: list[bytes]
    length: int
    with_form: bool
    at_ms: int
    until_ms: int
    changes: int
    renewed_ms: int | None = field(default=None)

    def answer(self, *, by_nginx: bool, now_ms: int) -> tuple[list[tuple[str, str]], bytes]:
        """Headers and body of one answer, with a key of its own for each form.

        `by_nginx`: it may keep the answer for a second, unless its moment comes before that, and completes the keys.
        """
        if not by_nginx or self.until_ms - now_ms <= NGINX_KEEPS_MS:
            return self.headers, _filled(self.between, lambda _: ids.new_press())
        body = _filled(self.between, ids.begun_press)
        headers = [(name, value) for name, value in self.headers if name != "Content-Length"]
        return [*headers, ("Content-Length", str(len(body))), (_KEEP, "1")], body


def _filled(between: Sequence[bytes], key: Callable[[int], str]) -> bytes:
    pieces = [between[0]]
    for number, piece in enumerate(between[1:]):
        pieces += (key(number).encode(), piece)
    return b"".join(pieces)


class Pages:
    """The answers kept in this process. Nothing is kept unless somebody tells it of changes (`watch`)."""

    def __init__(self, box: Box, *, watch: bool, nginx: bool = False) -> None:
        """With `watch`, somebody calls `forget` at each change of the database. `nginx` is in front and may keep some too."""
        self._box, self._watch, self._nginx = box, watch, nginx
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = self._changes = 0
        self._lock = threading.Lock()
        self._drawing: dict[Key, threading.Lock] = {}
        self._mark = f"press-{ids.new_press()}"
        #: The languages pages were asked for in, the last one last.
        self.spoken: OrderedDict[str, None] = OrderedDict()

    def forget(self) -> None:
        """The database changed: what is kept is old now."""
        self._changes += 1

    def press(self) -> str:
        """The key of a form; while a page is drawn to be kept, the mark in its place."""
        return self._mark if has_request_context() and g.get("kept_for_all", False) else ids.new_press()

    def page(self, view: View) -> View:
        """Keep the answers of a view in each language; they say that they differ by it."""
        return self._marked(view, spoken=True)

    def data(self, view: View) -> View:
        """Keep the answers of a view that says the same in every language."""
        return self._marked(view, spoken=False)

    def find(self, path: str, query: str, spoken: str) -> Kept | None:
        """What may be sent for a GET without asking the framework; None where somebody must draw it, and then it is the asker."""
        if query and query not in _CHOICES:
            return None
        chosen = _CHOICES.get(query)
        kept = self._kept.get(Key(path, chosen or language.spoken(spoken), chosen is not None)) or self._kept.get(
            Key(path, "", chosen=False)
        )
        if kept is None:
            return None
        now = self._box.clock.boottime_ms()
        if self._counts(kept, now):
            return kept
        if not 0 <= now - kept.at_ms <= OLDEST_MS or now >= kept.until_ms:
            return None
        if kept.renewed_ms is None or now - kept.renewed_ms > FRESH_MS:
            kept.renewed_ms = now  # the asker draws the next, others get this one meanwhile
            return None
        return kept

    def _counts(self, kept: Kept, now_ms: int) -> bool:
        return kept.changes == self._changes and 0 <= now_ms - kept.at_ms <= FRESH_MS and now_ms < kept.until_ms

    def _marked(self, view: View, *, spoken: bool) -> View:
        @wraps(view)
        def answer(**names: str) -> Response:
            key = self._key(spoken=spoken)
            if key is None:
                return _conditional(_said(make_response(view(**names)), spoken=spoken))
            kept = self._fresh(key)
            if kept is None:
                drawing = self._turn(key)
                mine = drawing.acquire(timeout=_PATIENCE_S)
                try:
                    kept = self._fresh(key)
                    if kept is None:
                        drawn, kept = self._draw(key, view, names, spoken=spoken)
                        if kept is None:
                            return drawn
                finally:
                    if mine:
                        drawing.release()
            return self._answer(kept)

        return answer

    def kept_by_nginx(self, keeps: str | None) -> bool:
        """Whether nginx is in front and says that it keeps what it may; `keeps` is its header."""
        return self._nginx and keeps == "1"

    def _key(self, *, spoken: bool) -> Key | None:
        """What the answer to the request at hand is kept under; None when it is nobody else's."""
        query = request.query_string.decode("latin-1")
        if not self._watch or (query and query not in _CHOICES):
            return None
        if not spoken:
            return Key(request.path, "", chosen=False)
        said = language.current()
        self.spoken[said] = None
        self.spoken.move_to_end(said)
        return Key(request.path, said, bool(query))

    def _fresh(self, key: Key) -> Kept | None:
        kept = self._kept.get(key)
        return kept if kept is not None and self._counts(kept, self._box.clock.boottime_ms()) else None

    def _turn(self, key: Key) -> threading.Lock:
        """Who draws a page draws it alone: the others wait a moment and find it."""
        with self._lock:
            if len(self._drawing) > MOST_PAGES:  # paths that name nothing are asked for, too
                self._drawing = {known: lock for known, lock in self._drawing.items() if lock.locked()}
            return self._drawing.setdefault(key, threading.Lock())

    def _draw(self, key: Key, view: View, names: dict[str, str], *, spoken: bool) -> tuple[Response, Kept | None]:
        """Have the view draw it, and keep that; None where it is nothing to keep."""
        at_ms, changes = self._box.clock.boottime_ms(), self._changes
        now_ms = self._box.now_ms()
        until = moments.next_change(self._box.db.read(), now_ms)
        g.kept_for_all, g.somebodys_own = True, False
        try:
            drawn = _said(make_response(view(**names)), spoken=spoken)
        finally:
            g.kept_for_all = False
        if drawn.status_code != _OK or g.somebodys_own:
            drawn.set_data(_filled(drawn.get_data().split(self._mark.encode()), lambda _: ids.new_press()))
            return drawn, None
        between = drawn.get_data().split(self._mark.encode())
        length = sum(map(len, between)) + (len(between) - 1) * ids.PRESS_CHARS
        drawn.headers["Content-Length"] = str(length)
        with_form = g.get("with_form", False)
        kept = Kept(
            guard.sealed(drawn.headers.items(), with_form=with_form),
            between,
            length,
            with_form,
            at_ms,
            NEVER_MS if until is None else at_ms + until - now_ms,
            changes,
        )
        self._keep(key, kept)
        return drawn, kept

    def _keep(self, key: Key, kept: Kept) -> None:
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = kept
            self._bytes += kept.length - (before.length if before else 0)
            while len(self._kept) > MOST_PAGES or self._bytes > MOST_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1].length

    def _answer(self, kept: Kept) -> Response:
        by_nginx = self.kept_by_nginx(request.headers.get(_KEEPS))
        headers, body = kept.answer(by_nginx=by_nginx, now_ms=self._box.clock.boottime_ms())
        return _conditional(Response(body, headers=headers))


def not_for_all() -> None:
    """Say that the page at hand is not the same for everybody, so it is never kept."""
    g.somebodys_own = True


def _said(answer: Response, *, spoken: bool) -> Response:
    if spoken:
        answer.vary.add("Accept-Language")
    return answer


def _conditional(answer: Response) -> Response:
    """Tell whoever has this already that they have it."""
    if "ETag" in answer.headers:
        answer.make_conditional(request)
    return answer

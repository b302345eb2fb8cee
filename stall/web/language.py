"""The language of a buyer's page: the one asked for in the address, else what the phone says it speaks.

The choice lives in the address (`?lang=de`) and in no cookie, so every link of a page goes through `at`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache, partial
from typing import NamedTuple
from urllib.parse import urlencode

from flask import current_app, g, has_request_context, request
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from stall.errors import Refused, Retry, StallError
from stall.i18n import formats, texts
from stall.i18n.languages import DEFAULT, LANGUAGES, NAMES
from stall.web import words

ARGUMENT = "lang"


def current() -> str:
    """The language of the request at hand; English where there is none."""
    if not has_request_context():
        return DEFAULT
    if "lang" not in g:
        g.lang = asked() or spoken(request.headers.get("Accept-Language", ""))
    return str(g.lang)


def asked() -> str | None:
    """The language somebody chose by the switch, while it stands in the address."""
    if not has_request_context():
        return None
    said = request.args.get(ARGUMENT)
    return said if said in LANGUAGES else None


@lru_cache(maxsize=256)
def spoken(header: str) -> str:
    """The best of ours for an Accept-Language header (RFC 9110, 12.5.4); `de-AT` is content with `de`."""
    return parse_accept_header(header[:200], LanguageAccept).best_match(LANGUAGES) or DEFAULT


def t(key: str, **facts: object) -> Markup:
    """Say something in the page's language. Facts are escaped unless they are Markup."""
    pattern = texts.pattern(current(), key, facts.get("n"))
    return Markup(escape(pattern)).format(**facts)  # noqa: S704 - escaped just before


def keep(name: str, value: str) -> None:
    """Have the links of this page that stay in the shop window keep an argument too: the order that is added to."""
    g.window = (name, value)


def at(path: str) -> str:
    """The address of a page of ours, keeping the language that was chosen, and in the window what `keep` was told."""
    chosen = asked()
    kept = [] if chosen is None else [f"{ARGUMENT}={chosen}"]
    if has_request_context() and "window" in g and _in_window(path):
        kept.insert(0, "=".join(g.window))
    if not kept:
        return path
    path, mark, fragment = path.partition("#")
    return f"{path}{'&' if '?' in path else '?'}{'&'.join(kept)}{mark}{fragment}"


def _in_window(path: str) -> bool:
    """Whether a path is the catalogue's or an item's."""
    bare = path.partition("#")[0].partition("?")[0]
    return bare == "/" or bare.startswith("/d/")


class Way(NamedTuple):
    """One link of the language switch; `here` is the language the page is in."""

    tag: str
    name: str
    href: str
    here: bool


def ways(*, bare: bool = False) -> list[Way]:
    """The switch: this page in each language, with whatever else stands in its address.

    The links name no path, so they say nothing about it. An answer to a button cannot be asked for again: from there the
    switch leads to the first page, unless the same address has a page of its own. `bare` keeps nothing, for a page that must not
    tell one address from another.
    """
    again = _can_be_asked_for()
    kept = [pair for pair in request.args.items(multi=True) if pair[0] != ARGUMENT] if again and not bare else []
    start = "" if again else "/"
    return [
        Way(tag, name, f"{start}?{urlencode([*kept, (ARGUMENT, tag)])}", tag == current())
        for tag, name in NAMES.items()
    ]


def _can_be_asked_for() -> bool:
    if request.method in {"GET", "HEAD"}:
        return True
    routes = current_app.create_url_adapter(request)
    return routes is not None and routes.test(request.path, "GET")


def error(trouble: StallError) -> Markup:
    """What an error says, in the page's language. A fact `case` tells apart what one code says in several ways.

    Where a buyer could do something and no text of ours says what, its English sentence stands; all else is told as a fault of the
    stall, for what is wrong with a disk or a paper is no buyer's business.
    """
    named = f"error.{trouble.code}"
    for key in (f"{named}.{trouble.facts.get('case')}", named):
        if texts.has(key):
            return t(key, **trouble.facts)
    return escape(trouble.sentence) if isinstance(trouble, Refused | Retry) else t("error.page-fault")


def filters(zone: tzinfo) -> Mapping[str, Callable[..., str]]:
    """The filters of the buyers' pages: as those of `words`, in the page's language and the stall's zone."""
    return {
        **words.FILTERS,
        "money": lambda minor, cur: formats.amount(current(), minor, cur),
        "size": lambda count: formats.size(current(), count),
        "percent": lambda basis_points: formats.percent(current(), basis_points),
        "download_time": _download_time,
        "date_time": partial(_date_time, zone=zone),
        "date_of": partial(_date_of, zone=zone),
        "time": lambda ms: formats.time(current(), ms, zone),
        "when": lambda ms, now_ms: formats.when(current(), ms, now_ms, zone),
    }


def _date_time(ms: int, *, zone: tzinfo) -> str:
    return formats.date_time(current(), ms, zone)


def _date_of(text: str, *, zone: tzinfo) -> str:
    """Write a moment of a document (`2026-11-21T14:05:00Z`) as `date_time` does; as it stands when it is none."""
    try:
        return _date_time(int(datetime.fromisoformat(text).timestamp()) * 1000, zone=zone)
    except ValueError:
        return text


def _download_time(count: int) -> str:
    """Say about how long so many bytes take here."""
    seconds = words.seconds_here(count)
    if seconds < 2:  # noqa: PLR2004 - one second is no wait
        return t("common.moment")
    if seconds < words.IN_SECONDS:
        return t("common.about_s", s=seconds)
    return t("common.about_min", min=round(seconds / 60))

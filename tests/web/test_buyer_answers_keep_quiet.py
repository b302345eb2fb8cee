"""What every answer of the buyers' app carries and what it never does, page by page; and one answer to all that is not there."""

from __future__ import annotations

import re

import pytest

from stall.i18n.languages import LANGUAGES
from stall.web import guard
from tests.fakes.stock import PRINTS
from tests.web.buyer_tour import NOBODY, Stop, Tour, forgotten

#: Routes that show the same to everybody; all others are one person's.
PUBLIC = ("catalogue", "item", "static", "data", "samples", "about", "display", "captive")
_ADDRESS = re.compile(r"""(?:href|src|srcset|action|content|data-[a-z-]+)\s*=\s*["']([^"']*)["']|url\(["']?([^"')]+)""")


def endpoint_of(tour: Tour, stop: Stop) -> str:
    bound = tour.apps[stop.table].url_map.bind("localhost")
    try:
        return str(bound.match(stop.path.split("?")[0], "GET" if stop.form is None else "POST")[0])
    except Exception:  # noqa: BLE001 - no route
        return ""


def test_the_tour_goes_everywhere(buyer_tour: Tour) -> None:
    assert forgotten(buyer_tour) == set(), "lead a stop of tests/web/buyer_tour.py there"


def test_every_answer_is_sealed_and_sets_no_cookie(buyer_tour: Tour) -> None:
    wrong: list[str] = []
    for stop in buyer_tour.stops:
        answer = buyer_tour.look(stop)
        headers, html = answer.headers, answer.text if answer.mimetype == "text/html" else ""
        has_form = re.search(r'<form[^>]*method="post"', html) is not None
        found = {
            "referrer": headers.get("Referrer-Policy")
            in ({"same-origin"} if has_form else {"same-origin", "no-referrer"}),
            "nosniff": headers.get("X-Content-Type-Options") == "nosniff",
            "frame": headers.get("X-Frame-Options") == "DENY",
            "policy": "unsafe" not in headers.get("Content-Security-Policy", "unsafe")
            or stop.name in {"sample", "preview", "snippet"},
            "cookie": "Set-Cookie" not in headers,
            "server": "Server" not in headers,
            "type": bool(headers.get("Content-Type")) or stop.status in {302, 303},
            "charset": not html or "charset=utf-8" in headers["Content-Type"],
        }
        wrong += [f"{stop.name}: {name}" for name, right in found.items() if not right]
    assert wrong == []


def test_pages_run_only_what_is_ours(buyer_tour: Tour) -> None:
    for stop in buyer_tour.pages:
        answer = buyer_tour.look(stop)
        assert answer.headers["Content-Security-Policy"] == guard.POLICY, stop.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]* src=)", answer.text), stop.name


def test_what_is_one_persons_is_kept_nowhere(buyer_tour: Tour) -> None:
    kept = []
    for stop in buyer_tour.stops:
        said = buyer_tour.look(stop).headers.get("Cache-Control", "")
        public = stop.status < 300 and endpoint_of(buyer_tour, stop).split(".")[0] in PUBLIC
        own_file = re.match("/g/[^/]+/|/f/", stop.path) is not None and not stop.page
        if not public and said != ("private, no-cache" if own_file and "no-cache" in said else "no-store"):
            kept.append(f"{stop.name}: {said}")
    assert kept == []


def test_no_page_names_an_address_of_anybody_else(buyer_tour: Tour) -> None:
    own = {table: stocked.box.settings.web.address for table, stocked in buyer_tour.made.items()}
    foreign = []
    for stop in buyer_tour.stops:
        answer = buyer_tour.look(stop)
        if answer.mimetype in {"text/html", "text/css"}:
            for one, other in _ADDRESS.findall(answer.text):
                at = one or other
                if re.match(r"(?:[a-z]+:)?//", at.lower()) and not at.lower().startswith(own[stop.table].lower()):
                    foreign.append(f"{stop.name}: {at}")
    assert foreign == []


NOT_THERE = [
    f"/o/{NOBODY}", "/o/short", f"/o/{'é' * 22}", f"/g/{NOBODY}", f"/g/{NOBODY}/any.jpg", "/g/short", f"/r/{NOBODY}", "/r/short",
    "/c/00000000-0000-4000-8000-000000000000", "/c/nothing", "/d/no-such-drop", "/d/no-such-drop/cover", f"/cover/{'0' * 64}.jpg",
    "/nothing", "/nothing/at/all", "/static/nothing.css", "/till", "/sign-in", "/.well-known/security.txt", f"/f/{NOBODY}/{'0' * 64}/a.jpg",
]  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_answer_to_all_that_is_not_there(buyer_tour: Tour, lang: str) -> None:
    """Nobody learns from it whether there was something once, or what is spelled right."""
    told = set()
    for path in NOT_THERE:
        answer = buyer_tour.ask(Stop(path, path, 404), lang)
        headers = tuple(sorted((name, value) for name, value in answer.headers if name != "Date"))
        told.add((answer.text.replace(path, "HERE"), _lengthless(headers)))
    assert len(told) == 1, sorted(told)[:2]


def _lengthless(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The page names the address it was asked for, in its links to other languages, so its length differs."""
    return tuple((name, value) for name, value in headers if name != "Content-Length")


def test_order_and_grant_cannot_be_guessed_for_long(buyer_tour: Tour) -> None:
    """Names of 128 bits cannot be guessed anyhow; whoever tries is held up, and only they are."""
    client = buyer_tour.clients["three"]
    for path in (f"/o/{NOBODY}", f"/g/{NOBODY}", f"/r/{NOBODY}", f"/T/{'0' * 26}"):
        address = buyer_tour.new_address()
        for _ in range(guard.GUESSES_A_MINUTE):
            client.get(path, environ_overrides={"REMOTE_ADDR": address})
        again = client.get(f"/T/{'1' * 26}", environ_overrides={"REMOTE_ADDR": address})
        other = client.get(f"/T/{'1' * 26}", environ_overrides={"REMOTE_ADDR": buyer_tour.new_address()})
        assert (again.status_code, other.status_code) == (429, 404), path
        assert client.get(f"/d/{PRINTS}", environ_overrides={"REMOTE_ADDR": address}).status_code == 200

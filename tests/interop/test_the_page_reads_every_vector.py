"""The built page in a real browser agrees on every golden vector: from a file with the network off, and from plain http,

where there is no WebCrypto. It asks nobody for anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.chromium import launched
from tests.house.sources import ROOT
from tests.interop.questions import KINDS, Question, parted, questions, vectors

pytestmark = pytest.mark.browser
PAGE = ROOT / "static/verify.html"
HOST = "stall.local"
READ = [kind for kind in KINDS if kind != "claimcode"]
"""What the page has a use for: of claim codes, and of one journal that begins as another, Node alone is asked."""
FUNCTION = re.sub(
    r"^export ", "", (ROOT / "tests/interop/reader/questions.mjs").read_text(encoding="utf-8"), flags=re.MULTILINE
)
ASK = f"(asked) => {{ {FUNCTION}\nreturn asked.map((question) => answer(stall.reader, question)); }}"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


@dataclass
class Opened:
    """The page, as a phone or a laptop has it open; what it asked for, and what went wrong in it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @cached_property
    def answers(self) -> dict[str, tuple[list[Question], list[dict[str, Any]]]]:
        """By kind, all questions at once."""
        asked = {kind: [one for one in questions(kind) if one.asked.get("shows") != "consistency"] for kind in READ}
        said = iter(self.ask([one for each in asked.values() for one in each]))
        return {kind: (each, list(islice(said, len(each)))) for kind, each in asked.items()}

    def ask(self, asked: list[Question]) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = self.page.evaluate(ASK, [one.asked for one in asked])
        return said


@contextmanager
def web_site(folder: Path) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module", params=["from a file, with the network off", "from plain http"])
def opened(request: pytest.FixtureRequest, chromium: str) -> Iterator[Opened]:
    """The page opened in one of the ways that people have it."""
    off = "off" in request.param
    with web_site(PAGE.parent) as port, launched(chromium, f"--host-resolver-rules=MAP {HOST} 127.0.0.1") as browser:
        context = browser.new_context(offline=off)
        found = Opened(context.new_page())
        found.page.on("request", lambda asked: found.requests.append(asked.url))
        found.page.on("console", lambda said: found.trouble.append(said.text))
        found.page.on("pageerror", lambda error: found.trouble.append(str(error)))
        found.page.goto(PAGE.as_uri() if off else f"http://{HOST}:{port}/verify.html")
        yield found
        assert found.requests == [found.page.url]
        assert found.trouble == []


@pytest.mark.parametrize("kind", READ)
def test_it_accepts_and_refuses_the_same_by_the_same_rule_and_finds_the_same(opened: Opened, kind: str) -> None:
    asked, said = opened.answers[kind]
    assert asked
    assert parted(asked, said) == {}


def test_it_needs_no_web_crypto(opened: Opened) -> None:
    there = opened.page.evaluate("typeof crypto.subtle")
    assert there == ("undefined" if opened.page.url.startswith("http:") else "object")


def test_what_it_is_for_other_programs_cannot_be_changed(opened: Opened) -> None:
    changed = "(() => { 'use strict'; try { stall.reader.certificate = 1; return true; } catch { return false; } })()"
    assert opened.page.evaluate("Object.keys(stall).sort().join()") == "judge,reader"
    assert opened.page.evaluate(changed) is False


def test_an_owner_answers_in_it_as_on_the_command_line(opened: Opened) -> None:
    given = vectors("presentation")["valid"][0]
    answered = given["document"]
    asked = {
        "kind": "answer", "trusted": {}, "seed": vectors("presentation")["keys"]["owner"]["seed"],
        "document": json.dumps(answered["verifiableCredential"][0]), "challenge": given["challenge"],
        "domain": given["domain"], "now": opened.page.evaluate("t => Date.parse(t) / 1000", answered["proof"]["created"]),
    }  # fmt: skip
    (said,) = opened.ask([Question("an answer", asked, None, {})])
    assert json.loads(said["found"]["text"]) == answered

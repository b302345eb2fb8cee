"""What stands in static/vendor is, byte for byte, what its NOTICE says, with its licence beside it; pages load no other."""

from __future__ import annotations

import hashlib
import re

from stall.web.factory import PACKAGE, STATIC

HTMX = STATIC / "vendor" / "htmx-2.0.11"
HTMX_SHA256 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"


def test_htmx_is_the_published_file() -> None:
    assert hashlib.sha256((HTMX / "htmx.min.js").read_bytes()).hexdigest() == HTMX_SHA256
    assert 'version:"2.0.11"' in (HTMX / "htmx.min.js").read_text(encoding="utf-8")


def test_its_notice_names_the_hash_and_its_licence_is_there() -> None:
    assert HTMX_SHA256 in (HTMX / "NOTICE").read_text(encoding="utf-8")
    assert "Zero-Clause BSD" in (HTMX / "LICENSE").read_text(encoding="utf-8")


def test_nothing_is_vendored_without_notice_and_licence() -> None:
    for folder in (STATIC / "vendor").iterdir():
        assert {"NOTICE", "LICENSE"} <= {path.name for path in folder.iterdir()}, folder.name


def test_htmx_runs_no_text_as_program_and_keeps_no_page() -> None:
    layout = (PACKAGE / "templates" / "till" / "layout.html").read_text(encoding="utf-8")
    for setting in ('"allowEval": false', '"allowScriptTags": false', '"includeIndicatorStyles": false',
                    '"selfRequestsOnly": true', '"historyCacheSize": 0'):  # fmt: skip
        assert setting in layout
    pages = [path.read_text(encoding="utf-8") for path in (PACKAGE / "templates").rglob("*.html")]
    assert not any(re.search(r'hx-on|hx-vals="js:|\son\w+="|<style|<script>', page) for page in pages)

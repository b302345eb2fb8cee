"""What stands in static/vendor is, byte for byte, what its NOTICE says, with its licence beside it; pages load no other."""

from __future__ import annotations

import hashlib
import json
import re

from stall.web.factory import PACKAGE, STATIC

HTMX = STATIC / "vendor" / "htmx-2.0.11"
HTMX_SHA256 = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
NOBLE = STATIC / "vendor" / "noble-ed25519-3.2.0"
NOBLE_SHA256 = "a4f631d1876b5d9e43a86cd71194ca27b5e1451edf4ba4db9a418f40a475569a"


def test_htmx_is_the_published_file() -> None:
    assert hashlib.sha256((HTMX / "htmx.min.js").read_bytes()).hexdigest() == HTMX_SHA256
    assert 'version:"2.0.11"' in (HTMX / "htmx.min.js").read_text(encoding="utf-8")


def test_its_notice_names_the_hash_and_its_licence_is_there() -> None:
    assert HTMX_SHA256 in (HTMX / "NOTICE").read_text(encoding="utf-8")
    assert "Zero-Clause BSD" in (HTMX / "LICENSE").read_text(encoding="utf-8")


def test_noble_is_the_published_file() -> None:
    assert hashlib.sha256((NOBLE / "index.js").read_bytes()).hexdigest() == NOBLE_SHA256
    assert NOBLE_SHA256 in (NOBLE / "NOTICE").read_text(encoding="utf-8")
    assert "The MIT License" in (NOBLE / "LICENSE").read_text(encoding="utf-8")


def test_noble_is_a_module_to_browsers_and_to_node() -> None:
    package = json.loads((NOBLE / "package.json").read_text(encoding="utf-8"))
    assert (package["version"], package["main"], package["type"]) == ("3.2.0", "index.js", "module")
    assert "import " not in re.sub(
        r"/\*.*?\*/|//.*", "", (NOBLE / "index.js").read_text(encoding="utf-8"), flags=re.DOTALL
    )


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

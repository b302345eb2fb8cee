"""The pages printed from the code are what the code prints now."""

from __future__ import annotations

import pytest

from tests.docs.generated_pages import PAGES
from tests.house.sources import ROOT


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_what_the_code_prints(name: str) -> None:
    path = ROOT / name
    assert path.exists(), f"run: python -m tests.docs.regenerate ({name} is missing)"
    assert path.read_text(encoding="utf-8") == PAGES[name](), "run: python -m tests.docs.regenerate"

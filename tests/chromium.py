"""A Chromium that says nothing to anybody but the pages it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@contextmanager
def launched(path: str, *more: str) -> Iterator[Browser]:
    """Start the program at `path`, with flags beyond the usual ones; it ends with the block."""
    from playwright.sync_api import sync_playwright  # most tests never need it

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *more])
        try:
            yield opened
        finally:
            opened.close()

"""python-escpos, loaded when something is printed, without what it does besides.

Left to itself it reads a database of printers of 400 KB with a slow parser, leaves a folder behind and sets up logging. Two variables of
its own point it at the few facts we rely on instead. `stall web` never loads it.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from stall.domain.code_pages import CODE_PAGES

_FACTS = {
    "profiles": {
        "default": {
            "name": "Receipt printer",
            "codePages": {str(number): name.upper() for name, number in CODE_PAGES.items()},
            "features": {"paperFullCut": True, "paperPartCut": True},
            "fonts": {"0": {"columns": 48}},
        }
    },
    "encodings": {name.upper(): {"name": name.upper(), "python_encode": name} for name in CODE_PAGES},
}


def new_printer(code_page: str, number: int) -> Any:
    """A printer of the library that only keeps its bytes (`output`), with one table of letters under the number given."""
    loaded = _load()
    return loaded.Dummy(magic_encode_args={"encoder": loaded.Encoder({code_page.upper(): number})})


class _Loaded:
    """The two classes of the library we use."""

    def __init__(self) -> None:
        from escpos.magicencode import Encoder  # noqa: PLC0415 - loaded where something is printed, never at the start
        from escpos.printer import Dummy  # noqa: PLC0415 - as above

        self.Encoder, self.Dummy = Encoder, Dummy


@cache
def _load() -> _Loaded:
    root = logging.getLogger()
    handlers = list(root.handlers)
    with _told_ours():
        loaded = _Loaded()
    for added in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(added)
    return loaded


@contextmanager
def _told_ours() -> Iterator[None]:
    """Let the library find our facts, and nothing of it stay on the disk."""
    with tempfile.TemporaryDirectory(prefix="stall-printer-") as folder:
        facts = Path(folder) / "printers.json"
        facts.write_text(json.dumps(_FACTS), encoding="utf-8")
        told = {"ESCPOS_CAPABILITIES_FILE": str(facts), "ESCPOS_CAPABILITIES_PICKLE_DIR": folder}
        before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        tempfile.tempdir, usual = folder, tempfile.tempdir  # it makes a folder there whatever it is told
        try:
            yield
        finally:
            tempfile.tempdir = usual
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

"""Compiled templates wait in the box's folder for the next start; without room for them nothing is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment

from stall.web.factory import create_buyer_app, shop_of
from stall.web.templates_kept import FOLDER, KeptTemplates
from tests.fakes.stock import Stocked


def first_page(stocked: Stocked) -> str:
    app = create_buyer_app(stocked.box)
    try:
        return app.test_client().get("/").text
    finally:
        shop_of(app).stop()


def test_a_second_start_compiles_nothing(stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = first_page(stocked_box)
    folder = stocked_box.folder / FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())

    def compiled(*_: object, **__: object) -> None:
        raise AssertionError("compiled once more")

    monkeypatch.setattr(Environment, "compile", compiled)
    assert first_page(stocked_box) == drawn


@pytest.mark.parametrize("broken", [b"", b"j2", b"\x00" * 40])
def test_what_a_power_cut_left_is_compiled_anew(stocked_box: Stocked, broken: bytes) -> None:
    drawn = first_page(stocked_box)
    for file in (stocked_box.folder / FOLDER).iterdir():
        file.write_bytes(broken)
    assert first_page(stocked_box) == drawn


def test_a_folder_that_takes_nothing_is_no_trouble(stocked_box: Stocked) -> None:
    (stocked_box.folder / FOLDER).write_bytes(b"no folder at all")
    assert "Salt &amp; Paper" in first_page(stocked_box)


def test_another_template_of_the_same_name_is_not_taken_for_it(tmp_path: Path) -> None:
    from jinja2 import DictLoader

    said = []
    for text in ("one", "two"):
        environment = Environment(loader=DictLoader({"page.html": text}), bytecode_cache=KeptTemplates(tmp_path))
        said.append(environment.get_template("page.html").render())
    assert said == ["one", "two"]

"""A creator, a folder of files and a way to build packs from them, for the tests of both ends of a pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stall.creator import keyring, ledger, packs
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack, PackOptions
from tests.creator import closing_scene
from tests.creator.closing_scene import Scene

NOW_S = 1_795_000_000
DAY_S = 86_400


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A creator and two boxes before anything is sold (closing_scene)."""
    folder = tmp_path_factory.mktemp("night")
    closing_scene.make(folder)
    return folder


@pytest.fixture
def scene(night: Path, tmp_path: Path) -> Iterator[Scene]:
    """The same, of the test's own."""
    with closing_scene.opened(night, tmp_path / "night") as made:
        yield made


Build = Callable[..., BuiltPack]


@pytest.fixture(scope="session")
def creator(tmp_path_factory: pytest.TempPathFactory) -> Creator:
    """One creator for tests that ask nothing of the ledger."""
    return keyring.new(tmp_path_factory.mktemp("creator") / "key", "Ada Prints")


@pytest.fixture
def own_creator(tmp_path: Path) -> Creator:
    """A creator of the test's own, with an empty ledger."""
    return keyring.new(tmp_path / "own-creator", "Ada Prints")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three small files, one of them below a folder."""
    made = tmp_path / "prints"
    (made / "notes").mkdir(parents=True)
    (made / "one.jpg").write_bytes(b"\xff\xd8 one " * 400)
    (made / "two.jpg").write_bytes(b"\xff\xd8 two " * 900)
    (made / "notes" / "lies mich.txt").write_text("Grüße", encoding="utf-8")
    return made


@pytest.fixture
def build(creator: Creator, tmp_path: Path) -> Build:
    """Build a pack from a folder; keywords replace the usual options. Every test may build the same drop."""

    def make(folder: Path, out: Path | None = None, signer: Creator | None = None, **changes: Any) -> BuiltPack:
        usual: dict[str, Any] = {
            "title": "Night Prints",
            "price_minor": 450,
            "opens_s": NOW_S,
            "closes_s": NOW_S + 30 * DAY_S,
            "edition": 50,
        }
        options = PackOptions(**{**usual, **changes})
        by = signer or creator
        (by.folder / ledger.FILE).unlink(missing_ok=True)
        built = next(
            tmp_path / f"night-{n}.stallpack" for n in range(9) if not (tmp_path / f"night-{n}.stallpack").exists()
        )
        return packs.build(folder, out or built, by, options, now_s=NOW_S)

    return make

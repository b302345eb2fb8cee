"""Boxes with stock and the buyers' app as a client sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stall.store import locks
from stall.web.factory import create_buyer_app, shop_of
from stall.web.till.print_state import PROGRAM
from tests.fakes import home, stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked
from tests.web import buyer_tour as tours
from tests.web import front, serving


@pytest.fixture(scope="session")
def stocked_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with stock, made once; tests copy it and leave it alone."""
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def stocked_box(stocked_folder: Path, tmp_path: Path) -> Iterator[Stocked]:
    """A box of this test's own: one limited drop of five, one open drop, one free drop, all open."""
    stocked = stock.copy(stocked_folder, tmp_path / "box")
    yield stocked
    stocked.box.close()


@pytest.fixture(scope="session")
def folder_of_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder by the machine's own clock, which nginx goes by too; made once, tests copy it."""
    folder = tmp_path_factory.mktemp("today") / "box"
    front.stocked_today(folder).box.close()
    return folder


@pytest.fixture
def stall(folder_of_today: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    """A box of this test's own to stand behind nginx, in a folder of a short name: a socket's path has no room for more."""
    stocked = front.opened(home.copied(folder_of_today, tmp_path_factory.mktemp("b") / "box"))
    yield stocked
    stocked.box.close()


@pytest.fixture
def buyer_app(stocked_box: Stocked) -> Iterator[Flask]:
    """The buyers' app over that box."""
    app = create_buyer_app(stocked_box.box)
    yield app
    shop_of(app).stop()


@pytest.fixture
def buyer(buyer_app: Flask) -> FlaskClient:
    """A phone looking at the stall."""
    return buyer_app.test_client()


@pytest.fixture
def address(buyer_app: Flask) -> Iterator[str]:
    """Where a browser finds the buyers' app."""
    with serving.on_loopback(buyer_app) as found:
        yield found


@pytest.fixture(scope="session")
def buyer_tour(stocked_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tours.Tour]:
    """Every page of the buyers' app, in every state; tests only look."""
    with tours.made(stocked_folder, tmp_path_factory.mktemp("tour")) as tour:
        yield tour


@pytest.fixture
def program(stocked_box: Stocked) -> Iterator[locks.Held]:
    """The program that prints, as the till sees it: it holds its name."""
    held = locks.own_name(stocked_box.box.folder, PROGRAM)
    yield held
    held.release()

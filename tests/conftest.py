"""What every test stands on: a clean environment, repeatable properties, an honest word about what cannot run here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.chromium import launched
from tests.preload import library

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile(
    "stall",
    deadline=None,  # counts, not times: two shared cores say nothing about one example
    derandomize=True,  # the same commit gives the same verdict; `--hypothesis-profile=search` looks further
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", parent=settings.get_profile("stall"), derandomize=False, max_examples=5_000)
settings.load_profile("stall")

#: Files that take longest (s on two quiet cores, more than ten each): begun first, so that the last minute of a run has something to do for
#: every process. A file that is new and long belongs here; those in which
#: terminals and people wait for each other stand last, when whole systems no longer boot beside them.
LONGEST_FIRST = (
    "tests/appliance/test_a_system_becomes_a_stall.py",
    "tests/appliance/test_a_sale_outlives_the_power.py",
    "tests/appliance/test_what_dies_comes_back.py",
    "tests/phone/test_a_phone_joins_the_box.py",
    "tests/faults/power/test_no_cut_loses_a_sale.py",
    "tests/web/test_no_page_keeps_anybody_out.py",
    "tests/web/test_no_buyers_page_keeps_anybody_out.py",
    "tests/journey/test_a_market_day.py",
    "tests/phone/test_a_phone_at_the_market.py",
    "tests/web/test_till_pages_cost_the_day.py",
    "tests/faults/test_making_again_after_trouble.py",
    "tests/web/test_buyer_pages_without_touch.py",
    "tests/house/test_writing_has_one_place.py",
    "tests/web/test_orders_in_a_browser.py",
    "tests/web/test_till_in_a_browser.py",
    "tests/web/test_every_task_by_hand.py",
    "tests/faults/power/test_a_cut_migration_goes_on.py",
    "tests/money/test_both_books_agree.py",
    "tests/faults/test_no_number_is_sold_by_two_databases.py",
    "tests/faults/test_no_kill_loses_a_sale.py",
    "tests/reader/test_no_card_number_is_kept.py",
    "tests/journey/test_demo_keeps_running.py",
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


#: Where programs are; Debian keeps some where only root looks.
_SYSTEM = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def nginx_path() -> str | None:
    """Where nginx is."""
    return shutil.which("nginx", path=_SYSTEM)


def _missing(item: pytest.Item) -> str | None:
    """Name what this machine lacks for the test, or None."""
    if item.get_closest_marker("browser") and not any(map(shutil.which, BROWSERS)):
        return "no Chromium here; on Debian: apt-get install chromium"
    if item.get_closest_marker("nginx") and nginx_path() is None:
        return "no nginx here; on Debian: apt-get install nginx-light"
    for marker, tool, package in (
        ("netns", "ip", "iproute2"),
        ("dnsmasq", "dnsmasq", "dnsmasq-base"),
        ("nft", "nft", "nftables"),
        ("ffmpeg", "ffmpeg", "ffmpeg"),
        ("poppler", "pdftoppm", "poppler-utils"),
        ("node", "node", "nodejs"),
        ("firmware", "nft", "nftables"),
        ("firmware", "dnsmasq", "dnsmasq-base"),
        ("firmware", "hostapd", "hostapd"),
        ("firmware", "nginx", "nginx-light"),
        ("firmware", "systemd-analyze", "systemd"),
        ("firmware", "sysctl", "procps"),
        ("card", "sfdisk", "fdisk"),
        ("card", "mkfs.ext4", "e2fsprogs"),
        ("nspawn", "systemd-nspawn", "systemd-container"),
        ("nspawn", "debootstrap", "debootstrap"),
    ):
        if item.get_closest_marker(marker) and shutil.which(tool, path=_SYSTEM) is None:
            return f"no {tool} here; on Debian: apt-get install {package}"
    if item.get_closest_marker("root") and os.geteuid() != 0:
        return "needs to be root"
    if item.get_closest_marker("preload") and library.compiler() is None:
        return library.MISSING
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; skip with its reason what this machine cannot run; with CI=true let it run, and fail."""
    turn = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: turn.get(item.nodeid.partition("::")[0], len(turn)))
    if os.environ.get("CI") == "true":
        return
    for item in items:
        if reason := _missing(item):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person running the tests reaches the code under test."""
    for name in list(os.environ):
        if name.startswith("STALL_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the installed Chromium, for tests marked `browser`."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "CI=true and no Chromium: install it, nothing here may be skipped"
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A Chromium for the tests of one file. Not for all of them: its event loop would be found by whoever looks for one."""
    with launched(chromium) as opened:
        yield opened


@pytest.fixture(scope="session")
def nginx() -> str:
    """Path of the installed nginx, for tests marked `nginx`."""
    path = nginx_path()
    assert path, "CI=true and no nginx: install it, nothing here may be skipped"
    return path


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes of a run, for what is made once and copied."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if own.name.startswith("popen-") else own

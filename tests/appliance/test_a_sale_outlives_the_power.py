"""A maker sets up an installed system by the README's words, somebody buys with a phone, the power goes, and nothing is gone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.appliance.conftest import Installed, everything_runs
from tests.appliance.machine import Machine
from tests.chromium import launched
from tests.docs.test_the_way_to_a_stall_works import NOT_TRIED, shown
from tests.house.sources import ROOT
from tests.phone import scene
from tests.phone.network import BOX, Air
from tests.phone.scene import Hands

pytestmark = [
    pytest.mark.root, pytest.mark.nspawn, pytest.mark.netns, pytest.mark.browser, pytest.mark.timeout(900),
]  # fmt: skip
DATA = "/var/lib/stall"
TILL_PORT = 8001
IN_BOX = "/var/tmp/from-the-creator"


@pytest.fixture(scope="module")
def stocked(box: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Every command of the README's section, those of the box there, those of the creator here."""
    laptop = tmp_path_factory.mktemp("laptop")
    scene._photos(laptop / "FILES")
    box.run("install", "-d", "-o", "stall", IN_BOX)
    for line in shown():
        command, _, into = line.partition(" > ")
        if line in NOT_TRIED or command.startswith("stall keys new box"):
            continue  # the installation made the box, and its services serve
        if "BOX" in shlex.split(command):
            words = [DATA if word == "BOX" else word for word in shlex.split(command)]
            for name in (name for name in words if (laptop / name).is_file()):
                box.path(f"{IN_BOX}/{name}").write_bytes((laptop / name).read_bytes())
            said = box.run("sh", "-c", f"cd {IN_BOX} && {shlex.join(words)}").stdout
        else:
            said = _creator(laptop, shlex.split(command)[1:])
        if into:
            (laptop / into).write_text(said)
    return box


def _creator(laptop: Path, words: list[str]) -> str:
    environment = {**os.environ, "STALL_PASSPHRASE": "three words of mine", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "stall", *words], cwd=laptop, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def browser(air: Air, chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The phone's own, in its network, with the names it gets there."""
    with launched(str(scene._wrapped(tmp_path_factory.mktemp("phone"), air, chromium))) as opened:
        yield opened


def test_a_sale_is_there_after_the_power_was_cut_as_the_buyer_read_that_it_is_paid(
    stocked: Machine, installed: Installed, air: Air, phone: Hands, browser: Browser
) -> None:
    phone.do("join")
    page = browser.new_page(viewport={"width": 390, "height": 844}, accept_downloads=True)
    page.goto(f"http://{BOX}/")
    page.locator("a[href*='/d/']").first.click()
    page.locator("form[action*='/order'] button").first.click()
    page.wait_for_url("**/o/**")
    order = page.url
    code = page.locator(".code").inner_text().strip()
    pin = re.search(r"PIN, shown this once: (\d+)", installed.said)
    assert pin
    maker = Hands(["nsenter", f"--target={stocked.leader}", "--net"])
    maker.begin("sell", till=TILL_PORT, pin=pin[1], code=code, tender="cash")
    download = page.locator("button[name=to][value=file]")
    expect(download).to_be_visible(timeout=20_000)
    stocked.cut_power()
    with contextlib.suppress(AssertionError):  # it may have heard that it is paid, or not
        maker.hear()
    maker.close()

    stocked.boot()
    stocked.until(lambda: everything_runs(stocked))
    assert "epoch.begun" not in stocked.journal("--unit", "stall-*")  # the same box on the same board
    verified = stocked.stall("journal", "verify", "--data", DATA)
    assert verified.returncode == 0, verified.stdout
    phone.do("join")
    page.goto(order)
    _got(page, stocked)


def _got(page: Page, box: Machine) -> None:
    """The file that the page gives is the one that was bought."""
    with page.expect_download() as started:
        page.locator("button[name=to][value=file]").click()
    saved = hashlib.sha256(Path(started.value.path()).read_bytes()).hexdigest()
    assert saved in box.run("sh", "-c", f"sha256sum {DATA}/zips/*").stdout

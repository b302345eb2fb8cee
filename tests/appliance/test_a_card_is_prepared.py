"""A system that does not run gets the stall too: nothing of this machine gets in, and its first boot makes keys and box."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.appliance.conftest import CLONE, WHEELS, as_the_readme_says, everything_runs, setup
from tests.appliance.machine import Disk, machine
from tests.phone.network import Air
from tests.phone.scene import Hands

pytestmark = [pytest.mark.root, pytest.mark.nspawn, pytest.mark.netns, pytest.mark.timeout(900)]
#: Where there is no partition that a laptop can read.
TOLD = "stall-first-boot.txt"


def test_a_card_that_was_prepared_elsewhere_is_a_stall_after_its_first_boot(
    debian: Disk, air: Air, place: Path, shown: dict[str, Path], phone: Hands
) -> None:
    card = place / "card"
    for name in ("upper", "work", "disk"):
        (card / name).mkdir(parents=True)
    over = f"lowerdir={debian.layers[-1]},upperdir={card}/upper,workdir={card}/work"
    mounted = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        f'mount -t overlay -o {over} overlay {card}/disk && exec "$@"',
        "sh",
    ]
    install = [f"{shown[CLONE]}/setup.sh", "install", "--root", f"{card}/disk", *as_the_readme_says()]
    done = subprocess.run(
        [*mounted, *install, "--wheelhouse", str(shown[WHEELS])], capture_output=True, text=True, timeout=600, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each.name for each in (card / "upper/var/lib/stall").rglob("*") if each.is_file()] == []

    with machine(Disk((card / "upper", *debian.layers)), air.box, shown, place=place) as box:
        box.boot()
        box.until(lambda: everything_runs(box))
        assert re.search(r"PIN\D+\d{6}", (box.path("/root") / TOLD).read_text())
        phone.do("join")
        assert "Night Fair" in phone.do("get", path="/")["text"]
        assert setup(box, "--check").returncode == 0

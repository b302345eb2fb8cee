"""Units of the stall that are killed, or stand still, are started anew by systemd, and nobody who asks meanwhile goes away empty."""

from __future__ import annotations

import pytest

from tests.appliance.machine import Machine
from tests.phone.scene import Hands

pytestmark = [pytest.mark.root, pytest.mark.nspawn, pytest.mark.netns, pytest.mark.timeout(900)]
SERVICES = ("stall-sync.service", "stall-nginx.service", "stall-dns.service")
WEB = "stall-web.service"
#: How long the pages may stand still (s).
SOON_S = 6


@pytest.mark.parametrize("unit", SERVICES)
def test_a_unit_that_is_killed_comes_back(box: Machine, unit: str) -> None:
    before = _facts(box, unit)
    box.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", unit)
    box.until(lambda: _facts(box, unit) == (before[0] + 1, "active"))


def test_no_request_is_lost_while_the_pages_start_anew(box: Machine, phone: Hands) -> None:
    """Neither when they are told to, for an update or other settings, nor when they are shot: whoever comes meanwhile waits."""
    phone.do("join")
    phone.begin("keep_asking", path="/?n=#")
    phone.hear()
    box.run("systemctl", "restart", WEB)
    box.until(lambda: _facts(box, WEB) == (0, "active"))
    box.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", WEB)
    box.until(lambda: _facts(box, WEB) == (1, "active"))
    phone.go_on()
    answers = phone.hear()["answers"]
    shot = {answer: often for answer, often in answers.items() if answer != "200"}
    assert sum(shot.values()) <= 1, answers  # the one that was being answered when the process was shot
    assert answers["200"] > 5, answers


def test_pages_that_stand_still_are_ended_and_started_anew(box: Machine, phone: Hands) -> None:
    own = box.path("/run/systemd/system/stall-web.service.d/soon.conf")
    own.parent.mkdir(parents=True)
    own.write_text(f"[Service]\nWatchdogSec={SOON_S}\n")  # nobody wants to wait a minute here
    box.run("systemctl", "daemon-reload")
    box.run("systemctl", "restart", WEB)
    before, _ = _facts(box, WEB)
    box.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", WEB)
    box.until(lambda: _facts(box, WEB) == (before + 1, "active"), within_s=90)
    assert "watchdog" in box.journal("--unit", WEB).lower()
    phone.do("join")
    assert phone.do("get", path="/?n=still")["status"] == 200


def _facts(box: Machine, unit: str) -> tuple[int, str]:
    """How often it was started anew, and whether it is up."""
    told = box.show(unit, "NRestarts", "ActiveState")
    return int(told["NRestarts"]), told["ActiveState"]

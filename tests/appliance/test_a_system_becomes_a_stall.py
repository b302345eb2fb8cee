"""A bare Debian becomes the stall by one command, a second run changes nothing, and taken away again nothing is left but the data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.appliance.conftest import SYSTEM, UNITS, WHEELS, Installed, everything_runs, setup
from tests.appliance.machine import Disk, Machine
from tests.phone.scene import Hands

pytestmark = [pytest.mark.root, pytest.mark.nspawn, pytest.mark.netns, pytest.mark.timeout(900)]
WOULD_CHANGE = 3
CURRENT = "/opt/stall/current"
#: Where users stand.
ACCOUNTS = {f"etc/{name}{kept}" for name in ("passwd", "group", "shadow", "gshadow") for kept in ("", "-")}


def test_before_it_says_what_it_would_do_and_afterwards_that_nothing_is_left_to_do(installed: Installed) -> None:
    assert installed.check_before == WOULD_CHANGE
    assert "build release" in installed.said_before
    assert installed.check_after == 0, installed.said_after
    assert re.search(r"PIN, shown this once: \d{6}", installed.said)
    assert {unit: installed.units.get(unit) for unit in UNITS} == dict.fromkeys(UNITS, "active")


def test_after_a_boot_the_whole_stall_is_there(box: Machine, phone: Hands) -> None:
    assert everything_runs(box)
    assert phone.do("join")["portal"] == "http://192.0.2.1/captive/api"
    page = phone.do("get", path="/")
    assert (page["status"], "Night Fair" in page["text"]) == (200, True)
    assert box.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").stdout == ""


def test_nothing_waits_for_itself_at_the_start(box: Machine) -> None:
    """Where units wait for each other in a circle, systemd leaves out one of them, another one at each boot."""
    told = box.run("systemd-analyze", "verify", "--man=no", "default.target", check=False)
    assert [line for line in told.stderr.splitlines() if "cycle" in line or "stall" in line] == []


def test_without_a_radio_the_access_point_is_passed_over_and_holds_nothing_up(box: Machine) -> None:
    known = box.show("stall-ap.service", "LoadState", "ActiveState", "NRestarts")
    assert known["ActiveState"] in {"inactive", ""}, known
    assert known.get("NRestarts", "0") in {"0", ""}


def test_a_second_run_changes_no_file_and_starts_nothing_anew(box: Machine) -> None:
    before, running = _stamps(box), _runs(box)
    done = setup(box, "--wheelhouse", WHEELS)
    assert done.returncode == 0, done.stderr
    assert "Nothing to change" in done.stdout
    assert _changed(before, _stamps(box)) == set()
    assert _runs(box) == running


def test_what_somebody_changed_by_hand_is_found_and_mended(box: Machine) -> None:
    place = "/etc/stall/nginx/stall-buyers.conf"
    good = box.path(place).read_bytes()
    box.path(place).write_bytes(good + b"# mine\n")
    box.run("systemctl", "disable", "stall-dns.service")
    found = setup(box, "--check")
    assert found.returncode == WOULD_CHANGE
    assert place in found.stdout
    assert "stall-dns.service" in found.stdout
    done = setup(box, "--wheelhouse", WHEELS)
    assert done.returncode == 0, done.stderr
    assert box.path(place).read_bytes() == good
    assert box.path(f"{place}.stall-kept").read_bytes() == good + b"# mine\n"
    box.path(f"{place}.stall-kept").unlink()
    assert setup(box, "--check").returncode == 0


def test_what_the_programs_refuse_is_not_installed_and_the_old_goes_on(box: Machine, phone: Hands) -> None:
    settings = box.path("/var/lib/stall/settings.toml")
    good = settings.read_text()
    before, running = _stamps(box, "/etc", "/opt"), _runs(box)
    assert "[network]" in good
    settings.write_text(re.sub(r"(?m)^country = .*$", 'country = "DE"\\nchannel = 14', good))
    try:
        assert setup(box, "--wheelhouse", WHEELS).returncode == 1
        assert _changed(before, _stamps(box, "/etc", "/opt")) == set()
        assert _runs(box) == running
        assert phone.do("get", path="/")["status"] == 200
    finally:
        settings.write_text(good)


def test_a_release_whose_pages_do_not_come_up_is_taken_back(box: Machine, phone: Hands) -> None:
    runs = box.run("readlink", CURRENT).stdout
    made = _release(box, "9.9.8-0123456789ab")
    _break(box, made)
    done = box.run(f"{made}/.venv/bin/stall", "appliance", "apply", check=False, within_s=300)
    assert done.returncode == 1
    assert "stall-web.service" in done.stderr
    assert box.run("readlink", CURRENT).stdout == runs
    box.until(lambda: everything_runs(box))
    box.until(lambda: phone.do("get", path="/?n=back")["status"] == 200)
    assert not box.path("/run/stall-fallback").exists()  # nobody else went back meanwhile
    box.run("rm", "-rf", made)
    assert setup(box, "--check").returncode == 0


def test_a_release_that_starts_no_more_goes_back_by_itself_and_one_that_falls_once_does_not(box: Machine) -> None:
    runs = box.run("readlink", CURRENT).stdout
    made = _release(box, "9.9.9-0123456789ab")
    box.run(f"{made}/.venv/bin/stall", "appliance", "apply", within_s=300)
    box.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "stall-web.service")
    box.until(
        lambda: box.show("stall-web.service", "NRestarts", "ActiveState") == {"NRestarts": "1", "ActiveState": "active"}
    )
    assert box.run("readlink", CURRENT).stdout.endswith("9.9.9-0123456789ab\n")
    assert not box.path("/run/stall-fallback").exists()
    for _ in range(4):  # somebody who tries something out
        box.run("systemctl", "restart", "stall-web.service", check=False)
    box.until(lambda: everything_runs(box))
    assert box.run("readlink", CURRENT).stdout.endswith("9.9.9-0123456789ab\n")
    _break(box, made)
    box.run("systemctl", "restart", "--no-block", "stall-web.service")
    box.until(lambda: box.run("readlink", CURRENT).stdout == runs, within_s=90)
    box.until(lambda: box.show("stall-fallback.service", "ActiveState") == {"ActiveState": "inactive"}, within_s=90)
    assert everything_runs(box)
    assert setup(box, "--check").returncode == 0


def test_taken_away_it_leaves_the_system_as_it_was_and_the_data(
    box: Machine, installed: Installed, debian: Disk
) -> None:
    done = setup(box, "--uninstall")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _changed(installed.system, box.listing(*SYSTEM)) - ACCOUNTS == set()
    for table in ("etc/passwd", "etc/group"):  # the user of the data stays, in its groups, and nobody else
        before, now = (_without_us(top / table) for top in (debian.layers[-1], box.path("/")))
        assert now == before
    assert box.path("/var/lib/stall/stall.sqlite").exists()
    assert [unit for unit, state in box.units().items() if state == "active"] == []
    assert box.show("nginx.service", "UnitFileState", "ActiveState") == {
        "UnitFileState": "enabled",
        "ActiveState": "active",
    }


def _without_us(table: Path) -> list[str]:
    lines = table.read_text().splitlines()
    return [re.sub(r"[:,]stall$", "", line).rstrip(":") for line in lines if not line.startswith("stall:")]


def _release(box: Machine, name: str) -> str:
    """A release like the one that runs, by another name."""
    runs = Path("/opt/stall/releases") / Path(box.run("readlink", CURRENT).stdout.strip()).name
    made = runs.with_name(name)
    box.run("cp", "-a", str(runs), str(made))
    box.run("sed", "-i", f"s|{runs}|{made}|", f"{made}/.venv/bin/stall")
    return str(made)


def _break(box: Machine, release: str) -> None:
    """Its `stall web` ends as soon as it begins."""
    box.run("sh", "-c", f"cd {release}/stall/commands && rm -f __pycache__/web.* && echo 'raise SystemExit(3)' >web.py")


def _stamps(box: Machine, *places: str) -> dict[str, tuple[int, int]]:
    """Every file of ours, and of the system, with its inode and when it was written."""
    found = {}
    for place in places or ("/etc", "/opt", "/usr/local", "/usr/share/stall", "/var/lib/stall/settings.toml"):
        told = box.run("find", place, "-printf", "%p\t%i\t%T@\n").stdout
        for line in told.splitlines():
            path, inode, written = line.split("\t")
            found[path] = (int(inode), int(written.replace(".", "")))
    return found


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def _runs(box: Machine) -> dict[str, str]:
    """Each run of each unit has a name of its own."""
    return {unit: box.show(unit, "InvocationID")["InvocationID"] for unit in UNITS}

"""Installing: what is put where, what a second run does, what happens when it does not come up, and who is in the way."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import msgspec
import pytest

from stall.box.config.scratch import Fault
from stall.box.install import applying, everything, manifest, removing, swap
from stall.errors import Broken, Refused, Retry
from tests.box.install.appliance import CONFIG, Appliance, tree

NEWER = "2-bbbbbbbbbbbb"


def test_everything_stands_where_it_belongs_and_runs(appliance: Appliance) -> None:
    done = appliance.apply()
    at = appliance.machine.at
    assert str(at("/opt/stall/current").readlink()) == "releases/1-aaaaaaaaaaaa"
    assert (at("/usr/share/stall/static"), at("/usr/local/bin/stall").stat().st_mode & 0o777)[1] == 0o755
    assert at("/etc/stall/hostapd.conf").stat().st_mode & 0o777 == 0o600
    assert b"lamp-river-oat-moss" in at("/etc/stall/hostapd.conf").read_bytes()
    assert {"stall.target", "stall-web.service", "stall-nginx.service", "stall-sync.service"} <= appliance.up()
    assert len(done.changes) == len(appliance.installed().entries)
    assert done.reboot  # config.txt is read when the firmware starts
    assert not at("/etc/stall/swap").exists()
    assert "settled" in appliance.box.asked


def test_a_second_run_changes_nothing_and_starts_nothing_anew(appliance: Appliance) -> None:
    appliance.apply()
    before, _ = tree(appliance.root), appliance.told()
    done = appliance.apply()
    assert done.changes == ()
    assert tree(appliance.root) == before
    assert appliance.told() == []


def test_a_setting_that_no_file_of_the_configuration_holds_starts_the_stall_anew(appliance: Appliance) -> None:
    appliance.apply()
    appliance.told()
    appliance.box.settings = msgspec.structs.replace(appliance.box.settings, vat_bp=700)
    (told,) = applying.check(appliance.machine, "1-aaaaaaaaaaaa", appliance.box.settings)
    assert told == "replace /etc/stall/settings.sha256"
    appliance.apply()
    assert any("restart" in line and "stall.target" in line for line in appliance.told())
    assert appliance.apply().changes == ()


def test_check_names_what_would_change_and_changes_nothing(appliance: Appliance) -> None:
    before = tree(appliance.root)
    told = applying.check(appliance.machine, "1-aaaaaaaaaaaa", appliance.box.settings)
    assert "make /etc/stall/nginx/nginx.conf" in told
    assert "replace /boot/firmware/config.txt" in told
    assert tree(appliance.root) == before
    appliance.apply()
    assert applying.check(appliance.machine, "1-aaaaaaaaaaaa", appliance.box.settings) == []
    appliance.write("/etc/stall/dnsmasq.conf", b"mine\n")
    (said,) = applying.check(appliance.machine, "1-aaaaaaaaaaaa", appliance.box.settings)
    assert said.startswith("replace /etc/stall/dnsmasq.conf (changed by hand")


def test_what_somebody_changed_by_hand_is_kept_beside_it(appliance: Appliance) -> None:
    appliance.apply()
    appliance.write("/etc/stall/dnsmasq.conf", b"mine\n")
    done = appliance.apply()
    assert [(change.path, change.by_hand) for change in done.changes] == [("/etc/stall/dnsmasq.conf", True)]
    assert appliance.machine.at("/etc/stall/dnsmasq.conf.stall-kept").read_bytes() == b"mine\n"
    assert appliance.machine.at("/etc/stall/dnsmasq.conf").read_bytes() != b"mine\n"


def test_what_is_ours_is_written_down_again_where_the_manifest_was_lost(appliance: Appliance) -> None:
    appliance.apply()
    ours = [entry.path for entry in appliance.installed().entries if not entry.edited]
    shutil.rmtree(appliance.machine.at("/etc/stall"))
    appliance.apply()
    assert {entry.path for entry in appliance.installed().entries} >= set(ours)
    assert appliance.apply().changes == ()
    removing.remove(appliance.machine, appliance.box, appliance.said.append)
    assert [path for path in ours if appliance.machine.at(path).exists()] == []


def test_rights_that_are_wrong_are_put_right(appliance: Appliance) -> None:
    appliance.apply()
    appliance.machine.at("/etc/stall/hostapd.conf").chmod(0o644)
    (change,) = appliance.apply().changes
    assert (change.what, change.path) == ("rights", "/etc/stall/hostapd.conf")
    assert appliance.machine.at("/etc/stall/hostapd.conf").stat().st_mode & 0o777 == 0o600


def test_a_first_installation_that_does_not_come_up_leaves_nothing(appliance: Appliance) -> None:
    (appliance.state / "on/nginx.service").touch()
    (appliance.state / "broken/1-aaaaaaaaaaaa").touch()
    before = tree(appliance.root, without=("/run", "/var"))
    with pytest.raises(Broken, match="no such table: sales") as said:
        appliance.apply()
    assert said.value.code == "appliance-did-not-start"
    after = tree(appliance.root, without=("/run", "/var"))
    assert {path: what for path, what in after.items() if path != "/etc/group"} == {
        path: what for path, what in before.items() if path != "/etc/group"
    }
    assert appliance.on() == {"nginx.service"}
    assert not {unit for unit in appliance.up() if unit.startswith("stall")}


def test_a_newer_release_that_does_not_come_up_gives_way_to_the_old_one(appliance: Appliance) -> None:
    appliance.apply()
    before = tree(appliance.root, without=("/run",))
    appliance.release(NEWER)
    (appliance.state / "broken" / NEWER).touch()
    with pytest.raises(Broken, match="what stood before was put back"):
        appliance.apply(NEWER)
    after = tree(appliance.root, without=("/run", f"/opt/stall/releases/{NEWER}"))
    assert after == before
    # A copy that an earlier run left goes before an undoing would take it for that of this one.
    assert appliance.box.asked[-3:] == ["settled", "migrate", "put back"]
    assert {"stall.target", "stall-web.service"} <= appliance.up()


def test_a_newer_release_that_sold_something_stays_though_it_is_not_well(appliance: Appliance) -> None:
    """The one before cannot read the database any more, and a copy from before would lose the sale."""
    appliance.apply()
    appliance.release(NEWER)
    (appliance.state / "broken" / NEWER).touch()
    appliance.box.since = True
    with pytest.raises(Broken) as said:
        appliance.apply(NEWER)
    assert said.value.code == "appliance-sold-since"
    assert "put back" not in appliance.box.asked
    assert appliance.installed().release == NEWER
    assert swap.pending(appliance.machine) is None
    assert "stall.target" in appliance.up()


def test_the_last_two_releases_are_kept_and_the_one_before_stands_by(appliance: Appliance) -> None:
    appliance.apply()
    assert not appliance.machine.at(everything.TRIAL).exists()
    for name in (NEWER, "3-cccccccccccc"):
        appliance.release(name)
        appliance.apply(name)
    assert everything.releases(appliance.machine) == [NEWER, "3-cccccccccccc"]
    assert appliance.installed().previous == NEWER
    assert b"OnFailure=stall-fallback.service" in appliance.machine.at(everything.TRIAL).read_bytes()
    applying.apply(appliance.machine, NEWER, appliance.box, appliance.said.append, goes_back=False)
    assert appliance.installed().previous == ""
    assert not appliance.machine.at(everything.TRIAL).exists()


def test_no_release_is_changed_in_the_middle_of_the_day_but_by_force(appliance: Appliance) -> None:
    appliance.apply()
    appliance.release(NEWER)
    appliance.box.because = "a shift is open at the till"
    assert appliance.apply().changes == ()
    before = tree(appliance.root)
    with pytest.raises(Refused, match="because a shift is open") as said:
        appliance.apply(NEWER)
    assert said.value.code == "appliance-busy"
    assert tree(appliance.root) == before
    appliance.apply(NEWER, now=True)
    assert appliance.installed().release == NEWER


def test_what_its_own_program_refuses_replaces_nothing(appliance: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(appliance.root, without=("/run", "/var", "/etc/group"))
    fault = Fault("/etc/stall/nginx/nginx.conf", 7, "unknown directive")
    monkeypatch.setattr("stall.box.config.validate.check", lambda _files: [fault])
    with pytest.raises(Refused, match="line 7: unknown directive") as said:
        appliance.apply()
    assert said.value.code == "config-refused"
    assert tree(appliance.root, without=("/run", "/var", "/etc/group")) == before


def test_the_systems_own_nginx_makes_way_and_comes_back_only_with_us_gone(appliance: Appliance) -> None:
    (appliance.state / "on/nginx.service").touch()
    (appliance.state / "up/nginx.service").touch()
    appliance.apply()
    assert "nginx.service" not in appliance.on() | appliance.up()
    assert appliance.installed().rivals == ("nginx.service",)


def test_the_people_it_needs_are_in_their_groups(appliance: Appliance) -> None:
    appliance.apply()
    assert appliance.machine.members("dialout") == {"stall"}
    assert appliance.machine.members("stall") == {"www-data"}


def test_files_of_others_keep_all_that_is_not_ours(appliance: Appliance) -> None:
    appliance.apply()
    assert appliance.machine.at("/boot/firmware/config.txt").read_bytes().startswith(CONFIG)
    appliance.write(
        "/boot/firmware/config.txt",
        appliance.machine.at("/boot/firmware/config.txt").read_bytes() + b"hdmi_force_hotplug=1\n",
    )
    assert appliance.apply().changes == ()


def test_two_at_a_time_do_not_get_into_each_others_way(appliance: Appliance) -> None:
    place = appliance.machine.at(applying.LOCK)
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Retry) as said:
            appliance.apply()
    assert said.value.code == "appliance-locked"


def test_a_folder_where_a_file_belongs_stops_it_before_anything(appliance: Appliance) -> None:
    appliance.machine.at("/etc/stall/dnsmasq.conf").mkdir(parents=True)
    with pytest.raises(Broken, match="is no file") as said:
        appliance.apply()
    assert said.value.code == "path-taken"
    assert not appliance.machine.at("/etc/stall/manifest.json").exists()


def test_a_system_that_does_not_run_gets_what_its_first_boot_needs_and_no_key(
    appliance: Appliance, tmp_path: Path
) -> None:
    units = tmp_path / "units"
    units.mkdir()
    (units / everything.FIRST_BOOT_UNIT).write_bytes(b"[Service]\n")
    machine = type(appliance.machine)(appliance.root, live=False)
    applying.stage(machine, "1-aaaaaaaaaaaa", b'{"name": "Night Fair"}\n', units)
    assert appliance.told() == []
    assert not machine.at("/var/lib/stall").exists()
    paths = {entry.path for entry in manifest.read(machine).entries}
    assert paths == {
        "/opt/stall/current", "/usr/share/stall/static", "/usr/local/bin/stall", "/etc/stall/first-boot.json",
        "/etc/systemd/system/stall-firstboot.service", "/etc/systemd/system/multi-user.target.wants/stall-firstboot.service",
    }  # fmt: skip
    assert applying.stage(machine, "1-aaaaaaaaaaaa", b'{"name": "Night Fair"}\n', units).changes == ()
    appliance.apply()  # the first boot
    assert not machine.at("/etc/stall/first-boot.json").exists()

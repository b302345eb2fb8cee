"""Uninstalling: everything as it was, byte for byte, and nothing lost that somebody changed by hand."""

from __future__ import annotations

import pytest

from stall.box.install import removing
from stall.errors import Refused
from tests.box.install.appliance import CONFIG, Appliance, tree

#: The user and its groups stay with the data.
NOT_OURS = ("/etc/group", "/run", "/var", "/opt/stall/releases")


def test_everything_is_as_it_was_byte_for_byte(appliance: Appliance) -> None:
    appliance.write("/etc/sysctl.d/60-stall.conf", b"# somebody's own\n")
    appliance.machine.at("/etc/sysctl.d/60-stall.conf").chmod(0o600)
    appliance.machine.at("/usr/local/bin/stall").symlink_to("elsewhere")
    (appliance.state / "on/nginx.service").touch()
    before = tree(appliance.root, without=NOT_OURS)
    appliance.apply()
    assert tree(appliance.root, without=NOT_OURS) != before
    removing.remove(appliance.machine, appliance.box, appliance.said.append)
    assert tree(appliance.root, without=NOT_OURS) == before
    assert appliance.on() == {"nginx.service"}
    assert "nginx.service" in appliance.up()
    assert appliance.machine.at("/var/lib/stall").is_dir()


def test_a_file_changed_by_hand_is_kept_and_named(appliance: Appliance) -> None:
    before = tree(appliance.root, without=NOT_OURS)
    appliance.apply()
    appliance.write("/etc/stall/dnsmasq.conf", b"mine\n")
    gone = removing.remove(appliance.machine, appliance.box, appliance.said.append)
    assert [change.path for change in gone if change.by_hand] == ["/etc/stall/dnsmasq.conf"]
    after = tree(appliance.root, without=NOT_OURS)
    assert after.pop("/etc/stall/dnsmasq.conf.stall-kept")[1] == (0o644, b"mine\n")
    after.pop("/etc/stall")
    assert after == before


def test_a_file_of_others_that_they_changed_since_loses_only_our_part(appliance: Appliance) -> None:
    appliance.apply()
    place = appliance.machine.at("/boot/firmware/config.txt")
    place.write_bytes(place.read_bytes().replace(b"# as it came", b"# mine now"))
    removing.remove(appliance.machine, appliance.box, appliance.said.append)
    assert place.read_bytes() == CONFIG.replace(b"# as it came", b"# mine now")


def test_the_data_goes_only_when_that_is_asked_for(appliance: Appliance) -> None:
    appliance.apply()
    appliance.write("/var/lib/stall/stall.sqlite", b"sales")
    removing.remove(appliance.machine, appliance.box, appliance.said.append, data=True)
    assert not appliance.machine.at("/var/lib/stall").exists()


def test_nothing_is_taken_away_in_the_middle_of_the_day(appliance: Appliance) -> None:
    appliance.apply()
    before = tree(appliance.root)
    appliance.box.because = "the drop “Night Prints” is open"
    with pytest.raises(Refused, match="Night Prints") as said:
        removing.remove(appliance.machine, appliance.box, appliance.said.append)
    assert said.value.code == "appliance-busy"
    assert tree(appliance.root) == before


def test_where_there_is_none_it_says_so(appliance: Appliance) -> None:
    with pytest.raises(Refused) as said:
        removing.remove(appliance.machine, appliance.box, appliance.said.append)
    assert said.value.code == "appliance-missing"

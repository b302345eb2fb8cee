"""The units: how exposed they are, that none gives up, that what must wait for nobody does not, and limits for 512 MB."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stall.box.config import places
from tests.firmware import unit_facts
from tests.firmware.unit_facts import said

pytestmark = pytest.mark.firmware

#: What serves all day; the others do one thing and end.
ALL_DAY = ("stall-web", "stall-reader@", "stall-sync", "stall-nginx", "stall-ap", "stall-dns")
WATCHED = ("stall-web", "stall-reader@", "stall-sync")
#: What a board with 512 MB has left beside its system (MB).
ROOM_MB = 415


@pytest.mark.parametrize("name", unit_facts.services())
def test_each_is_no_more_exposed_than_its_page_says(name: str, tmp_path: Path) -> None:
    score = unit_facts.measured(name, tmp_path)
    assert abs(score - unit_facts.SCORES[name]) <= 0.3, f"{name} has {score}: write that down, or mend it"
    ours = name.removesuffix(".service") in unit_facts.OURS
    if name not in unit_facts.INSTALLER:
        assert score <= (unit_facts.MOST_OF_OURS if ours else unit_facts.MOST)


def test_none_gives_up_and_none_spins() -> None:
    for short in (*ALL_DAY, "stall-lan"):
        own = said(f"{short}.service")
        assert own["StartLimitIntervalSec"] == ["0"], short
        assert own["Restart"] == (["on-failure"] if short == "stall-lan" else ["always"]), short
        pause = own["RestartSec"][0]
        if pause.endswith("ms"):  # at once, unless it ended with an error of its own
            assert "exec sleep 3" in own["ExecStopPost"][0], short
            assert '"$EXIT_STATUS" = 75' in own["ExecStopPost"][0], short
        else:
            assert int(pause) >= 1, short
    assert said("stall-web.socket")["TriggerLimitIntervalSec"] == ["0"]


def test_those_of_ours_are_watched_and_say_when_they_are_ready() -> None:
    for short in WATCHED:
        own = said(f"{short}.service")
        assert (own["Type"], own["NotifyAccess"], own["WatchdogSec"]) == (["notify"], ["main"], ["60"])


@pytest.mark.parametrize("name", unit_facts.services(installer=False))
def test_whoever_is_root_writes_nowhere_that_the_stalls_user_may(name: str) -> None:
    """A link that is laid there would lead what root writes elsewhere."""
    own = said(name)
    if own["User"] in ([], ["root"]):
        written = {place for line in own["ReadWritePaths"] for place in line.split()}
        assert not written & {places.RUN, places.DATA}


def test_nginx_waits_for_the_sockets_and_not_for_the_web_and_a_reader_for_neither() -> None:
    nginx = " ".join(said("stall-nginx.service")["After"])
    assert "stall-web.socket" in nginx
    assert "stall-web.service" not in nginx
    reader = said("stall-reader@.service")
    assert not [key for key in ("Requires", "Wants", "BindsTo", "Requisite") if reader[key]]
    assert "stall-web" not in " ".join(reader["After"])


def test_what_the_network_pulls_in_does_not_pull_the_network_in() -> None:
    """With Requires both would start each other without a pause for as long as there is no interface."""
    for name in " ".join(said("stall-lan.service")["Wants"]).split():
        own = said(name)
        pulls = " ".join(own["Requires"] + own["Wants"] + own["BindsTo"] + own["Upholds"])
        assert "stall-lan.service" not in pulls, name
        assert "stall-lan.service" in " ".join(own["PartOf"]), f"{name} would stay when the network goes"


def test_the_socket_unit_holds_what_the_web_serves() -> None:
    own = said("stall-web.socket")
    assert own["ListenStream"] == ["/run/stall/buyers.sock", "/run/stall/till.sock", "127.0.0.1:8001"]
    assert own["ListenDatagram"] == ["/run/stall/transfers.sock"]
    assert own["SocketMode"] == ["0660"]


def test_each_has_its_limits_and_together_those_of_the_stall_leave_room_on_a_small_board() -> None:
    for name in unit_facts.services(installer=False):
        own = said(name)
        assert own["LimitCORE"] == ["0"], f"{name} may leave keys in a core file"
        assert own["TasksMax"], name
        assert _mb(own["MemoryMax"][0]) < ROOM_MB, name
    high = sum(_mb(said(f"{short}.service")["MemoryHigh"][0]) for short in (*WATCHED, "stall-nginx"))
    assert high <= ROOM_MB * 1.1


def _mb(value: str) -> int:
    found = re.fullmatch(r"([0-9]+)M", value)
    assert found, value
    return int(found[1])


def test_no_secret_goes_to_whoever_does_not_need_it() -> None:
    for name in unit_facts.services():
        given = " ".join(said(name)["LoadCredential"])
        assert ("tls.key" in given) == (name == "stall-nginx.service"), name
        assert ("board-secret" in given) == (name.removesuffix(".service") in WATCHED), name
        devices = " ".join(said(name)["DeviceAllow"])
        assert ("/dev/vcio" in devices) == (name == "stall-board.service"), name

"""Power, heat, disk and clock at the till: the worst first in the strip, each in words with its cure, and the switch."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from stall import runtime
from stall.settings import Disk
from stall.store.room import MB, Room
from tests.box.machine import switched
from tests.box.machine.switched import Manager
from tests.fakes.stock import PRINTS, Stocked
from tests.web.till_pages import Till, text

LOW: dict[str, object] = {"known": True, "low": True, "was_low": True, "dips": 1, "dip_boottime_ms": 990_000}
ALL_WELL: dict[str, object] = {"known": True, "low": False, "celsius": 51}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv("STALL_RUNTIME", str(folder))
    return folder


@pytest.fixture
def till(stocked_box: Stocked, run: Path) -> Till:
    return Till(stocked_box)


def strip(till: Till) -> list[str]:
    return [flag["name"] for flag in json.loads(till.client.get("/state").text)["flags"]]


def test_while_all_is_well_the_strip_says_nothing_of_the_machine(till: Till) -> None:
    runtime.publish("power", ALL_WELL)
    runtime.publish("disk", {"kind": "sd", "model": "SC64G", "per_s": 140})
    assert not {"card", "power", "heat"} & set(strip(till))
    page = till.see("/box")
    assert "Enough ever since it was switched on." in page
    assert "51 °C" in page
    assert "SD card SC64G, keeps 140 small writes a second." in page


def test_the_worst_comes_first(till: Till, stocked_box: Stocked) -> None:
    stocked_box.clock.source = None
    runtime.publish("power", {**LOW, "hot": True, "celsius": 84})
    runtime.publish("disk", {"kind": "sd", "errors": 1})
    assert strip(till)[:4] == ["card", "power", "heat", "clock"]
    till.plug_in_reader()
    till.kill_readers_program()
    runtime.publish("disk", {"kind": "sd", "read_only": True})
    stocked_box.box.room = Room(Path("/nowhere"), Disk(), lambda _: 100 * MB)
    assert strip(till)[:5] == ["card", "disk", "power", "heat", "clock"]


@pytest.mark.parametrize(
    ("notice", "said", "words"),
    [
        ("power", LOW, "Too little power The box may stop at any moment. Use the supply made for this board"),
        ("power", {**LOW, "low": False}, "Power was too weak Once since it was switched on, last just now."),
        ("power", {"known": True, "was_low": True}, "At least once since it was switched on."),
        ("power", {"known": True, "supply_ma": 3000}, "The supply gives 3 A"),
        ("power", {"hot": True, "celsius": 84}, "84 °C, so the box runs slower. Put it in the shade"),
        ("power", {}, "This machine does not tell how much it gets."),
        ("disk", {"kind": "sd", "read_only": True}, "SD card: takes nothing any more"),
        ("disk", {"kind": "sd", "errors": 2}, "Its file system found 2 errors. Close the day, make a backup"),
        ("disk", {"kind": "sd", "no_barrier": True}, "Take nobarrier out of /etc/fstab."),
        ("disk", {"kind": "sd", "cannot_be": True, "per_s": 9000}, "SD card: may lose sales in a power cut"),
        ("disk", {"kind": "emmc", "worn_out": True, "worn_percent": 90}, "eMMC: nearly worn out 90 %"),
        ("disk", {"kind": "usb", "slow": True, "per_s": 8}, "USB disk: slow"),
        ("disk", {"kind": "emmc", "worn_percent": 20}, "eMMC No trouble seen. At most 20 % worn."),
    ],
)
def test_each_trouble_has_its_cure_on_the_page_of_the_box(
    till: Till, notice: str, said: dict[str, object], words: str
) -> None:
    runtime.publish(notice, said)
    assert words in till.see("/box")


def test_a_dip_stays_in_the_strip_for_a_while(till: Till, stocked_box: Stocked) -> None:
    runtime.publish("power", {**LOW, "low": False, "dip_boottime_ms": stocked_box.clock.boottime})
    assert "power" in strip(till)
    till.later(16 * 60_000)
    assert "power" not in strip(till)


def test_a_disk_that_takes_nothing_stops_what_begins_and_says_so_at_once(till: Till, stocked_box: Stocked) -> None:
    press = till.press("/")
    stocked_box.box.room = Room(Path("/nowhere"), Disk(), lambda _: 5_000 * MB, shut=lambda _: True)
    assert strip(till)[0] == "card"
    answer = till.post("/sale", press=press, item=PRINTS)
    assert (answer.status_code, "can only be read, so nothing new begins" in text(answer)) == (503, True)
    assert till.count("sales") == 0


@pytest.fixture
def manager(run: Path, tmp_path: Path) -> Iterator[Manager]:
    """The socket of `stall-power.socket`, which starts its program for each connection, and a service manager to be asked."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)  # the till itself connects to it
    manager, proc = Manager(), switched.of_the_unit(tmp_path / "proc")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(run / "power.sock"))
        listening.listen(2)

        def serve() -> None:
            while True:
                try:
                    connection = listening.accept()[0]
                except OSError:
                    return
                with connection:
                    program = switched.run(connection, manager, proc)
                program.communicate(timeout=20)

        serving = threading.Thread(target=serve)
        serving.start()
        yield manager
        listening.shutdown(socket.SHUT_RDWR)
    serving.join(20)


@pytest.mark.parametrize(
    ("way", "asked", "said"),
    [
        ("off", "poweroff", "You can unplug it when the green light stays off."),
        ("restart", "reboot", "The till then opens here by itself."),
    ],
)
def test_the_till_switches_the_box_off_over_the_socket(
    till: Till, manager: Manager, way: str, asked: str, said: str
) -> None:
    assert "Switch off or start again" in till.see("/box")
    assert "Nothing is unfinished." in till.see("/box/off")
    answer = till.post("/box/off", way=way, boot=till.box.clock.boot_id())
    assert (answer.status_code, said in text(answer)) == (200, True)
    assert manager.asked() == asked


def test_what_is_not_finished_is_said_before(till: Till, run: Path) -> None:
    till.plug_in_reader()
    sale = till.press_tile(PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    assert "A payment is not finished. Wait for the terminal" in till.see("/box/off")


def test_a_page_of_before_the_restart_does_not_switch_it_off_again(till: Till, manager: Manager) -> None:
    boot = till.box.clock.boot_id()
    till.stocked.clock.reboot()
    till.sign_in_again()
    answer = till.post("/box/off", way="off", boot=boot)
    assert (answer.status_code, "has been started since this page was opened" in text(answer)) == (409, True)
    assert manager.asked() == "nothing"


def test_where_nobody_may_switch_it_off_the_page_says_so(till: Till) -> None:
    assert "switched off as any other" in till.see("/box")
    answer = till.post("/box/off", way="off", boot=till.box.clock.boot_id())
    assert (answer.status_code, "could not be asked to switch itself off" in text(answer)) == (503, True)

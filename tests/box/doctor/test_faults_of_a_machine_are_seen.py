"""Whatever is wrong with a machine is named, with what to do about it; a machine in order is told to be that."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import msgspec
import pytest

from stall.box.config import boards, files
from stall.box.doctor import (
    boot,
    disk,
    examination,
    installed,
    listening,
    memory,
    power,
    radio,
    reader,
    units,
    versions,
)
from stall.box.doctor.finding import State
from stall.box.doctor.patient import Said
from stall.box.install import manifest, plan, swap
from stall.box.install.machine import Machine as Installed
from stall.box.install.manifest import Manifest
from stall.box.machine import sync_test
from stall.settings import Network, Reader, Wifi
from tests.box.doctor.conftest import Machine, cured, port

#: Where the firmware tells of voltage and heat, on a Pi 4.
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
ROOT_DISK = "21 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw"


def test_a_machine_in_order_has_no_complaint(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sync_test, "measure", lambda _, unseen: sync_test.Rate(40, 100, 1, 250)
    )  # as a card, not as the disk of this test
    machine.appliance()
    machine.put("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0")
    with_card(machine)
    machine.put("proc/meminfo", "MemTotal: 3884000 kB\nMemAvailable: 3000000 kB")
    machine.put("proc/uptime", "4000.10 7000.20")
    machine.put("sys/class/thermal/thermal_zone0/temp", "51200")
    machine.put("sys/class/rtc/rtc0/since_epoch", str(machine.clock.wall_ms() // 1000))
    machine.put(THROTTLED, "0")
    machine.says["systemctl show"] = "\n".join(
        f"Id={name}\nLoadState=loaded\nActiveState=active\nNRestarts=0\n" for name in units.names(machine.patient)
    )
    of_the_machine = [
        check
        for check in examination.CHECKS
        if check.__module__.rpartition(".")[2] not in {"database", "journal", "keys", "settings", "upload", "clock"}
        and check is not versions.check_sqlite
    ]
    found = examination.examine(machine.patient, of_the_machine)
    assert [each for each in found if each.state is not State.OK] == []
    assert {each.group for each in found} == {
        "disk", "power", "units", "installed", "radio", "listening", "reader", "printer", "memory", "boot", "versions",
    }  # fmt: skip


def test_a_laptop_is_not_asked_for_what_only_the_appliance_has(machine: Machine) -> None:
    for check in (versions.check_programs, installed.check_files, radio.check_interface, radio.check_radio,
                  listening.check_services, listening.check_others, units.check_units, power.check_supply):  # fmt: skip
        assert machine.examined(check) == []


# the disk


@pytest.mark.parametrize(
    ("mounts", "words", "cure"),
    [
        (f"{ROOT_DISK}\n30 21 0:30 / DATA rw - tmpfs tmpfs rw", "lies in memory (tmpfs)", "a partition of its own"),
        ("21 1 0:20 / / rw - overlay overlayroot rw", "gone with the power", "do_overlayfs"),
        (ROOT_DISK.replace("rw,noatime", "ro,noatime"), "can only be read", "dmesg"),
        (ROOT_DISK[:-2] + "ro,errors=remount-ro", "can only be read", "replace the card"),
    ],
)
def test_a_disk_that_keeps_nothing_is_a_fault(machine: Machine, mounts: str, words: str, cure: str) -> None:
    machine.put("proc/self/mountinfo", mounts.replace("DATA", str(machine.data)))
    cured(machine.only(disk.check_place), State.FAULT, words, cure)


def test_the_mount_nearest_to_the_data_counts(machine: Machine) -> None:
    named = str(machine.data).replace("data", r"da\040ta")
    machine.data = machine.data.with_name("da ta")
    machine.put(
        "proc/self/mountinfo",
        f"{ROOT_DISK}\n22 21 179:3 / {named} rw - ext4 /dev/mmcblk0p3 rw\n22 21 0:3 / {named}2 rw - tmpfs none rw",
    )
    assert machine.only(disk.check_place).facts["device"] == "/dev/mmcblk0p3"


def with_card(machine: Machine, kind: str = "SD") -> Path:
    """Let the data folder lie on a card; give the card's own folder."""
    number = machine.data.stat().st_dev
    part = f"{os.major(number)}:{os.minor(number)}"
    machine.put("sys/devices/mmc0/block/mmcblk0/mmcblk0p2/partition", "2")
    machine.put("sys/devices/mmc0/block/mmcblk0/device/type", kind)
    (machine.root / "sys/dev/block").mkdir(parents=True)
    (machine.root / "sys/dev/block" / part).symlink_to(machine.root / "sys/devices/mmc0/block/mmcblk0/mmcblk0p2")
    machine.put("proc/self/mountinfo", f"21 1 {part} / / rw shared:1 - ext4 /dev/mmcblk0p2 rw")
    return machine.root / "sys/devices/mmc0/block/mmcblk0"


def test_errors_and_wear_of_a_card_and_a_mount_that_keeps_nothing_are_told(machine: Machine) -> None:
    card = with_card(machine, "MMC")
    machine.put("sys/fs/ext4/mmcblk0p2/errors_count", "7")
    (card / "device/life_time").write_text("0x0a 0x02")
    mounts = machine.root / "proc/self/mountinfo"
    mounts.write_text(mounts.read_text() + ",nobarrier")
    errors, barrier, wear = machine.examined(disk.check_errors)
    cured(errors, State.FAULT, "counted 7 errors", "replace the card")
    cured(barrier, State.FAULT, "a power cut loses sales", "nobarrier")
    cured(wear, State.WARNING, "100 %", "Replace it before")


@pytest.mark.parametrize(("limit", "state"), [(10**9, State.FAULT), (1, State.WARNING)])
def test_little_room_is_told_before_selling_stops(machine: Machine, limit: int, state: State) -> None:
    from stall.settings import Disk

    machine.set(disk=Disk(warn_mb=10**9, stop_mb=limit if state is State.FAULT else 0))
    cured(machine.only(disk.check_room), state, "free", "larger card")


@pytest.mark.parametrize(
    ("per_s", "state", "words"),
    [
        (4.0, State.WARNING, "4 writes a second, the slowest after 250 ms"),
        (90.0, State.OK, "90"),
        (9000.0, State.WARNING, "before it has"),
    ],
)
def test_a_slow_card_and_one_that_lies_are_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, per_s: float, state: State, words: str
) -> None:
    with_card(machine)
    monkeypatch.setattr(sync_test, "measure", lambda _, unseen: sync_test.Rate(40, per_s, 1, 250))
    found = machine.only(disk.check_syncs)
    assert (found.state, words in found.what) == (state, True)


def test_the_real_rate_is_measured_and_nothing_is_ever_to_be_seen_of_it(machine: Machine) -> None:
    before = machine.data.stat().st_mtime_ns
    found = machine.only(disk.check_syncs)
    assert found.facts["count"]
    assert (list(machine.data.iterdir()), machine.data.stat().st_mtime_ns) == ([], before)


# power, heat, memory, restarts


@pytest.mark.parametrize(
    ("bits", "state", "words"),
    [("50005", State.FAULT, "too weak at this moment"), ("50000", State.WARNING, "too weak at least once")],
)
def test_a_weak_supply_is_told(machine: Machine, bits: str, state: State, words: str) -> None:
    machine.put(THROTTLED, bits)
    cured(machine.only(power.check_supply), state, words, "5.1 V")


def test_what_was_seen_of_the_supply_since_the_start_counts_and_what_it_offers(machine: Machine) -> None:
    machine.put(THROTTLED, "0")
    told = machine.put("run/stall/power.json", json.dumps({"was_low": True, "dips": 4}))
    cured(machine.only(power.check_supply), State.WARNING, "too weak 4 times", "5.1 V")
    told.write_text("[[[")
    machine.root.joinpath("sys/firmware/devicetree/base/chosen/power").mkdir(parents=True)
    (machine.root / "sys/firmware/devicetree/base/chosen/power/max_current").write_bytes((3000).to_bytes(4, "big"))
    cured(machine.only(power.check_supply), State.WARNING, "offers 3.0 A", "5 A for a Pi 5")


def test_a_board_that_does_not_tell_of_its_supply_says_how_to_ask(machine: Machine) -> None:
    machine.put("proc/device-tree/model", "Raspberry Pi 5 Model B\0")
    cured(machine.only(power.check_supply), State.UNKNOWN, "does not tell", "vcgencmd get_throttled")


def test_a_hot_board_is_told(machine: Machine) -> None:
    machine.put(THROTTLED, "80008")
    cured(machine.only(power.check_heat), State.WARNING, "runs slower", "shade")


def test_heat_is_told_before_the_board_slows_down(machine: Machine) -> None:
    machine.put("sys/class/thermal/thermal_zone0/temp", "78100")
    cured(machine.only(power.check_heat), State.WARNING, "78 °C", "shade")


def test_memory_that_ran_out_and_swap_on_the_card_are_told(machine: Machine) -> None:
    machine.put("proc/meminfo", "MemTotal: 430000 kB\nMemAvailable: 30000 kB")
    machine.put("proc/vmstat", "nr_free_pages 1\noom_kill 2")
    machine.put(
        "proc/swaps", "Filename Type Size Used Priority\n/var/swap file 100 0 -2\n/dev/zram0 partition 100 0 100"
    )
    ended, little = machine.examined(memory.check_memory)
    cured(ended, State.WARNING, "ended 2 processes", "Out of memory")
    cured(little, State.WARNING, "30 of 440 MB", "desktop")
    swap = machine.only(memory.check_swap)
    cured(swap, State.NOTE, "/var/swap", "swapoff")
    assert swap.facts["swaps"] == ["/var/swap"]


@pytest.mark.parametrize(
    ("status", "words"), [(0x20, "its watchdog started it anew"), (0x01, "too hot"), (0x10, "its supply had failed")]
)
def test_why_the_machine_started_anew_is_told_where_it_is_known(machine: Machine, status: int, words: str) -> None:
    machine.put("proc/uptime", "90061 1")
    machine.put("sys/class/watchdog/watchdog0/bootstatus", str(status))
    found = machine.only(boot.check_boot)
    assert found.state is State.WARNING
    assert found.what.startswith("The machine runs for 1 day 1 hour; ")
    assert words in found.what


def test_an_update_that_waits_for_a_restart_is_told(machine: Machine) -> None:
    machine.appliance()
    machine.put("proc/uptime", "90 1")
    machine.put("var/run/reboot-required")
    cured(machine.only(boot.check_boot), State.NOTE, "an update waits", "After the market")


def test_a_watchdog_that_sleeps_is_told(machine: Machine) -> None:
    machine.appliance()
    state = machine.put("sys/class/watchdog/watchdog0/state", "inactive")
    cured(machine.only(boot.check_watchdog), State.WARNING, "not armed", "appliance apply")
    state.write_text("active\n")
    assert machine.only(boot.check_watchdog).state is State.OK


# programs, files, units


def test_a_program_that_is_missing_is_named_with_its_package(machine: Machine) -> None:
    machine.appliance()
    machine.says["dnsmasq --version"] = None
    cured(machine.only(versions.check_programs), State.FAULT, "dnsmasq", "apt install dnsmasq-base")


def test_files_that_are_gone_changed_or_opened_are_named(machine: Machine) -> None:
    machine.appliance()
    digest = hashlib.sha256(b"as it was").hexdigest()
    for name, text in {"same": "as it was", "mine": "mine", "open": "as it was", "edited": "theirs"}.items():
        machine.put(f"etc/stall/{name}", text).chmod(0o666 if name == "open" else 0o644)
    entries = [
        {"path": f"/etc/stall/{name}", "kind": "file", "mode": 0o644, "sha256": digest, "before": {"kind": "nothing"}, "edited": name == "edited"}
        for name in ("same", "mine", "open", "edited", "gone")
    ]  # fmt: skip
    machine.put("etc/stall/manifest.json", json.dumps({"entries": entries}))
    gone, other = machine.examined(installed.check_files)
    cured(gone, State.FAULT, "/etc/stall/gone", "stall appliance apply")
    cured(other, State.WARNING, "/etc/stall/mine, /etc/stall/open", "stall appliance apply")
    machine.put("etc/stall/manifest.json", "{")
    cured(machine.only(installed.check_files), State.FAULT, "manifest.json cannot be read", "put it back from a copy")


def test_what_the_installer_lays_down_is_as_it_was_installed_until_a_hand_changes_it(machine: Machine) -> None:
    machine.appliance()
    for table, line in {"passwd": "{0}:x:{1}:{1}::/:/bin/sh", "group": "{0}:x:{1}:"}.items():
        machine.put(
            f"etc/{table}", "".join(f"{line.format(name, n)}\n" for n, name in enumerate(("root", "stall", "www-data")))
        )
    (machine.root / "etc/stall/manifest.json").unlink()
    there = Installed(machine.root, live=False)
    own = msgspec.structs.replace(machine.settings, wifi=Wifi("Salt and Paper", "twelve-roses"))
    wanted = [
        manifest.Wanted(each.path, each.mode, each.owner, each.group, each.content)
        for each in files.plan(own, boards.read(machine.root, own.network.lan))
    ]
    swap.apply(there, Manifest(), Manifest(), plan.changes(there, Manifest(), wanted))
    found = machine.only(installed.check_files)
    assert (found.state, found.facts["count"]) == (State.OK, len(wanted))
    assert {"hostapd.conf", "dnsmasq.conf"} <= {path.name for path in (machine.root / "etc/stall").iterdir()}
    (machine.root / "etc/stall/dnsmasq.conf").write_text("interface=eth0\n")
    cured(machine.only(installed.check_files), State.WARNING, "/etc/stall/dnsmasq.conf", "appliance apply")


def shown(machine: Machine, **states: tuple[str, int]) -> str:
    """What systemctl says: every unit of the stall is active but those named."""
    return "\n".join(
        f"Id={name}\nLoadState=loaded\nActiveState={state}\nSubState=x\nResult=watchdog\nNRestarts={restarts}\n"
        for name in units.names(machine.patient)
        for state, restarts in [states.get(name.removesuffix(".service").replace("-", "_"), ("active", 0))]
    )


def test_units_that_failed_stopped_or_cannot_settle_are_named(machine: Machine) -> None:
    machine.appliance()
    machine.says["systemctl show"] = shown(
        machine, stall_web=("failed", 5), stall_dns=("inactive", 0), stall_sync=("active", 9)
    )
    failed, stopped, restless = machine.examined(units.check_units)
    cured(failed, State.FAULT, "stall-web.service failed (watchdog)", "journalctl -u stall-web.service")
    cured(stopped, State.FAULT, "stall-dns.service", "systemctl start stall-dns.service")
    cured(restless, State.WARNING, "stall-sync.service was started again 9 times", "journalctl -u stall-sync.service")


def test_units_with_nothing_to_do_are_no_fault(machine: Machine) -> None:
    machine.appliance()
    inactive = "LoadState=loaded\nActiveState=inactive\nResult=success\nNRestarts=0\n"
    over = f"Id=stall-settle.service\n{inactive}Type=oneshot\nRemainAfterExit=no\n"
    skipped = f"Id=stall-board.service\n{inactive}ConditionResult=no\nConditionTimestamp=Sat 2026-11-28 18:30:41 UTC\n"
    never = f"Id=stall-dns.service\n{inactive}Type=exec\nConditionResult=no\nConditionTimestamp=\n"
    stopped = f"Id=stall-lan.service\n{inactive}Type=oneshot\nRemainAfterExit=yes\nConditionResult=yes\n"
    machine.says["systemctl show"] = "\n".join((shown(machine), over, skipped))
    assert machine.only(units.check_units).state is State.OK
    machine.says["systemctl show"] = "\n".join((over, skipped, never, stopped))
    cured(machine.only(units.check_units), State.FAULT, "Does not run: stall-dns.service, stall-lan.service.", "start")


def test_a_stall_that_was_stopped_is_one_warning(machine: Machine) -> None:
    machine.appliance()
    machine.says["systemctl show"] = shown(machine).replace("=active", "=inactive")
    cured(machine.only(units.check_units), State.WARNING, "The stall is stopped", "systemctl start stall.target")


def test_the_units_asked_for_are_those_installed_and_the_readers_where_one_is_set_up(machine: Machine) -> None:
    machine.put("etc/stall/manifest.json", json.dumps({"units": ["stall-web.service", "stall-ap.service"]}))
    assert units.names(machine.patient) == [units.TARGET, "stall-web.service", "stall-ap.service"]
    machine.set(reader=Reader(link="tcp:192.0.2.9:20007"))
    assert units.READER in units.names(machine.patient)


# the buyers' network


def test_an_interface_that_is_not_there_is_named_with_those_that_are(machine: Machine) -> None:
    machine.appliance()
    machine.put("sys/class/net/eth0/operstate", "up")
    machine.set(network=Network(lan="wlan1", country="DE"))
    cured(machine.only(radio.check_interface), State.FAULT, "wlan1", "eth0, wlan0")


def test_an_interface_without_the_boxs_address_is_a_fault(machine: Machine) -> None:
    machine.appliance()
    machine.says["ip -o -4 addr show dev wlan0"] = "3: wlan0    inet 192.0.2.17/24 scope global wlan0"
    cured(machine.only(radio.check_interface), State.FAULT, "does not have the address 192.0.2.1", "stall-lan")


def test_an_uplink_with_the_addresses_of_the_wifi_is_told(machine: Machine) -> None:
    machine.appliance()
    machine.put("proc/net/route", "Iface\n eth0 000200C0 00000000 0001 0 0 100 00FFFFFF 0 0 0\n")
    cured(
        machine.worst(radio.check_interface),
        State.WARNING,
        "eth0 has the addresses of the Wi-Fi, 192.0.2.1",
        "10.42.0.1",
    )


def test_a_radio_that_is_blocked_abroad_or_silent_is_told(machine: Machine) -> None:
    machine.appliance()
    machine.put("sys/class/rfkill/rfkill0/type", "wlan")
    machine.put("sys/class/rfkill/rfkill0/soft", "1")
    machine.put("sys/class/rfkill/rfkill1/type", "bluetooth")
    machine.says["iw reg get"] = "global\ncountry 00: DFS-UNSET\n"
    machine.says["iw dev wlan0 info"] = "Interface wlan0\n\ttype managed\n"
    blocked, silent, abroad = machine.examined(radio.check_radio)
    cured(blocked, State.FAULT, "rfkill", "rfkill unblock")
    cured(silent, State.FAULT, "makes no network", "stall-ap")
    cured(abroad, State.WARNING, "no country", "appliance apply")


def test_a_radio_that_is_nearly_full_is_told(machine: Machine) -> None:
    machine.appliance()
    machine.set(network=Network(country="DE", clients=10))
    machine.says["iw dev wlan0 station dump"] = "".join(
        f"Station 02:00:00:00:01:{n:02x} (on wlan0)\n" for n in range(9)
    )
    cured(machine.only(radio.check_clients), State.NOTE, "9 phones are on the Wi-Fi, and it bears 10", "travel router")


def test_a_port_nobody_answers_is_a_fault(machine: Machine) -> None:
    machine.appliance()
    machine.listen(80, 53, 67)
    cured(machine.only(listening.check_services), State.FAULT, "tcp 8443 (the till)", "stall-nginx")


def test_what_else_is_open_to_buyers_is_told_unless_the_filter_stops_it(machine: Machine) -> None:
    machine.appliance()
    machine.listen(80, 8443, 53, 67, 22)
    found = machine.only(listening.check_others)
    assert (found.state, "TCP 22" in found.what) == (State.OK, True)
    machine.says["nft list table"] = Said(1, "", "Error: No such file or directory")
    unfiltered, other = machine.examined(listening.check_others)
    cured(unfiltered, State.FAULT, "The packet filter is not loaded", "stall-lan")
    cured(other, State.WARNING, "TCP 22 is open", "ss -ltnp")
    machine.says["nft list table"] = Said(1, "", "Error: Operation not permitted")
    cured(machine.only(listening.check_others), State.WARNING, "only root can see", "sudo stall doctor")


def test_what_listens_on_loopback_or_towards_the_uplink_is_nobodys_business(machine: Machine) -> None:
    machine.appliance()
    machine.says["nft list table"] = Said(1, "", "Error: Operation not permitted")
    machine.listen(8000, address="0100007F")
    assert machine.only(listening.check_others).state is State.OK
    machine.listen(22, address="010200C0")
    assert machine.only(listening.check_others).facts["ports"] == [22]


def test_addresses_of_the_new_protocol_are_read(machine: Machine) -> None:
    machine.put(
        "proc/net/tcp6",
        "head\n0: 00000000000000000000000000000000:0050 0:0 0A\n1: 0000000000000000FFFF00000100007F:1F40 0:0 0A",
    )
    assert [(str(each.address), each.port) for each in listening.listeners(machine.patient)] == [
        ("::", 80),
        ("127.0.0.1", 8000),
    ]


# the card reader's port


def test_a_readers_port_that_is_gone_is_told_with_those_that_are_there(machine: Machine) -> None:
    machine.set(reader=Reader(link="serial:/dev/serial/by-id/usb-One"))
    cured(machine.only(reader.check_reader), State.FAULT, "usb-One is not there", "stall reader probe")
    machine.ports = [port(machine.root / "dev/ttyACM1")]
    cured(machine.only(reader.check_reader), State.FAULT, "usb-One is not there", "ttyACM1")


@pytest.mark.parametrize(
    ("told", "state", "words", "cure"),
    [
        ({"holders": ("ModemManager (77)",)}, State.FAULT, "ModemManager (77)", "systemctl disable --now ModemManager"),
        ({"allowed": False}, State.UNKNOWN, "may not open", "usermod -aG dialout"),
        ({}, State.WARNING, "does not run", "stall reader --data"),
    ],
)
def test_who_keeps_the_reader_from_its_port_is_told(
    machine: Machine, told: dict[str, object], state: State, words: str, cure: str
) -> None:
    device = machine.put("dev/ttyACM0")
    machine.set(reader=Reader(link="serial:/dev/ttyACM0"))
    machine.ports = [port(device.resolve(), **told)]  # type: ignore[arg-type] # as parametrised
    cured(machine.only(reader.check_reader), state, words, cure)


def test_a_program_that_speaks_into_new_ports_is_told(machine: Machine) -> None:
    machine.set(reader=Reader(link="serial:/dev/ttyACM0"))
    machine.modem_manager, machine.ports = True, [port(Path("/dev/ttyACM0"), left_alone=False)]
    cured(machine.only(reader.check_modem_manager), State.NOTE, "ModemManager", "appliance apply")


# whatever happens


def test_a_check_that_fails_is_told_and_ends_nothing(machine: Machine) -> None:
    def check_broken(_patient: object) -> list[object]:
        raise RuntimeError("sensor on fire")

    machine.put("sys/class/thermal/thermal_zone0/temp", "40000")
    first, second = examination.examine(machine.patient, [check_broken, power.check_heat])  # type: ignore[list-item] # it gives nothing
    cured(first, State.UNKNOWN, "sensor on fire", "root")
    assert second.state is State.OK


def test_files_full_of_nonsense_end_no_check(machine: Machine) -> None:
    machine.appliance()
    nonsense = os.urandom(400).decode("latin-1")
    for name in ("proc/self/mountinfo", "proc/meminfo", "proc/uptime", "proc/swaps", "proc/vmstat", "proc/net/tcp", "proc/net/route",
                 "sys/class/rtc/rtc0/since_epoch", "sys/class/thermal/thermal_zone0/temp", "etc/os-release"):  # fmt: skip
        machine.put(name, nonsense + "\n0: x y\n\n1 2 3 4 5 6 - 7")
    machine.says = dict.fromkeys(machine.says, nonsense)
    assert len(examination.examine(machine.patient)) > 5

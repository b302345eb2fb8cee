"""Our part of config.txt, cmdline.txt and fstab: put in, changed, taken out again, and every byte that is not ours is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.box.config import fragments, marked, partitions, places
from stall.box.config.boards import Board, Radio
from stall.box.config.fragments import config_lines, edits, undo
from stall.box.config.partitions import Data
from stall.errors import Broken, Refused
from stall.settings import Board as Pins
from stall.settings import Network, Settings

CONTENT = st.one_of(
    st.binary(max_size=60),
    st.lists(
        st.sampled_from([b"a", b" ", b"\n", b"\r\n", b"# x", b"dtparam=audio=on", b"[pi4]", b"\xff"]), max_size=12
    ).map(b"".join),
)
LINES = st.lists(
    st.sampled_from(["[all]", "dtparam=watchdog=on", "x y # z", "LABEL=a /data ext4 noatime 0 2"]), max_size=3
)
WORDS = st.lists(st.sampled_from(["quiet", "a.b=c", "overlayroot=tmpfs:recurse=0", "x='y"]), max_size=3)
PI = Board("pi4", "a board", Radio("brcmfmac", "43455"), boot="/boot/firmware")
CMDLINE = b"console=serial0,115200 root=PARTUUID=1234-02 rootfstype=ext4 fsck.repair=yes rootwait cfg80211.ieee80211_regdom=GB\n"


@given(CONTENT, LINES, LINES)
def test_lines_go_in_and_out_and_leave_nothing_behind(content: bytes, first: list[str], second: list[str]) -> None:
    once = marked.with_lines(content, first)
    assert marked.lines(once) == first
    assert marked.with_lines(once, first) == once
    changed = marked.with_lines(once, second)
    assert marked.lines(changed) == second
    assert marked.with_lines(changed, ()) == content
    if first:
        others = once + b"# of somebody else\n"
        assert marked.with_lines(others, ()) == content + b"# of somebody else\n"
        assert all(line.encode() in once.split(b"\n") for line in first)


@given(CONTENT, WORDS, WORDS)
def test_words_go_in_and_out_and_leave_nothing_behind(content: bytes, first: list[str], second: list[str]) -> None:
    once = marked.with_words(content, first)
    assert marked.words(once) == first
    assert marked.with_words(once, first) == once
    assert marked.with_words(marked.with_words(once, second), ()) == content
    line, _, rest = once.partition(b"\n")
    assert rest == content.partition(b"\n")[2]
    assert line.startswith(content.partition(b"\n")[0])


@pytest.mark.parametrize(
    "cut",
    [
        b"# stall begins here (written by `stall appliance`)\n",
        b"a\n# stall begins here (written by `stall appliance`)\nx\n",
    ],
)
def test_a_part_without_its_end_is_said_and_not_guessed(cut: bytes) -> None:
    for change in (lambda: marked.with_lines(cut, ["x"]), lambda: marked.lines(cut)):
        with pytest.raises(Broken) as torn:
            change()
        assert torn.value.code == "config-marks-torn"
    for torn_line in (
        b"quiet stall.begins a b\n",
        b"quiet stall.begins a stall.endsb\n",
        b"q stall.begins a\nb stall.ends\n",
    ):
        with pytest.raises(Broken):
            marked.words(torn_line)


def test_the_country_and_the_overlay_come_and_go_apart_and_count_as_the_last_words() -> None:
    both = partitions.command_line(partitions.command_line(CMDLINE, "DE"), read_only=True)
    assert both == CMDLINE[:-1] + b" stall.begins cfg80211.ieee80211_regdom=DE overlayroot=tmpfs:recurse=0 stall.ends\n"
    assert partitions.is_read_only(both)
    back = partitions.command_line(both, read_only=False)
    assert back == CMDLINE[:-1] + b" stall.begins cfg80211.ieee80211_regdom=DE stall.ends\n"
    assert not partitions.is_read_only(back)
    assert partitions.command_line(back, "FR") == back.replace(b"DE", b"FR")
    assert partitions.command_line(back, "") == CMDLINE
    limited = partitions.command_line(back, memory=True)
    assert b" cgroup_enable=memory " in limited
    assert partitions.command_line(limited, memory=False) == back
    assert undo("/boot/firmware/cmdline.txt", both) == CMDLINE
    assert not partitions.is_read_only(b"overlayroot=tmpfs overlayroot=disabled")


def test_a_pi_gets_its_lines_for_every_board_of_its_kind() -> None:
    assert config_lines(Settings(), PI) == ["[all]", "dtparam=watchdog=on", "dtparam=audio=off", "camera_auto_detect=0"]
    with_clock = Settings(board=Pins(clock="ds3231", off_button=17))
    assert config_lines(with_clock, PI)[4:] == [
        "dtoverlay=i2c-rtc,ds3231",
        "dtoverlay=gpio-shutdown,gpio_pin=17,active_low=1,gpio_pull=up,debounce=1000",
    ]
    charge = Settings(board=Pins(clock="charge"))
    assert config_lines(charge, Board("pi5", boot="/boot"))[4:] == ["dtparam=rtc_bbat_vchg=3000000"]
    assert config_lines(charge, PI)[4:] == []
    with pytest.raises(ValueError, match="pin of the clock"):
        Pins(clock="ds3231", off_button=3)


def card(root: Path) -> dict[str, bytes]:
    """A root with the three files, and what they hold."""
    found = {
        "/boot/firmware/config.txt": b"dtparam=audio=on\n[cm5]\notg_mode=1",
        "/boot/firmware/cmdline.txt": CMDLINE,
        "/etc/fstab": b"proc /proc proc defaults 0 0\nPARTUUID=1234-02 / ext4 defaults,noatime 0 1\n",
    }
    for path, content in found.items():
        places.under(root, path).parent.mkdir(parents=True, exist_ok=True)
        places.under(root, path).write_bytes(content)
    return found


def test_everything_is_edited_once_and_undone_to_the_byte(tmp_path: Path) -> None:
    before = card(tmp_path)
    settings = Settings(network=Network(country="DE"))
    assert [edit.path for edit in edits(tmp_path, settings, PI)] == [
        "/boot/firmware/config.txt",
        "/boot/firmware/cmdline.txt",
    ]
    label = tmp_path / "dev/disk/by-label"
    label.mkdir(parents=True)
    (label / places.DATA_LABEL).symlink_to("../../mmcblk0p3")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/mounts").write_text("/dev/mmcblk0p3 /data ext4 rw 0 0\n")
    assert "/etc/fstab" not in {edit.path for edit in edits(tmp_path, settings, PI)}, "no folder lies there yet"
    for folder, _ in partitions.BINDS:
        (tmp_path / "data" / folder).mkdir(parents=True)
    first = edits(tmp_path, settings, PI)
    assert {edit.path: edit.before for edit in first} == before
    for edit in first:
        places.under(tmp_path, edit.path).write_bytes(edit.after)
    for edit in edits(tmp_path, settings, PI):
        assert edit.after == edit.before != before[edit.path]
        assert undo(edit.path, edit.before) == before[edit.path]
    (label / places.DATA_LABEL).unlink()  # a card that is not found today stays in the list
    assert "/etc/fstab" in {edit.path for edit in edits(tmp_path, settings, PI)}


def test_on_another_machine_nothing_of_others_is_touched(tmp_path: Path) -> None:
    card(tmp_path)
    assert edits(tmp_path, Settings(network=Network(country="DE")), Board()) == []


def test_the_data_are_mounted_without_holding_up_the_start_and_all_of_them_together() -> None:
    lines = [line.split() for line in partitions.fstab_lines()]
    assert all(len(line) == 6 for line in lines)
    assert lines[0][:3] == ["LABEL=stall-data", "/data", "ext4"]
    assert set(lines[0][3].split(",")) >= {"noatime", "errors=remount-ro", "nofail", "x-systemd.device-timeout=10"}
    assert [line[1] for line in lines[1:]] == ["/var/lib/stall", "/opt/stall", "/var/lib/systemd/timesync"]
    for line in lines[1:]:
        assert set(line[3].split(",")) == {"bind", "nofail", "x-systemd.requires-mounts-for=/data"}
    assert partitions.fstab(partitions.fstab(b"x\n", present=True), present=False) == b"x\n"


def test_a_card_is_made_read_only_only_where_nothing_is_lost_by_it(tmp_path: Path) -> None:
    right = Data(present=True, mounted=True, listed=True, overlay=False)
    partitions.may_be_read_only(right, ["overlayroot"])
    for data, packages, code in (
        (Data(present=True, mounted=False, listed=True, overlay=False), ["overlayroot"], "read-only-without-data"),
        (Data(present=False, mounted=True, listed=True, overlay=False), ["overlayroot"], "read-only-without-data"),
        (right, [], "read-only-package"),
    ):
        with pytest.raises(Refused) as said:
            partitions.may_be_read_only(data, packages)
        assert said.value.code == code
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/mounts").write_text("overlayroot / overlay rw 0 0\n/dev/mmcblk0p3 /data ext4 rw 0 0\n")
    assert partitions.read(tmp_path) == Data(present=False, mounted=True, listed=False, overlay=True)


def test_undoing_what_was_never_done_changes_nothing() -> None:
    for path in ("/etc/fstab", "/boot/firmware/config.txt", "/boot/firmware/cmdline.txt"):
        assert fragments.undo(path, CMDLINE) == CMDLINE

"""kill -9 before every single change of the disk, of a swap, of the way back, and of taking all away: then run again."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall.box.install import manifest, plan, removing, swap
from stall.box.install.machine import Machine
from stall.box.install.manifest import Manifest, Wanted
from stall.box.install.swap import Record
from tests.box.install.appliance import GROUP, PASSWD, Appliance, FakeBox, tree
from tests.box.install.dying import dies_at

OURS = ("/etc/stall/swap", "/etc/stall/before")
#: More than there are; a step that is not reached ends the search.
MANY = 200


def wanted(version: bytes) -> list[Wanted]:
    return [
        Wanted("/etc/stall/nginx/nginx.conf", content=b"nginx " + version),
        Wanted("/etc/hostname", 0o600, content=b"theirs, now ours " + version),
        Wanted("/opt/stall/current", link=f"releases/{version.decode()}"),
        Wanted("/usr/share/theirs", content=b"was a link"),
    ]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr("os.sync", lambda: None)
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)
    root = tmp_path / "root"
    for folder in ("etc", "usr/share", "opt"):
        (root / folder).mkdir(parents=True)
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text(GROUP)
    (root / "etc/hostname").write_bytes(b"stand\n")
    (root / "usr/share/theirs").symlink_to("../elsewhere")
    return Machine(root, live=False)


def install(machine: Machine, version: bytes, more: tuple[Wanted, ...] = ()) -> None:
    old = manifest.read(machine)
    changes = plan.changes(machine, old, [*wanted(version), *more])
    swap.apply(machine, old, Manifest(version.decode()), changes, Record())
    swap.finish(machine)


def remove(machine: Machine) -> None:
    removing.remove(machine, FakeBox(), lambda _text: None)


def seen(machine: Machine) -> dict[str, tuple[str, object]]:
    return tree(machine.root, without=(*OURS, "/run"))


def test_a_first_swap_is_all_of_it_or_nothing(machine: Machine) -> None:
    old = seen(machine)
    reached = 0
    for step in range(MANY):
        if not dies_at(step, lambda: install(machine, b"1")):
            break
        reached += 1
        swap.undo(machine)
        if seen(machine) != old:
            assert manifest.read(machine).release == "1"
            assert plan.changes(machine, manifest.read(machine), wanted(b"1")) == []
            remove(machine)
        assert seen(machine) == old, step
        assert not machine.at("/etc/stall").exists()
    assert reached > 20
    assert manifest.read(machine).release == "1"


def test_an_update_is_the_old_or_the_new_and_never_some_of_both(machine: Machine) -> None:
    gone = Wanted("/etc/stall/only-before.conf", content=b"1")
    install(machine, b"1", (gone,))
    old = seen(machine)
    for step in range(MANY):
        if not dies_at(step, lambda: install(machine, b"2")):
            break
        swap.undo(machine)
        if seen(machine) != old:
            assert plan.changes(machine, manifest.read(machine), wanted(b"2")) == []
            install(machine, b"1", (gone,))
        assert seen(machine) == old, step
    assert manifest.read(machine).release == "2"
    assert not machine.at("/etc/stall/only-before.conf").exists()


def test_the_way_back_may_be_cut_off_too(machine: Machine) -> None:
    install(machine, b"1")
    old = seen(machine)
    reached = 0
    for step in range(MANY):
        before = manifest.read(machine)
        changes = plan.changes(machine, before, wanted(b"2"))
        swap.apply(machine, before, Manifest("2"), changes, Record())
        died = dies_at(step, lambda: swap.undo(machine))
        reached += died
        swap.undo(machine)
        assert seen(machine) == old, step
        if not died:
            break
    assert reached > 8


def test_taking_it_away_may_be_cut_off_and_ends_with_what_was_there(machine: Machine) -> None:
    old = seen(machine)
    reached = 0
    for step in range(MANY):
        install(machine, b"1")
        if not dies_at(step, lambda: remove(machine)):
            break
        reached += 1
        if machine.at("/etc/stall/manifest.json").exists():
            remove(machine)
        swap.undo(machine)  # whoever comes next looks first whether somebody was cut off
        assert seen(machine) == old, step
    assert reached > 10
    assert seen(machine) == old


def test_whoever_installs_again_after_a_cut_begins_with_what_stood_before(appliance: Appliance) -> None:
    appliance.apply()
    before = tree(appliance.root, without=("/run",))
    old = appliance.installed()
    swap.apply(
        appliance.machine,
        old,
        Manifest("9"),
        plan.changes(appliance.machine, old, wanted(b"9")),
        Record(running=True, units=("stall-new.service",)),
    )
    assert appliance.apply().changes == ()
    assert appliance.said[-1] == "An installation was cut off. What stood before was put back."
    assert tree(appliance.root, without=("/run",)) == before
    told = appliance.told()
    assert "disable stall-new.service" in told
    assert "restart --no-block stall.target" in told  # what runs had read the new files


def test_a_full_disk_replaces_nothing(appliance: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from stall import disk
    from stall.errors import Refused

    appliance.apply()
    before = tree(appliance.root, without=("/run",))
    real, left = swap._stage, 3

    def full(machine: Machine, change: plan.Change) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            with disk.sentences(machine.at(change.path)):
                raise OSError(errno.ENOSPC, "No space left on device")
        real(machine, change)

    monkeypatch.setattr(swap, "_stage", full)
    appliance.release("2-bbbbbbbbbbbb")
    with pytest.raises(Refused) as said:
        appliance.apply("2-bbbbbbbbbbbb")
    assert said.value.code == "disk-full"
    assert tree(appliance.root, without=("/run", "/opt/stall/releases/2-bbbbbbbbbbbb")) == before
    assert "stall.target" in appliance.up()

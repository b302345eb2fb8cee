"""A data folder that was copied, moved or put back begins a new epoch before anything is sold; one that was not, does not."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from stall import app
from stall.domain.epoch import Cause
from stall.errors import Broken
from stall.flows.checkpoint import publish_checkpoint
from stall.store import audit, board, epochs, journal, migrations, place, schema
from stall.store.box import Box
from tests.fakes.clock import FakeClock

OPENER = """
import sys
from pathlib import Path
from stall import app
from stall.store import epochs
print("ready", flush=True)
sys.stdin.readline()
box = app.open_box(Path(sys.argv[1]))
print(epochs.running(box.db.read()).epoch)
box.close()
"""


def append(box: Box, count: int = 3, *, way: str = "this") -> None:
    with box.db.transaction() as tx:
        for n in range(count):
            tx.append("test", {"n": n, "way": way})


def lives(box: Box) -> int:
    return int(box.db.read().execute("SELECT count(*) FROM epochs").fetchone()[0])


def sound(box: Box) -> bool:
    return audit.audit(box.db.read(), box.secrets.signing.public).findings == []


def closed_image(box: Box, to: Path) -> Path:
    """Close the box and copy its database away, as a backup of the file does."""
    box.close()
    to.mkdir()
    shutil.copy(box.folder / "stall.sqlite", to)
    return to / "stall.sqlite"


def write_over(folder: Path, image: Path) -> None:
    """Put an old database back with cp: the same inode, so that only what it holds tells."""
    for log in ("stall.sqlite-wal", "stall.sqlite-shm"):
        (folder / log).unlink(missing_ok=True)
    (folder / "stall.sqlite").write_bytes(image.read_bytes())


def test_a_folder_where_it_was_made_goes_on_in_its_epoch(folder: Path, clock: FakeClock) -> None:
    for _ in range(3):
        box = app.open_box(folder, clock=clock)
        append(box)
        publish_checkpoint(box.db)
        assert lives(box) == 1
        box.close()
        clock.advance(2000)


def test_a_folder_in_place_of_the_note_is_refused_and_begins_no_epochs(folder: Path, clock: FakeClock) -> None:
    (folder / place.FILE).unlink()
    (folder / place.FILE).mkdir()
    with pytest.raises(Broken, match="Move it away") as refusal:
        app.open_box(folder, clock=clock)
    assert refusal.value.code == "place-not-a-file"
    looked = app.open_box(folder, clock=clock, looking=True)
    assert lives(looked) == 1
    looked.close()


def test_a_renamed_folder_is_still_the_same(folder: Path, clock: FakeClock) -> None:
    moved = folder.rename(folder.with_name("renamed"))
    box = app.open_box(moved, clock=clock)
    assert lives(box) == 1
    box.close()


def test_a_copy_begins_a_new_epoch_and_the_original_notices_nothing(box: Box, tmp_path: Path, clock: FakeClock) -> None:
    append(box)
    box.db.truncate_log()
    shutil.copytree(box.folder, tmp_path / "copy")
    copy = app.open_box(tmp_path / "copy", clock=clock)
    running = epochs.running(copy.db.read())
    assert (lives(copy), running.reason) == (2, Cause.MOVED)
    assert sound(copy)
    copy.close()
    again = app.open_box(tmp_path / "copy", clock=clock)
    assert epochs.running(again.db.read()) == running  # once recognised, it is at home
    again.close()
    box.close()
    original = app.open_box(box.folder, clock=clock)
    assert lives(original) == 1
    original.close()


def test_three_processes_that_start_together_open_one_epoch(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    opening = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(copy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in opening:  # all of them stand at the line before the first one runs
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in opening:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = {process.communicate(timeout=60)[0].strip() for process in opening}
    assert [process.returncode for process in opening] == [0, 0, 0]
    assert len(said) == 1
    conn = sqlite3.connect(copy / "stall.sqlite")
    assert conn.execute("SELECT count(*) FROM epochs").fetchone() == (2,)
    conn.close()


@pytest.mark.parametrize(
    "kept",
    ["missing", "empty", "garbage", "other board", "other file system", "other file", "no root", "less than nothing"],
)
def test_what_is_not_known_to_be_here_counts_as_moved(folder: Path, clock: FakeClock, kept: str) -> None:
    file = folder / place.FILE
    if kept == "missing":
        file.unlink()
    elif kept in {"empty", "garbage"}:
        file.write_bytes(b"" if kept == "empty" else b'{"place": 1')
    elif kept in {"no root", "less than nothing"}:
        said = json.loads(file.read_text())
        said["witness"] |= {"root": "!"} if kept == "no root" else {"size": -1}
        file.write_text(json.dumps(said))
    else:
        said = json.loads(file.read_text())
        said["place"][{"other board": "board", "other file system": "filesystem", "other file": "inode"}[kept]] = "4711"
        file.write_text(json.dumps(said))
    box = app.open_box(folder, clock=clock)
    assert epochs.running(box.db.read()).reason == Cause.MOVED
    box.close()
    assert place.read(folder) is not None
    assert (folder / place.FILE).stat().st_mode & 0o777 == 0o600


def test_a_board_that_tells_its_serial_number_is_known_by_it(
    folder: Path, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "serial").write_bytes(b"10000000abcdef01\0")
    monkeypatch.setattr(board, "SERIAL_FILES", (tmp_path / "absent", tmp_path / "serial"))
    assert place.here(folder).board == "10000000abcdef01"
    for expected in (2, 2):  # another board than before; then the same
        box = app.open_box(folder, clock=clock)
        assert lives(box) == expected
        box.close()


def test_an_old_backup_at_the_same_place_is_found_by_the_checkpoint_beside_it(
    box: Box, tmp_path: Path, clock: FakeClock
) -> None:
    append(box)
    image = closed_image(box, tmp_path / "image")
    later = app.open_box(box.folder, clock=clock)
    append(later)
    publish_checkpoint(later.db)
    later.close()
    write_over(box.folder, image)
    restored = app.open_box(box.folder, clock=clock)
    assert epochs.running(restored.db.read()).reason == Cause.PUT_BACK
    assert sound(restored)
    restored.close()


def test_a_backup_that_went_another_way_is_found_by_the_root(box: Box, tmp_path: Path, clock: FakeClock) -> None:
    append(box)
    image = closed_image(box, tmp_path / "image")
    later = app.open_box(box.folder, clock=clock)
    append(later, 2)
    publish_checkpoint(later.db)
    later.close()
    kept = (box.folder / place.FILE).read_bytes()
    write_over(box.folder, image)
    other = app.open_box(box.folder, looking=True, clock=clock)
    append(other, 7, way="another")  # longer than what was signed, and not what was signed
    other.close()
    (box.folder / place.FILE).write_bytes(kept)
    restored = app.open_box(box.folder, clock=clock)
    assert epochs.running(restored.db.read()).reason == Cause.PUT_BACK
    restored.close()


def test_an_epoch_this_database_never_had_was_lost_with_a_newer_one(box: Box, tmp_path: Path, clock: FakeClock) -> None:
    image = closed_image(box, tmp_path / "image")
    (box.folder / place.FILE).unlink()
    moved = app.open_box(box.folder, clock=clock)
    assert lives(moved) == 2
    moved.close()
    write_over(box.folder, image)
    restored = app.open_box(box.folder, clock=clock)
    assert (lives(restored), epochs.running(restored.db.read()).reason) == (2, Cause.PUT_BACK)
    restored.close()


def test_a_witness_behind_the_database_says_nothing(box: Box, clock: FakeClock) -> None:
    append(box)
    publish_checkpoint(box.db)
    append(box, 20)  # and a power cut before the next note
    box.close()
    again = app.open_box(box.folder, clock=clock)
    assert lives(again) == 1
    again.close()


def test_whoever_only_looks_changes_nothing(box: Box, tmp_path: Path, clock: FakeClock) -> None:
    append(box)
    box.db.truncate_log()
    shutil.copytree(box.folder, tmp_path / "copy")
    kept = (tmp_path / "copy" / place.FILE).read_bytes()
    looking = app.open_box(tmp_path / "copy", looking=True, clock=clock)
    publish_checkpoint(looking.db)  # an export signs one
    assert lives(looking) == 1
    looking.close()
    assert (tmp_path / "copy" / place.FILE).read_bytes() == kept
    selling = app.open_box(tmp_path / "copy", clock=clock)
    assert lives(selling) == 2
    selling.close()


def test_a_crash_before_the_place_was_noted_opens_one_more(
    box: Box, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.db.truncate_log()
    shutil.copytree(box.folder, tmp_path / "copy")

    class PowerCutError(Exception):
        pass

    def cut(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(place, "keep", cut)
        with pytest.raises(PowerCutError):
            app.open_box(tmp_path / "copy", clock=clock)
    copy = app.open_box(tmp_path / "copy", clock=clock)
    assert (lives(copy), sound(copy)) == (3, True)
    copy.close()


def test_a_box_of_an_older_version_is_at_home_where_it_is_migrated(tmp_path: Path, clock: FakeClock) -> None:
    app.create_box(tmp_path / "box", pin="123456", clock=clock)
    (tmp_path / "box" / place.FILE).unlink()
    conn = sqlite3.connect(tmp_path / "box" / "stall.sqlite")
    conn.execute(f"PRAGMA user_version={schema.PLACED - 1}")  # as if the step had not run; it is marked as done
    conn.close()
    migrations.migrate(tmp_path / "box" / "stall.sqlite")
    box = app.open_box(tmp_path / "box", clock=clock)
    assert lives(box) == 1
    box.close()


def test_a_first_database_keeps_its_checkpoint_through_the_step(tmp_path: Path) -> None:
    path = tmp_path / "stall.sqlite"
    conn = sqlite3.connect(path)
    for statement in (schema.FOUNDING + schema.HASH_TILES).split(";"):
        conn.execute(statement)
    conn.execute("INSERT INTO epochs VALUES (1, zeroblob(16), 0)")
    conn.execute("INSERT INTO checkpoint VALUES (1, 1, 9, zeroblob(32), 'note', 5)")
    for statement in schema.EPOCHS.split(";"):
        conn.execute(statement)
    assert conn.execute("SELECT epoch_no, size, note FROM checkpoint").fetchall() == [(1, 9, "note")]
    assert conn.execute("SELECT parent, first_no, size FROM epochs").fetchall() == [(None, 1, None)]
    conn.close()


def test_a_checkpoint_of_a_closed_epoch_can_still_be_signed(box: Box, clock: FakeClock) -> None:
    from stall.flows.checkpoint import sign_checkpoint
    from stall.flows.new_epoch import new_epoch

    append(box)
    closed = journal.read_head(box.db.read())
    with box.db.transaction() as tx:
        new_epoch(tx, Cause.MOVED)
    with box.db.transaction() as tx:
        assert f"\n{closed.size}\n" in sign_checkpoint(tx, closed.epoch_no)
        assert f"\n{journal.read_head(tx.conn).size}\n" in sign_checkpoint(tx)


@pytest.mark.root
def test_a_command_run_with_sudo_leaves_nothing_the_stalls_own_user_cannot_read(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    app.create_box(folder, clock=FakeClock())
    nobody = 65534
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody, nobody)
    (folder / "stall.place").unlink()
    box = app.open_box(folder, clock=FakeClock())
    append(box)
    publish_checkpoint(box.db)
    box.close()
    assert {path.name for path in folder.rglob("*") if path.stat().st_uid != nobody} == set()

"""An import that is cut off keeps what was whole; the next goes on from there, by file or by pipe, and what nobody wants goes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stall import app
from stall.creator import delegations, keyring, packs
from stall.creator.packs import BuiltPack, PackOptions
from stall.errors import Refused, StallError
from stall.flows.accept_document import accept_delegation
from stall.flows.forget_imports import forget_imports, forget_old_imports
from stall.flows.import_pack import Imported, import_pack
from stall.store import begun, catalogue, packfile, packzip, room
from stall.store.box import Box
from stall.store.packfile import Arriving, Piece
from tests.fakes.clock import FakeClock
from tests.fakes.stock import DAY_S, NOW_S

FILES = {"a.txt": b"a" * 5000, "b/c.txt": b"b" * 2_500_000, "d.txt": b"", "e.txt": b"e" * 9000}


@dataclass
class Taken:
    """Bytes that were hashed as they came, file by file: what an import costs."""

    hashed: list[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuiltPack]:
    """A box whose creator is known, and a pack of theirs; tests take copies of the box."""
    root = tmp_path_factory.mktemp("m")
    creator = keyring.new(root / "creator", "Ada Prints")
    app.create_box(root / "box", pin="123456", clock=FakeClock())
    opened = app.open_box(root / "box", clock=FakeClock())
    with opened.db.transaction() as tx:
        accept_delegation(tx, delegations.delegate(creator, opened.secrets.signing.did, "box", now_s=NOW_S - DAY_S))
    opened.close()
    for path, data in FILES.items():
        (root / "texts" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "texts" / path).write_bytes(data)
    options = PackOptions(title="Night Texts", price_minor=450, opens_s=NOW_S, closes_s=NOW_S + 30 * DAY_S)
    return root / "box", packs.build(root / "texts", root / "night.stallpack", creator, options, now_s=NOW_S - DAY_S)


@pytest.fixture
def box(made: tuple[Path, BuiltPack], tmp_path: Path) -> Iterator[Box]:
    shutil.copytree(made[0], tmp_path / "box")
    opened = app.open_box(tmp_path / "box", clock=FakeClock())
    yield opened
    opened.close()


@pytest.fixture
def built(made: tuple[Path, BuiltPack]) -> BuiltPack:
    return made[1]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    seen = Taken([])
    take = Arriving.take

    def counted(self: Arriving) -> Iterator[Piece]:
        seen.hashed.append(self.path)
        return take(self)

    monkeypatch.setattr(Arriving, "take", counted)
    return seen


def by_pipe(box: Box, data: bytes) -> Imported:
    """Import what another process sends, who may stop in the middle."""
    reading, writing = os.pipe()

    def send() -> None:
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            pipe.write(data)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        return import_pack(box, reading)
    finally:
        os.close(reading)
        sender.join()


def stored(box: Box) -> set[bytes]:
    """What lies in `files/`; each is what its name says."""
    found = {path.name: path.read_bytes() for path in (box.folder / "files").iterdir()}
    assert all(hashlib.sha256(data).hexdigest() == name for name, data in found.items())
    return set(found.values())


def notes(box: Box) -> list[Path]:
    return list((box.folder / begun.FOLDER).iterdir())


def is_for_sale_whole(box: Box) -> bool:
    card = catalogue.card(box.db.read(), "night-texts", box.now_ms())
    assert card is not None
    whole = catalogue.whole_pack(box.db.read(), card.pack)
    path = box.folder / "zips" / f"{whole.sha256}.zip"
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        names = ["manifest.jws", "verify.html", *sorted(FILES)]
        return (path.stat().st_size, opened.namelist()) == (whole.size, names)


def test_a_pack_that_streams_in_is_taken_as_from_a_file(box: Box, built: BuiltPack, taken: Taken) -> None:
    done = by_pipe(box, built.path.read_bytes())
    assert (done.new, done.files, taken.hashed) == (True, 4, sorted(FILES))  # each byte hashed once
    assert stored(box) == set(FILES.values())
    assert is_for_sale_whole(box)
    assert not notes(box)


@pytest.mark.parametrize("way", ["file", "pipe"])
def test_what_was_whole_when_it_was_cut_off_is_not_taken_again(
    box: Box, built: BuiltPack, taken: Taken, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    data = built.path.read_bytes()
    with pytest.raises(StallError) as cut:
        by_pipe(box, data[: data.index(b"b" * 100) + 2_000_000])
    assert cut.value.code == "pack-truncated"
    assert stored(box) == {FILES["a.txt"]}
    assert not list((box.folder / "zips").iterdir())
    assert not box.db.read().execute("SELECT 1 FROM drops").fetchone()
    assert len(notes(box)) == 1
    taken.hashed.clear()
    assert (import_pack(box, built.path) if way == "file" else by_pipe(box, data)).new
    assert taken.hashed == ["b/c.txt", "d.txt", "e.txt"]
    assert stored(box) == set(FILES.values())
    assert is_for_sale_whole(box)
    assert not notes(box)


def test_ctrl_c_and_a_full_disk_keep_what_was_whole(
    box: Box, built: BuiltPack, monkeypatch: pytest.MonkeyPatch, taken: Taken
) -> None:
    def pressed(more: int) -> None:
        if more == 9000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_pack(box, built.path, pressed)
    assert stored(box) == {FILES["a.txt"], FILES["b/c.txt"], b""}
    with monkeypatch.context() as patched:
        patched.setattr(packzip.Plan, "finish", _full)
        with pytest.raises(Refused, match="full"):
            import_pack(box, built.path)
    assert stored(box) == set(FILES.values())
    assert [path.suffix for path in box.folder.rglob("*/*.part")] == []
    taken.hashed.clear()
    assert import_pack(box, built.path).new
    assert taken.hashed == []
    assert is_for_sale_whole(box)


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_the_room_that_selling_needs_is_kept_all_the_time(
    box: Box, built: BuiltPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else fills the disk while a pack comes in."""
    left = [10**9]

    def free(_: Path) -> int:
        left[0] = box.room.kept_back if left[0] < 10**9 else left[0] - 1
        return left[0] + 0

    monkeypatch.setattr(room, "free_bytes", free)
    monkeypatch.setattr("stall.store.taking.STEP_BYTES", 1_000_000)
    with pytest.raises(Refused) as refused:
        import_pack(box, built.path)
    assert refused.value.code == "disk-too-small"
    assert b"" not in stored(box)
    assert not box.db.read().execute("SELECT 1 FROM drops").fetchone()


def test_what_the_disk_lost_meanwhile_is_taken_again(box: Box, built: BuiltPack, taken: Taken) -> None:
    data = built.path.read_bytes()
    with pytest.raises(StallError):
        by_pipe(box, data[: data.index(b"b" * 100) + 2_000_000])
    kept = box.folder / "files" / hashlib.sha256(FILES["a.txt"]).hexdigest()
    kept.write_bytes(b"A" * 5000)  # as long, and another
    taken.hashed.clear()
    assert import_pack(box, built.path).new
    assert taken.hashed == sorted(FILES)
    assert stored(box) == set(FILES.values())


def test_a_pack_that_is_not_what_was_signed_leaves_nothing_and_takes_nothing_away(box: Box, built: BuiltPack) -> None:
    data = built.path.read_bytes()
    bad = data.replace(b"e" * 9000, b"e" * 8999 + b"f")
    with pytest.raises(StallError) as refused:
        by_pipe(box, bad)
    assert refused.value.code == "pack-changed-file"
    assert stored(box) == set()
    assert not notes(box)
    with pytest.raises(StallError):
        by_pipe(box, data[: data.index(b"b" * 100) + 2_000_000])
    with pytest.raises(StallError):
        by_pipe(box, bad)
    assert stored(box) == {FILES["a.txt"]}  # from the one that was cut off: it was whole, and signed
    assert len(notes(box)) == 1


def test_what_nobody_goes_on_with_is_deleted_by_hand_after_a_week_or_where_it_is_in_the_way(
    box: Box, built: BuiltPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = built.path.read_bytes()

    def cut() -> None:
        with pytest.raises(StallError):
            by_pipe(box, data[: data.index(b"b" * 100) + 2_000_000])
        assert stored(box)

    cut()
    assert forget_imports(box.db) == 5000
    cut()
    forget_old_imports(box.db, box.now_ms() + (begun.KEPT_S - 10) * 1000)
    assert stored(box)
    forget_old_imports(box.db, box.now_ms() + (begun.KEPT_S + 10) * 1000)
    assert (stored(box), notes(box)) == (set(), [])
    cut()
    other = notes(box)[0].rename(box.folder / begun.FOLDER / "of another pack.jws")
    monkeypatch.setattr(room, "free_bytes", lambda _: 0 if other.exists() else 10**12)
    import_pack(box, built.path)
    assert not notes(box)
    forget_imports(box.db)
    assert stored(box) == set(FILES.values())  # of a pack that is here


def test_the_same_pack_again_puts_back_what_was_lost_and_keeps_its_zip(
    box: Box, built: BuiltPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_pack(box, built.path)
    (before,) = (box.folder / "zips").iterdir()
    kept = before.read_bytes()
    (box.folder / "files" / hashlib.sha256(FILES["e.txt"]).hexdigest()).unlink()
    monkeypatch.setattr(packzip, "page", lambda: b"<!doctype html><title>a later release</title>")
    assert (again := import_pack(box, built.path)).mended == 1
    assert not again.new
    assert stored(box) == set(FILES.values())
    assert [path.read_bytes() for path in (box.folder / "zips").iterdir()] == [kept]  # downloads of it go on
    before.unlink()
    assert by_pipe(box, built.path.read_bytes()).mended == 1
    (after,) = (box.folder / "zips").iterdir()
    assert after.name != before.name
    assert is_for_sale_whole(box)
    assert import_pack(box, built.path).mended == 0


def test_what_was_cut_off_after_its_rows_leaves_no_note_for_the_next(box: Box, built: BuiltPack) -> None:
    assert import_pack(box, built.path).new
    begun.begin(box.folder, built.token, "0" * 64, 0, box.db.read())
    assert not import_pack(box, built.path).new
    assert not notes(box)


def test_a_stream_that_ends_behind_the_last_file_is_not_for_sale(box: Box, built: BuiltPack) -> None:
    data = built.path.read_bytes()
    for more in (b"", data[-10:]):
        with pytest.raises(StallError):
            by_pipe(box, data[:-30] if not more else data + more)
        assert not box.db.read().execute("SELECT 1 FROM drops").fetchone()
        assert not list((box.folder / "zips").iterdir())
    assert import_pack(box, built.path).new


def test_a_pipe_with_a_name_is_no_pack_and_nobody_waits_for_it(box: Box, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.stallpack")
    with pytest.raises(Refused) as refused, packfile.open_pack(tmp_path / "pipe.stallpack"):
        pass
    assert refused.value.code == "pack-not-a-file"

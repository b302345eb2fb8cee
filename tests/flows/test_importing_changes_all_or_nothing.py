"""A pack on its way into the box: whatever is wrong with it, one sentence, and the box is as before."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall import app
from stall.creator import delegations, keyring, ledger, packs
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack, PackOptions
from stall.errors import StallError
from stall.flows import import_pack as importing
from stall.flows.accept_document import accept_delegation
from stall.flows.import_pack import import_pack
from stall.store import begun, journal, room
from stall.store.box import Box
from stall.store.damage import OutcomeUnknown
from stall.wire import jws, manifest
from tests.fakes.clock import FakeClock
from tests.fakes.stock import DAY_S, NOW_S


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def creator(tmp_path: Path) -> Creator:
    return keyring.new(tmp_path / "creator", "Ada Prints")


@pytest.fixture
def box(tmp_path: Path, clock: FakeClock, creator: Creator) -> Iterator[Box]:
    app.create_box(tmp_path / "box", pin="123456", clock=clock)
    opened = app.open_box(tmp_path / "box", clock=clock)
    token = delegations.delegate(creator, opened.secrets.signing.did, "box", now_s=NOW_S - DAY_S)
    with opened.db.transaction() as tx:
        accept_delegation(tx, token)
    yield opened
    opened.close()


@pytest.fixture
def pack(tmp_path: Path, creator: Creator) -> Callable[..., BuiltPack]:
    source = tmp_path / "prints"
    source.mkdir()
    (source / "one.jpg").write_bytes(b"\xff\xd8 one " * 4000)
    (source / "two.txt").write_bytes(b"two")

    def build(signer: Creator = creator, now_s: int = NOW_S - DAY_S, **changes: object) -> BuiltPack:
        usual: dict[str, object] = {
            "title": "Night Prints",
            "price_minor": 450,
            "opens_s": NOW_S,
            "closes_s": NOW_S + 30 * DAY_S,
        }
        options = PackOptions(**{**usual, **changes})  # type: ignore[arg-type]  # as PackOptions checks
        out = tmp_path / f"night-{now_s}-{signer.folder.name}.stallpack"
        return packs.build(source, out, signer, options, now_s=now_s)

    return build


def traces(box: Box) -> tuple[set[str], int, int]:
    """Everything an import may leave: files below the folder, events, drops."""
    kept = {str(path) for name in begun.FILLED for path in (box.folder / name).iterdir()}
    drops = box.db.read().execute("SELECT count(*) FROM drops").fetchone()[0]
    return kept, journal.read_head(box.db.read()).size, drops


def refused(box: Box, path: Path) -> str:
    before = traces(box)
    with pytest.raises(StallError) as refusal:
        import_pack(box, path)
    assert traces(box) == before
    return refusal.value.code


def test_a_good_pack_is_there_whole(box: Box, pack: Callable[..., BuiltPack]) -> None:
    heard: list[int] = []
    done = import_pack(box, pack().path, heard.append)
    assert (done.title, done.files, done.new) == ("Night Prints", 2, True)
    assert sum(heard) == done.bytes
    row = box.db.read().execute("SELECT zip_key FROM packs").fetchone()
    assert (box.folder / "zips" / f"{row[0]}.zip").stat().st_size > done.bytes
    assert [path.suffix for path in (box.folder / "zips").iterdir()] == [".zip"]


def by_signer(signer: Creator, path: Path) -> Path:
    """The same pack, its manifest signed by another key in the creator's name."""
    with zipfile.ZipFile(path) as opened:
        entries = {info.filename: opened.read(info) for info in opened.infolist()}
    claims = jws.unverified_claims(entries["manifest.jws"].decode())
    entries["manifest.jws"] = manifest.sign(signer.key, manifest.parse(claims)).encode()
    with zipfile.ZipFile(path, "w") as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return path


def test_a_pack_by_a_delegated_signer_is_taken_and_one_by_another_key_is_not(
    box: Box, creator: Creator, tmp_path: Path, pack: Callable[..., BuiltPack]
) -> None:
    signer = keyring.new(tmp_path / "signer", "Studio")
    path = by_signer(signer, pack().path)
    assert refused(box, path) == "token-unknown-key"
    token = delegations.delegate(creator, signer.did, "signer", now_s=NOW_S - DAY_S)
    with box.db.transaction() as tx:
        accept_delegation(tx, token)
    assert import_pack(box, path).new is True
    assert import_pack(box, path).new is False


def test_the_same_pack_again_changes_nothing(box: Box, pack: Callable[..., BuiltPack]) -> None:
    built = pack()
    import_pack(box, built.path)
    before = traces(box)
    assert import_pack(box, built.path).new is False
    assert traces(box) == before


def test_a_changed_byte_is_found(box: Box, pack: Callable[..., BuiltPack]) -> None:
    path = pack().path
    data = bytearray(path.read_bytes())
    data[data.index(b" one ") + 2] ^= 1
    path.write_bytes(data)
    assert refused(box, path) == "pack-changed-file"


def test_a_pack_that_ends_early_is_found(box: Box, pack: Callable[..., BuiltPack]) -> None:
    path = pack().path
    path.write_bytes(path.read_bytes()[:-2000])
    assert refused(box, path).startswith(("pack-", "zip-", "container-"))


def test_a_creator_nobody_introduced_is_refused(box: Box, pack: Callable[..., BuiltPack], tmp_path: Path) -> None:
    stranger = keyring.new(tmp_path / "stranger", "Somebody")
    assert refused(box, pack(signer=stranger).path) == "manifest-signer"


def test_an_older_version_is_refused(box: Box, pack: Callable[..., BuiltPack]) -> None:
    first = pack()
    second = pack(now_s=NOW_S - DAY_S + 60, after=first.token, price_minor=500)
    import_pack(box, second.path)
    assert refused(box, first.path) == "manifest-older"


def test_another_content_under_the_same_version_is_told_from_an_older_one(
    box: Box, pack: Callable[..., BuiltPack], creator: Creator
) -> None:
    import_pack(box, pack().path)
    (creator.folder / ledger.FILE).unlink()  # the creator lost the ledger and signed version 1 once more
    assert refused(box, pack(now_s=NOW_S - DAY_S + 60, price_minor=500).path) == "manifest-other-content"


def test_a_newer_version_takes_over_and_the_old_pack_stays_for_its_buyers(
    box: Box, pack: Callable[..., BuiltPack]
) -> None:
    first = pack()
    import_pack(box, first.path)
    import_pack(box, pack(now_s=NOW_S - DAY_S + 60, after=first.token, price_minor=500).path)
    rows = box.db.read().execute("SELECT price_minor FROM packs ORDER BY no").fetchall()
    assert [row[0] for row in rows] == [450, 500]


def test_another_creators_drop_of_the_same_name_is_refused(
    box: Box, pack: Callable[..., BuiltPack], tmp_path: Path
) -> None:
    import_pack(box, pack().path)
    other = keyring.new(tmp_path / "other", "Other")
    token = delegations.delegate(other, box.secrets.signing.did, "box", now_s=NOW_S - DAY_S)
    with box.db.transaction() as tx:
        accept_delegation(tx, token)
    assert refused(box, pack(signer=other).path) == "manifest-other-creator"


def test_a_manifest_that_is_over_is_refused(box: Box, pack: Callable[..., BuiltPack], clock: FakeClock) -> None:
    built = pack()
    with box.db.transaction() as tx:
        tx.conn.execute("UPDATE journal SET floor_ms = ?, last_at_ms = ?", (built.manifest.exp * 1000,) * 2)
    clock.wall = built.manifest.exp * 1000
    assert refused(box, built.path) == "manifest-expired"


def test_a_price_in_another_currency_is_refused(box: Box, pack: Callable[..., BuiltPack]) -> None:
    assert refused(box, pack(cur="CHF").path) == "manifest-currency"


def test_a_disk_too_small_is_said_before_anything_is_copied(
    box: Box, pack: Callable[..., BuiltPack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda _: box.room.kept_back)
    assert refused(box, pack().path) == "disk-too-small"


def test_when_nobody_knows_whether_the_rows_were_kept_their_files_stay(
    box: Box, pack: Callable[..., BuiltPack], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unconfirmed(*_: object) -> None:
        raise OutcomeUnknown("commit-unknown", "The disk did not confirm a write.")

    monkeypatch.setattr(importing, "record_pack", unconfirmed)
    with pytest.raises(OutcomeUnknown):
        import_pack(box, pack().path)
    assert len(list((box.folder / "files").iterdir())) == 2

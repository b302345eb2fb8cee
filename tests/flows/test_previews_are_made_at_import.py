"""What import draws beside a pack's files: previews of samples for everybody, small pictures for buyers, an accent."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from stall import app
from stall.creator import delegations, keyring, packs
from stall.creator.packs import BuiltPack, PackOptions
from stall.domain import colour
from stall.errors import Refused
from stall.flows import import_pack as importing
from stall.flows.accept_document import accept_delegation
from stall.flows.forget_imports import forget_imports
from stall.flows.import_pack import import_pack
from stall.store import catalogue, journal, previews
from stall.store.box import Box
from stall.store.catalogue import PackFile
from tests.fakes.clock import FakeClock
from tests.fakes.stock import DAY_S, NOW_S

RUST = (176, 74, 32)


def photo(path: Path, size: tuple[int, int], tone: tuple[int, int, int] = RUST) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "CameraMaker"
    Image.new("RGB", size, tone).save(path, exif=exif)


def bomb(path: Path) -> None:
    """A PNG of a few bytes that says it unpacks to 200 megapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    head = struct.pack(">2L5B", 20_000, 10_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    clock = FakeClock()
    app.create_box(tmp_path / "box", pin="123456", clock=clock)
    opened = app.open_box(tmp_path / "box", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def pack(tmp_path: Path, box: Box) -> Callable[[], BuiltPack]:
    """Builds a pack: a cover, a sample, a paid photo, a broken one, a bomb, a text."""
    creator = keyring.new(tmp_path / "creator", "Ada Prints")
    with box.db.transaction() as tx:
        accept_delegation(tx, delegations.delegate(creator, box.secrets.signing.did, "box", now_s=NOW_S - DAY_S))
    source = tmp_path / "prints"
    source.mkdir()
    photo(source / "cover.jpg", (900, 600))
    photo(source / "sample.jpg", (2000, 1000))
    photo(source / "paid.jpg", (2000, 1000), (30, 60, 160))
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    bomb(source / "bomb.png")
    (source / "words.txt").write_bytes(b"two")

    def build() -> BuiltPack:
        options = PackOptions(
            title="Night Prints",
            price_minor=450,
            opens_s=NOW_S,
            closes_s=NOW_S + 30 * DAY_S,
            samples=("sample.jpg",),
        )
        return packs.build(source, tmp_path / "night.stallpack", creator, options, now_s=NOW_S - DAY_S)

    return build


def imported(box: Box) -> dict[str, PackFile]:
    conn = box.db.read()
    card = catalogue.card(conn, "night-prints", box.now_ms())
    assert card is not None
    return {file.path: file for file in catalogue.files(conn, card.pack)}


def drawn(box: Box) -> dict[str, bytes]:
    return {
        f"{name}/{path.name}": path.read_bytes()
        for name in (previews.PUBLIC, previews.BOUGHT)
        for path in (box.folder / name).iterdir()
    }


def test_a_sample_has_an_upright_preview_without_metadata(box: Box, pack: Callable[[], BuiltPack]) -> None:
    import_pack(box, pack().path)
    sample = imported(box)["sample.jpg"]
    assert sample.preview == (640, 1280)
    for path, size in (
        (previews.large(box.folder, sample.sha256), (640, 1280)),
        (previews.small(box.folder, sample.sha256), (320, 640)),
        (previews.thumb(box.folder, sample.sha256), (180, 360)),
    ):
        with Image.open(path) as image:
            assert (image.format, image.size, dict(image.getexif())) == ("JPEG", size, {})
        assert b"CameraMaker" not in path.read_bytes()


def test_what_is_paid_for_has_a_picture_for_its_buyers_and_none_for_everybody(
    box: Box, pack: Callable[[], BuiltPack]
) -> None:
    import_pack(box, pack().path)
    files = imported(box)
    paid = files["paid.jpg"]
    assert paid.preview == (180, 360)
    assert previews.thumb(box.folder, paid.sha256).is_file()
    shown = {name for name in drawn(box) if name.startswith(previews.PUBLIC)}
    public = [files["sample.jpg"].sha256, files["cover.jpg"].sha256]
    assert shown == {f"{previews.PUBLIC}/{sha}{end}.jpg" for sha in public for end in ("", "-640")}


def test_what_is_no_picture_has_none_and_fails_nothing(box: Box, pack: Callable[[], BuiltPack]) -> None:
    assert import_pack(box, pack().path).new
    files = imported(box)
    assert [files[name].preview for name in ("broken.jpg", "bomb.png", "words.txt")] == [None, None, None]


def test_the_accent_is_the_colour_of_the_cover(box: Box, pack: Callable[[], BuiltPack]) -> None:
    import_pack(box, pack().path)
    card = catalogue.card(box.db.read(), "night-prints", box.now_ms())
    assert card is not None
    assert card.accent is not None
    found = colour.parse(card.accent)
    assert found is not None
    assert max(abs(a - b) for a, b in zip(found, RUST, strict=True)) <= 8


def test_a_pack_from_before_gets_its_previews_by_importing_it_again(box: Box, pack: Callable[[], BuiltPack]) -> None:
    built = pack()
    import_pack(box, built.path)
    before, events = drawn(box), journal.read_head(box.db.read()).size
    for name in (previews.PUBLIC, previews.BOUGHT):
        shutil.rmtree(box.folder / name)
    with box.db.transaction() as tx:
        tx.conn.execute("UPDATE files SET preview_w = NULL, preview_h = NULL")
        tx.conn.execute("UPDATE packs SET accent = NULL")
    assert import_pack(box, built.path).new is False
    assert drawn(box) == before
    assert imported(box)["sample.jpg"].preview == (640, 1280)
    card = catalogue.card(box.db.read(), "night-prints", box.now_ms())
    assert card is not None
    assert card.accent is not None
    assert journal.read_head(box.db.read()).size == events


def test_an_import_that_is_given_up_takes_its_pictures_with_it(
    box: Box, pack: Callable[[], BuiltPack], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = pack()

    def full(*_: object) -> None:
        raise Refused("disk-full", "The disk is full.")

    monkeypatch.setattr(importing, "record_pack", full)
    with pytest.raises(Refused):
        import_pack(box, built.path)
    assert drawn(box)
    assert forget_imports(box.db) > built.path.stat().st_size
    assert drawn(box) == {}
    assert not [*(box.folder / "covers").iterdir(), *(box.folder / "files").iterdir(), *(box.folder / "zips").iterdir()]


def test_a_cover_has_a_smaller_one_beside_it_for_pages_with_several(box: Box, pack: Callable[[], BuiltPack]) -> None:
    import_pack(box, pack().path)
    sha = imported(box)["cover.jpg"].sha256
    for path, size in ((previews.cover(box.folder, sha), (427, 640)), (previews.tile(box.folder, sha), (320, 480))):
        with Image.open(path) as image:
            assert image.size == size

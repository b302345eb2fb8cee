"""Whatever comes as a pack, by file or by pipe: one clear sentence, nothing kept, nothing lost, and never much memory."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from stall import app
from stall.creator import delegations, keyring, packs
from stall.creator.packs import BuiltPack, PackOptions
from stall.errors import StallError
from stall.flows.accept_document import accept_delegation
from stall.flows.forget_imports import forget_imports
from stall.flows.import_pack import import_pack
from stall.store import begun, catalogue
from stall.store.box import Box
from stall.wire import zipstore
from tests.fakes.clock import FakeClock
from tests.fakes.stock import DAY_S, NOW_S
from tests.flows.test_an_import_goes_on_where_it_was_cut_off import by_pipe

Change = Callable[[dict[str, bytes]], object]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("bad")
    app.create_box(folder / "box", pin="123456", clock=FakeClock())
    opened = app.open_box(folder / "box", clock=FakeClock())
    creator = keyring.new(folder / "creator", "Ada Prints")
    with opened.db.transaction() as tx:
        accept_delegation(tx, delegations.delegate(creator, opened.secrets.signing.did, "box", now_s=NOW_S - DAY_S))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def built(box: Box) -> BuiltPack:
    """A good pack with pictures of all bad kinds in it: those fail nothing."""
    source = box.folder.parent / "pictures"
    source.mkdir()
    Image.new("RGB", (1, 1), (200, 90, 40)).save(source / "cover.png")
    good = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(good, "JPEG", quality=40)
    (source / "cut.jpg").write_bytes(good.getvalue()[:2000])
    (source / "no picture.jpg").write_bytes(b"MZ" + bytes(500))
    (source / "words.webp").write_bytes(b"RIFF\xff\xff\xff\xffWEBPVP8X" + bytes(90))
    (source / "drawing.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>")
    frames = [Image.new("P", (200, 200), n) for n in range(3)]
    frames[0].save(source / "moving.gif", save_all=True, append_images=frames[1:])
    (source / "giant.gif").write_bytes(b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(20))
    head = struct.pack(">2L5B", 20_000, 10_000, 8, 2, 0, 0, 0)
    (source / "giant.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + head + bytes(40))
    (source / "song.mp3").write_bytes(b"\xff\xfb\x90\x00" + bytes(80))
    options = PackOptions(
        title="Bad Pictures", price_minor=450, opens_s=NOW_S, closes_s=NOW_S + DAY_S, cover="cover.png"
    )
    creator = keyring.load(box.folder.parent / "creator")
    return packs.build(source, box.folder.parent / "good.stallpack", creator, options, now_s=NOW_S - DAY_S)


def kept(box: Box) -> set[str]:
    return {
        str(path) for name in begun.FILLED if (box.folder / name).exists() for path in (box.folder / name).iterdir()
    }


def zipped(entries: dict[str, bytes], **how: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how.get("method", zipfile.ZIP_STORED)) as made:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = how.get("method", zipfile.ZIP_STORED)
            info.external_attr = how.get("mode", 0o100644) << 16
            made.writestr(info, data)
    return out.getvalue()


def entries_of(built: BuiltPack) -> dict[str, bytes]:
    with zipfile.ZipFile(built.path) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist()}


def named(name: str) -> Change:
    return lambda entries: entries.update({name: b"x"})


def _second_manifest(entries: dict[str, bytes]) -> None:
    token = entries.pop("manifest.jws")
    rest = dict(entries)
    entries.clear()
    entries.update({"manifest.jws": token, "files/manifest.jws": token, **rest})


CHANGED: dict[str, Change] = {
    "a name that climbs out": named("files/../../etc/passwd"),
    "a name from the root": named("/etc/passwd"),
    "a name of a device": named("files/CON"),
    "a name written from right to left": named("files/gnp.\u202ejpg"),
    "a name in another form of the same letters": named("files/cafe\u0301.txt"),
    "another case of a name": named("files/COVER.PNG"),
    "a folder": named("files/folder/"),
    "a second manifest": _second_manifest,
    "the page of a buyer's ZIP": named("verify.html"),
    "no manifest": lambda entries: entries.pop("manifest.jws"),
    "one file fewer": lambda entries: entries.pop("files/cut.jpg"),
    "another file": lambda entries: entries.update({"files/cut.jpg": bytes(2000)}),
    "a longer file": lambda entries: entries.update({"files/cut.jpg": bytes(2001)}),
}


@pytest.mark.parametrize("way", ["file", "pipe"])
@pytest.mark.parametrize("what", CHANGED)
def test_a_pack_that_was_made_otherwise_is_refused(box: Box, built: BuiltPack, what: str, way: str) -> None:
    entries = entries_of(built)
    CHANGED[what](entries)
    refused(box, zipped(entries), way)


@pytest.mark.parametrize("way", ["file", "pipe"])
def test_so_are_bombs_links_devices_and_claims_of_what_is_not_there(box: Box, built: BuiltPack, way: str) -> None:
    entries, good = entries_of(built), built.path.read_bytes()
    token = entries["manifest.jws"]
    writer = zipstore.Writer()
    claims = writer.header("manifest.jws", len(token), 0) + token + writer.header("files/cut.jpg", 10**10, 0)
    for bad in (
        zipped(entries, method=zipfile.ZIP_DEFLATED),
        zipped({**entries, "files/bomb": bytes(10**6)}, method=zipfile.ZIP_BZIP2),
        zipped(entries, mode=0o120777),  # links
        zipped(entries, mode=0o020666),  # devices
        claims,
        claims[:40],
        good[:-1],
        good[: len(good) // 2],
        good + b"more",
        good + good,
        b"",
        b"PK",
        bytes(4096),
        b"PK\x03\x04" + b"\xff" * 4096,
    ):
        refused(box, bad, way)


def refused(box: Box, bad: bytes, way: str) -> None:
    path = box.folder.parent / "bad.stallpack"
    path.write_bytes(bad)
    with pytest.raises(StallError) as error:
        import_pack(box, path) if way == "file" else by_pipe(box, bad)
    assert error.value.sentence.endswith(".")
    assert "Traceback" not in error.value.sentence
    if error.value.code == "pack-truncated" and way == "pipe":  # what had come whole is kept for the next try
        forget_imports(box.db)
    assert kept(box) == set()
    assert not box.db.read().execute("SELECT 1 FROM drops").fetchone()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=3
    ),
    way=st.sampled_from(["file", "pipe"]),
)
def test_bytes_changed_anywhere_are_noticed(
    box: Box, built: BuiltPack, edits: list[tuple[float, bytes, int]], way: str
) -> None:
    data = bytearray(built.path.read_bytes())
    for where, put, cut in edits:
        at = int(where * len(data))
        data[at : at + cut] = put
    if bytes(data) != built.path.read_bytes() and not _harmless(bytes(data), built):
        refused(box, bytes(data), way)


def _harmless(data: bytes, built: BuiltPack) -> bool:
    """Whether only times, versions or other words that nobody reads differ: then it is the same pack."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            return {one.filename: opened.read(one) for one in opened.infolist()} == entries_of(built)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, struct.error, RuntimeError):
        return False


def test_a_named_pipe_is_no_pack(box: Box) -> None:
    os.mkfifo(box.folder.parent / "pipe")
    with pytest.raises(StallError) as error:
        import_pack(box, box.folder.parent / "pipe")
    assert error.value.code == "pack-not-a-file"
    assert kept(box) == set()


def test_pictures_that_are_none_fail_nothing(box: Box, built: BuiltPack) -> None:
    """Last in this file: then the pack is there."""
    assert import_pack(box, built.path).new
    card = catalogue.card(box.db.read(), "bad-pictures", box.now_ms())
    assert card is not None
    files = {file.path: file for file in catalogue.files(box.db.read(), card.pack)}
    assert [name for name, file in files.items() if file.preview] == ["cover.png", "moving.gif"]
    assert (files["cover.png"].preview, files["song.mp3"].snippet) == ((1, 1), None)

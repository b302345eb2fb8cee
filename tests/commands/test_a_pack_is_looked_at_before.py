"""`stall pack preview` shows the real page of a folder or pack on this machine, and leaves nothing; pictures nobody can draw are named."""

from __future__ import annotations

import struct
import urllib.request
import zlib
from pathlib import Path

import pytest

from stall.creator import keyring, survey
from stall.creator.media import facts
from stall.demo import preview
from stall.errors import Refused
from tests.commands.conftest import Run
from tests.fakes import media
from tests.fakes.terminal import Terminal


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    folder = tmp_path / "harbour-at-dawn"
    folder.mkdir()
    (folder / "cover.jpg").write_bytes(media.picture("JPEG", exif_bytes=media.exif(orientation=6)))
    (folder / "notes.txt").write_text("notes")
    return folder


def test_a_folder_and_its_pack_are_shown_as_buyers_will_see_them(
    stall: Run, harbour: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.new(tmp_path / "ada", "Ada")
    built = ("pack", "build", harbour, "--creator", tmp_path / "ada", "--title", "Dusk", "--price", "3")
    assert stall(*built, "--edition", 7, "--out", tmp_path / "dusk.stallpack").code == 0
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    options = ("--price", "4.50", "--licence", "CC BY 4.0", "--name", "Ada Prints", "--no-open")
    person = Terminal(["pack", "preview", harbour, tmp_path / "dusk.stallpack", *options], tmp_path)
    person.until("http://")
    first = "http://" + person.until("\n").strip()
    person.until("http://")
    second = "http://" + person.until("\n").strip()
    person.until("Press Ctrl-C to end.")
    page = urllib.request.urlopen(first, timeout=10).read().decode()
    for words in ("harbour at dawn", "€4.50", "CC BY 4.0", "Ada Prints"):
        assert words in page
    assert "7 of 7 left" in urllib.request.urlopen(second, timeout=10).read().decode()
    assert person.interrupt() == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_preview_without_room_is_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused) as refused, preview.room(10**18):
        pass
    assert refused.value.code == "preview-no-room"


def test_what_is_missing_for_a_page_is_named(stall: Run, harbour: Path) -> None:
    ran = stall("pack", "preview", harbour, "--no-open")
    assert (ran.code, "Missing --price." in ran.err) == (2, True)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("huge.png", png(20_000, 10_000), "it has more than 80 megapixels"),
        ("large.png", png(10_000, 9_000), "it has more than 80 megapixels"),
        ("none.jpg", b"no picture", "it is no picture that can be read"),
        ("new.avif", media.picture("AVIF", exif_bytes=None), "it is AVIF"),
    ],
)
def test_pictures_nobody_can_draw_are_named_and_are_no_covers(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "zz.jpg").write_bytes(media.picture("JPEG", exif_bytes=None))
    looked = survey.survey(tmp_path)
    (remark,) = [look.remark for look in looked.looks if look.found.path == name]
    assert remark == f"no preview of it will be drawn: {why}"
    assert looked.undrawn == {name}


def test_music_and_documents_tell_what_they_are(tmp_path: Path) -> None:
    frames = b"\xff\xfb\x90\x00" + bytes(413)
    tags = b"".join(
        kind + struct.pack(">IH", len(words) + 1, 0) + b"\x03" + words
        for kind, words in ((b"TIT2", b"Ebb"), (b"TPE1", b"Ada"), (b"TALB", b"Three Tides"), (b"TRCK", b"2"))
    )
    size = len(tags)
    head = b"ID3\x03\x00\x00" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127])
    (tmp_path / "ebb.mp3").write_bytes(head + tags + frames * 40)
    (tmp_path / "zine.pdf").write_bytes(b"%PDF-1.4\n1 0 obj <</Type /Pages /Kids [2 0 R] /Count 12>> endobj\n")
    told = {look.found.path: look.seen.facts for look in survey.survey(tmp_path).looks}
    assert told["zine.pdf"] == {"pages": "12 pages"}
    song = told["ebb.mp3"]
    assert (song["title"], song["artist"], song["album"], song["track"]) == ("Ebb", "Ada", "Three Tides", "2")
    assert song["length"] == "0:01"


def test_lengths_are_written_as_people_do() -> None:
    assert [facts.clock(seconds) for seconds in (0, 65, 3600, 3725.4)] == ["0:00", "1:05", "1:00:00", "1:02:05"]

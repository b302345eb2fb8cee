"""A short taste of a song or a film: whole frames from its middle, never all of it, and none of what is no recording."""

from __future__ import annotations

import random
import shutil
import subprocess
import wave
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stall.domain import playing
from stall.store import snippets
from stall.store.catalogue import Snippet
from stall.web.buyer import samples

#: A frame of 128 kbit/s and 44.1 kHz: 417 bytes, 1152 samples.
FRAME = b"\xff\xfb\x90\x00" + bytes(413)
FRAME_S = 1152 / 44_100
WAV = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00"


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for name in ("files", "previews"):
        (tmp_path / name).mkdir()
    return tmp_path


def put(box: Path, data: bytes) -> str:
    (box / "files" / "aa").write_bytes(data)
    return "aa"


def sound(path: Path, seconds: float, hertz: int = 8000) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(hertz)
        file.writeframes(b"".join(n.to_bytes(4, "little") for n in range(int(seconds * hertz))))


def test_a_wav_gives_a_third_of_its_middle_and_thirty_seconds_at_most(box: Path) -> None:
    for seconds, got in ((24, 8), (120, 30)):
        sound(box / "files" / "aa", seconds)
        assert snippets.cut(box, "aa", "audio/wav") == Snippet("wav", got)
        with wave.open(str(snippets.place(box, "aa", "wav")), "rb") as cut:
            assert (cut.getnchannels(), cut.getframerate(), cut.getnframes()) == (2, 8000, got * 8000)
            assert int.from_bytes(cut.readframes(1), "little") == seconds * 8000 // 3


def test_an_mp3_gives_whole_frames(box: Path) -> None:
    frames = [FRAME[:4] + n.to_bytes(4, "big") + FRAME[8:] for n in range(4000)]
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    put(box, tag + b"".join(frames) + b"TAG" + bytes(125))
    assert snippets.cut(box, "aa", "audio/mpeg") == Snippet("mp3", 30)
    cut = snippets.place(box, "aa", "mp3").read_bytes()
    first = int.from_bytes(cut[4:8], "big")
    assert abs(first * FRAME_S - 4000 * FRAME_S / 3) < 2 * FRAME_S
    assert cut == b"".join(frames[first : first + len(cut) // 417])
    assert abs(len(cut) / 417 * FRAME_S - 30) < 2 * FRAME_S


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "audio/mpeg"),
        (b"no song at all " * 1000, "audio/mpeg"),
        (FRAME * 300, "audio/mpeg"),  # eight seconds: a taste would be most of it
        (FRAME * 600 + b"something else" * 100_000, "audio/mpeg"),
        (b"RIFF\xff\xff\xff\xffWAVE" + b"junk\xff\xff\xff\xff", "audio/wav"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt \x04\x00\x00\x00aaaadata\x00\x00\x00\x00", "audio/wav"),
        (b"anything", "audio/midi"),
        (b"\x00\x00\x00\x10ftypisom" + b"\x00\x00\x00\x01moov" + b"\xff" * 8, "video/mp4"),
        (b"fLaC" + bytes(60), "audio/flac"),
        (b"OggS" + bytes(24) + b"\x01vorbis", "audio/ogg"),
        (
            WAV
            + b"\x01\x00\x01\x00\xff\xff\x00\x00\x40\x1f\x00\x00\xff\xff\x10\x00data\xff\xff\xff\xff"
            + bytes(160_000),
            "audio/wav",
        ),
    ],
)
def test_what_is_no_recording_or_too_short_has_none(box: Path, data: bytes, kind: str) -> None:
    assert snippets.cut(box, put(box, data), kind) is None
    assert not list((box / "previews").iterdir())


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300), at=st.integers(0, 63))
def test_reading_a_length_never_fails(data: bytes, at: int) -> None:
    vorbis, opus = b"OggS" + bytes(24) + b"\x01vorbis", b"OggS" + bytes(24) + b"OpusHead"
    for start in (b"\x00\x00\x00\x18ftypisom", b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3", vorbis, opus):
        raw = start + data[at:] + data
        found = playing.length(lambda where, count, raw=raw: raw[where : where + count], len(raw))  # type: ignore[misc]  # its default binds it
        assert found is None or found > 0


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("ends", "kind", "codec"),
    [
        ("m4a", "audio/mp4", ["-c:a", "aac"]),
        ("flac", "audio/flac", ["-c:a", "flac"]),
        ("ogg", "audio/ogg", ["-c:a", "libopus"]),
        ("mov", "video/quicktime", ["-c:v", "mpeg4", "-c:a", "aac"]),
        ("webm", "video/webm", ["-c:v", "libvpx", "-g", "5", "-c:a", "libopus"]),
    ],
)
def test_other_kinds_are_cut_by_the_tool_without_encoding_anew(
    box: Path, ends: str, kind: str, codec: list[str]
) -> None:
    tool = shutil.which("ffmpeg") or ""
    film = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=18"] if kind.startswith("video") else []
    made = box / f"in.{ends}"
    heard = ["-f", "lavfi", "-i", "sine=frequency=440:duration=18"]
    subprocess.run(
        [tool, "-v", "error", *film, *heard, *codec, "-metadata", "location=+52.5+013.4/", str(made)], check=True
    )
    made.rename(box / "files" / "aa")
    cut = snippets.cut(box, "aa", kind)
    assert cut is not None
    path = snippets.place(box, "aa", cut.ends)
    data = path.read_bytes()
    assert cut.ends == {"mov": "mp4", "flac": "m4a"}.get(ends, ends)
    assert 5 <= cut.seconds <= 9
    told = playing.length(
        lambda at, count: data[at : at + count], len(data)
    )  # what a player is told, from its own first second
    assert ends == "webm" or cut.seconds == pytest.approx(told, abs=1)
    assert b"+52.5" not in data
    assert [one.name for one in (box / "previews").iterdir()] == [path.name]


@pytest.mark.ffmpeg
def test_a_film_with_too_few_whole_pictures_is_not_given_away(box: Path) -> None:
    film = ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=18", "-c:v", "mpeg4", "-g", "600"]
    subprocess.run(
        [shutil.which("ffmpeg") or "", "-v", "error", *film, "-f", "mp4", str(box / "files" / "aa")], check=True
    )
    assert snippets.cut(box, "aa", "video/mp4") is None
    assert not list((box / "previews").iterdir())


def test_random_bytes_of_every_kind_fail_nothing(box: Path) -> None:
    data = random.Random(7).randbytes(20_000)
    for kind in ("audio/mpeg", "audio/wav"):
        for start in (b"", b"\xff\xfb\x90\x00", b"RIFF\x00\x00\x00\x00WAVE", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"):
            snippets.cut(box, put(box, start + data), kind)


def test_the_page_serves_them_as_what_they_are() -> None:
    assert set(snippets._ENDS.values()) <= samples._SNIPPETS

"""A film whose list stands behind its frames is packed with the list in front; its frames stay what they are."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from stall import ffmpeg
from stall.creator import folder as folders
from stall.creator import survey
from tests.fakes import media


def packed(folder: Path, data: bytes, *, keep_gps: bool = False) -> tuple[bytes, survey.Look]:
    (folder / "film.mp4").write_bytes(data)
    (look,) = survey.survey(folder, keep_gps=keep_gps).looks
    out = b"".join(folders.read(look.found))
    assert len(out) == look.found.size
    assert (folder / "film.mp4").read_bytes() == data
    return out, look


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("keep_gps", [False, True])
def test_the_list_comes_first_and_leads_to_the_same_frames(tmp_path: Path, *, large: bool, keep_gps: bool) -> None:
    data = media.film(large=large)
    out, look = packed(tmp_path, data, keep_gps=keep_gps)
    assert (look.started, look.remark, look.seen.facts["length"]) == (True, None, "1:05")
    assert out.index(b"moov") < out.index(b"mdat")
    assert media.frames_of(out) == media.FRAMES
    assert (b"48.20" in out) == keep_gps
    assert len(out) == len(data)


def test_one_that_begins_at_once_stays_as_it_is(tmp_path: Path) -> None:
    data = media.film(fast=True, place=False)
    out, look = packed(tmp_path, data)
    assert (out, look.started, look.found.recipe) == (data, False, None)


@pytest.mark.parametrize(
    "data",
    [
        media.film(place=False).replace(b"stco", b"cmov"),
        media.film(place=False) + media.box(b"moof"),
        media.film(place=False)[:-30],
    ],
    ids=["compressed", "in parts", "cut off"],
)
def test_one_that_cannot_be_put_in_order_is_left_as_it_is_and_that_is_said(tmp_path: Path, data: bytes) -> None:
    out, look = packed(tmp_path, data)
    assert (out, look.started) == (data, False)
    assert look.remark


@pytest.mark.ffmpeg
def test_ffmpeg_reads_the_same_film_before_and_after(tmp_path: Path) -> None:
    tool = ffmpeg.find()
    assert tool
    made = tmp_path / "made.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=d=1:s=64x48:r=8", "-f", "lavfi", "-i", "sine=d=1"]
    noted = ["-metadata", "location=+48.2082+016.3738/", "-metadata", "title=Harbour"]
    subprocess.run(
        [tool, "-v", "error", *sources, *noted, "-c:v", "mpeg4", "-c:a", "aac", str(made)], check=True, timeout=30
    )
    (tmp_path / "in").mkdir()
    out, look = packed(tmp_path / "in", made.read_bytes())
    after = tmp_path / "after.mp4"
    after.write_bytes(out)
    assert (look.started, look.cleaned) == (True, True)

    def told(path: Path) -> bytes:
        command = [tool, "-v", "error", "-i", str(path), "-f", "framemd5", "-"]
        return subprocess.run(command, capture_output=True, check=True, timeout=30).stdout

    assert told(made) == told(after)
    assert b"48.2082" not in out
    assert b"Harbour" in out
    assert io.BytesIO(out).read(8)[4:] == b"ftyp"

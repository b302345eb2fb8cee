"""ffmpeg is found or not, and what it is given ends: by itself, by the clock, and with nothing left behind."""

from __future__ import annotations

import os
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from stall import ffmpeg
from stall.errors import Refused, Retry

Tool = Callable[[str], None]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Put a program called ffmpeg in front of all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def put(script: str) -> None:
        (folder / "ffmpeg").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "ffmpeg").chmod(0o755)

    return put


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000))
    return path


def test_without_it_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ffmpeg.find() is None
    with pytest.raises(Refused) as refused:
        ffmpeg.run(tmp_path / "a.wav", tmp_path / "a.mp3")
    assert refused.value.code == "ffmpeg-missing"


def test_what_takes_too_long_is_stopped_with_all_it_started(tool: Tool, tmp_path: Path) -> None:
    out, pid = tmp_path / "out.wav", tmp_path / "pid"
    tool(f"echo half > {out}; sleep 50 & echo $! > {pid}; wait")
    with pytest.raises(Retry) as slow:
        ffmpeg.run(tmp_path / "a.wav", out, limits=ffmpeg.Limits(seconds=0.3))
    assert slow.value.code == "ffmpeg-slow"
    assert not out.exists()
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", pid.read_text().strip()], capture_output=True, text=True, check=False
    )
    assert state.stdout.strip()[:1] in {"", "Z"}


def test_its_last_words_are_passed_on_harmless(tool: Tool, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    tool(f"echo half > {out}; echo noise >&2; printf 'moov atom not found\\033[2J\\n' >&2; exit 1")
    with pytest.raises(Refused, match=r"“a\.wav” \(moov atom not found\?\[2J\)") as failed:
        ffmpeg.run(tmp_path / "a.wav", out)
    assert failed.value.code == "ffmpeg-failed"
    assert not out.exists()


def test_it_may_not_write_more_than_it_was_given(tool: Tool, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    tool(f"sleep 0.2; head -c 200000 /dev/zero > {out}")
    with pytest.raises(Refused):
        ffmpeg.run(tmp_path / "a.wav", out, limits=ffmpeg.Limits(out_bytes=100_000))
    assert not out.exists()


def test_names_are_never_taken_for_options_or_addresses(tool: Tool, tmp_path: Path) -> None:
    said = tmp_path / "said"
    tool(f'printf "%s\\n" "$@" > {said}; cat > {said}.in')
    ffmpeg.run(Path("-i"), tmp_path / "http:x.wav", reading=("-t", "1"), writing=("-f", "wav"))
    words = said.read_text().split("\n")
    assert words[words.index("-i") + 1] == f"file:{Path.cwd()}/-i"
    assert f"file:{tmp_path}/http:x.wav" in words
    assert (tmp_path / "said.in").read_bytes() == b""


@pytest.mark.ffmpeg
def test_the_real_one_makes_what_it_is_asked_for(tone: Path, tmp_path: Path) -> None:
    out = tmp_path / "a tone.flac"
    ffmpeg.run(tone, out, writing=("-t", "0.5"))
    assert out.read_bytes().startswith(b"fLaC")


@pytest.mark.ffmpeg
def test_the_real_one_opens_no_other_file(tone: Path, tmp_path: Path) -> None:
    playlist = tmp_path / "innocent.mp3"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tone}\n#EXT-X-ENDLIST\n")
    with pytest.raises(Refused) as refused:
        ffmpeg.run(playlist, tmp_path / "out.wav")
    assert refused.value.code == "ffmpeg-failed"

"""Short tastes of songs and films, cut once at import for the page of an item: bytes of the file as they are, nothing encoded anew.

WAV and MP3 are cut here; the others by ffmpeg where the machine has it, else they have none. A snippet is public, as a preview is, and lies
beside them under the file's SHA-256. What strangers made is read within bounds: a file that is no recording has none, and nothing
fails for it.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from stall import disk, ffmpeg
from stall.domain import playing
from stall.domain.contents import Kind, kind_of
from stall.domain.playing import Span
from stall.errors import StallError
from stall.store import previews
from stall.store.catalogue import Snippet
from stall.store.db import Tx
from stall.store.schema import file_id

#: What a snippet may weigh (bytes): of a song, of a film.
SONG_BYTES, FILM_BYTES = 6_000_000, 12_000_000
#: What ffmpeg may take for one (s), and how many of a pack's recordings have one.
_PATIENCE_S, MOST = 40.0, 24
#: How much longer than wanted a film's may be.
_STRETCHED = 1.5
#: How the snippet of a file of a type ends; what is not here has none. A film of a camera is put into the container phones play, and FLAC
#: into it, too: each frame of FLAC bears its number (RFC 9639, 9.1), so a bare cut would play as the middle of a recording without an end.
_ENDS = {
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/mp4": "m4a",
    "audio/x-m4a": "m4a", "audio/flac": "m4a", "audio/x-flac": "m4a", "audio/ogg": "ogg", "video/mp4": "mp4",
    "video/quicktime": "mp4", "video/webm": "webm",
}  # fmt: skip
_BY_US = frozenset({"mp3", "wav"})

#: MPEG audio (ISO/IEC 11172-3, 13818-3): kbit/s by version 1 or 2, Hz by version; layer III alone.
_KBITS = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_HERTZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_MOST_FRAMES = 2_000_000
_CHUNKS = 100


def place(folder: Path, sha256: str, ends: str) -> Path:
    """Where the snippet of a file lies."""
    return folder / previews.PUBLIC / f"{sha256}.{ends}"


def write(tx: Tx, pack: int, cut: Mapping[int, Snippet]) -> None:
    """Note which files of a pack have a snippet, by their place in it."""
    tx.conn.executemany(
        "UPDATE files SET snippet = ?, snippet_s = ? WHERE id = ?",
        ((ends, seconds, file_id(pack, n)) for n, (ends, seconds) in cut.items()),
    )


def noted(conn: sqlite3.Connection, pack: int) -> dict[int, Snippet]:
    """What is noted of a pack."""
    rows = conn.execute(
        "SELECT id, snippet, snippet_s FROM files WHERE id >= ? AND id < ? AND snippet IS NOT NULL",
        (file_id(pack, 0), file_id(pack + 1, 0)),
    )
    return {row[0] - file_id(pack, 0): Snippet(row[1], row[2]) for row in rows}


def needs_tool(media_type: str) -> bool:
    """Whether a snippet of such a file is cut by ffmpeg."""
    return _ENDS.get(media_type, "mp3") not in _BY_US


def cut(folder: Path, sha256: str, media_type: str) -> Snippet | None:
    """Cut the snippet of a file in the box; None when it has none. Raises the errors of `disk.whole_file`."""
    ends = _ENDS.get(media_type)
    if ends is None:
        return None
    source, out = folder / "files" / sha256, place(folder, sha256, ends)
    with source.open("rb") as file:
        if ends == "wav":
            seconds = _wav(file, out)
        elif ends == "mp3":
            seconds = _mp3(file, out)
        else:
            seconds = _by_tool(file, source, out, FILM_BYTES if kind_of(media_type) is Kind.FILM else SONG_BYTES)
    return None if seconds is None else Snippet(ends, max(1, round(seconds)))


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _wav(file: BinaryIO, out: Path) -> float | None:
    """Cut whole sample frames from the data of a WAV (RIFF, uncompressed)."""
    size, at, form = _size(file), 12, b""
    file.seek(0)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    for _ in range(_CHUNKS):
        file.seek(at)
        chunk = file.read(8)
        if len(chunk) < 8:  # noqa: PLR2004 - kind and length
            return None
        kind, length = chunk[:4], int.from_bytes(chunk[4:], "little")
        if kind == b"fmt ":
            form = file.read(min(length, 40))
        elif kind == b"data":
            return _wav_data(file, out, form, at + 8, min(length, size - at - 8))
        at += 8 + length + length % 2
    return None


def _wav_data(file: BinaryIO, out: Path, form: bytes, at: int, size: int) -> float | None:
    if len(form) < 16:  # noqa: PLR2004 - the fields read here
        return None
    rate, block = struct.unpack_from("<LH", form, 8)
    span = playing.taste(size / rate, size, SONG_BYTES) if rate and block else None
    if span is None:
        return None
    first, length = (int(seconds * rate) // block * block for seconds in span)
    file.seek(at + first)
    data = file.read(length)
    if not data:  # its frames are longer than the taste
        return None
    body = b"WAVEfmt " + len(form).to_bytes(4, "little") + form + b"data" + len(data).to_bytes(4, "little")
    with disk.whole_file(out) as made:
        made.write(b"RIFF" + (len(body) + len(data)).to_bytes(4, "little") + body + data)
    return len(data) / float(rate)


def _mp3(file: BinaryIO, out: Path) -> float | None:
    """Cut whole frames from an MP3: first count them all, then write those in the middle."""
    size = _size(file)
    total, length_s = 0, 0.0
    for _, frame_bytes, frame_s in _frames(file):
        total, length_s = total + frame_bytes, length_s + frame_s
    span = playing.taste(length_s, total, SONG_BYTES)
    if span is None or total < size // 2:  # mostly something else
        return None
    with disk.whole_file(out) as made:
        passed = 0.0
        for at, frame_bytes, frame_s in list(_within(_frames(file), span)):
            file.seek(at)
            made.write(file.read(frame_bytes))
            passed += frame_s
        return passed


def _within(frames: Iterator[tuple[int, int, float]], span: Span) -> Iterator[tuple[int, int, float]]:
    at_s = 0.0
    for frame in frames:
        if at_s >= span.start_s + span.length_s:
            return
        if at_s >= span.start_s:
            yield frame
        at_s += frame[2]


def _frames(file: BinaryIO) -> Iterator[tuple[int, int, float]]:
    """The frames of an MP3: where each begins, its bytes, and how long it lasts (s). Ends at the first byte that begins none."""
    file.seek(0)
    head = file.read(10)
    at = 10 + sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(head[6:10])) if head[:3] == b"ID3" else 0
    for _ in range(_MOST_FRAMES):
        file.seek(at)
        found = _frame(file.read(4))
        if found is None:
            return
        yield at, *found
        at += found[0]


def _frame(head: bytes) -> tuple[int, float] | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - a frame of layer III
        return None
    version, rate_at, hertz_at = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or not 0 < rate_at < 15 or hertz_at == 3:  # noqa: PLR2004 - reserved, or of no fixed rate
        return None
    hertz, samples = _HERTZ[version][hertz_at], 1152 if version == 3 else 576  # noqa: PLR2004 - version 1
    kbits = _KBITS[0 if version == 3 else 1][rate_at]  # noqa: PLR2004 - as above
    return samples // 8 * kbits * 1000 // hertz + (head[2] >> 1 & 1), samples / hertz


def _by_tool(file: BinaryIO, source: Path, out: Path, most_bytes: int) -> float | None:
    if ffmpeg.find() is None:
        return None
    size = _size(file)

    def read(at: int, count: int) -> bytes:
        file.seek(at)
        return file.read(count)

    length_s = playing.length(read, size)
    span = None if length_s is None else playing.taste(length_s, size, most_bytes)
    if span is None:
        return None
    making = out.with_name(f".{out.stem[:40]}-cut.{out.suffix[1:]}{disk.LEFTOVER}")
    film = out.suffix in {".mp4", ".webm"}
    flac = read(0, 4) == b"fLaC"
    form = "mp4" if flac else {".m4a": "ipod", ".mp4": "mp4", ".webm": "webm", ".ogg": "ogg"}[out.suffix]
    writing = [
        "-t",
        f"{span.length_s:.2f}",
        "-map",
        "0:v:0" if film else "0:a:0",
        *(["-map", "0:a:0?"] if film else []),
    ]
    writing += ["-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-f", form]
    if form in {"ipod", "mp4"}:
        writing += ["-movflags", "+faststart", "-avoid_negative_ts", "make_zero"]
    if flac:
        writing += ["-strict", "-2"]  # what ffmpeg before 6 calls experimental, browsers play
    limits = ffmpeg.Limits(seconds=_PATIENCE_S, memory_bytes=1024**3, out_bytes=2 * most_bytes)
    try:
        ffmpeg.run(source, making, reading=["-ss", f"{span.start_s:.2f}"], writing=writing, limits=limits)
        data = making.read_bytes() if making.stat().st_size <= 2 * most_bytes else b""
    except (StallError, OSError):
        return None
    finally:
        making.unlink(missing_ok=True)
    lasts_s = playing.length(lambda at, count: data[at : at + count], len(data)) or span.length_s
    if not data or lasts_s > _STRETCHED * span.length_s:  # cut at whole pictures, which were too far apart
        return None
    with disk.whole_file(out) as made:
        made.write(data)
    return lasts_s

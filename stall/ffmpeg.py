"""ffmpeg, if the machine has it: found and run within bounds. An optional tool, never a package of ours.

It reads what strangers made. So it runs apart, niced, without standard input, without the network, on one thread, with
an end to its time, its memory and what it may write; it takes a file only for what it is by its bytes, and from a list
of kinds that lead to no other file. Nothing passes a shell. Imports nothing of ours but the errors.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stall.errors import Broken, Refused, Retry

KINDS = "aac,aiff,avi,flac,matroska,mov,mp3,mpegts,ogg,w64,wav"
"""The containers ffmpeg may read here. A playlist is none: it would name other files, which then were read too."""

_NICE = 15
_MIB = 1024 * 1024
_SAID_BYTES = 400
_QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")
_ONE_FILE = ("-protocol_whitelist", "file", "-format_whitelist", KINDS, "-threads", "1")


@dataclass(frozen=True)
class Limits:
    """What one run may take: seconds by the clock, bytes of address space, bytes of the file it writes."""

    seconds: float = 60
    memory_bytes: int = 1024 * _MIB
    out_bytes: int = 4096 * _MIB


def find() -> str | None:
    """Say where ffmpeg is, or None where there is none. Looks in PATH each time: it may be installed meanwhile."""
    return shutil.which("ffmpeg")


def run(
    source: Path,
    out: Path,
    *,
    reading: Sequence[str] = (),
    writing: Sequence[str] = (),
    limits: Limits = Limits(),
) -> None:
    """Let ffmpeg make `out` from `source`; options that stand before a file belong to it, so they come in two lists.

    `out` is overwritten, and removed again whatever goes wrong. Give it an ending that ffmpeg knows, or `-f` in `writing`.
    Raises Refused `ffmpeg-missing` where there is none, Retry `ffmpeg-slow` past the time, Refused `ffmpeg-failed` with its own
    last words, Broken `ffmpeg-not-started`.
    """
    tool = find()
    if tool is None:
        raise Refused("ffmpeg-missing", "This needs ffmpeg, which is not here. Install it, or do without.")
    command = [tool, *_QUIET, *_ONE_FILE, *reading, "-i", _named(source), *writing, "-threads", "1", "-y", _named(out)]
    try:
        _finished(command, source, limits)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _named(path: Path) -> str:
    """Name a file so that no part of its name is taken for an option or a protocol."""
    return f"file:{path.absolute()}"


def _finished(command: Sequence[str], source: Path, limits: Limits) -> None:
    with tempfile.TemporaryFile() as said, _started(command, said, source) as process:
        _bound(process.pid, limits)
        try:
            code = process.wait(limits.seconds)
        except subprocess.TimeoutExpired as error:
            raise Retry(
                "ffmpeg-slow",
                f"The tool ffmpeg took longer than {limits.seconds:.0f} seconds with “{source.name}” and was stopped. Try again when"
                " the machine has less to do.",
            ) from error
        if code != 0:
            words = _last_words(said) or f"it ended with code {code}"
            raise Refused(
                "ffmpeg-failed", f"The tool ffmpeg could not work with “{source.name}” ({words}). Check that it plays."
            )


@contextlib.contextmanager
def _started(command: Sequence[str], said: IO[bytes], source: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start it in a session of its own, and see that nothing of it is left at the end: also after Ctrl-C here."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            cwd=tempfile.gettempdir(),
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Broken(
            "ffmpeg-not-started",
            f"The tool ffmpeg could not be started for “{source.name}” ({reason}). Install it anew.",
        ) from error
    try:
        yield process
    finally:
        if process.poll() is None:
            _kill(process)
        process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if os.name != "posix":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _bound(pid: int, limits: Limits) -> None:
    """Set what the system itself holds it to, so that an end comes even if we are killed first. On Linux; elsewhere the clock."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICE)
        import resource  # noqa: PLC0415 - not on every laptop

        for kind, most in (
            (resource.RLIMIT_CPU, int(limits.seconds) + 1),
            (resource.RLIMIT_AS, limits.memory_bytes),
            (resource.RLIMIT_FSIZE, limits.out_bytes),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.prlimit(pid, kind, (most, most))


def _last_words(said: IO[bytes]) -> str:
    """The last line ffmpeg wrote, as one may show it: it may name what stands in the file."""
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - _SAID_BYTES))
    lines = said.read().decode("utf-8", "replace").split("\n")
    words = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return "".join(letter if letter.isprintable() else "?" for letter in words)[:160].rstrip(".")

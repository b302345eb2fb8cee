"""The recorder misses nothing: what its log says, done again, gives the very files the program left."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys

import pytest

from tests.preload.records import Op, append_ack
from tests.preload.watched import ENOUGH_S, Watched

pytestmark = pytest.mark.preload

#: Each way a program can change bytes of a file.
WAYS = {
    "write": "f = open('a', 'wb', buffering=0); f.write(b'abc'); f.seek(10); f.write(b'def')",
    "buffered": "f = open('a', 'wb'); f.write(b'x' * 70000); f.close()",
    "pwrite": "f = os.open('a', os.O_CREAT | os.O_RDWR); os.pwrite(f, b'abc', 5); os.pwrite(f, b'z', 0)",
    "writev": "f = os.open('a', os.O_CREAT | os.O_RDWR); os.writev(f, [b'abc', b'', b'defg'])",
    "pwritev": "f = os.open('a', os.O_CREAT | os.O_RDWR); os.pwritev(f, [b'abc', b'defg'], 3)",
    "append": "f = os.open('a', os.O_CREAT | os.O_RDWR | os.O_APPEND); os.write(f, b'abc'); os.pwrite(f, b'def', 0)",
    "dup": "f = os.open('a', os.O_CREAT | os.O_RDWR); g = os.dup(f); os.close(f); os.write(g, b'abc')",
    "dup2": "f = os.open('a', os.O_CREAT | os.O_RDWR); os.dup2(f, 77); os.close(f); os.write(77, b'abc')",
    "truncate": "open('a', 'wb').write(b'x' * 9); os.truncate('a', 4); os.truncate('a', 6)",
    "ftruncate": "f = open('a', 'w+b'); f.truncate(9); f.seek(3); f.write(b'abc'); f.flush(); f.truncate(5)",
    "rewritten": "open('a', 'wb').write(b'x' * 9); open('a', 'wb').write(b'yz')",
    "allocated": "f = os.open('a', os.O_CREAT | os.O_RDWR); os.posix_fallocate(f, 0, 50); os.pwrite(f, b'z', 9)",
    "copied": "open('b', 'wb').write(b'x' * 5000); shutil.copyfile('b', 'a'); os.unlink('b')",
    "copy_file_range": "shutil.copyfile(sys.executable, 'a')",
    "renamed": "f = open('b', 'wb', buffering=0); f.write(b'abc'); os.rename('b', 'a'); f.write(b'def')",
    "folder": "d = os.open('.', os.O_RDONLY); f = os.open('b', os.O_CREAT | os.O_WRONLY, dir_fd=d); os.write(f, b'z');"
    " os.rename('b', 'a', src_dir_fd=d, dst_dir_fd=d)",
    "linked": "open('b', 'wb').write(b'abc'); os.link('b', 'a'); os.unlink('b')",
    "child": "f = os.open('a', os.O_CREAT | os.O_RDWR); subprocess.run(['true'], close_fds=True); os.write(f, b'abc')",
    "fork": "f = os.open('a', os.O_CREAT | os.O_RDWR)\nif not os.fork(): os.write(f, b'abc'); os._exit(0)\nos.wait()",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_log_done_again_gives_the_file(watched: Watched, way: str) -> None:
    watched.run(f"import os, shutil, subprocess, sys\n{WAYS[way]}")
    assert done_again(watched) == {"a": (watched.folder / "a").read_bytes()}


def done_again(watched: Watched) -> dict[str, bytes]:
    """The files the records make, by the plainest reading of them."""
    files: dict[int, bytearray] = {}
    names: dict[str, int] = {}
    for record in watched.records:
        if record.op is Op.OPEN:
            names[record.path] = record.inode
            content = files.setdefault(record.inode, bytearray())
            if record.flags & os.O_TRUNC:
                content.clear()
        elif record.op is Op.WRITE:
            content = files[record.inode]
            content.extend(bytes(max(0, record.offset + record.length - len(content))))
            content[record.offset : record.offset + record.length] = record.data
        elif record.op in (Op.TRUNCATE, Op.ALLOCATE):
            content = files[record.inode]
            size = record.length if record.op is Op.TRUNCATE else max(len(content), record.offset + record.length)
            content[size:] = bytes(max(0, size - len(content)))
        elif record.op in (Op.RENAME, Op.LINK):
            names[record.target] = names[record.path]
            if record.op is Op.RENAME:
                del names[record.path]
        elif record.op is Op.UNLINK:
            del names[record.path]
    return {name: bytes(files[inode]) for name, inode in names.items()}


def test_a_sync_stands_behind_what_it_made_safe_and_names_folders_too(watched: Watched) -> None:
    watched.run(
        "import os\nf = os.open('a', os.O_CREAT | os.O_WRONLY)\nos.write(f, b'x'); os.fsync(f)\n"
        "os.mkdir('sub'); d = os.open('sub', os.O_RDONLY); os.fsync(d); os.rmdir('sub')"
    )
    told = [(record.op, record.path) for record in watched.records]
    assert told == [
        (Op.OPEN, "a"),
        (Op.WRITE, "a"),
        (Op.SYNC, "a"),
        (Op.MKDIR, "sub"),
        (Op.SYNC, "sub"),
        (Op.RMDIR, "sub"),
    ]


def test_what_fails_is_not_recorded(watched: Watched) -> None:
    watched.run(
        "import os, contextlib\n"
        "for call in (lambda: os.rename('a', 'b'), lambda: os.unlink('a'), lambda: open('no/a', 'w')):\n"
        "    with contextlib.suppress(OSError): call()"
    )
    assert not watched.log.read_bytes()


def test_records_of_many_processes_and_acknowledgements_never_mix(watched: Watched) -> None:
    code = (
        "import os, sys\nf = os.open('a', os.O_CREAT | os.O_WRONLY)\n"
        "for n in range(300): os.pwrite(f, b'%d' % (n % 10) * 900, 0)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=watched.folder, env=watched.environment()) for _ in range(3)
    ]
    for n in range(200):
        append_ack(watched.log, f"sale {n}")
    for process in started:
        assert process.wait(ENOUGH_S) == 0
    written: dict[int, list[bytes]] = {}
    for record in watched.records:
        if record.op is Op.WRITE:
            written.setdefault(record.pid, []).append(record.data)
    assert [record.text for record in watched.records if record.op is Op.ACK] == [f"sale {n}" for n in range(200)]
    assert list(written.values()) == [[b"%d" % (n % 10) * 900 for n in range(300)]] * 3


def test_a_lock_is_recorded_from_after_it_was_taken_to_before_it_was_let_go(watched: Watched) -> None:
    watched.run(
        "import fcntl, os\n"
        "f = os.open('door', os.O_CREAT | os.O_RDWR)\n"
        "fcntl.flock(f, fcntl.LOCK_EX)\n"
        "os.write(f, b'x')\n"
        "os.close(f)\n"
        "f = os.open('door', os.O_RDWR)\n"
        "fcntl.flock(f, fcntl.LOCK_SH); fcntl.flock(f, fcntl.LOCK_UN)"
    )
    told = [(record.op, record.flags) for record in watched.records if record.op is not Op.OPEN]
    assert told == [
        (Op.LOCK, fcntl.LOCK_EX),
        (Op.WRITE, 0),
        (Op.UNLOCK, 0),
        (Op.LOCK, fcntl.LOCK_SH),
        (Op.UNLOCK, 0),
    ]

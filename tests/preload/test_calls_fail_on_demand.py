"""Faults armed from outside strike the call they name, as often as they should, and nothing else."""

from __future__ import annotations

import errno

import pytest

from tests.preload.faults import ANY
from tests.preload.records import Op
from tests.preload.watched import Watched

pytestmark = pytest.mark.preload

#: Tries eight times and prints each answer: bytes written or the name of the error.
WRITES = """
import errno, os
f = os.open("some.sqlite-wal", os.O_CREAT | os.O_WRONLY)
for n in range(8):
    try: print(os.write(f, b"x" * 10))
    except OSError as error: print(errno.errorcode[error.errno])
"""
CALLS = {
    Op.OPEN: "os.open('a', os.O_RDWR)",
    Op.WRITE: "os.write(f, b'x')",
    Op.SYNC: "os.fsync(f)",
    Op.TRUNCATE: "os.ftruncate(f, 0)",
    Op.ALLOCATE: "os.posix_fallocate(f, 0, 10)",
    Op.RENAME: "os.rename('a', 'b')",
    Op.LINK: "os.link('a', 'b')",
    Op.UNLINK: "os.unlink('a')",
    Op.MKDIR: "os.mkdir('sub')",
    Op.RMDIR: "os.rmdir('there')",
}


def test_one_write_fails_after_so_many(watched: Watched) -> None:
    watched.faults.arm(Op.WRITE, error=errno.ENOSPC, suffix=".sqlite-wal", after=3)
    assert watched.run(WRITES).split() == ["10"] * 3 + ["ENOSPC"] + ["10"] * 4
    assert (watched.faults.hits, (watched.folder / "some.sqlite-wal").stat().st_size) == (1, 70)


def test_every_write_fails_from_then_on(watched: Watched) -> None:
    watched.faults.arm(Op.WRITE, error=errno.EIO, after=3, always=True)
    assert watched.run(WRITES).split() == ["10"] * 3 + ["EIO"] * 5
    assert watched.faults.hits == 5


def test_a_write_does_half_of_its_work(watched: Watched) -> None:
    watched.faults.arm(Op.WRITE, error=errno.ENOSPC, after=1, halve=True)
    assert watched.run(WRITES).split() == ["10", "5"] + ["10"] * 6


@pytest.mark.parametrize("op", CALLS)
def test_each_kind_of_call_can_fail_and_then_did_nothing(watched: Watched, op: Op) -> None:
    (watched.folder / "there").mkdir()
    (watched.folder / "a").write_bytes(b"kept")
    watched.faults.arm(op, error=errno.EROFS, after=1 if op is Op.OPEN else 0)
    code = f"import os\nf = os.open('a', os.O_RDWR)\ntry: {CALLS[op]}\nexcept OSError as error: print(error.errno)"
    assert watched.run(code).strip() == str(errno.EROFS)
    assert (watched.folder / "a").read_bytes() == b"kept"
    assert not [record for record in watched.records if record.op is not Op.OPEN]


def test_another_file_or_a_disarmed_fault_is_left_alone(watched: Watched) -> None:
    watched.faults.arm(*ANY, error=errno.EIO, suffix=".sqlite", always=True)
    assert watched.run(WRITES).split() == ["10"] * 8
    watched.faults.arm(*ANY, error=errno.EIO, always=True)
    watched.faults.disarm()
    assert watched.run(WRITES).split() == ["10"] * 8

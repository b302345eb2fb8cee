"""A pack that holds is the same for every program that unpacks it: the same names, plain files, the same bytes."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from stall.errors import StallError
from stall.store import packfile
from stall.wire import manifest
from tests.wire import documents as doc

DATA = b"hello"
UNIX = 3 << 8 | 20
PLAIN, LINK, FOLDER, OWNERS = 0o100644 << 16, 0o120777 << 16, 0o40755 << 16, 0o104755 << 16
UTF8 = 0x0800
UNICODE_PATH, OLD_UNIX, ASI_UNIX, TIMES, ZIP64 = 0x7075, 0x000D, 0x756E, 0x5455, 0x0001
Pack = Callable[..., Path]


def extra(kind: int, data: bytes) -> bytes:
    return struct.pack("<2H", kind, len(data)) + data


def renamed(name: bytes, other: bytes) -> bytes:
    return extra(UNICODE_PATH, b"\x01" + struct.pack("<L", zlib.crc32(name)) + other)


def zipped(
    entries: list[tuple[bytes, bytes]], *, local: bytes = b"", central: bytes = b"", note: bytes = b"", mode: int = PLAIN,
    crc: int | None = None, flags: int = UTF8, comment: bytes = b"", made_by: int = 20, need: int = 20, need_local: int = 20,
) -> bytes:  # fmt: skip
    """A stored ZIP by hand; what is given goes to the last entry."""
    files, listed = b"", b""
    for name, data in entries:
        last = (name, data) == entries[-1]
        sums = (zlib.crc32(data) if crc is None or not last else crc, len(data), len(data), len(name))
        own, theirs, said, kind = (local, central, note, mode) if last else (b"", b"", b"", PLAIN)
        maker, wants, wanted = (made_by, need, need_local) if last else (20, 20, 20)
        at = len(files)
        files += struct.pack("<4s5H3L2H", b"PK\x03\x04", wanted, flags, 0, 0, 0x21, *sums, len(own)) + name + own + data
        listed += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", maker, wants, flags, 0, 0, 0x21, *sums, len(theirs), len(said), 0, 0, kind, at
        ) + name + theirs + said  # fmt: skip
    count = len(entries)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(listed), len(files), len(comment))
    return files + listed + end + comment


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    def make(path: str = "a.txt", **changes: object) -> Path:
        file = {"path": path, "size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest(), "type": "text/plain"}
        token = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims(files=[file])).encode()
        entries = [(b"manifest.jws", token), (f"files/{path}".encode(), DATA)]
        (tmp_path / "a.stallpack").write_bytes(zipped(entries, **changes))  # type: ignore[arg-type]  # as they are named above
        return tmp_path / "a.stallpack"

    return make


def checked(path: Path) -> None:
    with packfile.open_pack(path) as opened:
        for entry in opened.entries:
            opened.check(entry)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mode": 0o600 << 16},
        {"mode": 0},
        {"local": extra(TIMES, bytes(9)), "central": extra(TIMES, bytes(5))},
        {"comment": b"made elsewhere"},
        {"path": "ä.txt", "made_by": UNIX},
        {"path": "ä.txt", "made_by": 19 << 8},
        {"made_by": 10 << 8},
    ],
    ids=["ours", "permissions alone", "no mode", "times", "a comment", "a name in UTF-8", "from a Mac", "from Windows"],
)
def test_what_others_unpack_alike_is_taken(pack: Pack, changes: dict[str, object]) -> None:
    checked(pack(**changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mode": LINK}, "pack-unpacks-otherwise"),
        ({"mode": FOLDER}, "pack-unpacks-otherwise"),
        ({"mode": OWNERS}, "pack-unpacks-otherwise"),
        ({"mode": 0x10}, "pack-unpacks-otherwise"),
        ({"local": renamed(b"files/a.txt", b"../../evil")}, "pack-unpacks-otherwise"),
        ({"central": renamed(b"files/a.txt", b"../../evil")}, "pack-unpacks-otherwise"),
        ({"central": extra(ASI_UNIX, bytes(14))}, "pack-unpacks-otherwise"),
        ({"local": extra(OLD_UNIX, bytes(12) + b"/etc/passwd")}, "pack-unpacks-otherwise"),
        ({"central": extra(TIMES, bytes(5)) * 2}, "pack-unpacks-otherwise"),
        ({"central": extra(TIMES, bytes(5))[:-1]}, "pack-damaged"),
        ({"path": "ä.txt", "flags": 0, "made_by": UNIX}, "pack-unpacks-otherwise"),
        ({"path": "ä.txt", "made_by": 8}, "pack-unpacks-otherwise"),
        ({"made_by": 2 << 8}, "pack-unpacks-otherwise"),
        ({"need": 63}, "pack-unpacks-otherwise"),
        ({"need_local": 63}, "pack-unpacks-otherwise"),
        ({"flags": 0x8000}, "pack-unpacks-otherwise"),
        ({"crc": 0}, "pack-damaged"),
        ({"comment": b"PK\x05\x06" + bytes(18)}, "pack-damaged"),
        ({"note": b"PK\x06\x07" + bytes(16)}, "pack-damaged"),
    ],
    ids=[
        "a link", "a folder", "runs as its owner", "a folder of DOS", "another name in the header",
        "another name in the list", "a link by ASi", "a link by old Unix", "a field twice", "a field cut off",
        "letters of no known alphabet", "letters that DOS reads anew", "a name with a version, for VMS", "newer than others know",
        "newer in its header", "a flag nobody knows", "a checksum that is not its own", "a second end", "a second list",
    ],
)  # fmt: skip
def test_what_another_program_would_unpack_otherwise_is_refused(
    pack: Pack, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(StallError) as raised:
        checked(pack(**changes))
    assert raised.value.code == code
    assert raised.value.sentence.isprintable()


def test_an_entry_for_a_folder_is_named_as_one(tmp_path: Path) -> None:
    entries = [(b"manifest.jws", b"x"), (b"files/", b"")]
    (tmp_path / "dir.zip").write_bytes(zipped(entries))
    with pytest.raises(StallError, match="the folder “files/”"):
        checked(tmp_path / "dir.zip")

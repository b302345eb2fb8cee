"""A ZIP that only stores: its headers as values and back. Reads and writes no file.

The writer's bytes depend on nothing but names, sizes and contents, so a pack or a buyer's ZIP is the same file
on every machine and every Python. The reader takes ZIPs of other tools too, as long as every entry is stored,
both lists of the file (the headers in it, the directory at its end) tell the same story, and nothing in them has
another program unpack another name, a link or a folder.
Field layout: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stall.domain import shown
from stall.errors import LocalWireError, WireError

LOCAL_FIXED_BYTES = 30
NAME_MAX_BYTES = 1024  # twice what formats.md 7.1 allows a path; longer is never ours

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_LOCAL_MARK = b"PK\x03\x04"
_CENTRAL_MARK = b"PK\x01\x02"
_END64_MARK = b"PK\x06\x06"
_LOCATOR_MARK = b"PK\x06\x07"
_END_MARK = b"PK\x05\x06"

_ZIP64_ID = 0x0001
# Times, numbers of owners, and a mark of Java's. Others name the entry anew (0x7075) or make it a link (0x000d, 0x756e).
_HARMLESS_IDS = frozenset({_ZIP64_ID, 0x000A, 0x5455, 0x5855, 0x7855, 0x7875, 0xCAFE})
_FULL32 = 0xFFFF_FFFF
_FULL16 = 0xFFFF
_UTF8_FLAG = 0x0800
_ENCRYPTED_FLAGS = 0x2041  # encrypted, strong encryption, masked headers
_SIZE_AFTERWARDS_FLAG = 0x0008
_IDLE_FLAGS = 0x0006  # how well a compressed entry is packed; of a stored one they say nothing
_STORED = 0
_VERSION_PLAIN = 20
_VERSION_ZIP64 = 45
_MADE_BY_UNIX = 3 << 8
# By the system an entry was made on, other programs read its name anew: letters beyond ASCII, and what looks like a version in it.
_KEEPS_LETTERS = frozenset({3, 19})  # Unix, macOS
_KEEPS_NAMES = frozenset({0, 10, 11, 14, *_KEEPS_LETTERS})  # also DOS and Windows
_PLAIN_FILE_MODE = 0o100644 << 16
_UNIX_KIND, _UNIX_FILE = 0o170000, 0o100000
_UNIX_SPECIAL = 0o7000  # runs as its owner, and the like
_DOS_NO_FILE = 0x18  # a folder, or the name of a disk
_DOS_DATE = 0x0021  # 1980-01-01, the first day the format knows: the files have no time of their own
_DOS_TIME = 0


@dataclass(frozen=True)
class Entry:
    """One stored file of a ZIP: name, size in bytes, CRC-32, and where its header and its bytes begin."""

    name: str
    size: int
    crc: int
    header_at: int
    data_at: int

    @property
    def end(self) -> int:
        """The offset just behind its last byte."""
        return self.data_at + self.size


def starts_entry(start: bytes) -> bool:
    """Say whether `start` (4 bytes or more) begins one more entry."""
    return start[:4] == _LOCAL_MARK


def header_length(fixed: bytes) -> int:
    """Give the length in bytes of the whole local header that begins with the 30 bytes `fixed`.

    Raises WireError when they are no local header or announce a name of more than 1,024 bytes.
    """
    if len(fixed) < LOCAL_FIXED_BYTES:
        raise _truncated()
    mark, *_rest, name_bytes, extra_bytes = _LOCAL.unpack_from(fixed)
    if mark != _LOCAL_MARK or name_bytes > NAME_MAX_BYTES:
        raise _damaged("A header in it is not one")
    return LOCAL_FIXED_BYTES + int(name_bytes) + int(extra_bytes)


def parse_local(raw: bytes, header_at: int) -> Entry:
    """Read one whole local header, as long as `header_length` said, found at `header_at`.

    Raises WireError when the entry is compressed, encrypted, written without its size, or oddly named.
    """
    if len(raw) != header_length(raw):
        raise _truncated()
    _mark, need, flags, method, _time, _date, crc, packed, size, name_bytes, _extra = _LOCAL.unpack_from(raw)
    name = _name(raw[LOCAL_FIXED_BYTES : LOCAL_FIXED_BYTES + name_bytes], flags)
    told = shown.line(name, shown.MOST_NAME)
    if flags & _ENCRYPTED_FLAGS:
        raise WireError("pack-encrypted", f"“{told}” in the pack is encrypted. Ask its creator for a plain pack.")
    if method != _STORED or flags & _SIZE_AFTERWARDS_FLAG:
        raise WireError(
            "pack-compressed",
            f"“{told}” in the pack is compressed, and a pack only stores. Ask its creator for a pack "
            "built with `stall pack build`.",
        )
    extra = raw[LOCAL_FIXED_BYTES + name_bytes :]
    _check_needs(need, flags, told)
    _check_extra(extra, told)
    size, packed, _ = _widened(extra, size, packed, 0)
    if size != packed:
        raise _damaged(f"“{told}” has two sizes")
    return Entry(name, size, crc, header_at, header_at + len(raw))


def check_tail(raw: bytes, tail_at: int, entries: Sequence[Entry]) -> None:
    """Check that `raw`, all that follows the last entry (at `tail_at`), lists exactly `entries` and ends the file.

    So no other unzipper can see another file than we do, once `check_crc` held for each. Raises WireError.
    """
    position = 0
    for entry in entries:
        position = _check_central(raw, position, entry)
    _check_end(raw, position, tail_at, len(entries))


def check_crc(entry: Entry, crc: int) -> None:
    """Compare the CRC-32 of an entry's bytes with what its headers say; others unpack nothing that differs."""
    if crc != entry.crc:
        raise _damaged(f"The checksum of “{shown.line(entry.name, shown.MOST_NAME)}” is not that of its bytes")


@dataclass
class Writer:
    """Gives the headers of one stored ZIP in order and remembers what its end must list.

    The caller writes `header(...)`, then exactly the bytes it announced, and so on, then `tail()`.
    """

    offset: int = 0
    entries: list[Entry] = field(default_factory=list)

    def header(self, name: str, size: int, crc: int) -> bytes:
        """Give the local header of the next entry (`size` bytes, CRC-32 `crc`) and count both as written.

        Raises LocalWireError `zip-name` for a name no ZIP of ours may hold.
        """
        if not 0 < len(name.encode("utf-8")) <= NAME_MAX_BYTES or size < 0:
            raise LocalWireError(
                "zip-name", f"“{shown.line(name, 80)}” cannot name a file in a ZIP. Give it a shorter name."
            )
        entry = Entry(name, size, crc, self.offset, 0)
        raw = _local(entry)
        self.entries.append(replace(entry, data_at=self.offset + len(raw)))
        self.offset += len(raw) + size
        return raw

    def tail(self) -> bytes:
        """Give the directory and the end record, which close the file."""
        directory = b"".join(map(_central, self.entries))
        return directory + _end(len(self.entries), len(directory), self.offset)


def _name(raw: bytes, flags: int) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise _damaged("A file name in it is not UTF-8") from wrong
    if not (name.isascii() or flags & _UTF8_FLAG):  # without the flag the same bytes are other letters elsewhere
        raise _otherwise(shown.line(name, shown.MOST_NAME), "one with other letters in its name")
    return name


def _check_needs(need: int, flags: int, told: str) -> None:
    """Refuse what other programs would pass over or call damaged: a newer kind of entry, and flags that no stored one has."""
    if need & 0xFF > _VERSION_ZIP64 or flags & ~(_UTF8_FLAG | _IDLE_FLAGS):
        raise _otherwise(told, "something they do not know")


def _check_maker(made_by: int, name: str, told: str) -> None:
    """Refuse a system of which other programs read the name otherwise."""
    if made_by >> 8 not in (_KEEPS_NAMES if name.isascii() else _KEEPS_LETTERS):
        raise _otherwise(told, "one with other letters in its name")


def _check_extra(extra: bytes, told: str) -> None:
    """Refuse extra fields by which other programs would unpack something else, or that are not whole."""
    position, seen = 0, set()
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind not in _HARMLESS_IDS or kind in seen:
            raise _otherwise(told, "another name or another kind of file")
        seen.add(kind)
        position += 4 + length
    if position != len(extra):
        raise _damaged(f"What stands beside the name “{told}” is cut off")


def _check_mode(mode: int, told: str) -> None:
    """Refuse what is no plain file by the directory's word: a link, a folder, a device."""
    unix = mode >> 16
    if unix & _UNIX_KIND not in {0, _UNIX_FILE} or unix & _UNIX_SPECIAL or mode & _DOS_NO_FILE:
        raise _otherwise(told, "a link or another kind of file")


def _widened(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Replace each value that reads “too large for 32 bits” by its 64-bit value from the ZIP64 field."""
    values = [size, packed, offset]
    wanted = [index for index, value in enumerate(values) if value == _FULL32]
    if not wanted:
        return size, packed, offset
    wide = _extra_field(extra, _ZIP64_ID)
    if len(wide) < 8 * len(wanted):
        raise _damaged("A file's size is missing")
    for place, index in enumerate(wanted):
        values[index] = int.from_bytes(wide[8 * place : 8 * place + 8], "little")
    return values[0], values[1], values[2]


def _extra_field(extra: bytes, wanted: int) -> bytes:
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind == wanted:
            return extra[position + 4 : position + 4 + length]
        position += 4 + length
    return b""


def _check_central(raw: bytes, position: int, entry: Entry) -> int:
    """Check one directory record against the entry it must describe; give the offset behind it."""
    if len(raw) < position + _CENTRAL.size:
        raise _truncated()
    (mark, by, need, flags, method, _time, _date, crc, packed, size, name_bytes, extra_bytes,
     note_bytes, disk, _inner, mode, offset) = _CENTRAL.unpack_from(raw, position)  # fmt: skip
    name_at = position + _CENTRAL.size
    extra_at = name_at + name_bytes
    end = int(extra_at + extra_bytes + note_bytes)
    if mark == _CENTRAL_MARK and len(raw) < end:
        raise _truncated()
    extra = raw[extra_at : extra_at + extra_bytes]
    name = shown.line(entry.name, shown.MOST_NAME)
    size, packed, offset = _widened(extra, size, packed, offset)
    told = (mark, flags & (_ENCRYPTED_FLAGS | _SIZE_AFTERWARDS_FLAG), method, crc, size, packed, offset, disk)
    found = (_CENTRAL_MARK, 0, _STORED, entry.crc, entry.size, entry.size, entry.header_at, 0)
    if told != found or raw[name_at:extra_at] != entry.name.encode("utf-8"):
        raise _damaged(f"Its list of files does not agree with “{name}”")
    _name(raw[name_at:extra_at], flags)
    _check_needs(need, flags, name)
    _check_maker(by, entry.name, name)
    _check_extra(extra, name)
    _check_mode(mode, name)
    return end


def _check_end(raw: bytes, position: int, tail_at: int, count: int) -> None:
    directory_bytes = position
    wide = False
    if raw[position : position + 4] == _END64_MARK:
        wide = True
        position = _check_end64(raw, position, tail_at, count)
    elif raw[max(0, position - _LOCATOR.size) : position].startswith(_LOCATOR_MARK):
        raise _damaged("Its list of files ends in another end")  # which other programs would believe
    if len(raw) < position + _END.size:
        raise _truncated()
    mark, disk, start_disk, here, total, length, offset, note_bytes = _END.unpack_from(raw, position)
    shown = {(count, directory_bytes, tail_at)}
    if wide:
        shown |= {(n, b, o) for n in (count, _FULL16) for b in (directory_bytes, _FULL32) for o in (tail_at, _FULL32)}
    if mark != _END_MARK or disk or start_disk or here != total or (total, length, offset) not in shown:
        raise _damaged("Its end does not agree with its files")
    if len(raw) < position + _END.size + note_bytes:
        raise _truncated()
    if len(raw) != position + _END.size + note_bytes:
        raise _damaged("Something stands behind its end")
    if _END_MARK in raw[position + 4 :]:  # other programs look for the end from behind, and would find that one
        raise _damaged("It has two ends")


def _check_end64(raw: bytes, position: int, tail_at: int, count: int) -> int:
    if len(raw) < position + _END64.size + _LOCATOR.size:
        raise _truncated()
    _mark, record, _by, _need, disk, start, here, total, length, offset = _END64.unpack_from(raw, position)
    locator_at = position + 12 + record
    plain = (record, disk, start, here, total, length, offset)
    if plain != (_END64.size - 12, 0, 0, count, count, position, tail_at):
        raise _damaged("Its end does not agree with its files")
    if _LOCATOR.unpack_from(raw, locator_at) != (_LOCATOR_MARK, 0, tail_at + position, 1):
        raise _damaged("Its end does not agree with its files")
    return int(locator_at + _LOCATOR.size)


def _local(entry: Entry) -> bytes:
    big = entry.size >= _FULL32
    extra = struct.pack("<2H2Q", _ZIP64_ID, 16, entry.size, entry.size) if big else b""
    shown = _FULL32 if big else entry.size
    name = entry.name.encode("utf-8")
    fixed = _LOCAL.pack(
        _LOCAL_MARK, _VERSION_ZIP64 if big else _VERSION_PLAIN, _UTF8_FLAG, _STORED, _DOS_TIME,
        _DOS_DATE, entry.crc, shown, shown, len(name), len(extra),
    )  # fmt: skip
    return fixed + name + extra


def _central(entry: Entry) -> bytes:
    wide = [entry.size, entry.size] if entry.size >= _FULL32 else []
    wide += [entry.header_at] if entry.header_at >= _FULL32 else []
    extra = struct.pack(f"<2H{len(wide)}Q", _ZIP64_ID, 8 * len(wide), *wide) if wide else b""
    version = _VERSION_ZIP64 if wide else _VERSION_PLAIN
    size, offset = min(entry.size, _FULL32), min(entry.header_at, _FULL32)
    name = entry.name.encode("utf-8")
    fixed = _CENTRAL.pack(
        _CENTRAL_MARK, _MADE_BY_UNIX | version, version, _UTF8_FLAG, _STORED, _DOS_TIME, _DOS_DATE,
        entry.crc, size, size, len(name), len(extra), 0, 0, 0, _PLAIN_FILE_MODE, offset,
    )  # fmt: skip
    return fixed + name + extra


def _end(count: int, directory_bytes: int, directory_at: int) -> bytes:
    wide = b""
    if directory_at >= _FULL32 or count >= _FULL16:
        wide = _END64.pack(
            _END64_MARK, _END64.size - 12, _MADE_BY_UNIX | _VERSION_ZIP64, _VERSION_ZIP64, 0, 0,
            count, count, directory_bytes, directory_at,
        ) + _LOCATOR.pack(_LOCATOR_MARK, 0, directory_at + directory_bytes, 1)  # fmt: skip
    shown = min(count, _FULL16)
    offset = min(directory_at, _FULL32)
    return wide + _END.pack(_END_MARK, 0, 0, shown, shown, directory_bytes, offset, 0)


def _truncated() -> WireError:
    return WireError("pack-truncated", "The pack ends too early. Copy it again from the laptop.")


def _otherwise(name: str, what: str) -> WireError:
    return WireError(
        "pack-unpacks-otherwise",
        f"Other programs would unpack “{name}” in the pack as {what}. Ask its creator for a pack built with "
        "`stall pack build`.",
    )


def _damaged(what: str) -> WireError:
    return WireError("pack-damaged", f"The pack is damaged: {what[0].lower()}{what[1:]}. Copy it again.")

"""The stored ZIP: our bytes are read by others, others' bytes by us, and 64-bit sizes by both."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, StallError, WireError
from stall.wire import zipstore
from stall.wire.zipstore import Entry, Writer

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=20)


def written(files: dict[str, bytes]) -> bytes:
    writer, out = Writer(), io.BytesIO()
    for name, data in files.items():
        out.write(writer.header(name, len(data), zlib.crc32(data)) + data)
    out.write(writer.tail())
    return out.getvalue()


def scanned(data: bytes) -> list[Entry]:
    entries, at = [], 0
    while zipstore.starts_entry(data[at : at + 30]):
        length = zipstore.header_length(data[at : at + 30])
        entries.append(zipstore.parse_local(data[at : at + length], at))
        at = entries[-1].end
    zipstore.check_tail(data[at:], at, entries)
    return entries


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=6))
def test_what_we_write_pythons_reader_and_ours_read_alike(files: dict[str, bytes]) -> None:
    data = written(files)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        # Python cuts names at a separator of its own system only; these have none.
        assert [info.filename for info in opened.infolist()] == list(files)
    assert [(e.name, data[e.data_at : e.end]) for e in scanned(data)] == list(files.items())


def test_a_zip_of_another_tool_is_read_if_it_only_stores() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a.txt", b"one")
        with made.open("ä/b.bin", "w", force_zip64=True) as inner:
            inner.write(b"two")
        made.comment = b"made elsewhere"
    assert [(e.name, e.size) for e in scanned(out.getvalue())] == [("a.txt", 3), ("ä/b.bin", 3)]


def test_sizes_beyond_four_gigabytes_are_written_so_that_others_find_every_file(tmp_path: Path) -> None:
    path, writer = tmp_path / "sparse.zip", Writer()
    huge = 5 * 2**30
    with path.open("wb") as out:
        for name, size, crc in (("huge", huge, 0), ("behind", 3, zlib.crc32(bytes(3)))):
            out.write(writer.header(name, size, crc))
            out.seek(writer.offset)  # a hole: no byte of it is written
        out.write(writer.tail())
    with zipfile.ZipFile(path) as opened:
        assert [(i.filename, i.file_size) for i in opened.infolist()] == [("huge", huge), ("behind", 3)]
        assert opened.read("behind") == bytes(3)
    with path.open("rb") as file:
        file.seek(writer.offset)
        zipstore.check_tail(file.read(), writer.offset, writer.entries)
        file.seek(0)
        head = file.read(200)
    first = zipstore.parse_local(head[: zipstore.header_length(head)], 0)
    assert (first.name, first.size) == ("huge", huge)


@given(st.data())
def test_one_changed_byte_is_noticed_or_changes_nothing(data: st.DataObject) -> None:
    whole = written({"a": b"first", "b/ü": b"second"})
    at = data.draw(st.integers(0, len(whole) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda v: v != whole[at]))
    changed = whole[:at] + bytes([value]) + whole[at + 1 :]
    try:
        found = scanned(changed)
    except StallError:
        return
    assert found == scanned(whole)


@given(st.integers(0, 300))
def test_a_zip_cut_short_anywhere_is_refused(length: int) -> None:
    whole = written({"a": b"first", "b": b"second"})
    with pytest.raises(StallError):
        scanned(whole[: min(length, len(whole) - 1)])


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_our_errors(data: bytes) -> None:
    for attempt in (
        lambda: zipstore.header_length(data),
        lambda: zipstore.parse_local(data, 0),
        lambda: zipstore.check_tail(data, 0, [Entry("a", 1, 2, 0, 31)]),
    ):
        with contextlib.suppress(StallError):
            attempt()


def header(**changes: int) -> bytes:
    fields = {"flags": 0, "method": 0, "packed": 3, "size": 3, **changes}
    fixed = struct.pack(
        "<4s5H3L2H",
        b"PK\x03\x04",
        20,
        fields["flags"],
        fields["method"],
        0,
        33,
        0,
        fields["packed"],
        fields["size"],
        1,
        0,
    )
    return fixed + b"x"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": 8}, "pack-compressed"),
        ({"flags": 8}, "pack-compressed"),
        ({"flags": 1}, "pack-encrypted"),
        ({"packed": 2}, "pack-damaged"),
        ({"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}, "pack-damaged"),
    ],
)
def test_a_header_we_would_read_differently_than_others_is_refused(changes: dict[str, int], code: str) -> None:
    with pytest.raises(WireError) as refused:
        zipstore.parse_local(header(**changes), 0)
    assert refused.value.code == code


def test_a_directory_that_tells_another_story_is_refused() -> None:
    whole = written({"a": b"first"})
    with pytest.raises(WireError) as refused:
        scanned(whole.replace(b"a", b"b").replace(b"b", b"a", 1))
    assert refused.value.code == "pack-damaged"


def test_bytes_behind_the_end_are_refused() -> None:
    with pytest.raises(WireError) as refused:
        scanned(written({"a": b"first"}) + b"more")
    assert refused.value.code == "pack-damaged"


@pytest.mark.parametrize("name", ["", "x" * 1025])
def test_we_write_no_name_that_we_would_not_read(name: str) -> None:
    with pytest.raises(LocalWireError):
        Writer().header(name, 1, 0)

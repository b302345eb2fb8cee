"""Reading a pack on the box: exactly what the creator signed arrives, or nothing and a clear sentence."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import resource
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stall import disk
from stall.creator import keyring, packs
from stall.creator.packs import PackOptions
from stall.errors import Broken, Hostile, Refused, StallError
from stall.store import packfile
from stall.store.taking import Taker
from stall.wire import jws, manifest, pack
from tests.fakes import buyers_zip

NOW_S = 1_795_000_000
PAGE = b"<!doctype html>"
CONTENT = {"a/deep/notes.txt": "Grüße".encode(), "one.jpg": b"one" * 1000, "two.jpg": b"two" * 700_000}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack as the laptop makes it; tests change copies of it."""
    root = tmp_path_factory.mktemp("pack")
    for path, data in CONTENT.items():
        (root / "files" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "files" / path).write_bytes(data)
    creator = keyring.new(root / "creator", "Ada")
    options = PackOptions(title="Night", price_minor=450, edition=20, opens_s=NOW_S, closes_s=NOW_S + 86_400)
    return packs.build(root / "files", root / "good.stallpack", creator, options, now_s=NOW_S).path


@pytest.fixture
def rebuilt(good: Path, tmp_path: Path) -> Callable[[Callable[[dict[str, bytes]], object]], Path]:
    """Pack the same entries anew with another tool, after a change to them."""

    def make(change: Callable[[dict[str, bytes]], object]) -> Path:
        with zipfile.ZipFile(good) as opened:
            entries = {info.filename: opened.read(info) for info in opened.infolist()}
        change(entries)
        out = tmp_path / "changed.stallpack"
        with zipfile.ZipFile(out, "w") as made:
            for name, data in entries.items():
                made.writestr(name, data)
        return out

    return make


def whole(path: Path, into: Path) -> dict[str, bytes]:
    """Copy every file out of a pack, as import does."""
    with packfile.open_pack(path) as opened:
        taken(opened, into)
        return {entry.path: (into / "files" / entry.sha256).read_bytes() for entry in opened.entries}


def taken(opened: packfile.PackFile, into: Path, on_bytes: Callable[[int], None] | None = None) -> None:
    (into / "files").mkdir(parents=True, exist_ok=True)
    Taker(into, None, 0, on_bytes).take_all(opened.arriving())


def refusal(path: Path, into: Path) -> StallError:
    """Try to take a pack in, expecting an error that leaves only verified files behind."""
    with pytest.raises(StallError) as raised:
        whole(path, into)
    for left in into.glob("files/*"):
        assert hashlib.sha256(left.read_bytes()).hexdigest() == left.name
    return raised.value


def test_every_file_arrives_as_it_was_signed(good: Path, tmp_path: Path) -> None:
    assert whole(good, tmp_path / "in") == CONTENT


def test_an_open_pack_says_who_signed_what(good: Path) -> None:
    with packfile.open_pack(good) as opened:
        assert opened.manifest.drop.title == "Night"
        assert opened.creator_did == opened.manifest.iss
        assert [entry.path for entry in opened.entries] == sorted(CONTENT)
        assert opened.total_bytes == sum(map(len, CONTENT.values()))
        assert opened.manifest_token.count(".") == 2


def test_a_pack_made_anew_with_another_zip_tool_is_the_same_pack(rebuilt: Callable[..., Path], tmp_path: Path) -> None:
    assert whole(rebuilt(lambda entries: None), tmp_path / "in") == CONTENT


def test_progress_counts_every_byte(good: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    with packfile.open_pack(good) as opened:
        taken(opened, tmp_path / "in", seen.append)
    assert sum(seen) == sum(map(len, CONTENT.values()))
    assert max(seen) <= packfile.CHUNK_BYTES


def test_a_changed_byte_is_refused_by_the_name_of_its_file(good: Path, tmp_path: Path) -> None:
    data = bytearray(good.read_bytes())
    data[data.index(b"oneone") + 100] ^= 1
    (tmp_path / "p").write_bytes(data)
    error = refusal(tmp_path / "p", tmp_path / "in")
    assert error.code == "pack-changed-file"
    assert "one.jpg" in error.sentence


def test_a_changed_file_in_a_well_made_zip_is_refused_by_name(rebuilt: Callable[..., Path], tmp_path: Path) -> None:
    error = refusal(rebuilt(lambda e: e.update({"files/one.jpg": b"eno" * 1000})), tmp_path / "in")
    assert error.code == "pack-changed-file"
    assert "one.jpg" in error.sentence


def test_a_file_of_another_size_is_refused_before_anything_is_copied(
    rebuilt: Callable[..., Path], tmp_path: Path
) -> None:
    error = refusal(rebuilt(lambda e: e.update({"files/two.jpg": b"two"})), tmp_path / "in")
    assert error.code == "pack-changed-file"
    assert not (tmp_path / "in").exists()


CHANGES: dict[str, tuple[Callable[[dict[str, bytes]], object], str, str]] = {
    "missing": (lambda e: e.pop("files/one.jpg"), "pack-missing-file", "one.jpg"),
    "extra": (lambda e: e.update({"files/extra.exe": b"x"}), "pack-unexpected-file", "extra.exe"),
    "beside": (lambda e: e.update({"readme.txt": b"x"}), "pack-unexpected-file", "readme.txt"),
    "a folder": (lambda e: e.update({"files/b/": b""}), "pack-path", "b/"),
    "escaping": (lambda e: e.update({"files/../../etc/passwd": b"x"}), "pack-path", "../../etc/passwd"),
    "escaping from the top": (lambda e: e.update({"../evil": b"x"}), "pack-unexpected-file", "../evil"),
    "absolute": (lambda e: e.update({"files//etc/passwd": b"x"}), "pack-path", "/etc/passwd"),
    "backslash": (lambda e: e.update({"files/..\\evil": b"x"}), "pack-path", "evil"),
    "no manifest": (lambda e: e.pop("manifest.jws"), "pack-no-manifest", "manifest"),
    "empty manifest": (lambda e: e.update({"manifest.jws": b""}), "", ""),
    "not a token": (lambda e: e.update({"manifest.jws": b"hello"}), "", ""),
    "not ascii": (lambda e: e.update({"manifest.jws": b"\xff.\xff.\xff"}), "pack-manifest-unreadable", "manifest"),
    "too large": (lambda e: e.update({"manifest.jws": b"x" * 3_000_000}), "pack-manifest-too-large", "2.8 MiB"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_pack_that_differs_from_its_manifest_is_refused(
    rebuilt: Callable[..., Path], tmp_path: Path, what: str
) -> None:
    change, code, named = CHANGES[what]
    error = refusal(rebuilt(change), tmp_path / "in")
    assert error.code == code or (not code and error.code)
    assert named in error.sentence
    assert not (tmp_path / "in").exists() or not list((tmp_path / "in").iterdir())


def test_the_same_name_twice_is_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice.stallpack"
    path.write_bytes(good.read_bytes())
    with zipfile.ZipFile(path, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr("files/one.jpg", b"other")
    assert refusal(path, tmp_path / "in").code == "pack-duplicate-file"


def test_a_manifest_with_a_changed_claim_is_refused(rebuilt: Callable[..., Path], tmp_path: Path) -> None:
    def alter(entries: dict[str, bytes]) -> None:
        token = bytearray(entries["manifest.jws"])
        token[len(token) // 2] = ord("A") if token[len(token) // 2] != ord("A") else ord("B")
        entries["manifest.jws"] = bytes(token)

    assert isinstance(refusal(rebuilt(alter), tmp_path / "in"), Hostile)


def test_a_pack_of_another_creator_than_expected_is_refused(good: Path, tmp_path: Path) -> None:
    other = keyring.new(tmp_path / "other", "Mallory").did
    with pytest.raises(Hostile) as refused, packfile.open_pack(good, creator_did=other):
        pass
    assert refused.value.code == "pack-wrong-creator"
    assert other in refused.value.sentence


def test_compressed_entries_are_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "deflated.stallpack"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert refusal(path, tmp_path / "in").code == "pack-compressed"


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.9999])
def test_a_pack_that_ends_early_is_refused(good: Path, tmp_path: Path, share: float) -> None:
    data = good.read_bytes()
    (tmp_path / "cut").write_bytes(data[: int(len(data) * share)])
    assert refusal(tmp_path / "cut", tmp_path / "in").code in {"pack-truncated", "pack-not-a-zip"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_noticed_or_changes_no_file(
    good: Path, tmp_path: Path, at: float, bit: int
) -> None:
    data = bytearray(good.read_bytes())
    # Half of the trials go where the structure is: the first and the last 5,000 bytes.
    place = int(at * len(data)) if bit % 2 else (int(at * 10_000) - 5_000) % len(data)
    data[place] ^= 1 << bit
    (tmp_path / "flipped").write_bytes(data)
    with contextlib.suppress(StallError):
        assert whole(tmp_path / "flipped", tmp_path / "in") == CONTENT


def test_what_is_not_a_pack_at_all_is_said(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello, this is no pack, and it is longer than thirty bytes")
    (tmp_path / "empty").write_bytes(b"")
    assert refusal(tmp_path / "text", tmp_path / "in").code == "pack-not-a-zip"
    assert refusal(tmp_path / "empty", tmp_path / "in").code == "pack-not-a-zip"
    assert refusal(tmp_path / "nothing", tmp_path / "in").code == "pack-not-found"
    assert refusal(tmp_path, tmp_path / "in").code == "pack-not-a-file"
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe", tmp_path / "in").code == "pack-not-a-file"


def test_a_claim_of_ten_gigabytes_in_a_small_file_is_refused_at_once(good: Path, tmp_path: Path) -> None:
    data = bytearray(good.read_bytes())
    at = data.index(b"files/a") - 30
    data[at + 18 : at + 26] = b"\xff\xff\xff\x7f" * 2
    (tmp_path / "boast").write_bytes(data)
    assert refusal(tmp_path / "boast", tmp_path / "in").code == "pack-truncated"


def test_a_claim_of_more_bytes_than_any_file_can_have_is_refused(tmp_path: Path) -> None:
    wide = struct.pack("<2H2Q", 1, 16, 2**64 - 1, 2**64 - 1)
    fixed = struct.pack("<4s5H3L2H", b"PK\x03\x04", 45, 0, 0, 0, 33, 0, 2**32 - 1, 2**32 - 1, 12, len(wide))
    (tmp_path / "boast").write_bytes(fixed + b"manifest.jws" + wide + b"x")
    assert refusal(tmp_path / "boast", tmp_path / "in").code == "pack-manifest-too-large"
    first = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 1, 1, 12, 0) + b"manifest.jwsx"
    (tmp_path / "boast").write_bytes(first + fixed + b"files/a.text" + wide + b"x")
    assert refusal(tmp_path / "boast", tmp_path / "in").code == "pack-truncated"


def test_a_full_disk_leaves_nothing_behind(good: Path, tmp_path: Path, small_files_only: None) -> None:
    with packfile.open_pack(good) as opened, pytest.raises(Refused) as refused:
        taken(opened, tmp_path)
    assert refused.value.code == "disk-file-too-large"
    assert max(path.stat().st_size for path in (tmp_path / "files").iterdir()) < 65_536


@pytest.fixture
def small_files_only() -> Iterator[None]:
    """No file of this process may grow beyond 64 KiB: the kernel's own refusal, without filling a disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [
        (errno.ENOSPC, "disk-full", Refused),
        (errno.EDQUOT, "disk-full", Refused),
        (errno.EROFS, "disk-not-writable", Refused),
        (errno.EACCES, "disk-not-writable", Refused),
        (errno.ENOENT, "disk-no-folder", Refused),
        (errno.EIO, "disk-failed", Broken),
    ],
)
def test_what_the_disk_answers_becomes_a_sentence(
    tmp_path: Path, number: int, code: str, kind: type[StallError]
) -> None:
    (tmp_path / "kept").write_bytes(b"old")

    def write() -> None:
        with disk.whole_file(tmp_path / "kept") as out:
            out.write(b"half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(kind) as refused:
        write()
    assert refused.value.code == code
    assert "kept" in refused.value.sentence
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_bytes() == b"old"


def test_leftovers_of_a_power_cut_are_cleared_and_finished_files_kept(tmp_path: Path) -> None:
    (tmp_path / ".abc.x1.part").write_bytes(b"half")
    (tmp_path / "abc").write_bytes(b"whole")
    assert disk.clear_leftovers(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]


def test_the_buyers_zip_is_the_same_bytes_every_time_and_is_named_by_what_it_is_made_of(
    good: Path, tmp_path: Path
) -> None:
    store = tmp_path / "in" / "files"
    whole(good, tmp_path / "in")
    with packfile.open_pack(good) as opened:
        token, sources = opened.manifest_token, [(entry.path, store / entry.sha256) for entry in opened.entries]
    first = buyers_zip.build(sources, token, tmp_path / "1.zip", PAGE)
    for path in store.iterdir():
        os.utime(path, (9, 9))
    assert buyers_zip.build(sources, token, tmp_path / "2.zip", PAGE) == first
    data = (tmp_path / "1.zip").read_bytes()
    assert data == (tmp_path / "2.zip").read_bytes()
    assert (len(data), pack.zip_key(token, PAGE)) == first
    with zipfile.ZipFile(tmp_path / "1.zip") as opened_zip:
        assert opened_zip.namelist() == ["manifest.jws", "verify.html", *sorted(CONTENT)]
        assert opened_zip.testzip() is None
        assert {name: opened_zip.read(name) for name in CONTENT} == CONTENT
        assert opened_zip.read("manifest.jws").decode() == token


def test_the_buyers_zip_is_checked_byte_by_byte_like_a_pack(good: Path, tmp_path: Path) -> None:
    whole(good, tmp_path / "in")
    with packfile.open_pack(good) as opened:
        sources = [(entry.path, tmp_path / "in" / "files" / entry.sha256) for entry in opened.entries]
        buyers_zip.build(sources, opened.manifest_token, tmp_path / "buyer.zip", PAGE)
    with packfile.open_pack(tmp_path / "buyer.zip", prefix="") as bought:
        for entry in bought.entries:
            bought.check(entry)
    data = (tmp_path / "buyer.zip").read_bytes().replace(b"oneone", b"oneonf", 1)
    (tmp_path / "buyer.zip").write_bytes(data)
    with packfile.open_pack(tmp_path / "buyer.zip", prefix="") as bought:
        [one] = [entry for entry in bought.entries if entry.path == "one.jpg"]
        with pytest.raises(Hostile, match=r"one\.jpg"):
            bought.check(one)


def test_a_zip_whose_source_is_gone_is_not_left_half_made(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        buyers_zip.build([("a", tmp_path / "gone")], "x.y.z", tmp_path / "out.zip", PAGE)
    assert refused.value.code == "pack-not-found"
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_wants_the_name_of_our_own_paper_is_refused(
    good: Path, rebuilt: Callable[..., Path], tmp_path: Path
) -> None:
    creator = keyring.load(good.parent / "creator")
    with packfile.open_pack(good) as opened:
        signed = opened.manifest
    plain = manifest.claims(signed)
    for file in plain["files"]:
        file["path"] = file["path"].replace("one.jpg", "manifest.jws")
    token = jws.sign(creator.key, manifest.TYP, plain)

    def swap(entries: dict[str, bytes]) -> None:
        entries["manifest.jws"] = token.encode()
        entries["files/manifest.jws"] = entries.pop("files/one.jpg")

    assert refusal(rebuilt(swap), tmp_path / "in").code == "path-taken"

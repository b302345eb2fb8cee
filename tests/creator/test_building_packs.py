"""A folder of real files becomes one signed pack, or a clear sentence says why not."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stall.creator import folder as folders
from stall.creator import packs
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack, PackOptions
from stall.errors import Broken, Refused, StallError, WireError
from stall.wire import jws, manifest

NOW_S = 1_795_000_000
Build = Callable[..., BuiltPack]


def test_a_pack_is_an_ordinary_zip_with_the_manifest_first_and_nothing_compressed(build: Build, folder: Path) -> None:
    built = build(folder)
    with zipfile.ZipFile(built.path) as opened:
        assert opened.namelist() == [
            "manifest.jws",
            "files/notes/lies mich.txt",
            "files/one.jpg",
            "files/two.jpg",
        ]
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
        assert opened.testzip() is None
        assert opened.read("files/one.jpg") == (folder / "one.jpg").read_bytes()


def test_the_manifest_is_signed_by_the_creator_and_says_what_was_asked(
    build: Build, folder: Path, creator: Creator
) -> None:
    built = build(folder, desc="Twelve nights.", licence="CC BY 4.0")
    signed = manifest.verify(built.token, {creator.key.thumbprint: creator.key.public})
    assert signed == built.manifest
    assert (signed.iss, signed.ver, signed.drop.id) == (creator.did, 1, "night-prints")
    assert (signed.drop.edition, signed.drop.kind, signed.drop.licence) == (50, "limited", "CC BY 4.0")
    assert (signed.price[0].cur, signed.price[0].minor) == ("EUR", 450)
    assert [file.type for file in signed.files] == ["text/plain", "image/jpeg", "image/jpeg"]
    assert built.total_bytes == sum(file.size for file in signed.files)


def test_the_same_files_and_manifest_make_the_same_bytes_wherever_they_lie(
    build: Build, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_bytes", bytes)
    first = build(folder, tmp_path / "a.stallpack").path.read_bytes()
    os.utime(folder / "one.jpg", (1, 1))
    assert build(folder, tmp_path / "b.stallpack").path.read_bytes() == first


@pytest.mark.parametrize(
    ("edition", "price", "kind"), [(None, 450, "open"), (None, 0, "free"), (20, 0, "limited"), (20, 450, "limited")]
)
def test_the_kind_follows_from_edition_and_price(
    build: Build, folder: Path, edition: int | None, price: int, kind: str
) -> None:
    assert build(folder, edition=edition, price_minor=price).manifest.drop.kind == kind


def test_the_cover_is_the_file_called_so_and_everybody_may_see_it(build: Build, folder: Path) -> None:
    (folder / "Cover.png").write_bytes(b"cover")
    signed = build(folder).manifest
    by_path = {file.path: file for file in signed.files}
    assert signed.drop.cover_sha256 == by_path["Cover.png"].sha256
    assert by_path["Cover.png"].role == "sample"
    assert by_path["one.jpg"].role is None


def test_without_a_cover_the_first_picture_stands_for_the_drop_and_without_pictures_none(
    build: Build, folder: Path
) -> None:
    signed = build(folder).manifest
    assert signed.drop.cover_sha256 == {f.path: f.sha256 for f in signed.files}["one.jpg"]
    (folder / "one.jpg").unlink()
    (folder / "two.jpg").unlink()
    assert build(folder).manifest.drop.cover_sha256 is None


def test_samples_and_bonus_are_named_by_pattern(build: Build, folder: Path) -> None:
    signed = build(folder, samples=["one.*"], bonus=["notes/*"]).manifest
    assert {f.path: f.role for f in signed.files} == {
        "notes/lies mich.txt": "bonus",
        "one.jpg": "sample",
        "two.jpg": None,
    }


def test_a_new_version_names_the_one_before_and_keeps_its_id(build: Build, folder: Path, creator: Creator) -> None:
    first = build(folder)
    second = build(folder, title="Night Prints, again", rename=True, after=first.token).manifest
    assert (second.ver, second.prev, second.drop.id) == (2, jws.token_hash(first.token), "night-prints")


def test_a_new_version_may_not_enlarge_the_edition(build: Build, folder: Path) -> None:
    first = build(folder)
    with pytest.raises(WireError) as refused:
        build(folder, edition=51, after=first.token)
    assert refused.value.code == "manifest-edition-grew"


def test_hidden_files_and_clutter_are_left_out_and_said(build: Build, folder: Path, tmp_path: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "notes" / "Thumbs.db").write_bytes(b"x")
    (folder / "inner").symlink_to(folder / "notes")
    (folder / "older.stallpack").write_bytes(b"an older pack")
    built = build(folder, folder / "out.stallpack")
    assert len(built.manifest.files) == 3
    assert sorted(built.skipped) == [
        ".DS_Store (hidden)",
        "inner (a link to a folder)",
        "notes/Thumbs.db (hidden)",
        "older.stallpack (a pack)",
    ]


def test_a_link_inside_the_folder_is_packed_as_the_file_it_points_to(build: Build, folder: Path) -> None:
    (folder / "three.jpg").symlink_to("one.jpg")
    files = {file.path: file for file in build(folder).manifest.files}
    assert files["three.jpg"].sha256 == files["one.jpg"].sha256


def test_names_from_a_mac_are_put_together_before_they_are_signed(build: Build, folder: Path) -> None:
    (folder / unicodedata.normalize("NFD", "Übung.txt")).write_bytes(b"x")
    assert "Übung.txt" in [file.path for file in build(folder).manifest.files]


def test_progress_counts_every_byte_of_both_passes(folder: Path, tmp_path: Path, creator: Creator) -> None:
    seen: list[tuple[int, int]] = []
    options = PackOptions(title="Night", price_minor=0, opens_s=NOW_S, closes_s=NOW_S + 9)
    built = packs.build(
        folder, tmp_path / "p", creator, options, now_s=NOW_S, progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (2 * built.total_bytes, 2 * built.total_bytes)
    assert seen == sorted(seen)


def refusal(build: Build, folder: Path, **changes: object) -> StallError:
    """Build, expecting a refusal that leaves no pack and no temporary file."""
    out = folder.parent / "refused.stallpack"
    before = set(folder.parent.iterdir())
    with pytest.raises(StallError) as raised:
        build(folder, out, **changes)
    assert set(folder.parent.iterdir()) == before
    return raised.value


def test_a_missing_or_empty_folder_is_refused(build: Build, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden").write_bytes(b"x")
    assert refusal(build, tmp_path / "nowhere").code == "folder-not-found"
    assert refusal(build, tmp_path / "empty").code == "folder-empty"


def test_a_link_that_leaves_the_folder_is_refused_by_name(build: Build, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("secret")
    (folder / "bait.txt").symlink_to(tmp_path / "private.txt")
    error = refusal(build, folder)
    assert error.code == "folder-link-outside"
    assert "bait.txt" in error.sentence


def test_broken_and_circular_links_are_refused(build: Build, folder: Path) -> None:
    (folder / "gone.jpg").symlink_to("nothing")
    assert refusal(build, folder).code == "folder-unreadable"
    (folder / "gone.jpg").unlink()
    (folder / "loop.jpg").symlink_to("loop.jpg")
    assert refusal(build, folder).code == "folder-unreadable"


def test_a_pipe_in_the_folder_is_refused_and_never_waited_for(build: Build, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert refusal(build, folder).code == "folder-special-file"


@pytest.mark.parametrize("name", ["a:b.jpg", "con.txt", "tail .", "x\u202egpj.exe"])
def test_a_name_another_system_could_not_hold_is_refused(build: Build, folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    assert refusal(build, folder).code.startswith("path-")


def test_names_that_differ_by_case_alone_are_refused(build: Build, folder: Path) -> None:
    (folder / "ONE.jpg").write_bytes(b"x")
    assert refusal(build, folder).code == "path-not-unique"


@pytest.mark.parametrize("name", ["manifest.jws", "Verify.HTML"])
def test_a_name_the_buyers_zip_needs_itself_is_refused(build: Build, folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    assert refusal(build, folder).code == "folder-reserved-name"


def test_a_file_that_changes_after_it_was_read_is_refused(
    build: Build, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = folders.measure

    def then_change(found: folders.Found, on_bytes: folders.OnBytes | None = None) -> folders.Measured:
        result = measure(found, on_bytes)
        if found.path == "two.jpg":
            found.source.write_bytes(b"other")
        return result

    monkeypatch.setattr(folders, "measure", then_change)
    error = refusal(build, folder)
    assert error.code == "folder-file-changed"
    assert "two.jpg" in error.sentence


def test_a_file_that_grows_between_listing_and_reading_is_refused(folder: Path) -> None:
    found, _ = folders.find(folder)
    one = next(file for file in found if file.path == "one.jpg")
    with (folder / "one.jpg").open("ab") as file:
        file.write(b"more")
    with pytest.raises(Refused) as refused:
        folders.measure(one)
    assert refused.value.code == "folder-file-changed"


def test_a_change_that_keeps_size_and_time_is_still_seen(
    build: Build, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = folders.measure

    def then_forge(found: folders.Found, on_bytes: folders.OnBytes | None = None) -> folders.Measured:
        result = measure(found, on_bytes)
        found.source.write_bytes(bytes(found.size))
        os.utime(found.source, ns=(found.changed_ns, found.changed_ns))
        return result

    monkeypatch.setattr(folders, "measure", then_forge)
    assert refusal(build, folder).code == "folder-file-changed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cover": "three.jpg"}, "cover-not-in-folder"),
        ({"cover": "notes/lies mich.txt"}, "cover-not-in-folder"),
        ({"samples": ["*.wav"]}, "role-matches-nothing"),
        ({"title": "☃"}, "drop-id"),
        ({"closes_s": NOW_S}, "manifest-lifetime"),
        ({"opens_s": NOW_S + 31 * 86_400}, "manifest-window"),
        ({"edition": 100_001}, "member-range"),
        ({"title": ""}, "drop-id"),
        ({"kind": "open"}, "manifest-edition"),
    ],
)
def test_options_that_contradict_the_folder_or_the_rules_are_refused(
    build: Build, folder: Path, changes: dict[str, object], code: str
) -> None:
    assert refusal(build, folder, **changes).code == code


def test_a_folder_that_does_not_exist_for_the_pack_is_said(build: Build, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        build(folder, tmp_path / "missing" / "p.stallpack")
    assert refused.value.code == "disk-no-folder"


def test_a_file_that_goes_away_meanwhile_is_refused_by_name(folder: Path) -> None:
    found, _ = folders.find(folder)
    (folder / "one.jpg").unlink()
    with pytest.raises(Broken) as refused:
        folders.measure(next(file for file in found if file.path == "one.jpg"))
    assert refused.value.code == "folder-unreadable"
    assert "one.jpg" in refused.value.sentence


@pytest.mark.parametrize(
    ("title", "made"),
    [
        ("Zürich at Night", "zurich-at-night"),
        ("Straße nach Łódź, Smørrebrød", "strasse-nach-lodz-smorrebrod"),
        ("  20 Fotos! ", "20-fotos"),
        ("Straße №5", "strasse-no5"),
        ("x" * 90, "x" * 64),
    ],
)
def test_an_id_is_made_from_the_title(title: str, made: str) -> None:
    assert packs.drop_id_of(title) == made

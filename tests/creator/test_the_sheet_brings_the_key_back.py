"""The recovery sheet: what stands on it, and that it brings the key back into a new folder or into its own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stall.creator import keyring, ledger, sheet
from stall.creator.keyring import Creator
from stall.errors import StallError
from stall.wire import recovery
from stall.wire.keyfile import Cost

CHEAP = Cost(n=16_384, r=1, p=1)
WORDS = "four old words drawn"
DAY = "2026-11-28"


@pytest.fixture
def creator(tmp_path: Path) -> Creator:
    return keyring.new(tmp_path / "ada", "Ada & Söhne <Prints>", WORDS, cost=CHEAP)


def recover(folder: Path, seed: bytes, name: str | None = None) -> Creator:
    return keyring.recover(folder, seed, name, "another four words", cost=CHEAP)


def code(folder: Path, seed: bytes, name: str | None = None) -> str:
    with pytest.raises(StallError) as refused:
        recover(folder, seed, name)
    return refused.value.code


def test_the_text_brings_the_key_back(creator: Creator, tmp_path: Path) -> None:
    seed = recovery.decode(recovery.lines_of(sheet.as_text(sheet.of(creator, DAY))))
    back = recover(tmp_path / "again", seed, "Ada")
    assert (back.did, back.name, back.sealed) == (creator.did, "Ada", True)
    assert keyring.load(tmp_path / "again", lambda: ["another four words"]).key.seed == creator.key.seed


def test_a_lost_passphrase_is_replaced_in_the_keys_own_folder(creator: Creator) -> None:
    (creator.folder / ledger.FILE).write_bytes(b"")
    back = recover(creator.folder, creator.key.seed)
    assert (back.did, back.name) == (creator.did, creator.name)
    assert (creator.folder / ledger.FILE).exists()
    assert keyring.load(creator.folder, lambda: ["another four words"]).did == creator.did


def test_a_lost_or_damaged_key_file_is_put_back_beside_its_did(creator: Creator) -> None:
    for damage in (Path.unlink, lambda path: path.write_bytes(b"rust")):
        damage(creator.folder / "creator.key")
        assert recover(creator.folder, creator.key.seed).did == creator.did


def test_a_sheet_never_overwrites_another_key(creator: Creator, tmp_path: Path) -> None:
    other = keyring.new(tmp_path / "eve", "Eve")
    before = (other.folder / "creator.key").read_bytes()
    assert code(other.folder, creator.key.seed) == "recovery-other-key"
    (other.folder / "creator.key").unlink()
    assert code(other.folder, creator.key.seed) == "recovery-other-key"
    (other.folder / "creator.key").write_bytes(b"rust")
    (other.folder / "did").unlink()
    assert code(other.folder, creator.key.seed) == "creator-exists"
    (other.folder / "creator.key").write_bytes(before)
    assert keyring.load(other.folder).did == other.did


def test_a_new_folder_needs_a_name(creator: Creator, tmp_path: Path) -> None:
    assert code(tmp_path / "new", creator.key.seed) == "creator-name"
    assert not (tmp_path / "new").exists()


def test_a_folder_keeps_its_name(creator: Creator) -> None:
    assert code(creator.folder, creator.key.seed, "Eve") == "recovery-other-name"
    assert keyring.show(creator.folder).name == creator.name
    assert recover(creator.folder, creator.key.seed, f" {creator.name} ").name == creator.name
    (creator.folder / "name").write_text("two\nlines")  # a name nobody could read may be given anew
    assert recover(creator.folder, creator.key.seed, "Ada").name == "Ada"


def test_a_sheet_is_checked_without_a_passphrase(creator: Creator, tmp_path: Path) -> None:
    assert keyring.check_seed(creator.folder, creator.key.seed).did == creator.did
    with pytest.raises(StallError) as refused:
        keyring.check_seed(creator.folder, bytes(32))
    assert refused.value.code == "recovery-other-key"


class Page(HTMLParser):
    """The words of a page, its elements and everything it would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.tags, self.fetched = "", set[str](), list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data", "action"}]

    def handle_data(self, data: str) -> None:
        self.words += data + " "


def test_both_forms_say_all_that_is_needed(creator: Creator) -> None:
    made = sheet.of(creator, DAY)
    page = " ".join(Page(sheet.as_page(made)).words.split())
    text = " ".join(sheet.as_text(made).split())
    for said in (creator.name, creator.did, creator.fingerprint, DAY, *made.lines, "stall keys recover --out FOLDER"):
        assert said in page
        assert said in text


def test_the_page_fetches_and_runs_nothing(creator: Creator) -> None:
    page = sheet.as_page(sheet.of(creator, DAY))
    seen = Page(page)
    assert seen.fetched == []
    assert not seen.tags & {"script", "link", "img", "iframe", "object", "form", "input"}
    assert not re.search(r"url\(|@import|@font-face|https?:", page)
    assert "default-src 'none'" in page


def test_a_name_cannot_become_part_of_the_page(creator: Creator) -> None:
    assert "<Prints>" not in sheet.as_page(sheet.of(creator, DAY))


def test_the_text_fits_a_terminal(creator: Creator) -> None:
    assert max(map(len, sheet.as_text(sheet.of(creator, DAY)).splitlines())) <= 80


@pytest.mark.parametrize(("name", "begins"), [("sheet.html", b"<!doctype html>"), ("sheet.txt", b"RECOVERY SHEET")])
def test_a_sheet_is_its_owners_alone_and_overwrites_nothing(
    creator: Creator, tmp_path: Path, name: str, begins: bytes
) -> None:
    sheet.write(sheet.of(creator, DAY), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    with pytest.raises(StallError) as refused:
        sheet.write(sheet.of(creator, DAY), tmp_path / name)
    assert refused.value.code == "out-exists"


def test_a_sheet_shows_nothing_of_the_key_when_printed_by_mistake(creator: Creator) -> None:
    made = sheet.of(creator, DAY)
    assert not any(line in f"{made!r} {creator!r}" for line in made.lines)

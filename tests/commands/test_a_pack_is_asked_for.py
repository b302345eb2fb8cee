"""`stall pack build` at a terminal: the files are shown, what was not given is asked for, and nothing is left of a way broken off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stall.commands import survey_table
from stall.creator import answers, keyring, survey
from stall.errors import Refused
from stall.store import packfile
from stall.wire.manifest import Manifest
from tests.commands.conftest import Run
from tests.fakes import media
from tests.fakes.terminal import Terminal


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("creator") / "ada"
    keyring.new(folder, "Ada")
    return folder


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    folder = tmp_path / "harbour-at-dawn"
    (folder / "extras").mkdir(parents=True)
    (folder / "one.jpg").write_bytes(media.picture("JPEG", exif_bytes=media.exif()))
    (folder / "cover.jpg").write_bytes(media.picture("JPEG", exif_bytes=media.exif(orientation=6, artist="Bo")))
    (folder / "a film.mp4").write_bytes(media.film())
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "extras" / "notes.txt").write_text("notes")
    return folder


def manifest_of(pack: Path) -> Manifest:
    with packfile.open_pack(pack) as opened:
        return opened.manifest


def begun(harbour: Path, ada: Path, *more: object, columns: int = 80) -> Terminal:
    return Terminal(["pack", "build", harbour.name, "--creator", ada, *more], harbour.parent, columns)


def test_from_a_folder_to_a_pack_by_questions_alone(harbour: Path, ada: Path, tmp_path: Path) -> None:
    person = begun(harbour, ada)
    table = person.until("Title [harbour at dawn]")
    assert "cover.jpg" in table
    assert "24 × 40, Maker Model 5, 2026-05-01" in table  # turned upright
    assert "1:05" in table
    person.answer("", "Harbour 🎈 שלום")
    person.answer("Currency [EUR]", "")
    person.answer("Price of one copy", "four")
    person.until("“four” is not an amount in EUR. Write it like 4.50.")
    person.answer("Price of one copy", "4,50")
    person.answer("Numbered copies", "many")
    person.until("Write a whole number from 1 to 100,000.")
    person.answer("Numbered copies", "20")
    person.answer("how many days", "")
    person.answer("Licence", "2")
    person.answer("What the page says", "Before anybody was up.")
    person.answer("which language", "english please")
    person.until("“english please” is no language.")
    person.answer("which language", "en")
    person.answer("Cover [cover.jpg]", "nope.jpg")
    person.until("no picture “nope.jpg”")
    person.answer("Cover [cover.jpg]", "broken.jpg")
    person.until("No small picture can be drawn of “broken.jpg”.")
    person.answer("Cover [cover.jpg]", "c")
    person.answer("anyone may see", "zzz/*")
    person.until("No file in the folder matches")
    person.answer("anyone may see", "one.*")
    person.answer("come on top", "extras/*")
    person.answer("The pack to write [harbour.stallpack]", "")
    said = person.until("Sign it and write harbour.stallpack")
    assert "taken out of 3 files" in said
    assert "camera's serial number “SN-4711”" in said
    assert "broken.jpg" in said
    assert all(survey_table.width(line) < 80 for line in said.splitlines())
    person.answer("", "y")
    person.answer("Keep these answers", "y")
    assert person.end() == 0
    signed = manifest_of(tmp_path / "harbour.stallpack")
    drop = signed.drop
    assert (drop.title, drop.id, drop.edition, drop.licence) == ("Harbour 🎈 שלום", "harbour", 20, "CC BY 4.0")
    assert drop.listing
    assert drop.listing.desc == "Before anybody was up."
    assert {file.path: file.role for file in signed.files} == {
        "a film.mp4": None,
        "broken.jpg": None,
        "cover.jpg": "sample",
        "extras/notes.txt": "bonus",
        "one.jpg": "sample",
    }
    assert answers.read(harbour)["price"] == "4,50"


def test_a_title_without_letters_gets_an_id(harbour: Path, ada: Path) -> None:
    person = begun(harbour, ada)
    person.answer("Title", "夜")
    person.answer("Its id", "no!")
    person.answer("Its id", "night-1")
    person.until("Currency")
    assert person.interrupt() == 130
    assert "stopped" in person.seen


def test_with_answers_kept_only_the_pack_is_asked_for_and_a_free_name_is_suggested(
    harbour: Path, ada: Path, tmp_path: Path
) -> None:
    (tmp_path / "low-sun.stallpack").write_bytes(b"of before")
    answers.keep(harbour, {"title": "Low Sun", "price": "4.50", "cover": "one"})
    person = begun(harbour, ada)
    person.answer("The pack to write [low-sun-2.stallpack]", "")
    assert person.end() == 0
    assert manifest_of(tmp_path / "low-sun-2.stallpack").drop.title == "Low Sun"


def test_ctrl_c_leaves_nothing_behind(harbour: Path, ada: Path) -> None:
    before = sorted(harbour.parent.rglob("*"))
    person = begun(harbour, ada, "--title", "Night", "--out", "night.stallpack")
    person.answer("Currency", "CHF")
    person.answer("Price", "1")
    person.until("Numbered copies")
    assert person.interrupt() == 130
    assert sorted(harbour.parent.rglob("*")) == before


def test_answers_kept_with_the_files_are_asked_no_more_and_what_is_given_counts(
    stall: Run, harbour: Path, ada: Path, tmp_path: Path
) -> None:
    answers.keep(
        harbour, {"title": 'The "Harbour" \x7f', "price": "4.50", "edition": 9, "sample": ("one.*",), "desc": "A\nB"}
    )
    assert answers.read(harbour) == {
        "title": 'The "Harbour" \x7f', "price": "4.50", "edition": 9, "sample": ("one.*",), "desc": "A\nB"
    }  # fmt: skip
    options = ("--creator", ada, "--title", "Kept", "--out", tmp_path / "p", "--json")
    ran = stall("pack", "build", harbour, *options)
    assert ran.code == 0
    assert sorted(ran.json["places_taken_out"]) == ["a film.mp4", "cover.jpg", "one.jpg"]
    assert ran.json["put_in_order"] == ["a film.mp4"]
    signed = manifest_of(tmp_path / "p")
    assert (signed.drop.title, signed.drop.edition, signed.price[0].minor) == ("Kept", 9, 450)
    assert answers.FILE not in [file.path for file in signed.files]
    assert "left out: stall.toml" in ran.err


@pytest.mark.parametrize("text", ["price = 4.5", "titel = 'x'", "title = ", "\xff"])
def test_answers_that_cannot_be_read_are_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / answers.FILE).write_text(text, encoding="latin-1")
    with pytest.raises(Refused) as refused:
        answers.read(tmp_path)
    assert refused.value.code == "answers-unreadable"


def test_without_a_terminal_what_is_missing_is_named(stall: Run, harbour: Path, ada: Path) -> None:
    ran = stall("pack", "build", harbour, "--creator", ada, "--out", "x")
    assert ran.code == 2
    assert "Missing --title and --price." in ran.err


@pytest.mark.parametrize(
    ("title", "code"), [("x" * 201, "pack-words"), (" ", "pack-words"), ("a\u202eb", "pack-words"), ("夜", "drop-id")]
)
def test_a_title_that_breaks_things_is_refused_before_anything_is_read(
    stall: Run, harbour: Path, ada: Path, title: str, code: str
) -> None:
    ran = stall("pack", "build", harbour, "--creator", ada, "--title", title, "--price", "1", "--out", harbour / "p")
    assert (ran.code, f"[{code}]" in ran.err) == (1, True)


def test_a_place_may_stay(stall: Run, harbour: Path, ada: Path, tmp_path: Path) -> None:
    options = ("--creator", ada, "--title", "Kept place", "--price", "1", "--out", tmp_path / "p", "--keep-gps")
    ran = stall("pack", "build", harbour, *options)
    assert "stays in 3 files" in ran.err
    assert b"GPS5" in (tmp_path / "p").read_bytes()


def test_the_table_keeps_its_width_and_tells_of_many_only_the_first(tmp_path: Path) -> None:
    for number in range(45):
        (tmp_path / f"{number:02d} 港の夜{'x' * 60}.txt").write_text("x")
    lines = list(survey_table.lines(survey.survey(tmp_path), {}, None, 80))
    assert all(survey_table.width(line) <= 80 for line in lines)
    assert lines[-1] == "… and 5 more, 5 B"


def test_a_later_pack_is_compared_with_the_earlier(stall: Run, harbour: Path, ada: Path, tmp_path: Path) -> None:
    build = ("pack", "build", harbour, "--creator", ada, "--title", "Two Versions")
    assert stall(*build, "--price", "1", "--out", tmp_path / "1").code == 0
    (harbour / "one.jpg").rename(harbour / "uno.jpg")
    (harbour / "broken.jpg").unlink()
    (harbour / "new.txt").write_text("new")
    (harbour / "extras" / "notes.txt").write_text("other")
    assert stall(*build, "--price", "2", "--out", tmp_path / "2", "--after", tmp_path / "1").code == 0
    ran = stall("pack", "diff", tmp_path / "1", tmp_path / "2")
    assert ran.code == 0
    for words in ("€1.00 → €2.00", "+ new.txt", "- broken.jpg", "* extras/notes.txt", "one.jpg → uno.jpg"):
        assert words in ran.out
    assert "takes the second" in ran.out
    back = stall("pack", "diff", tmp_path / "2", tmp_path / "1", "--json")
    assert (back.code, back.json["ok"], back.json["error"]["code"]) == (1, False, "manifest-not-newer")
    assert stall("pack", "diff", tmp_path / "1", tmp_path / "1").code == 0
    shown = stall("pack", "inspect", tmp_path / "2").out
    assert "version 2" in shown
    assert "€2.00" in shown
    told = json.loads(stall("pack", "inspect", tmp_path / "2", "--json").out)
    assert (told["ver"], told["drop"]["title"], len(told["files"])) == (2, "Two Versions", 5)

"""The check a script runs: one JSON object, true only if everything holds, and recomputable by a stranger."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from stall.demo.journey import ledgers, papers
from stall.demo.journey.findings import Findings
from stall.demo.journey.ledgers import CloudBooks, JournalExport
from stall.demo.journey.papers import KeysFile
from stall.demo.journey.phone import Downloaded, Resumed, TakenHome
from stall.wire import b64, note
from tests.fakes import checking
from tests.journey.running import own_files, run_stall

STRANGER = Path(__file__).with_name("stranger.py")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run kept; the run itself is asserted on by the first test."""
    root = tmp_path_factory.mktemp("once")
    done = run_stall(
        "demo", "--once", "--json", "--pack", str(own_files(root / "Own files")), "--out", str(root / "out")
    )
    (root / "out" / "stdout").write_text(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "out"


@pytest.fixture(scope="module")
def told(out: Path) -> dict[str, Any]:
    """The object it printed."""
    document: dict[str, Any] = json.loads((out / "stdout").read_text())
    return document


def test_standard_output_is_one_json_object_and_it_says_ok(out: Path, told: dict[str, Any]) -> None:
    assert (out / "stdout").read_text().count("\n") == 1
    assert told["ok"] is True
    assert told["failures"] == []
    assert json.loads((out / "object.json").read_text()) == told


def test_the_card_payment_passed_through_every_state_in_order(told: dict[str, Any]) -> None:
    assert told["attempts"] == ["requested", "sent", "approved", "paid"]


def test_every_file_arrived_as_signed_and_one_of_them_in_two_parts(out: Path, told: dict[str, Any]) -> None:
    assert {row["path"] for row in told["files"]} == {"song.bin", "notes/Grüße.txt", "empty.txt"}
    assert all(row["equals_manifest"] for row in told["files"])
    assert (told["range"]["status"], told["range"]["equals_whole"]) == (206, True)
    assert (out / "files" / "song.bin").read_bytes() == bytes(range(256)) * 1200


def test_papers_go_back_to_the_creator_and_say_how_far(told: dict[str, Any]) -> None:
    assert told["receipt"]["verified"] is True
    assert told["certificate"]["grade"] == "VALID-PROVISIONAL"
    assert any("the creator you named" in sentence for sentence in told["certificate"]["how"])


def test_a_strangers_program_recomputes_the_object_with_nothing_of_ours(out: Path, told: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(STRANGER), str(out)], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    for name in ("manifest_sha256", "drop", "edition", "amount", "files", "attempts"):
        assert theirs[name] == told[name], name
    assert (theirs["root"], theirs["size"]) == (told["journal"]["root_there"], told["journal"]["size"])
    assert theirs["resumed"] == told["range"]["sha256"]
    assert theirs["receipts"] == theirs["cloud"] == {"card": [1, 450], "cash": [1, 450]}
    assert theirs["terminal"] == theirs["receipts"]["card"]


def test_a_downloaded_file_with_one_changed_byte_or_a_missing_one_fails(out: Path) -> None:
    assert _failed(lambda found: papers.check_files(found, _taken(out))) == set()
    changed = _taken(out)
    changed.files[0] = Downloaded(changed.files[0].path, changed.files[0].data + b"x")
    assert "files" in _failed(lambda found: papers.check_files(found, changed))
    missing = _taken(out)
    missing.files.pop(0)
    assert "files" in _failed(lambda found: papers.check_files(found, missing))


def test_papers_of_another_creator_or_another_number_fail(out: Path) -> None:
    box = KeysFile.read((out / "keys.json").read_bytes())
    creator = (out / "creator.did").read_text().strip()
    assert _failed(lambda found: papers.prove(found, _taken(out), box, creator)) == set()
    assert _failed(lambda found: papers.prove(found, _taken(out), box, box.box_did)) >= {"receipt", "certificate"}
    other = _taken(out)
    other.edition = 2
    assert _failed(lambda found: papers.prove(found, other, box, creator)) == {"receipt", "certificate"}


def test_an_event_with_one_changed_byte_makes_the_journals_differ(out: Path) -> None:
    here, there = _books(out)
    data = here.events[5].replace(b'"v":1', b'"v":2')
    changed = JournalExport(
        here.note_text, here.box_did, here.epoch, [*here.events[:5], data, *here.events[6:]], here.facts
    )
    assert _failed(lambda found: ledgers.check_journal(found, here, there)) == set()
    assert _failed(lambda found: ledgers.check_journal(found, changed, there)) == {"journal"}


@pytest.mark.parametrize(
    ("book", "path"),
    [
        ("cloud", ("tenders", 0, "minor")),
        ("terminal", ("entries", 0, "amount")),
        ("terminal", ("tid",)),
        ("report", ("ok",)),
    ],
)
def test_one_cent_or_one_name_less_in_any_book_does_not_tie(out: Path, book: str, path: tuple[Any, ...]) -> None:
    here, there = _books(out)
    books: dict[str, Any] = {
        "cloud": there.totals,
        "terminal": _read(out, "terminal-books"),
        "report": _read(out, "report"),
    }

    def reconcile(found: Findings) -> None:
        ledgers.reconcile(found, here, there, books["terminal"], books["report"])

    assert _failed(reconcile) == set()
    place = books[book]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = False if book == "report" else "x" if path == ("tid",) else place[path[-1]] - 1
    assert _failed(reconcile) == {"reconciliation"}


def test_a_folder_with_other_things_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    done = run_stall("demo", "--once", "--json", "--out", str(tmp_path))
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "demo-out-foreign"
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def _taken(out: Path) -> TakenHome:
    """What the buyer took home, read back from what was kept."""
    told = _read(out, "object")
    part = told["range"]
    taken = TakenHome((out / "manifest.jws").read_bytes(), told["edition"])
    taken.files = [Downloaded(row["path"], (out / "files" / row["path"]).read_bytes()) for row in told["files"]]
    resumed = Downloaded(part["path"], (out / "resumed.bin").read_bytes())
    taken.resumed = Resumed(resumed, part["cut_at"], part["etag"], part["status"], part["content_range"])
    taken.receipt = (out / "receipt.jws").read_bytes()
    taken.certificate = (out / "certificate.json").read_bytes()
    return taken


def test_the_published_script_finds_the_exported_journal_in_order(out: Path, told: dict[str, Any]) -> None:
    key = _read(out, "cloud-key")
    known = ["--box", _read(out, "keys")["box"]["did"], "--cosigner", f"{key['name']}={key['public']}"]
    ran = checking.check(out / "journal.jsonl", *known)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"cosigned by {key['name']} at 20" in ran.stdout
    assert f"card: {told['amount']['minor']} minor units of {told['amount']['cur']} (1 receipt)" in ran.stdout


def _read(out: Path, name: str) -> Any:
    return json.loads((out / f"{name}.json").read_text())


def _books(out: Path) -> tuple[JournalExport, CloudBooks]:
    key = _read(out, "cloud-key")
    cosigner = note.Verifier(key["name"], b64.decode(key["public"]), note.COSIGNATURE_KIND)
    here = JournalExport.read((out / "journal.jsonl").read_text())
    verdicts = Counter({"accepted": len(here.events)})
    return here, CloudBooks(_read(out, "cloud-journal"), _read(out, "cloud-totals"), verdicts, cosigner)


def _failed(check: Any) -> set[str]:
    found = Findings()
    check(found)
    return {failure["check"] for failure in found.failures}

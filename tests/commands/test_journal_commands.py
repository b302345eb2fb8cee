"""`stall journal verify` and `export`: what they print, how they end, and that looking changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from stall import app
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.take_cash import take_cash
from tests.commands.conftest import Ran, Run
from tests.fakes import checking
from tests.fakes.stock import ZINE


@pytest.fixture
def sold(data: Path) -> Path:
    """A box that sold something for cash."""
    box = app.open_box(data)
    with box.db.transaction() as tx:
        take_cash(tx, fill_basket(tx, [Wish(ZINE)], origin="till", vat_bp=1900), 1, 500)
    box.close()
    return data


def state(folder: Path) -> tuple[list[tuple[int, bytes]], bytes]:
    """The epochs of a data folder, and where it says it lies."""
    conn = sqlite3.connect(f"file:{folder}/stall.sqlite?mode=ro", uri=True)
    epochs = conn.execute("SELECT no, epoch FROM epochs").fetchall()
    conn.close()
    return epochs, (folder / "stall.place").read_bytes()


def test_a_sound_journal_is_told_in_one_line(sold: Path, run: Run) -> None:
    ran = run("journal", "verify")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("ok: ")
    assert ran.out.count("\n") == 1
    told = run("journal", "verify", "--json").json
    assert (told["ok"], told["epochs"], told["receipts"], told["tenders"]) == (True, 1, 1, {"cash": 300})


def test_what_is_wrong_is_told_in_sentences_and_by_the_exit_code(sold: Path, run: Run) -> None:
    conn = sqlite3.connect(sold / "stall.sqlite")
    conn.execute("UPDATE attempts SET amount_minor = 1")
    conn.commit()
    conn.close()
    ran = run("journal", "verify")
    assert ran.code == 1
    assert "wrong: Receipts say 300 by cash, the table of payments says 1.\n" in ran.out
    assert run("journal", "verify", "--json").json["ok"] is False


def test_an_export_is_the_same_on_the_screen_and_in_a_file_and_holds(sold: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "journal.jsonl"
    assert run("journal", "export", "--out", str(out)).code == 0
    assert run("journal", "export").out == out.read_text()
    checked = checking.check(out)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "cash: 300 minor units of EUR (1 receipt)" in checked.stdout


def test_an_export_into_a_file_says_what_it_wrote(sold: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "journal.jsonl"
    ran = run("journal", "export", "--out", str(out))
    events = len(out.read_text().splitlines()) - 1
    assert events > 1
    assert (ran.code, ran.out, ran.err) == (0, "", f"Wrote {events} events of 1 epoch to {out}.\n")


def test_an_export_never_overwrites_a_file(sold: Path, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "box.delegation"
    out.write_text("signed before")
    ran = run("journal", "export", "--out", str(out))
    assert (ran.code, out.read_text()) == (1, "signed before")
    assert "[out-exists]" in ran.err


def test_looking_at_a_copy_begins_no_new_life_in_it(
    sold: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from stall import cli

    copied = Path(shutil.copytree(sold, tmp_path / "copied"))
    before = state(copied)
    for command in (["journal", "verify"], ["journal", "export"]):
        with pytest.raises(SystemExit) as ended:
            cli.main([*command, "--data", str(copied)])
        said = Ran(int(str(ended.value.code or 0)), *capsys.readouterr())
        assert (said.code, said.err) == (0, "")
    assert state(copied) == before

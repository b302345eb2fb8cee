"""A stopped stall's files are damaged or gone: it is said in a sentence, nobody buys on wrong numbers, nothing else is lost."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from stall import app
from stall.errors import Broken, StallError
from stall.flows.checkpoint import publish_checkpoint
from stall.store import journal
from stall.store.audit import audit
from stall.store.box import Box
from stall.web import ids
from stall.web.factory import create_buyer_app, shop_of
from tests.faults import troubled, verdict
from tests.faults.power.making import PRINTS
from tests.faults.promised import Promised

pytestmark = pytest.mark.timeout(180)

PAGE, SECTOR = 4096, 512
#: What a worn card gives back instead of a sector: nothing, all ones, somebody else's bytes.
WRONG = {"zeros": bytes(SECTOR), "ones": b"\xff" * SECTOR, "noise": Random(7).randbytes(SECTOR)}
DATABASE = "stall.sqlite"
SOLD = 6


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stall that sold a little and was stopped, its log emptied."""
    folder = troubled.make_template(tmp_path_factory.mktemp("damaged") / "made")
    for _ in range(SOLD):
        assert verdict.sells_again(folder) == []
    box = app.open_box(folder)
    assert box.db.truncate_log()
    box.close()
    return folder


def contents(folder: Path) -> list[str]:
    """Everything the database says."""
    with contextlib.closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as conn:
        return list(conn.iterdump())


def noticed(folder: Path) -> str | None:
    """How the damage is told of, or None: opening refuses, or `stall journal verify` names it."""
    try:
        box = app.open_box(folder)
    except Broken as refusal:
        return refusal.sentence
    try:
        findings = audit(box.db.read(), box.secrets.signing.public).findings
        return findings[0] if findings else None
    finally:
        box.close()


@pytest.mark.parametrize("wrong", WRONG)
def test_a_bad_sector_in_any_page_is_named_or_changes_nothing(template: Path, tmp_path: Path, wrong: str) -> None:
    whole = (template / DATABASE).read_bytes()
    before, told = contents(template), 0
    folder = tmp_path / "box"
    troubled.copy(template, folder)
    for page in range(0, len(whole), PAGE):
        sector = page + SECTOR * Random(f"{wrong}/{page}").randrange(PAGE // SECTOR)
        with (folder / DATABASE).open("r+b") as file:  # the same inode: the place is right
            file.write(whole)
            file.seek(sector)
            file.write(WRONG[wrong])
        if noticed(folder) is None:
            assert contents(folder) == before, f"the sector at {sector} changed what is sold, and nobody noticed"
        else:
            told += 1
        (folder / f"{DATABASE}-wal").unlink(missing_ok=True)  # what opening it wrote
    assert told > len(whole) // PAGE // 4  # pages without a row in them have little to lose


def test_a_damaged_stall_says_what_to_do_and_sells_nothing_more(template: Path, tmp_path: Path) -> None:
    """Whoever meets the damage is refused with a sentence, and so is everybody after them; what was sold can be read."""
    folder = tmp_path / "box"
    troubled.copy(template, folder)
    _overwrite_root_page(folder, "numbers")
    box = app.open_box(folder)
    try:
        refusals = verdict._sells_for_cash(box, None)
        assert "[database-damaged]" in refusals[0]
        assert "keep a copy of the data folder and put your newest backup in its place" in refusals[0]
        assert "limited drops then need a new lease" in refusals[0]
        with pytest.raises(StallError, match="database-damaged"), box.db.transaction():
            pytest.fail("somebody came in behind the damage")
        assert len(_receipts(box)) >= SOLD
    finally:
        box.close()


@pytest.mark.parametrize("command", [("drop", "status"), ("sell", PRINTS, "--cash"), ("journal", "verify")])
def test_no_command_shows_a_damaged_stall_its_insides(template: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    folder = tmp_path / "box"
    troubled.copy(template, folder)
    _overwrite_root_page(folder, "packs")
    ran = subprocess.run(
        [sys.executable, "-m", "stall", *command, "--data", str(folder)],
        cwd=troubled.ROOT, capture_output=True, text=True, timeout=troubled.START_S, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "damaged" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


def test_pages_of_a_damaged_stall_say_so(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "box"
    troubled.copy(template, folder)
    _overwrite_root_page(folder, "packs")
    box = app.open_box(folder)
    pages = create_buyer_app(box)
    try:
        answer = pages.test_client().get("/")
        assert (answer.status_code, "database-damaged" in answer.text) == (500, True)
        receipt = ids.receipt_id(box.secrets, _receipts(box)[0])  # needs no broken page
        assert pages.test_client().get(f"/r/{receipt}").status_code == 200
    finally:
        shop_of(pages).stop()
        box.close()


def _overwrite_root_page(folder: Path, table: str) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as conn:
        (root,) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    with (folder / DATABASE).open("r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(bytes(PAGE))


def _receipts(box: Box) -> list[int]:
    return [row[0] for row in box.db.read().execute("SELECT receipt_event FROM sales WHERE state = 'paid'")]


def killed(template: Path, folder: Path) -> tuple[int, Promised]:
    """A stall that sold, signed a checkpoint of that and was killed, everything new only in the log; give its events and what was promised."""
    troubled.copy(template, folder)
    promised = Promised()
    box = app.open_box(folder)
    assert verdict._gives_away(box, promised) + verdict._sells_for_cash(box, promised) == []
    publish_checkpoint(box.db)
    assert (folder / f"{DATABASE}-wal").stat().st_size > 0
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept)  # as a SIGKILL leaves it: closing would copy the log back
    events = journal.read_head(box.db.read()).size
    box.close()
    for name in (DATABASE, f"{DATABASE}-wal"):
        (folder / name).unlink(missing_ok=True)
        shutil.copyfile(kept / name, folder / name)
    troubled.stay(folder)
    return events, promised


def test_without_its_shared_memory_a_killed_stall_has_everything(template: Path, tmp_path: Path) -> None:
    events, promised = killed(template, tmp_path / "box")
    (tmp_path / "box" / f"{DATABASE}-shm").unlink(missing_ok=True)
    assert verdict.judge(tmp_path / "box", promised) == []
    box = app.open_box(tmp_path / "box")
    assert journal.read_head(box.db.read()).size == events
    box.close()
    assert verdict.sells_again(tmp_path / "box", promised) == []


def test_without_its_log_a_killed_stall_knows_that_it_is_behind_and_begins_a_new_epoch(
    template: Path, tmp_path: Path
) -> None:
    """What stood only in the log is gone; a number sold there may not be sold again, so nothing limited is sold."""
    _, promised = killed(template, tmp_path / "box")
    (tmp_path / "box" / f"{DATABASE}-wal").unlink()
    box = app.open_box(tmp_path / "box")
    try:
        rows = box.db.read().execute("SELECT no FROM epochs").fetchall()
        assert len(rows) == 2
        refusals = verdict._gives_away(box, None)  # what is free is limited here
        assert refusals
        assert verdict._sells_for_cash(box, promised) == []
        assert audit(box.db.read(), box.secrets.signing.public).findings == []
    finally:
        box.close()


def test_after_a_clean_stop_there_is_no_log_to_lose(template: Path, tmp_path: Path) -> None:
    folder, promised = tmp_path / "box", Promised()
    troubled.copy(template, folder)
    assert verdict.sells_again(folder, promised) == []
    assert not (folder / f"{DATABASE}-wal").exists()
    assert verdict.judge(folder, promised) == []

"""PDF and picture of a sale: drawn beside, kept, offered on pages and in the ZIP; what draws may be slow or die."""

from __future__ import annotations

import codecs
import io
import json
import os
import stat
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient

from stall import cli, disk
from stall.box.papers import beside
from stall.domain.papersheet import CertificateSheet, Form, Sheet
from stall.flows.begin_return import begin_return
from stall.flows.pay_back import pay_back_cash
from stall.i18n.languages import LANGUAGES
from stall.store import sales, worth
from stall.store.box import Box
from stall.store.db import Tx
from stall.web import ids
from stall.web.buyer import paper_drawn, paper_sheets
from stall.web.drawing import Drawing, _order
from stall.web.factory import create_buyer_app, shop_of
from stall.web.guard import PRESSES_A_MINUTE
from stall.wire import inside
from tests.fakes import sheets
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.web import captive_agents as agents
from tests.web import phone

FORMS: tuple[Form, ...] = ("pdf", "png")
VERIFY_TEXTS: dict[str, dict[str, str]] = json.loads(Path("verify/texts.json").read_text(encoding="utf-8"))


class One(NamedTuple):
    """A file to be drawn, as the pages want it."""

    name: str
    sheet: Sheet = sheets.RECEIPT
    form: Form = "pdf"


@pytest.fixture
def drawn(stocked_box: Stocked) -> Iterator[FlaskClient]:
    """A phone at a stall that draws."""
    app = create_buyer_app(stocked_box.box, draws=True)
    yield app.test_client()
    shop_of(app).stop()


def entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_the_zip_has_them_before_somebody_asks_and_is_verified_as_it_comes(
    drawn: FlaskClient,
    stocked_box: Stocked,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stall.web.drawing.AHEAD_AFTER_S", 0.0)
    monkeypatch.setattr(paper_drawn, "ZIP_WAITS_S", 0.0)
    page = phone.grant(drawn, stocked_box, PRINTS, ZINE)
    drawn.get(f"{page}?lang=de")
    kept = stocked_box.folder / "papers"
    end = time.monotonic() + 45
    while time.monotonic() < end and len(list(kept.glob("[0-9a-f]*.p*"))) < 5:
        time.sleep(0.05)
    answer = drawn.get(f"{page}/papers.zip?lang=de")
    found = entries(answer.data)
    copies = [f"certificate-{PRINTS}-1", f"certificate-{ZINE}"]
    assert {f"{copy}.{form}" for copy in copies for form in ("pdf", "png", "json")} | {
        "receipt.pdf",
        "README.txt",
    } <= set(found)
    assert next(iter(found)) == "README.txt"
    for copy in copies:
        assert inside.papers(found[f"{copy}.pdf"]) == inside.papers(found[f"{copy}.png"]) == [found[f"{copy}.json"]]
    assert inside.papers(found["receipt.pdf"]) == [found["receipt.jws"]]
    assert entries(drawn.get(f"{page}/papers.zip?lang=de").data) == found
    (tmp_path / "papers.zip").write_bytes(answer.data)
    with pytest.raises(SystemExit) as ended:
        cli.main(["verify", str(tmp_path / "papers.zip")])
    said = capsys.readouterr()
    assert not ended.value.code, said.out
    assert "inside this file, not what is drawn around it" in said.out
    assert "README.txt" in said.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in kept.iterdir()} == {0o600}
    _each_has_its_own_page(drawn, stocked_box, found)


def _each_has_its_own_page(drawn: FlaskClient, stocked_box: Stocked, found: dict[str, bytes]) -> None:
    conn, box = stocked_box.box.db.read(), stocked_box.box
    sale = 1
    uuid = paper_sheets.certificates_of(box, sale)[0].hex()
    jti = ids.receipt_id(box.secrets, sales.get(conn, sale).receipt_event or 0)
    name = f"certificate-{PRINTS}-1"
    for address, file, kind in (
        (f"/c/{uuid}.pdf", f"{name}.pdf", "application/pdf"),
        (f"/c/{uuid}.png", f"{name}.png", "image/png"),
        (f"/r/{jti}.pdf", "receipt.pdf", "application/pdf"),
    ):
        answer = drawn.get(f"{address}?lang=de")
        assert (answer.data == found[file], answer.mimetype) == (True, kind)
        assert file in answer.headers["Content-Disposition"]
        assert "no-store" in answer.headers["Cache-Control"]
    assert f'href="/c/{uuid}.pdf?lang=de"'.replace(uuid, "") in drawn.get(f"/c/{uuid}?lang=de").text.replace(
        _dashed(uuid), ""
    )
    assert f"/r/{jti}.pdf" in drawn.get(f"/r/{jti}").text
    assert drawn.get(f"/c/{'0' * 32}.pdf").status_code == drawn.get(f"/r/{'A' * 21}g.pdf").status_code == 404


def _dashed(uuid: str) -> str:
    return "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))


def sheet_now(box: Box, uuid: bytes) -> CertificateSheet:
    held = worth.find(box.db.read(), uuid)
    assert held is not None
    return paper_sheets.certificate_sheet(box, held, uuid, "en")[1]


def test_another_grade_is_another_drawing(stocked_box: Stocked, buyer: FlaskClient) -> None:
    box = stocked_box.box
    phone.grant(buyer, stocked_box)
    (uuid,) = paper_sheets.certificates_of(box, 1)
    before = sheet_now(box, uuid)

    def back(tx: Tx) -> None:
        pay_back_cash(tx, begin_return(tx, 1, {0: 1}, reason="faulty"), 1, "maker")

    box.write("payment", back)
    after = sheet_now(box, uuid)
    assert (before.counts, after.counts, after.proves) == (True, False, "")
    assert before.inside == after.inside
    files = {_order(One("a", sheet, form)).file for sheet in (before, after) for form in FORMS}
    assert len(files) == 4


def test_without_what_draws_the_zip_says_so_and_is_whole_otherwise(buyer: FlaskClient, stocked_box: Stocked) -> None:
    found = entries(buyer.get(f"{phone.grant(buyer, stocked_box)}/papers.zip").data)
    assert not [name for name in found if name.endswith((".pdf", ".png"))]
    assert "was packed" in found["README.txt"].decode("utf-8-sig").replace("\r\n    ", " ")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_readme_names_every_file_in_lines_that_any_editor_shows(
    buyer: FlaskClient, stocked_box: Stocked, lang: str
) -> None:
    found = entries(buyer.get(f"{phone.grant(buyer, stocked_box)}/papers.zip?lang={lang}").data)
    data = found.pop("README.txt")
    assert data.startswith(codecs.BOM_UTF8)
    text = data.decode("utf-8-sig")
    assert text.count("\n") == text.count("\r\n") > 20
    lines = text.split("\r\n")
    assert set(found) <= set(lines)
    assert max(map(len, lines)) <= 78
    assert not [line for line in lines if "{" in line]
    said = text.replace("\r\n   ", "").replace("\r\n", "") if lang == "ja" else " ".join(text.split())
    grades = [each.get(lang, each["en"]) for name, each in VERIFY_TEXTS.items() if name.startswith("g.")]
    assert [word for word in grades if word not in said] == []


def test_an_apple_sheet_leads_to_safari_for_a_pdf(buyer: FlaskClient, stocked_box: Stocked) -> None:
    phone.grant(buyer, stocked_box)
    page = f"/c/{_dashed(paper_sheets.certificates_of(stocked_box.box, 1)[0].hex())}"
    sheet = buyer.get(page, headers={"User-Agent": agents.IPHONE_SHEET}).text
    assert f'href="/cna/go?to={page}.pdf"' in sheet
    assert f'href="{page}.pdf"' in buyer.get(page).text
    assert f'src="{page}.png"' in buyer.get(f"{page}?picture=1").text
    assert ".png" not in buyer.get(page).text


def beside_that(code: str) -> list[str]:
    return [sys.executable, "-c", f"import sys,time\n{code}"]


ANSWERS = "line = sys.stdin.buffer.readline()\n"
#: Draws whatever is asked for as three letters, but dies over what holds `bad`.
PICKY = """
import json, pathlib
for line in sys.stdin:
    if "bad" in line: sys.exit(9)
    (pathlib.Path({folder!r}) / json.loads(line)["file"]).write_bytes(b"ink")
    print("ok", flush=True)
"""


@pytest.mark.parametrize(
    "code", [f"{ANSWERS}time.sleep(60)", "time.sleep(60)", "sys.exit(3)", f"{ANSWERS}print('no ink')"]
)
def test_what_is_slow_or_dies_is_ended_and_not_tried_again_at_once(tmp_path: Path, code: str) -> None:
    drawing = Drawing(tmp_path, beside_that(code), longest_s=0.3)
    try:
        assert drawing.get([One("a")], 20) == {}
        begun = time.monotonic()
        assert drawing.get([One("a")], 20) == {}
        assert time.monotonic() - begun < 5
        assert drawing._process is None
    finally:
        drawing.stop()


def test_one_paper_that_breaks_it_harms_no_other(tmp_path: Path) -> None:
    drawing = Drawing(tmp_path, beside_that(PICKY.format(folder=str(tmp_path / "papers"))))
    bad = One("b", replace(sheets.RECEIPT, kind="bad"))
    try:
        assert drawing.get([One("a"), bad], 20) == {"a": b"ink"}
        assert drawing.get([bad, One("c", sheets.CERTIFICATE)], 20) == {"c": b"ink"}
    finally:
        drawing.stop()


def test_many_who_wait_hold_no_more_threads_than_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stall.web.drawing.MOST_WAITING", 0)
    drawing = Drawing(tmp_path, beside_that("time.sleep(60)"))
    begun = time.monotonic()
    assert drawing.get([One("a")], 20) == {}
    assert time.monotonic() - begun < 5
    drawing.stop()


def test_one_phone_does_not_have_papers_drawn_without_end(
    drawn: FlaskClient, stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_drawn, "ONE_WAITS_S", 0.0)
    phone.grant(drawn, stocked_box)
    uuid = paper_sheets.certificates_of(stocked_box.box, 1)[0].hex()
    shop_of(drawn.application).draughts._drawing = Drawing(stocked_box.folder, beside_that("time.sleep(60)"))
    near = {"REMOTE_ADDR": "198.51.100.9"}
    asked = [
        drawn.get(f"/c/{uuid}.pdf?lang={lang}", environ_overrides=near).status_code
        for lang in LANGUAGES
        for _ in range(4)
    ]
    assert asked == [503] * PRESSES_A_MINUTE + [429] * (len(asked) - PRESSES_A_MINUTE)


def test_the_process_ends_when_it_had_nothing_to_do_and_with_the_stall(tmp_path: Path) -> None:
    drawing = Drawing(tmp_path, beside_that(PICKY.format(folder=str(tmp_path / "papers"))), idle_s=0.1)
    assert drawing.get([One("a")], 20) == {"a": b"ink"}
    end = time.monotonic() + 10
    while drawing._process is not None and time.monotonic() < end:
        time.sleep(0.02)
    assert drawing._process is None
    assert drawing.get([One("c", sheets.CERTIFICATE)], 20) == {"c": b"ink"}
    drawing.stop()
    assert drawing.get([One("d", sheets.CERTIFICATE, "png")], 20) == {}


def test_the_oldest_go_when_the_folder_is_full(tmp_path: Path) -> None:
    for at in range(4):
        (tmp_path / f"{at}.pdf").write_bytes(b"x" * 100)
        os.utime(tmp_path / f"{at}.pdf", (at, at))
    beside.make_room(tmp_path, 250)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["2.pdf", "3.pdf"]


@pytest.mark.parametrize(
    "line", [b"", b"{}", b'{"file":"../../a.pdf","form":"pdf"}', b'{"file":"x","form":"gif"}', b"\xff"]
)
def test_what_is_no_job_is_refused_by_the_process(tmp_path: Path, line: bytes) -> None:
    assert beside.answer(tmp_path, line) != "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_paper_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stall.box.papers.drawing.draw", lambda *_: b"ink")
    monkeypatch.setattr(beside, "free_bytes", lambda _: None)
    synced: list[list[str]] = []
    monkeypatch.setattr("os.fsync", lambda _: synced.append([one.suffix for one in tmp_path.iterdir()]))
    order = _order(One("a"))
    assert beside.answer(tmp_path, order.line) == "ok"
    assert synced == [[disk.LEFTOVER], [".pdf"]]
    assert (tmp_path / order.file).read_bytes() == b"ink"


def test_the_command_writes_the_papers_of_a_sale(
    buyer: FlaskClient, stocked_box: Stocked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phone.grant(buyer, stocked_box)
    with pytest.raises(SystemExit) as ended:
        cli.main(
            ["papers", "1", "--out", str(tmp_path / "out"), "--data", str(stocked_box.folder), "--lang", "fr", "--json"]
        )
    told = json.loads(capsys.readouterr().out)
    assert not ended.value.code
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == sorted(told["files"])
    assert {"receipt.pdf", f"certificate-{PRINTS}-1.pdf", f"certificate-{PRINTS}-1.png", "README.txt"} <= set(
        told["files"]
    )

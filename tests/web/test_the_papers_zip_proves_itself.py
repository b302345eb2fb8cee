"""The small ZIP of papers: what is in it and nothing else, and that it is verified as it comes."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from stall import cli
from stall.store import worth
from stall.wire import receipt, seal
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.web import phone


def papers(buyer: FlaskClient, stocked: Stocked, *drops: str) -> bytes:
    page = phone.grant(buyer, stocked, *drops)
    return bytes(buyer.get(f"{page}/papers.zip").data)


def names(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return sorted(found.namelist())


def test_it_holds_certificate_receipt_delegation_manifest_and_proofs(buyer: FlaskClient, stocked_box: Stocked) -> None:
    assert names(papers(buyer, stocked_box, PRINTS, ZINE)) == sorted([
        "README.txt", "verify.html", "receipt.jws", "receipt.tlog-proof",
        f"certificate-{PRINTS}-1.json", f"certificate-{PRINTS}-1.tlog-proof", f"manifest-{PRINTS}.jws", f"delegation-{PRINTS}.jws",
        f"certificate-{ZINE}.json", f"certificate-{ZINE}.tlog-proof", f"manifest-{ZINE}.jws", f"delegation-{ZINE}.jws",
    ])  # fmt: skip


def test_the_command_verifies_it_as_it_comes(
    buyer: FlaskClient, stocked_box: Stocked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "papers.zip").write_bytes(papers(buyer, stocked_box))
    with pytest.raises(SystemExit) as ended:
        cli.main(["verify", str(tmp_path / "papers.zip"), "--as-of", "2026-11-21"])
    said = capsys.readouterr().out
    assert not ended.value.code, said
    for paper in ("receipt.tlog-proof", f"certificate-{PRINTS}-1.tlog-proof", f"certificate-{PRINTS}-1.json"):
        assert f"papers.zip/{paper}: " in said
    assert "INVALID" not in said
    with zipfile.ZipFile(tmp_path / "papers.zip") as found:
        digest = seal.digest_of(json.loads(found.read(f"certificate-{PRINTS}-1.json")))
    assert f"Its seal is called {seal.name(digest)}." in said


def test_papers_go_out_unproven_where_the_journal_cannot_prove_them(buyer: FlaskClient, stocked_box: Stocked) -> None:
    page = phone.grant(buyer, stocked_box)
    with stocked_box.box.db.transaction() as tx:
        tx.conn.execute("UPDATE events SET bytes = CAST(bytes || ' ' AS BLOB) WHERE id = (SELECT min(id) FROM events)")
    found = names(buyer.get(f"{page}/papers.zip").data)
    assert {name.rsplit(".", 1)[1] for name in found} == {"jws", "json", "txt", "html"}


def test_its_receipt_and_each_certificate_are_read_once_and_once_more_to_grade(
    buyer: FlaskClient, stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = phone.grant(buyer, stocked_box, PRINTS, ZINE)
    verify, find, read = receipt.verify_any, worth.find, Counter[str]()

    def verified(*args: object) -> object:
        read["receipt"] += 1
        return verify(*args)  # type: ignore[arg-type]  # passed on as they came

    def found(*args: object) -> object:
        read["certificate"] += 1
        return find(*args)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(receipt, "verify_any", verified)
    monkeypatch.setattr(worth, "find", found)
    assert buyer.get(f"{page}/papers.zip").status_code == 200
    assert read == {"certificate": 2, "receipt": 1 + 2}  # the grade of each certificate rests on the receipt

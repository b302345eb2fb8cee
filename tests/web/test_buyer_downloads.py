"""The bytes: what a phone gets is what the creator signed, whole or resumed, and it is counted once."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stall.web.factory import shop_of
from stall.wire import credential, receipt
from tests.fakes.stock import FILES, PRINTS, SAMPLER, Stocked
from tests.web import phone

PHOTO = "01 low sun.jpg"
DATA = FILES[PRINTS][PHOTO]


@pytest.fixture
def grant(buyer: FlaskClient, stocked_box: Stocked) -> str:
    return phone.grant(buyer, stocked_box)


def counts(app: Flask, stocked: Stocked) -> list[int]:
    """How often each file was downloaded, once everything is written down."""
    shop_of(app).transfers.stop()
    return [row[0] for row in stocked.box.db.read().execute("SELECT count FROM downloads ORDER BY file")]


def test_every_file_arrives_as_it_was_signed(buyer: FlaskClient, grant: str) -> None:
    for path, data in FILES[PRINTS].items():
        answer = buyer.get(f"{grant}/{quote(path)}", buffered=True)
        assert (answer.status_code, answer.data) == (200, data)
        assert answer.headers["Content-Length"] == str(len(data))
        assert answer.headers["ETag"] == f'"sha256-{hashlib.sha256(data).hexdigest()}"'
        assert answer.headers["Accept-Ranges"] == "bytes"


def test_the_zip_holds_every_file_the_manifest_and_the_page_that_proves_it(buyer: FlaskClient, grant: str) -> None:
    answer = buyer.get(f"{grant}/{PRINTS}.zip", buffered=True)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        assert pack.testzip() is None
        assert {name: pack.read(name) for name in FILES[PRINTS]} == FILES[PRINTS]
        assert set(pack.namelist()) == {"manifest.jws", "verify.html", *FILES[PRINTS]}


def test_a_name_in_any_script_survives_the_header(buyer: FlaskClient, grant: str) -> None:
    answer = buyer.get(f"{grant}/{quote('notes/größe.txt')}", buffered=True)
    said = answer.headers["Content-Disposition"]
    assert said == "attachment; filename=\"gr__e.txt\"; filename*=UTF-8''gr%C3%B6%C3%9Fe.txt"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("header", "status", "said", "body"),
    [
        ("bytes=0-9", 206, f"bytes 0-9/{len(DATA)}", DATA[:10]),
        ("bytes=14990-", 206, f"bytes 14990-{len(DATA) - 1}/{len(DATA)}", DATA[14990:]),
        ("bytes=-7", 206, f"bytes {len(DATA) - 7}-{len(DATA) - 1}/{len(DATA)}", DATA[-7:]),
        ("bytes=99999-", 416, f"bytes */{len(DATA)}", b""),
        ("bytes=0-1,4-5", 200, None, DATA),
    ],
)
def test_a_part_comes_with_its_place(
    buyer: FlaskClient, grant: str, header: str, status: int, said: str | None, body: bytes
) -> None:
    answer = buyer.get(f"{grant}/{quote(PHOTO)}", headers={"Range": header}, buffered=True)
    assert (answer.status_code, answer.headers.get("Content-Range"), answer.data) == (status, said, body)


def test_head_tells_everything_and_sends_nothing(
    buyer: FlaskClient, buyer_app: Flask, stocked_box: Stocked, grant: str
) -> None:
    answer = buyer.head(f"{grant}/{quote(PHOTO)}", headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.headers["Content-Length"], answer.data) == (200, str(len(DATA)), b"")
    assert counts(buyer_app, stocked_box) == []


def test_a_file_the_phone_has_is_not_sent_again(buyer: FlaskClient, grant: str) -> None:
    etag = buyer.head(f"{grant}/{quote(PHOTO)}").headers["ETag"]
    answer = buyer.get(f"{grant}/{quote(PHOTO)}", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)


def test_a_download_broken_off_and_resumed_counts_once(
    buyer: FlaskClient, buyer_app: Flask, stocked_box: Stocked, grant: str
) -> None:
    url = f"{grant}/{quote(PHOTO)}"
    head = buyer.get(url, headers={"Range": "bytes=0-999"}, buffered=True).data
    tail = buyer.get(url, headers={"Range": "bytes=1000-"}, buffered=True).data
    assert head + tail == DATA
    assert counts(buyer_app, stocked_box) == [1]


def test_a_phone_that_goes_away_downloaded_nothing(
    buyer: FlaskClient, buyer_app: Flask, stocked_box: Stocked, grant: str
) -> None:
    answer = buyer.get(f"{grant}/{quote(PHOTO)}")
    next(answer.iter_encoded())
    answer.close()
    assert counts(buyer_app, stocked_box) == []
    sent = stocked_box.box.db.read().execute("SELECT sent FROM transfers").fetchone()[0]
    assert 0 < sent < len(DATA)


def test_after_as_many_downloads_as_the_creator_allows_the_file_is_refused(
    buyer: FlaskClient, buyer_app: Flask, stocked_box: Stocked, grant: str
) -> None:
    url = f"{grant}/{quote(PHOTO)}"
    for _ in range(5):
        assert buyer.get(url, buffered=True).status_code == 200
    assert counts(buyer_app, stocked_box) == [5]
    answer = buyer.get(url)
    assert (answer.status_code, "download-limit" in answer.text) == (403, True)
    assert "downloaded 5 times" in buyer.get(grant).text
    assert buyer.get(f"{grant}/{PRINTS}.zip", buffered=True).status_code == 200


def test_a_file_named_like_the_zip_is_still_itself(buyer: FlaskClient, stocked_box: Stocked, grant: str) -> None:
    with stocked_box.box.db.transaction() as tx:
        tx.conn.execute("UPDATE files SET path = ? WHERE path = ?", (f"{PRINTS}.zip", PHOTO))
    links = re.findall(r'href="(/g/[^"]+)" download', buyer.get(grant).text)
    answers = [buyer.get(link, buffered=True).data for link in links]
    assert answers[0].startswith(b"PK")
    assert answers.count(DATA) == 1
    assert len(set(links)) == len(links)


@pytest.mark.parametrize(
    "name", ["..%2f..%2fstall.sqlite", "../../keys/box.key", "%2e%2e/settings.toml", "notes", "notes/", "nosuch"]
)
def test_only_what_was_bought_can_be_named(buyer: FlaskClient, grant: str, name: str) -> None:
    assert buyer.get(f"{grant}/{name}").status_code == 404


def test_another_drops_file_is_not_in_the_grant(buyer: FlaskClient, grant: str) -> None:
    assert buyer.get(f"{grant}/sampler.txt").status_code == 404
    assert buyer.get(f"{grant}/{SAMPLER}.zip").status_code == 404


def test_a_damaged_file_is_said_to_be_damaged(buyer: FlaskClient, stocked_box: Stocked, grant: str) -> None:
    kept = stocked_box.folder / "files" / hashlib.sha256(DATA).hexdigest()
    Path(kept).write_bytes(DATA[:-1])
    answer = buyer.get(f"{grant}/{quote(PHOTO)}")
    assert (answer.status_code, "file-missing" in answer.text) == (500, True)


def test_the_papers_prove_the_purchase_to_a_stranger(buyer: FlaskClient, stocked_box: Stocked, grant: str) -> None:
    own = stocked_box.box.secrets.signing
    with zipfile.ZipFile(io.BytesIO(buyer.get(f"{grant}/papers.zip").data)) as papers:
        names = papers.namelist()
        paper = receipt.verify(papers.read("receipt.jws").decode(), {own.thumbprint: own.public})
        proven = credential.verify(json.loads(papers.read(f"certificate-{PRINTS}-1.json")))
    assert (paper.items[0].drop, paper.items[0].ed, paper.pay[0].m) == (PRINTS, 1, "cash")
    assert proven is not None
    assert {f"manifest-{PRINTS}.jws", f"delegation-{PRINTS}.jws"} <= set(names)

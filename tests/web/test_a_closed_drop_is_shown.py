"""What buyers and the till see of a drop its creator closed for good, and of certificates the creator signed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from stall.creator import closings, countersigning, taken_back
from stall.flows.accept_closing import accept_certificate, accept_close, check_certificate
from stall.flows.claim import redeem_order
from stall.i18n import texts
from stall.i18n.languages import LANGUAGES
from stall.store import certificates
from stall.web import ids
from stall.web.factory import STATIC, create_buyer_app, shop_of
from stall.wire import closing, credential
from tests.creator import closing_scene
from tests.creator.closing_scene import DAY_S, DROP, NOW_S, Scene, claim, refund, sell
from tests.web.till_pages import Till


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    closing_scene.make(folder)
    return folder


@pytest.fixture
def scene(night: Path, tmp_path: Path) -> Iterator[Scene]:
    with closing_scene.opened(night, tmp_path / "night") as made:
        yield made


@pytest.fixture
def buyer(scene: Scene) -> Iterator[FlaskClient]:
    app = create_buyer_app(scene.boxes["one"].box)
    yield app.test_client()
    shop_of(app).stop()


def closed(scene: Scene, *, signed_anew: bool = True) -> str:
    """Close the drop with one copy sold and one burned; return the address of the sold one's certificate."""
    one = scene.boxes["one"]
    (kept,) = claim(one, sell(one))
    sale = sell(one)
    claim(one, sale)
    refund(one, sale)
    _, token = scene.close()
    with one.box.db.transaction() as tx:
        accept_close(tx, token)
    if signed_anew:
        countersign(scene, token)
    return f"/c/{kept['id'].removeprefix('urn:uuid:')}"


def countersign(scene: Scene, token: str) -> None:
    one = scene.boxes["one"]
    close = countersigning.read_close(scene.creator, token)
    given = [(name, json.loads(text)) for name, text in certificates.of_drop(one.box.db.read(), DROP)]
    told = closings.told_by(scene.creator, scene.journals(), DROP)
    entries = countersigning.entries_of(close, ())
    signed = countersigning.countersign(scene.creator, close, entries, given, told, now_s=NOW_S + DAY_S)
    with one.box.db.transaction() as tx:
        for document in signed.documents.values():
            accept_certificate(tx, check_certificate(tx.conn, document))


def text_of(key: str, lang: str, **values: Any) -> str:
    found = texts.all_texts()[key][lang]
    text = found if isinstance(found, str) else found.get("one", found["other"])
    return text.format(**values)


def test_the_edition_is_closed_in_every_language(scene: Scene, buyer: FlaskClient) -> None:
    closed(scene)
    for lang in LANGUAGES:
        page = buyer.get(f"/d/{DROP}?lang={lang}").text
        sold = text_of("item.closed_sold", lang, n=1)
        assert text_of("item.closed_burned", lang, n=1, sold=sold) in page
        assert f'action="/d/{DROP}/order' not in page
    assert json.loads(buyer.get("/catalog.json").data)["drops"][0]["state"] == "late"


def test_the_statement_is_there_for_everybody(scene: Scene, buyer: FlaskClient) -> None:
    assert buyer.get(f"/drops/{DROP}/close.jws").status_code == 404
    closed(scene)
    answer = buyer.get(f"/drops/{DROP}/close.jws")
    said = closing.verify(answer.text, {scene.creator.thumbprint: scene.creator.public})
    assert (said.drop, answer.mimetype) == (DROP, "application/jose")
    again = buyer.get(f"/drops/{DROP}/close.jws", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_certificate_is_final_by_the_closing_and_then_by_its_creators_hand(scene: Scene, buyer: FlaskClient) -> None:
    address = closed(scene, signed_anew=False)
    assert text_of("papers.why.final-close", "en") in buyer.get(f"{address}?lang=en").text.replace("&#39;", "’")
    before = json.loads(buyer.get(f"{address}.json").data)
    assert not credential.verify(before).by_creator
    countersign(scene, buyer.get(f"/drops/{DROP}/close.jws").text)
    page = buyer.get(f"{address}?lang=en").text
    assert text_of("papers.why.final-creator", "en") in page
    assert "<dt>Creator</dt><dd>Ada Prints</dd>" in page
    after = json.loads(buyer.get(f"{address}.json").data)
    assert credential.verify(after).by_creator
    assert credential.verify(before).document == before  # what was handed out earlier still holds


def test_the_papers_bring_what_makes_them_final(scene: Scene, buyer: FlaskClient) -> None:
    one = scene.boxes["one"]
    sale = sell(one)
    claim(one, sale)
    _, token = scene.close()
    with one.box.db.transaction() as tx:
        accept_close(tx, token)
    with one.box.db.transaction() as tx:
        grant = f"/g/{ids.grant_id(one.box.secrets, redeem_order(tx, sale, token_bytes(16)))}"
    names = papers(buyer, grant)
    assert {f"close-{DROP}.jws", f"certificate-{DROP}-1.tlog-proof"} <= names
    countersign(scene, token)
    names = papers(buyer, grant)
    assert f"certificate-{DROP}-1.json" in names
    assert not names & {f"close-{DROP}.jws", f"certificate-{DROP}-1.tlog-proof"}


def test_the_till_says_that_nothing_of_it_is_sold_any_more(scene: Scene) -> None:
    closed(scene)
    till = Till(scene.boxes["one"])
    page = till.client.get("/drops").text
    assert "Closed for good" in page
    assert "1 sold, 1 void for ever. Its creator closed it; it cannot be opened again." in page
    assert 'name="open"' not in page
    assert "A drop was closed for good" in till.client.get("/trail").text


def papers(buyer: FlaskClient, grant: str) -> set[str]:
    answer = buyer.get(f"{grant}/papers.zip")
    assert answer.status_code == 200
    return set(zipfile.ZipFile(io.BytesIO(answer.data)).namelist())


@pytest.mark.browser
def test_the_page_that_checks_papers_takes_what_was_gathered(scene: Scene, tmp_path: Path, browser: Browser) -> None:
    one, two = scene.boxes["one"], scene.boxes["two"]
    (kept,) = claim(one, sell(one))
    sale = sell(one)
    (back,) = claim(one, sale)
    refund(one, sale)
    lost = sell(two)
    (late,) = claim(two, lost)
    refund(two, lost)
    _, token = scene.close()
    papers = [scene.paper(scene.token), scene.paper(token), scene.journal("one")]
    taken_back.write(tmp_path / "revoked.zip", taken_back.gather(scene.creator, DROP, papers))
    files = [tmp_path / "revoked.zip"]
    for name, document in (("kept", kept), ("back", back), ("late", late)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(document))
    page = browser.new_page(locale="en")
    page.goto((STATIC / "verify.html").resolve().as_uri())
    page.set_input_files("#files", files)
    page.wait_for_selector("#sum")
    heads = page.locator(".card h3").all_text_contents()
    page.close()
    assert sum(head.startswith("Final") for head in heads) == 1, heads
    assert sum(head.startswith("Taken back") for head in heads) == 1, heads

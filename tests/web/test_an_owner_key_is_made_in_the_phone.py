"""An owner code made by the buyer's own browser: shown to be saved, never sent, and good to prove the ownership the certificate names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from stall import cli
from stall.commands import owner as owner_commands
from stall.flows.name_owner import name_owner, owner_of
from stall.store import claims
from stall.wire import ownercode
from tests.fakes.stock import PRINTS, Stocked
from tests.web import phone
from tests.web.test_orders_in_a_browser import PHONE, WAIT_MS, complaints
from verify import build

VECTORS = json.loads(
    (Path(__file__).parent.parent / "wire" / "vectors" / "owner_code.json").read_text(encoding="utf-8")
)
ASKED = ("--challenge", "bNwYcs2Lq0mXh7tR4vKd1A", "--domain", "gallery.example")
MAKE_MINE = "Make it mine: a secret only you know"
RUN_VECTORS = """async ({ address, valid, invalid }) => {
  const { ownerOf, didOfTyped } = await import(address);
  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));
  return {
    made: valid.map((one) => ownerOf(bytes(one.code))),
    read: valid.map((one) => didOfTyped(one.text)),
    refused: invalid.map((one) => { try { return didOfTyped(one.text); } catch (error) { return error.code; } }),
  };
}"""
STORED = """async () => [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage),
  (await indexedDB.databases()).length, typeof caches, JSON.stringify(history.state), document.documentElement.outerHTML]"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=PHONE, accept_downloads=True)  # type: ignore[arg-type]  # a TypedDict
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


def open_paid(context: BrowserContext, address: str, stall: Stocked) -> tuple[Page, int]:
    """An order that was paid a moment ago, as its page turned."""
    page = context.new_page()
    page.goto(f"{address}/d/{PRINTS}")
    page.get_by_role("button", name="Get it").click()
    page.wait_for_url("**/o/*")
    sale = phone.sale_of(stall, page.url)
    phone.pay_cash(stall, sale)
    page.get_by_role("heading", name="Paid. It is yours.").wait_for()
    return page, sale


def run(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    told = capsys.readouterr()
    assert ended.value.code == 0, told.err
    return told.out


def test_code_is_saved_first_and_only_its_did_is_sent(
    context: BrowserContext,
    address: str,
    stocked_box: Stocked,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Request] = []
    context.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - playwright writes onto its handler
    page, sale = open_paid(context, address, stocked_box)
    heard = complaints(page)
    assert not any("owner" in request.url for request in sent), "nobody asked for it yet"

    page.get_by_text(MAKE_MINE).click()
    page.get_by_text("came over the stall’s shared Wi-Fi").wait_for()
    page.get_by_role("button", name="Make my code").click()
    shown = page.locator("[data-code]")
    expect(shown).to_be_visible()
    code = " ".join(shown.inner_text().split())
    did = ownercode.key_of(ownercode.decode(code)).did
    assert page.locator("[name=owner]").count() == 0, "nothing is sent before it is saved"
    picture = page.get_by_role("img", name="Picture of the owner code")
    assert picture.evaluate("async (each) => { await each.decode(); return each.naturalWidth; }") == 720
    with page.expect_download() as kept:
        page.get_by_role("link", name="Save as a text file").click()
    assert kept.value.suggested_filename == f"owner-code-{PRINTS}.txt"
    assert Path(kept.value.path()).read_text(encoding="ascii") == code + "\n"
    page.get_by_role("button", name="Copy").click()

    page.get_by_role("button", name="Download").click()
    page.get_by_role("alert").get_by_text("does not name your code yet").wait_for()
    assert page.locator("[data-opened]").count() == 0
    last = page.get_by_label("Type its last four characters")
    expect(last).to_be_focused()
    last.fill("0000" if code[-4:] != "0000" else "1111")
    page.get_by_role("button", name="I have saved it").click()
    page.get_by_role("alert").get_by_text("not how the code ends").wait_for()
    last.fill(code[-4:].lower())
    last.press("Enter")
    page.get_by_text("Your certificate will name this code’s key").wait_for()
    assert page.locator("[name=owner]").input_value() == did

    with page.expect_download():
        page.get_by_role("button", name="Download").click()
    page.get_by_text("Your certificate names an owner").wait_for()
    assert owner_of(stocked_box.box.db.read(), sale) == did
    claimed = [request for request in sent if request.url.endswith("/claim") and request.method == "POST"]
    assert [parse_qs(request.post_data or "")["owner"] for request in claimed] == [[did]]

    spelled = (
        code,
        code.replace(" ", ""),
        code.replace(" ", "+"),
        code.replace(" ", "%20"),
        ownercode.decode(code).hex(),
    )
    told = [request.url + (request.post_data or "") + json.dumps(request.headers) for request in sent]
    told += [str(each) for each in page.evaluate(STORED)]
    told += [path.read_bytes().decode("latin-1") for path in stocked_box.folder.rglob("*") if path.is_file()]
    told += list(capsys.readouterr())
    assert not [
        each for each in told if any(one in each for one in (*spelled, ownercode.decode(code).decode("latin-1")))
    ]
    assert heard == []

    (item,) = claims.bought(stocked_box.box.db.read(), sale)
    document = claims.certificate(stocked_box.box.db.read(), item.certificate or b"")
    assert document is not None
    paper, secret, answer = tmp_path / "certificate.json", Path(kept.value.path()), tmp_path / "answer.json"
    paper.write_text(document[1], encoding="utf-8")
    monkeypatch.setattr(owner_commands, "_now_s", lambda: stocked_box.clock.wall_ms() // 1000 + 60)
    run(capsys, "owner", "prove", paper, *ASKED, "--code-file", secret, "--out", answer)
    assert json.loads(run(capsys, "owner", "check", answer, *ASKED, "--json"))["holder"] == did


def test_the_phones_script_keeps_every_vector(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(address)
    found = page.evaluate(
        RUN_VECTORS, {"address": "/static/ownerkey.js", **{n: VECTORS[n] for n in ("valid", "invalid")}}
    )
    assert [one["did"] for one in found["made"]] == [one["did"] for one in VECTORS["valid"]]
    assert found["read"] == [one["did"] for one in VECTORS["valid"]]
    assert {one["text"] for one in found["made"]} == {
        ownercode.encode(bytes.fromhex(one["code"])) for one in VECTORS["valid"]
    }
    assert found["refused"] == [one["code"] for one in VECTORS["invalid"]]


def test_the_phones_script_is_made_of_the_same_reader_as_the_page_that_checks() -> None:
    assert build.KEY.read_text(encoding="utf-8") == build.module(), "run: python verify/build.py"


def test_without_script_it_is_not_offered_and_nothing_of_it_is_loaded(buyer: FlaskClient, stocked_box: Stocked) -> None:
    page = buyer.get(f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}").text
    assert '<details class="mine" hidden' in page
    assert 'src="/static/owner' not in page


def test_after_the_certificate_is_signed_the_page_says_that_it_is_too_late(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    address = f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}"
    buyer.post(address, data={"press": phone.press_of(buyer.get(address))})
    page = buyer.get(address).text
    assert "It names no owner, and none can be added now; it is just as valid." in page
    assert "data-make" not in page


def test_where_the_till_drew_a_code_no_other_is_offered(buyer: FlaskClient, stocked_box: Stocked) -> None:
    sale = phone.sell(stocked_box)
    stocked_box.box.write("payment", lambda tx: name_owner(tx, sale, bytes(16)))
    page = buyer.get(f"/T/{phone.code_of(stocked_box, sale)}").text
    assert "Your certificate names an owner: whoever knows the owner code." in page
    assert "data-make" not in page

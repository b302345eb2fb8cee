"""verify.html in a browser: from a disk without a network, from the box over plain http; every kind of paper, every way in."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from stall.box.papers import drawing
from stall.domain.papersheet import Form
from stall.web.factory import STATIC, create_buyer_app, shop_of
from stall.wire import crockford, fingerprint, keys, ownercode, presentation
from tests.fakes import sheets, stock
from tests.fakes.stock import FILES, PRINTS, ZINE
from tests.i18n import test_texts_are_set_as_they_are_printed as typography
from tests.web import axe, phone, serving

pytestmark = pytest.mark.browser

PAGE = STATIC / "verify.html"
VECTORS = Path("tests/wire/vectors")
TEXTS = json.loads(Path("verify/texts.json").read_text(encoding="utf-8"))
PHOTO = "01 low sun.jpg"
CHALLENGE = "a-challenge-of-24-signs!"
#: Plain http under a name that is no loopback: no context is secure there.
WIFI = "http://stall.example/verify.html"


@dataclass(frozen=True)
class Bought:
    """What a buyer has after a sale, where it lies, and the page of its certificate."""

    folder: Path
    code: str
    creator: str
    certificate_page: str
    address: str
    certificate_at: str
    receipt_at: str


@pytest.fixture(scope="module")
def bought(stocked_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bought]:
    folder = tmp_path_factory.mktemp("bought")
    stocked = stock.copy(stocked_folder, folder / "box")
    app = create_buyer_app(stocked.box)
    buyer, code = app.test_client(), ownercode.new()
    claim = f"/T/{phone.code_of(stocked, phone.sell(stocked, PRINTS, ZINE))}"
    did = ownercode.key_of(code).did
    grant = buyer.post(claim, data={"press": phone.press_of(buyer.get(claim)), "owner": did}).headers["Location"]
    (folder / "papers.zip").write_bytes(buyer.get(f"{grant}/papers.zip").data)
    (folder / "pack.zip").write_bytes(buyer.get(f"{grant}/{PRINTS}/{PRINTS}.zip").data)
    with zipfile.ZipFile(folder / "papers.zip") as papers:
        papers.extractall(folder / "papers")
    data = bytearray((folder / "pack.zip").read_bytes())
    data[data.index(FILES[PRINTS][PHOTO]) + 9] ^= 1
    (folder / "changed.zip").write_bytes(data)
    whole = (folder / f"papers/certificate-{PRINTS}-1.json").read_text(encoding="utf-8")
    (folder / "altered.json").write_text(whole.replace("Harbour", "Harbor"), encoding="utf-8")
    document = json.loads(whole)
    named = f"/c/{document['id'].removeprefix('urn:uuid:')}"
    receipt = re.findall(r"/r/[\w-]+", buyer.get(grant).text)[0]
    with serving.on_loopback(app) as address:
        yield Bought(
            folder,
            crockford.grouped(ownercode.encode(code)),
            document["credentialSubject"]["creator"],
            buyer.get(named).text,
            address,
            named,
            receipt,
        )
    shop_of(app).stop()
    stocked.box.close()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """The page as it lies on a disk, opened by a phone without a network; it may complain of nothing."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True, locale="en")
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def fresh(page: Page, fragment: str = "") -> Page:
    page.goto("about:blank")
    page.goto(PAGE.resolve().as_uri() + fragment)
    return page


def told(page: Page, *files: Path) -> list[str]:
    """Choose files, and give the head of each card."""
    page.set_input_files("#files", list(files))
    return heads(page)


def heads(page: Page) -> list[str]:
    page.wait_for_selector("#sum")
    return page.locator(".card h3").all_text_contents()


def test_a_sales_papers_are_told_from_a_disk_without_a_network(page: Page, bought: Bought) -> None:
    found = told(fresh(page), bought.folder / "papers.zip")
    assert found[:3] == ["Provisional: So far only the stall vouches for it."] * 2 + ["Genuine"]
    assert page.inner_text("#sum").split("\n")[0] == "Provisional 2"
    assert page.evaluate("document.activeElement.id") == "sum"
    card = page.locator(".card").first
    assert card.locator(".number b").inner_text().split() == ["No.", "1"]
    drawn = card.locator(".seal path").evaluate_all("all => all.map(one => one.getAttribute('d'))")
    boxes_own = re.search(r'<svg class="seal".*?</svg>', bought.certificate_page)
    assert boxes_own is not None
    assert drawn == re.findall(r' d="([^"]+)"', boxes_own[0])
    assert f">{card.locator('figcaption').inner_text()}</figcaption>" in bought.certificate_page
    assert fingerprint.of(keys.public_from_did(bought.creator)) in re.sub(r"\s+", " ", card.inner_text())
    signed = card.locator("dt", has_text="Signed by").locator("+ dd").inner_text()
    assert signed.split("\n")[0] == "Salt & Paper, stall"
    assert "creator" not in signed  # who let the stall sign has not signed it
    assert TEXTS["n.holds"]["en"] in card.inner_text()


@pytest.mark.parametrize("way", ["dropped", "pasted", "typed", "in the address"])
def test_a_paper_comes_in_by_every_way(page: Page, bought: Bought, way: str) -> None:
    text = (bought.folder / f"papers/certificate-{PRINTS}-1.json").read_text(encoding="utf-8")
    fresh(page)
    if way == "dropped":
        page.evaluate(_DROP, text)
    elif way == "pasted":
        page.evaluate(_PASTE, text)
    elif way == "typed":
        page.locator("#take summary").first.click()
        page.fill("#text", text)
        page.locator("#take button").first.click()
    else:
        page.evaluate("text => { location.hash = new URLSearchParams({paper: text}) }", text)
        page.reload()
    assert heads(page) == ["Provisional: So far only the stall vouches for it."]


_DROP = """text => {
  const data = new DataTransfer(); data.items.add(new File([text], 'certificate.json'));
  document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
}"""
_PASTE = """text => {
  const data = new DataTransfer(); data.setData('text/plain', text);
  document.body.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));
}"""


def test_a_pack_is_compared_byte_for_byte_and_what_differs_is_named(page: Page, bought: Bought) -> None:
    assert told(fresh(page), bought.folder / "pack.zip") == ["Genuine"]
    assert "Every file is as it was signed." in page.inner_text(".card")
    unproven = page.inner_text(".card").split(TEXTS["not"]["en"])[1].split(TEXTS["date"]["en"])[0]
    assert "verify.html" in unproven  # it is ours, and signed by nobody
    assert told(fresh(page), bought.folder / "changed.zip") == ["Does not count: 1 changed"]
    assert page.locator(".files li").first.inner_text().split("\n")[0] == PHOTO
    assert page.locator(".card code").inner_text() == "pack-changed-file"


def test_what_is_altered_does_not_count_and_stands_first(page: Page, bought: Bought) -> None:
    found = told(fresh(page), bought.folder / f"papers/certificate-{ZINE}.json", bought.folder / "altered.json")
    assert found[0] == "Does not count: It is damaged or changed."
    assert found[1].startswith("Provisional: ")
    assert "It proves" not in page.locator(".card").first.inner_text()


@pytest.mark.parametrize("form", ["pdf", "png"])
def test_a_paper_inside_its_picture_is_checked_and_the_picture_is_not(page: Page, bought: Bought, form: Form) -> None:
    text = (bought.folder / f"papers/certificate-{PRINTS}-1.json").read_text(encoding="utf-8")
    drawn = replace(sheets.CERTIFICATE, inside=replace(sheets.CERTIFICATE.inside, text=text))
    picture = bought.folder / f"certificate.{form}"
    picture.write_bytes(drawing.draw(drawn, form))
    assert told(fresh(page), picture) == ["Provisional: So far only the stall vouches for it."]
    assert TEXTS["n.picture"]["en"] in page.inner_text(".card")


def test_a_paper_that_comes_twice_is_told_once(page: Page, bought: Bought) -> None:
    again = bought.folder / "again.json"
    again.write_bytes((bought.folder / f"papers/certificate-{ZINE}.json").read_bytes())
    assert len(told(fresh(page), bought.folder / f"papers/certificate-{ZINE}.json", again)) == 1
    assert f"certificate-{ZINE}.json, again.json" in page.inner_text(".card")


def test_a_pack_proves_its_files_whichever_paper_came_before_it(page: Page, bought: Bought) -> None:
    told(fresh(page), bought.folder / f"papers/manifest-{PRINTS}.jws", bought.folder / "pack.zip")
    assert page.locator(".card").count() == 1
    assert "Every file is as it was signed." in page.inner_text(".card")


def test_a_creator_who_was_not_expected_is_refused_by_did_and_by_fingerprint(page: Page, bought: Bought) -> None:
    paper = bought.folder / f"papers/certificate-{PRINTS}-1.json"
    print_ = fingerprint.of(keys.public_from_did(bought.creator))
    other = keys.SigningKey.from_seed(bytes(32)).did
    for expected, right in (
        (bought.creator, True), (print_.lower(), True), (other, False), (fingerprint.of(keys.public_from_did(other)), False),
    ):  # fmt: skip
        fresh(page, f"#creator={expected}")
        found = told(page, paper)
        assert found[0].startswith("Provisional" if right else "Does not count: It is by another creator"), expected
    page.fill("#want", "no key")
    page.locator("#wanted button").click()
    page.wait_for_selector("#want[aria-invalid=true]")


def test_whoever_hands_over_a_paper_does_not_say_whose_it_ought_to_be(page: Page, bought: Bought) -> None:
    text = (bought.folder / f"papers/certificate-{PRINTS}-1.json").read_text(encoding="utf-8")
    fresh(page)
    page.evaluate("given => { location.hash = new URLSearchParams(given) }", {"paper": text, "creator": bought.creator})
    page.reload()
    heads(page)
    assert (page.input_value("#want"), TEXTS["n.who"]["en"] in page.inner_text(".card")) == ("", True)


def test_a_folder_or_a_file_that_was_taken_away_hides_no_other(page: Page, bought: Bought) -> None:
    text = (bought.folder / "papers/manifest-harbour-prints.jws").read_text(encoding="utf-8")
    found = fresh(page).evaluate(_GONE, [text, (bought.folder / "pack.zip").stat().st_size])
    assert found == [["open", "verify-unchecked"], ["open", "verify-unchecked"], ["holds", None]]


_GONE = """async ([text, size]) => {
  const gone = async () => { throw new DOMException("gone", "NotFoundError"); };
  const folder = { size: 0, slice: () => ({ arrayBuffer: gone }) };
  const start = new TextEncoder().encode("PK".padEnd(30, "x") + "manifest.jws"), late = { size };
  late.slice = (from, to) => to === 42 ? new Blob([start]) : { size: to - from, arrayBuffer: gone };
  const papers = [{ name: "folder", blob: folder }, { name: "late.zip", blob: late }, { name: "paper", blob: new Blob([text]) }];
  return (await stall.judge(papers)).map((one) => [one.state, one.code ?? null]);
}"""


def test_whose_certificate_it_is_is_proven_and_checked_like_on_the_command_line(page: Page, bought: Bought) -> None:
    told(fresh(page), bought.folder / f"papers/certificate-{PRINTS}-1.json")
    page.locator("#mine > summary").click()
    for field, text in (("#question", CHALLENGE), ("#asker", "A gallery"), ("#code", bought.code)):
        page.fill(field, text)
    page.locator("#mine form > button").click()
    answer = page.locator("#mine textarea").input_value()
    assert page.input_value("#code") == ""
    shown = presentation.verify(json.loads(answer), CHALLENGE, "A-gallery", _now(page))
    assert shown.holder == ownercode.key_of(ownercode.decode(bought.code)).did
    page.locator("#theirs > summary").click()
    assert len(page.input_value("#ask")) == 32
    document = json.loads((bought.folder / f"papers/certificate-{PRINTS}-1.json").read_bytes())
    owner = ownercode.key_of(ownercode.decode(bought.code))
    next_owner = keys.SigningKey.from_seed(bytes(32)).did
    ours = presentation.prove(owner, document, CHALLENGE, "A-gallery", _now(page), next_owner)
    for challenge, reply, said in (
        (CHALLENGE, answer, TEXTS["answered"]["en"]),
        (CHALLENGE, json.dumps(ours, indent=1), fingerprint.of(keys.public_from_did(next_owner))),
        (CHALLENGE + "?", answer, TEXTS["e.asked"]["en"]),
    ):
        for field, text in (("#ask", challenge), ("#me", "A gallery"), ("#reply", reply)):
            page.fill(field, text)
        page.locator("#theirs form > button").click()
        assert said in page.locator("#theirs [role=status]").inner_text()
        if challenge == CHALLENGE:
            page.wait_for_selector("#theirs .card .number")
            assert page.locator("#theirs h3").inner_text().startswith("Provisional: ")
            assert (
                TEXTS["n.holds"]["en"] not in page.locator("#theirs .card").inner_text()
            )  # that was proven a moment ago


def _now(page: Page) -> int:
    return int(page.evaluate("Date.now() / 1000"))


def test_a_wrong_owner_code_proves_nothing_and_stays_to_be_mended(page: Page, bought: Bought) -> None:
    told(fresh(page), bought.folder / f"papers/certificate-{PRINTS}-1.json")
    page.locator("#mine > summary").click()
    slip = bought.code[:-1] + ("0" if bought.code[-1] != "0" else "1")
    foreign = crockford.grouped(ownercode.encode(bytes(16)))
    for code, said in ((slip, "bad"), (foreign, "e.holder")):
        for field, text in (("#question", CHALLENGE), ("#asker", "me"), ("#code", code)):
            page.fill(field, text)
        page.locator("#mine form > button").click()
        assert TEXTS[said]["en"] in page.locator("#mine [role=status]").inner_text()
        assert page.input_value("#code") == code
        assert page.locator("#mine textarea").count() == 0


def test_over_plain_http_it_checks_but_takes_no_owner_code(browser: Browser, bought: Bought) -> None:
    context = browser.new_context(locale="de")
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body=PAGE.read_text(encoding="utf-8"), content_type="text/html"))
    page.goto(WIFI)
    assert page.evaluate("isSecureContext") is False
    assert told(page, bought.folder / f"papers/certificate-{PRINTS}-1.json")[0].startswith("Vorläufig: ")
    page.locator("#mine > summary").click()
    assert TEXTS["mine.http"]["de"] in page.inner_text("#mine")
    assert page.locator("#mine input").count() == 0
    assert page.locator("#mine a").get_attribute("download") == "verify.html"
    context.close()


def test_the_box_hands_its_papers_over_to_it(browser: Browser, bought: Bought) -> None:
    context = browser.new_context(locale="fr")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for address, head in ((bought.certificate_at, "Provisoire\u00a0: "), (bought.receipt_at, "Authentique")):
        page.goto(bought.address + address)
        page.locator('a[href^="/verify.html#"]').click()
        assert heads(page)[0].startswith(head)
        assert page.evaluate("document.documentElement.lang") == "fr"
    assert complaints == []
    context.close()


def test_it_keeps_nobody_out_by_day_and_by_night_in_any_language(browser: Browser, bought: Bought) -> None:
    wrong: list[str] = []
    context = browser.new_context(viewport={"width": 320, "height": 640}, locale="en")
    page = fresh(context.new_page())
    paper = bought.folder / f"papers/certificate-{PRINTS}-1.json"
    told(
        page, paper, bought.folder / "papers/receipt.jws", bought.folder / "changed.zip", bought.folder / "altered.json"
    )
    for summary in page.locator("summary").all():
        summary.click()
    page.evaluate(axe.SOURCE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wrong += [f"{scheme}: {each}" for each in page.evaluate(axe.RUN, None if scheme == "light" else axe.OF_COLOUR)]
    for tongue in TEXTS["title"]:
        page.select_option("#tongue", tongue)
        assert page.inner_text("h1") == TEXTS["title"][tongue] == page.title()
        assert page.evaluate("document.documentElement.lang") == tongue
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wrong.append(f"{tongue}: wider than the phone")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    if page.evaluate("document.documentElement.scrollWidth") > 320:
        wrong.append("wider than the phone in large text")
    context.close()
    assert wrong == []


def test_a_keyboard_alone_does_it(page: Page, bought: Bought) -> None:
    fresh(page)
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.tagName + document.activeElement.id"))
    assert order == ["SELECTtongue", "INPUTfiles", "SUMMARYa", "SUMMARYb", "SUMMARY", "SUMMARY"]


def test_every_sentence_is_there_in_all_its_languages_with_the_same_gaps() -> None:
    gaps = re.compile(r"{\d}")
    for name, each in TEXTS.items():
        assert list(each) == ["en", "de", "fr", "es"], name
        assert all(text and "|" not in text for text in each.values()), name
        assert len({tuple(sorted(gaps.findall(text))) for text in each.values()}) == 1, name
        for lang, text in each.items():
            assert not re.search(typography.WRONG[lang], text), (lang, text)
            assert lang not in typography.STRAY or not re.search(typography.STRAY[lang], text), (lang, text)


def test_every_grade_and_every_reason_has_a_sentence() -> None:
    section = Path("docs/protocol.md").read_text(encoding="utf-8").split("## 8. Grades")[1].split("## 9.")[0]
    reasons = set(re.findall(r"`((?:final|provisional|revoked)-[a-z-]+|certificate-n[a-z-]+)`", section))
    shared = {"revoked-exchange", "revoked-lease", "revoked-certificate", "provisional-late"}  # told like others
    assert reasons - shared == {name for name in TEXTS if re.match("final-|provisional-|revoked-|certificate-", name)}


def test_without_scripts_it_says_so(browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = fresh(context.new_page())
    assert "JavaScript" in page.inner_text("#off")
    context.close()

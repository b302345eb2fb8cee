"""The certificate's page: its own seal, its grade and why in words, nothing about its buyer; in every state it can come to."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient

from stall.flows import card_attempt
from stall.flows.accept_document import accept_delegation
from stall.flows.checkpoint import sign_checkpoint
from stall.flows.settle_offline import decline_late, settle_one
from stall.i18n import texts
from stall.i18n.languages import LANGUAGES
from stall.settings import Cloud
from stall.store import journal, sales, uploads
from stall.store.db import Tx
from stall.web import ids
from stall.wire import b64, certificate, delegation, keys, note, seal
from tests.fakes import papers, stock
from tests.fakes.stock import NOW_S, PRINTS, ZINE, Stocked
from tests.flows.test_what_is_revoked_stops import revoke
from tests.web import phone
from tests.web.test_till_takes_goods_back import send_form
from tests.web.till_pages import APPROVAL, Till, text

CLOUD = keys.SigningKey.from_seed(bytes([5]) * 32)
CLOUD_NAME = f"stall.example/cloud/{CLOUD.thumbprint[:12]}"
WORDS = "Seen in the papers of the provider"


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


def opened(buyer: FlaskClient, stocked: Stocked, *drops: str) -> list[str]:
    """Sell for cash and open the code; give the addresses of the certificates."""
    page = buyer.get(phone.grant(buyer, stocked, *drops)).text
    return re.findall(r'href="(/c/[^"?]+)', page)


def offline(till: Till, buyer: FlaskClient) -> str:
    """Sell by a card that was read offline, and open the code; give the certificate's address."""
    till.plug_in_reader()
    sale = till.press_tile(PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(
        card_attempt.send,
        lambda tx, no: card_attempt.approve(tx, no, dataclasses.replace(APPROVAL, offline=True)),
        card_attempt.pay,
    )
    address = f"/T/{phone.code_of(till.stocked, int(sale.rsplit('/', 1)[-1]))}"
    grant = buyer.post(address, data={"press": phone.press_of(buyer.get(address))}).location
    (found,) = re.findall(r'href="(/c/[^"?]+)', buyer.get(grant).text)
    return str(found)


def document(buyer: FlaskClient, address: str) -> dict[str, Any]:
    return dict(json.loads(buyer.get(f"{address}.json").data))


def counts(page: str) -> bool:
    return "It proves that" in page


def said(page: str, key: str) -> bool:
    return texts.text("en", f"papers.{key}") in page


def test_it_bears_the_seal_of_its_own_facts_and_no_other(buyer: FlaskClient, stocked_box: Stocked) -> None:
    first, second = opened(buyer, stocked_box, PRINTS, ZINE)
    pages = [buyer.get(one).text for one in (first, second)]
    digests = [seal.digest_of(document(buyer, one)) for one in (first, second)]
    drawn = [[seal.path(line.points) for line in seal.lines(digest)] for digest in digests]
    for page, own, other in ((pages[0], *drawn), (pages[1], *drawn[::-1])):
        assert all(f' d="{path}"' in page for path in own)
        assert not any(f' d="{path}"' in page for path in other[1:])
    assert seal.name(digests[0]) in pages[0]
    assert f'aria-label="Seal {seal.name(digests[0])}"' in pages[0]


def test_of_a_numbered_copy_it_tells_number_title_stall_and_licence(buyer: FlaskClient, stocked_box: Stocked) -> None:
    (address,) = opened(buyer, stocked_box)
    page = text(buyer.get(address))
    for told in ("No. 1", "of 5", "Harbour Prints", "Salt & Paper", "For private use", "21 Nov 2026", "stall verify certificate-harbour-prints-1.json"):  # fmt: skip
        assert told in page
    assert "number 1 of 5 of “Harbour Prints” was sold at this stall" in page
    assert "edition 1 of 5" not in page.split("·", 1)[1]


def test_a_copy_without_number_has_none(buyer: FlaskClient, stocked_box: Stocked) -> None:
    (address,) = opened(buyer, stocked_box, ZINE)
    page = text(buyer.get(address))
    assert "a copy of “Night Zine” was sold" in page
    assert "No." not in page
    assert "None" not in page


def test_its_code_leads_to_itself_and_its_file_is_the_signed_one(buyer: FlaskClient, stocked_box: Stocked) -> None:
    (address,) = opened(buyer, stocked_box)
    page = buyer.get(address).text
    assert f"{stocked_box.box.settings.web.address}{address}" in page
    assert 'class="qr"' in page
    assert f'href="{address}.json"' in page
    assert 'href="/keys.json"' in page


def test_who_sees_it_sees_no_price_no_receipt_and_no_code(buyer: FlaskClient, stocked_box: Stocked) -> None:
    sale = phone.sell(stocked_box)
    code = phone.code_of(stocked_box, sale)
    grant = buyer.post(f"/T/{code}", data={"press": phone.press_of(buyer.get(f"/T/{code}"))}).location
    page = buyer.get(re.findall(r'href="(/c/[^"?]+)', buyer.get(grant).text)[0]).text
    row = sales.get(stocked_box.box.db.read(), sale)
    for secret in ("€", code, grant, "/r/", ids.receipt_id(stocked_box.box.secrets, row.receipt_event or 0), "Sale 1"):
        assert secret not in page


def test_on_the_day_only_the_stall_vouches_for_it(buyer: FlaskClient, stocked_box: Stocked) -> None:
    page = buyer.get(opened(buyer, stocked_box)[0]).text
    assert said(page, "head.provisional")
    assert said(page, "why.provisional-unconfirmed")
    assert counts(page)


def cosign(stocked: Stocked) -> None:
    with stocked.box.db.transaction() as tx:
        countersigned = note.cosign(CLOUD, CLOUD_NAME, sign_checkpoint(tx, at_once=True), stocked.clock.wall // 1000)
        head = journal.read_head(tx.conn)
        uploads.save_progress(tx, head.epoch_no, head.size)
        uploads.save_cosigned(tx, head.epoch_no, countersigned, head.size)


def let_cosign(tx: Tx, *drops: str) -> None:
    given = delegation.Delegation(
        iss=papers.CREATOR.did, sub=CLOUD.did, cnf=delegation.confirmation(CLOUD.public), jti=b64.encode(bytes(16)), seq=1,
        iat=NOW_S - 60, nbf=NOW_S - 60, exp=NOW_S + 86_400, role="cloud", cap=("cosign",), drops=drops or ("*",), name="Cloud",
    )  # fmt: skip
    accept_delegation(tx, delegation.sign(papers.CREATOR, given))


def upload_to(stocked: Stocked, cloud: keys.SigningKey = CLOUD) -> None:
    """Name the cloud in the stall's settings."""
    told = Cloud("http://127.0.0.1:9", CLOUD_NAME, b64.encode(cloud.public))
    stocked.box.settings = msgspec.structs.replace(stocked.box.settings, cloud=told)


def test_what_the_creators_cloud_countersigned_is_final(buyer: FlaskClient, stocked_box: Stocked) -> None:
    before = opened(buyer, stocked_box)[0]
    cosign(stocked_box)
    upload_to(stocked_box)
    assert said(buyer.get(before).text, "head.provisional"), "its creator let no cloud countersign"
    stocked_box.box.write("housekeeping", let_cosign)
    page = buyer.get(before).text
    assert said(page, "head.final")
    assert said(page, "why.final-log")
    later = opened(buyer, stocked_box)[0]
    assert said(buyer.get(later).text, "head.provisional"), "the cloud has not seen this one"


def test_a_cloud_that_may_not_makes_nothing_final(buyer: FlaskClient, stocked_box: Stocked) -> None:
    prints, zine = opened(buyer, stocked_box, PRINTS, ZINE)
    cosign(stocked_box)
    upload_to(stocked_box)
    stocked_box.box.write("housekeeping", lambda tx: let_cosign(tx, ZINE))
    assert said(buyer.get(prints).text, "head.provisional"), "it may countersign for another drop"
    assert said(buyer.get(zine).text, "head.final")
    upload_to(stocked_box, papers.CREATOR)
    assert said(buyer.get(zine).text, "head.provisional"), "that is not the cloud that countersigned"
    upload_to(stocked_box)
    revoke(stocked_box, "box", CLOUD.thumbprint)
    assert said(buyer.get(zine).text, "head.provisional"), "the creator revoked the cloud"


def test_money_on_its_way_to_the_bank_is_told_and_when_it_has_arrived(till: Till, buyer: FlaskClient) -> None:
    address = offline(till, buyer)
    page = buyer.get(address).text
    assert said(page, "why.provisional-pending")
    assert "on its way to the bank when it was signed" in page
    assert not said(page, "why.arrived")
    till.write(lambda tx: settle_one(tx, till.newest_attempt().no, WORDS))
    page = buyer.get(address).text
    assert said(page, "why.provisional-pending")
    assert said(page, "why.arrived")
    assert counts(page)


def test_a_payment_refused_later_ends_it(till: Till, buyer: FlaskClient) -> None:
    address = offline(till, buyer)
    till.write(lambda tx: decline_late(tx, till.newest_attempt().no, WORDS))
    page = buyer.get(address).text
    assert said(page, "head.revoked")
    assert said(page, "why.revoked-decline")
    assert not counts(page)


def give_back(till: Till, sale: int, line: str, way: str = "cash") -> str:
    """Give a line back that was opened; give the address of the return."""
    done = send_form(till, f"/sale/{sale}/return?line={line}", way, reason="faulty")
    assert done.status_code == 303, text(done)
    return done.location


def test_the_copy_that_was_given_back_is_nobodys_and_the_other_stays(till: Till, buyer: FlaskClient) -> None:
    prints, zine = opened(buyer, till.stocked, PRINTS, ZINE)
    back = give_back(till, 1, "0:1")
    page, other = buyer.get(prints).text, buyer.get(zine).text
    assert said(page, "head.revoked")
    assert said(page, "why.revoked-refund")
    assert not counts(page)
    paper = sales.get(till.box.db.read(), int(back.rsplit("/", 1)[-1])).receipt_event
    assert f'href="/r/{ids.receipt_id(till.box.secrets, paper or 0)}"' in page
    assert counts(other)
    assert "/r/" not in other


def test_an_exchanged_copy_says_that_it_was_exchanged(till: Till, buyer: FlaskClient) -> None:
    (prints,) = opened(buyer, till.stocked)
    send_form(till, "/sale/1/return?line=0:1", "exchange", reason="faulty", pin=stock.PIN)
    till.client.post("/sale", data={"press": till.press("/?add=2"), "item": PRINTS, "add": 2})
    till.post("/sale/2/cash", ordinal=1, given="0")
    page = buyer.get(prints).text
    assert said(page, "head.revoked")
    assert said(page, "why.revoked-exchange")


def test_what_its_creator_revokes_counts_no_more(buyer: FlaskClient, stocked_box: Stocked) -> None:
    address = opened(buyer, stocked_box)[0]
    revoke(stocked_box, "cert", certificate.digest(document(buyer, address)))
    page = buyer.get(address).text
    assert said(page, "head.revoked")
    assert said(page, "why.revoked-certificate")
    assert "/r/" not in page


def test_a_damaged_one_is_not_shown_as_good(buyer: FlaskClient, stocked_box: Stocked) -> None:
    address = opened(buyer, stocked_box)[0]
    with stocked_box.box.db.transaction() as tx:
        tx.conn.execute("UPDATE certificates SET document = replace(document, 'Harbour', 'Harbor')")
    page = buyer.get(address).text
    assert said(page, "head.invalid")
    assert said(page, "why.invalid")
    assert not counts(page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_speaks_the_persons_language_throughout(buyer: FlaskClient, stocked_box: Stocked, lang: str) -> None:
    """Every sentence in it stands in the texts of that language; English words stay with what is signed."""
    (address,) = opened(buyer, stocked_box)
    page = text(buyer.get(f"{address}?lang={lang}"))
    for key in ("certificate", "head.provisional", "why.provisional-unconfirmed", "issued", "stall", "licence", "payment", "paid.settled",
                "owner", "owner_none", "creator_key", "check", "check_key", "signed_certificate", "keys", "here", "signed_facts"):  # fmt: skip
        assert in_text(lang, f"papers.{key}") in page
    assert in_text(lang, "papers.proves_number", number=1, size=5, title="Harbour Prints") in page
    assert in_text(lang, "papers.of", size=5) in page
    called = seal.name(seal.digest_of(document(buyer, address)))
    assert in_text(lang, "papers.check_seal", called=called) in page


def in_text(lang: str, key: str, **facts: object) -> str:
    """A text as `text` reads it from a page: every space alike."""
    return " ".join(texts.text(lang, key, **facts).split())

"""Receipt and certificate, as pages and as documents."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from flask.testing import FlaskClient

from stall.wire import credential, receipt
from tests.fakes.stock import SAMPLER, Stocked
from tests.web import phone


@pytest.fixture
def links(buyer: FlaskClient, stocked_box: Stocked) -> dict[str, str]:
    """The addresses of receipt and certificate on a download page."""
    page = buyer.get(phone.grant(buyer, stocked_box)).text
    return {kind: address for address, kind in re.findall(r'href="(/([rc])/[^"]+)"', page)}


def test_the_receipt_page_says_what_a_bookkeeper_asks(buyer: FlaskClient, links: dict[str, str]) -> None:
    page = buyer.get(links["r"]).text
    for said in (
        "Harbour Prints",
        "No. 1",
        "19%",
        "€3.78",
        "€0.72",
        "€4.50",
        "Cash",
        "Total",
        "set from the internet",
    ):
        assert said in page


def test_the_receipt_document_verifies_and_bears_its_own_address(
    buyer: FlaskClient, stocked_box: Stocked, links: dict[str, str]
) -> None:
    own = stocked_box.box.secrets.signing
    paper = receipt.verify(buyer.get(links["r"] + ".jws").text, {own.thumbprint: own.public})
    assert f"/r/{paper.jti}" == links["r"]


def test_the_certificate_verifies_and_its_page_shows_the_number(buyer: FlaskClient, links: dict[str, str]) -> None:
    document = json.loads(buyer.get(links["c"] + ".json").data)
    credential.verify(document)
    assert document["credentialSubject"]["edition"] == 1
    assert "No.</span>1" in buyer.get(links["c"]).text


def test_papers_outlive_the_grant(buyer: FlaskClient, stocked_box: Stocked, links: dict[str, str]) -> None:
    stocked_box.clock.advance(5 * 86_400_000)
    assert {buyer.get(address).status_code for address in links.values()} == {200}


@pytest.mark.parametrize(
    "address", ["/c/not-a-uuid", "/c/00000000-0000-4000-8000-000000000000", "/c/x.json", "/r/x.jws", "/r/x"]
)
def test_papers_that_never_were_give_the_one_answer(buyer: FlaskClient, address: str) -> None:
    assert buyer.get(address).status_code == 404


def test_a_gift_has_a_receipt_over_nothing(buyer: FlaskClient, stocked_box: Stocked) -> None:
    page = buyer.get(phone.grant(buyer, stocked_box, SAMPLER)).text
    link = re.search(r'href="(/r/[^"]+)"', page)
    assert link
    assert "Given free" in buyer.get(link[1]).text


def test_papers_write_one_kind_of_date_and_tell_the_sale_from_the_journal(
    buyer: FlaskClient, links: dict[str, str]
) -> None:
    receipt_page, certificate_page = buyer.get(links["r"]).text, buyer.get(links["c"]).text
    assert "21 Nov 2026, 00:00\u00a0UTC" in receipt_page
    assert "21 Nov 2026, 00:00\u00a0UTC" in certificate_page
    assert "Sale 1" in receipt_page
    assert re.search(r"entry \d+", receipt_page)


@pytest.mark.parametrize(
    ("seller", "beside"),
    [
        ("", ""),
        ("Salt & Paper", ""),
        ("Salt & Paper, Anna Berg, Quay 4", "Anna Berg, Quay 4"),
        ("Anna Berg", "Anna Berg"),
    ],
)
def test_the_stalls_name_stands_on_the_receipt_once(
    buyer: FlaskClient, stocked_box: Stocked, links: dict[str, str], seller: str, beside: str
) -> None:
    stocked_box.box.settings = msgspec.structs.replace(stocked_box.box.settings, seller=seller)
    body = buyer.get(links["r"]).text.split("<body", 1)[1]
    assert body.count("Salt &amp; Paper") == 1
    assert beside in body

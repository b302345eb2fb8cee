"""Whatever a buyer can run into is said in eight languages, with what the sentence names."""

from __future__ import annotations

import string
from collections.abc import Iterator

from stall.i18n import texts
from tests.docs import reachable_codes
from tests.docs.raised_codes import Site

ALL = texts.all_texts()

#: Followed from a buyers' route, and yet never met there.
NOT_MET = {
    "box-in-migration": "told when a process starts",
    "box-unreadable": "told when a process starts",
    "currency-unknown": "a price in another currency is not imported",
    "disk-file-too-large": "a request writes no file",
    "disk-full": "a request writes no file",
    "disk-no-folder": "a request writes no file",
    "disk-not-writable": "a request writes no file",
    "deposit-only": "products are sold at the till",
    "price-missing": "products are sold at the till",
    "product-not-sold": "products are sold at the till",
    "product-unknown": "products are sold at the till",
    "payment-between": "a free order takes no cash",
    "refund-asks-pin": "a free order gives no cash out",
    "return-line-fixed": "a buyer takes nothing back",
    "standalone-missing": "the till's button",
    "till-not-local": "the till's app",
    "wifi-name-unfit": "told when a process starts",
    "wifi-password-unfit": "told when a process starts",
}
#: A free order is completed as cash of nothing is taken; nothing is paid there, in parts or back.
NOT_GONE_THROUGH = {
    "stall/domain/sale.py",
    "stall/flows/begin_return.py",
    "stall/flows/part_payment.py",
    "stall/flows/return_papers.py",
}
#: Read in another folder's terms: a buyer is told of a fault, in words (`page-fault`).
TOLD_AS_A_FAULT = {"Broken", "OutcomeUnknown", "LocalWireError"}


def met() -> Iterator[Site]:
    for site in reachable_codes.of_buyers():
        papers = site.path.parts[1] == "wire" and site.kind in {
            "WireError",
            "Hostile",
        }  # a document of the box is wrong
        if site.path.as_posix() in NOT_GONE_THROUGH:
            continue
        if site.code not in NOT_MET and site.kind not in TOLD_AS_A_FAULT and not papers:
            yield site


def forms(key: str) -> Iterator[str]:
    for said in ALL[key].values():
        yield from [said] if isinstance(said, str) else said.values()


def facts(key: str) -> set[str]:
    return {name for form in forms(key) for _, name, _, _ in string.Formatter().parse(form) if name}


def test_every_code_has_a_text() -> None:
    assert {site.code for site in met() if not texts.has(f"error.{site.code}")} == set()


def test_whoever_raises_it_names_what_the_text_tells() -> None:
    lacking = {}
    for site in met():
        keys = [key for key in ALL if key == f"error.{site.code}" or key.startswith(f"error.{site.code}.")]
        told_by_case = "case" in site.facts and len(keys) > 1
        wanted = set() if told_by_case or not keys else facts(f"error.{site.code}")
        if wanted - site.facts:
            lacking[f"{site.path}:{site.line}"] = wanted - site.facts
    assert lacking == {}


def test_what_is_followed_includes_what_is_known_to_be_met() -> None:
    found = {site.code for site in met()}
    assert found >= {
        "page-unknown", "drop-sold-out", "claim-devices", "download-limit", "too-many-tries", "writer-busy", "delegation-missing",
        "order-not-paid", "grant-over", "press-malformed", "disk-nearly-full",
    }  # fmt: skip
    assert len(found) < 80


def test_no_exception_is_kept_that_is_none() -> None:
    found = {site.code for site in reachable_codes.of_buyers()}
    assert set(NOT_MET) <= found
    assert not {code for code in NOT_MET if texts.has(f"error.{code}")}

"""Closing statements: one certificate a copy, shown by the list or by its root."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import StallError, WireError
from stall.wire import b64, closing, decline, jws, lease_return, manifest, merkle
from stall.wire.closing import Entry
from tests.wire import documents as doc

LONG = 10_001
LIST = [Entry(ed=number, st="unsold") for number in range(1, LONG + 1)]
LEAVES = [merkle.leaf_hash(closing.entry_bytes(entry)) for entry in LIST]
BY_ROOT = closing.parse(doc.close_claims(editions=None, root=closing.root_of(LIST), count=LONG))


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(WireError) as caught:
        act()
    return caught.value.code


@pytest.mark.parametrize("at", [0, 1, 4096, LONG - 1])
def test_every_entry_of_a_long_list_is_shown_by_its_proof_at_its_place_only(at: int) -> None:
    proof = merkle.inclusion_proof(at, LEAVES)
    closing.check_entry(BY_ROOT, LIST[at], at, proof)
    assert code_of(lambda: closing.check_entry(BY_ROOT, LIST[at - 1], at, proof)) == "proof-not-included"
    sold = Entry(ed=LIST[at].ed, st="sold")
    assert code_of(lambda: closing.check_entry(BY_ROOT, sold, at, proof)) == "proof-not-included"


def entries(ends: list[str]) -> list[doc.Claims]:
    """One entry a number, each that somebody has with a certificate of its own."""
    return [
        {"ed": number, "st": end, **({"cert": b64.encode(bytes([number]) * 32)} if end in closing.ISSUED else {})}
        for number, end in enumerate(ends, 1)
    ]


@given(st.lists(st.sampled_from(["sold", "burned", "unsold", "artist"]), min_size=1, max_size=9), st.data())
def test_a_whole_edition_is_listed_and_nothing_less_or_more(ends: list[str], data: st.DataObject) -> None:
    token = manifest.sign(doc.CREATOR, manifest.parse(doc.manifest_claims(drop=doc.drop_claims(edition=len(ends)))))
    signed = manifest.verify(token, doc.TRUSTED)
    listed = entries(ends)
    whole = closing.parse(doc.close_claims(editions=listed, man=jws.token_hash(token)))
    closing.check_manifest(whole, signed, token)
    short = closing.parse(doc.close_claims(editions=listed[:-1], man=jws.token_hash(token)))
    assert code_of(lambda: closing.check_manifest(short, signed, token)) == "close-incomplete"
    gone = data.draw(st.integers(0, len(listed) - 1))
    again = [*listed, listed[gone]]
    assert code_of(lambda: closing.parse(doc.close_claims(editions=again))) == "close-numbers"


def test_an_open_drop_is_closed_without_numbers() -> None:
    token = manifest.sign(
        doc.CREATOR, manifest.parse(doc.manifest_claims(drop=doc.drop_claims(kind="open", edition=None)))
    )
    signed = manifest.verify(token, doc.TRUSTED)
    open_list = [doc.entry_claims(ed=None)]
    closing.check_manifest(
        closing.parse(doc.close_claims(editions=open_list, man=jws.token_hash(token))), signed, token
    )
    numbered = closing.parse(doc.close_claims(man=jws.token_hash(token)))
    assert code_of(lambda: closing.check_manifest(numbered, signed, token)) == "close-incomplete"


anything = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
PARSERS: list[tuple[Callable[[doc.Claims], object], doc.Claims]] = [
    (closing.parse, doc.close_claims()),
    (decline.parse, doc.decline_claims()),
    (lease_return.parse, doc.lease_return_claims()),
]


@given(st.sampled_from(PARSERS), st.data(), anything)
def test_any_claim_replaced_by_anything_raises_only_our_errors(
    of: tuple[Callable[[doc.Claims], object], doc.Claims], data: st.DataObject, value: Any
) -> None:
    parse, claims = of
    with contextlib.suppress(StallError):
        parse({**claims, data.draw(st.sampled_from(sorted(claims))): value})

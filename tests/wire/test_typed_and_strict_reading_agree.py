"""The fast way of opening a token accepts and refuses exactly what the slow one does, and gives the same document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import WireError
from stall.wire import canonical, delegation, jws, lease, manifest, receipt
from stall.wire import claims as rules
from tests.wire import casebook
from tests.wire import documents as doc

KINDS: dict[str, type[rules.Claims]] = {
    manifest.TYP: manifest.Manifest,
    delegation.TYP: delegation.Delegation,
    lease.TYP: lease.Lease,
    receipt.RECEIPT: receipt.Receipt,
}
CASES = [document for document in casebook.documents().values() if document.head.get("typ") in KINDS]
GOOD = [(str(document.head["typ"]), case["claims"]) for document in CASES for case in document.valid]
ANY = {key.thumbprint: key.public for key in casebook.PEOPLE.values()}

values = st.sampled_from(
    [None, True, False, 0, -1, 1, 2**53 - 1, 2**53, 2**63, 2**64, 10**9, 1.0, 1.5, "", "a", "é", "e\u0301", "\u0301", "\ud800"]
) | st.sampled_from([[], {}, [None], [[1, 2]], {"ext": 1}, "*", "EUR", "card", doc.HASH, doc.JTI, doc.NOW])  # fmt: skip


def both(token: str, typ: str) -> list[object]:
    """What the two ways make of a token: the document, or the code of the error."""

    def strictly() -> rules.Claims:
        return rules.typed(jws.verify(token, ANY, typ), KINDS[typ], "document")

    found: list[object] = []
    for way in (strictly, lambda: jws.open(token, ANY, typ, KINDS[typ], "document")[0]):
        try:
            found.append(way())
        except WireError as error:
            found.append(error.code)
    return found


def spelled(claims: object, *, sort: bool = True, ascii_only: bool = False, indent: int | None = None) -> bytes:
    text = json.dumps(claims, sort_keys=sort, ensure_ascii=ascii_only, indent=indent, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def token_of(typ: str, payload: bytes) -> str:
    header = canonical.dumps({"alg": "Ed25519", "kid": doc.BOX.thumbprint, "typ": typ})
    return doc.forge_raw(doc.BOX, header, payload)


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in plain claims."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *[spot for name, item in inside for spot in spots(item, (*path, name))]]


def changed(value: Any, path: tuple[Any, ...], put: object) -> Any:
    if not path:
        return put
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], put)
    return copy


@pytest.mark.parametrize("document", CASES, ids=lambda document: document.name)
def test_on_all_vectors(document: casebook.Document) -> None:
    for case in [*document.valid, *[case.given for case in document.invalid]]:
        slow, fast = both(case["token"], str(document.head["typ"]))
        assert slow == fast


@pytest.mark.parametrize(("typ", "claims"), GOOD)
def test_what_we_write_takes_the_fast_way_unless_it_has_an_extension(typ: str, claims: dict[str, Any]) -> None:
    read = rules.read_canonical(canonical.dumps(claims), KINDS[typ])
    assert (read is None) == ("ext" in claims)


@given(
    st.sampled_from(GOOD), st.integers(min_value=0), values, st.booleans(), st.booleans(), st.sampled_from([None, 1])
)
def test_with_any_member_changed(
    good: tuple[str, dict[str, Any]], at: int, put: object, sort: bool, ascii_only: bool, indent: int | None
) -> None:
    typ, claims = good
    places = spots(claims)
    wrong = changed(claims, places[at % len(places)], put)
    payload = spelled(wrong, sort=sort, ascii_only=ascii_only, indent=indent)
    slow, fast = both(token_of(typ, payload), typ)
    assert slow == fast


@given(st.sampled_from(GOOD), st.integers(min_value=0), st.integers(0, 3), st.binary(max_size=3))
def test_with_any_bytes_changed(good: tuple[str, dict[str, Any]], at: int, gone: int, put: bytes) -> None:
    typ, claims = good
    payload = canonical.dumps(claims)
    at %= len(payload)
    slow, fast = both(token_of(typ, payload[:at] + put + payload[at + gone :]), typ)
    assert slow == fast


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"epoch":', b'"epoch":"x","epoch":'),
        (b'"lease_seq":1', b'"lease_seq":1.0'),
        (b'"lease_seq":1', b'"lease_seq":1e0'),
        (b'"lease_seq":1', b'"lease_seq":01'),
        (b'"lease_seq":1', b'"lease_seq":9007199254740992'),
        (b'"drop":"n', b'"drop":"\\u006e'),
        (b"{", b"\xef\xbb\xbf{"),
        (b"}", b"} "),
        (b"}", b"}\x00"),
        (b'"drop"', b'"\xff":1,"drop"'),
    ],
)
def test_on_a_second_spelling_of_the_same_claims(old: bytes, new: bytes) -> None:
    payload = canonical.dumps(doc.lease_claims()).replace(old, new, 1)
    slow, fast = both(token_of(lease.TYP, payload), lease.TYP)
    assert slow == fast


def test_claims_beyond_their_limit_are_refused_on_the_fast_way_too() -> None:
    long = doc.delegation_claims(drops=[f"a-drop-of-a-creator-with-many-{number:03}" for number in range(120)])
    slow, fast = both(token_of(delegation.TYP, canonical.dumps(long)), delegation.TYP)
    assert slow == fast == "json-too-large"

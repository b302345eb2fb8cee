"""Signed tokens beyond the vectors: foreign libraries, limits, keys, and what may never escape."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as foreign
from joserfc.jwk import OKPKey

from stall.errors import LocalWireError, StallError, WireError
from stall.wire import b64, jws, keys, receipt
from tests.wire import documents as doc

TYP = "stall-test+jwt"

# RFC 8037 appendix A: the key of A.1, its thumbprint of A.3, the signature of A.4.
RFC8037_SEED = b64.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
RFC8037_PUBLIC = b64.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
RFC8037_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
RFC8037_INPUT = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
RFC8037_SIGNATURE = b64.decode("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text('abcäöü €\n"\\', max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abé", max_size=5), inner, max_size=4),
    max_leaves=20,
)
claim_sets = st.dictionaries(st.text("abcdeé", min_size=1, max_size=5), json_values, max_size=6)


def test_keys_and_signatures_are_those_of_rfc_8037() -> None:
    key = keys.SigningKey.from_seed(RFC8037_SEED)
    assert (key.public, key.thumbprint) == (RFC8037_PUBLIC, RFC8037_THUMBPRINT)
    assert key.sign(RFC8037_INPUT) == RFC8037_SIGNATURE
    assert keys.verify(RFC8037_PUBLIC, RFC8037_INPUT, RFC8037_SIGNATURE)


def foreign_key(key: keys.SigningKey, **private: str) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": b64.encode(key.public), **private})


@pytest.mark.parametrize("typ", doc.SCHEMAS)
def test_our_tokens_verify_in_a_foreign_library(typ: str) -> None:
    key, claims = doc.SCHEMAS[typ]
    token = jws.sign(key, typ, claims())
    read = foreign.deserialize_compact(token, foreign_key(key), algorithms=["Ed25519"])
    assert read.headers() == {"alg": "Ed25519", "kid": key.thumbprint, "typ": typ}


def test_a_token_of_a_foreign_library_verifies_here() -> None:
    header = {"typ": receipt.RECEIPT, "alg": "Ed25519", "kid": doc.BOX.thumbprint}
    payload = b'{ "a" : [1, "x"] }'
    key = foreign_key(doc.BOX, d=b64.encode(doc.BOX.seed))
    token = foreign.serialize_compact(header, payload, key, algorithms=["Ed25519"])
    assert jws.verify(token, doc.TRUSTED, receipt.RECEIPT) == {"a": [1, "x"]}


@given(claim_sets)
def test_whatever_is_signed_is_read_back(claims: dict[str, Any]) -> None:
    assert jws.verify(jws.sign(doc.BOX, TYP, claims), doc.TRUSTED, TYP) == claims


@given(st.integers(min_value=0), st.sampled_from("AZaz09-_."))
def test_a_token_with_one_character_changed_never_verifies(position: int, char: str) -> None:
    token = jws.sign(doc.BOX, receipt.RECEIPT, doc.receipt_claims())
    at = position % len(token)
    changed = token[:at] + char + token[at + 1 :]
    if changed != token:
        with pytest.raises(WireError):
            jws.verify(changed, doc.TRUSTED, receipt.RECEIPT)


@given(st.text(max_size=60) | st.text("ABCabc019-_=.", max_size=200))
def test_text_that_is_no_token_raises_only_our_errors(text: str) -> None:
    for read in (jws.unverified_typ, jws.unverified_kid, lambda token: jws.verify(token, doc.TRUSTED, TYP)):
        with pytest.raises(WireError):
            read(text)


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_signed_garbage_raises_only_our_errors(header: bytes, payload: bytes) -> None:
    good = base64.urlsafe_b64decode(jws.sign(doc.BOX, TYP, {}).split(".")[0] + "==")
    for head in (header, good):
        try:
            claims = jws.verify(doc.forge_raw(doc.BOX, head, payload), doc.TRUSTED, TYP)
        except StallError:
            continue
        assert isinstance(claims, dict)


def test_a_token_is_limited_by_its_type() -> None:
    for typ, longest in ((TYP, jws.DEFAULT_LIMIT), (receipt.RECEIPT, 65536), ("stall-manifest+jwt", 2_936_012)):
        with pytest.raises(WireError) as caught:
            jws.verify("A" * (longest + 1), doc.TRUSTED, typ)
        assert caught.value.code == "token-too-large"


def test_claims_of_small_documents_are_limited_to_four_kib() -> None:
    fits, too_long = ({"name": "x" * (4096 - 11 + more)} for more in (0, 1))
    assert jws.verify(doc.forge(doc.BOX, TYP, fits), doc.TRUSTED, TYP) == fits
    with pytest.raises(WireError, match="4096"):
        jws.verify(doc.forge(doc.BOX, TYP, too_long), doc.TRUSTED, TYP)


@pytest.mark.parametrize("claims", [{"a": 1.5}, {"a": "e\u0301"}, {"a": 2**53}, {"a": "x" * 5000}, {"a": {1}}])
def test_nothing_is_signed_that_could_not_be_read(claims: dict[str, Any]) -> None:
    with pytest.raises(LocalWireError):
        jws.sign(doc.BOX, TYP, claims)


def test_a_receipt_too_long_for_its_token_is_not_signed() -> None:
    items = [doc.item_claims(ed=None, sku="x" * 200) for _ in range(200)]
    with pytest.raises(LocalWireError) as caught:
        jws.sign(doc.BOX, receipt.RECEIPT, doc.receipt_claims(items=items))
    assert caught.value.code in {"token-unwritable", "token-unreadable"}


def test_a_weak_key_verifies_nothing_even_when_trusted() -> None:
    identity = bytes([1]) + bytes(31)
    token = doc.forge(doc.BOX, TYP, {})
    trivial = token.rsplit(".", 1)[0] + "." + b64.encode(identity + bytes(32))
    with pytest.raises(WireError) as caught:
        jws.verify(trivial, {doc.BOX.thumbprint: identity}, TYP)
    assert caught.value.code == "key-low-order"


def test_a_token_says_its_type_and_key_without_being_trusted() -> None:
    token = doc.forge(doc.STRANGER, "anything", {})
    assert (jws.unverified_typ(token), jws.unverified_kid(token)) == ("anything", doc.STRANGER.thumbprint)


def test_the_hash_of_a_token_is_that_of_its_bytes() -> None:
    assert jws.token_hash("abc") == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
    with pytest.raises(WireError):
        jws.token_hash("é")

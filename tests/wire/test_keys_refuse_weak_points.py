"""Public keys: which are refused, how they are named, and that a private one does not show itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, WireError
from stall.wire import base58, keys
from tests.wire import documents as doc

P = 2**255 - 19
HIGH_BIT = 2**255

# All encodings of the eight points of small order, from the curve equation's well-known solutions, either sign bit.
ORDER_8 = [
    int.from_bytes(bytes.fromhex(text), "little")
    for text in (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
]
LOW_ORDER = [y | sign for y in (0, 1, P - 1, *ORDER_8) for sign in (0, HIGH_BIT)]
NOT_CANONICAL = [y | sign for y in (P, P + 1, P + 18) for sign in (0, HIGH_BIT)]


def encoded(y: int) -> bytes:
    return y.to_bytes(32, "little")


@pytest.mark.parametrize("y", LOW_ORDER, ids=hex)
def test_a_point_of_low_order_is_refused(y: int) -> None:
    with pytest.raises(WireError) as caught:
        keys.check_public(encoded(y))
    assert caught.value.code == "key-low-order"


@pytest.mark.parametrize("y", NOT_CANONICAL, ids=hex)
def test_a_second_spelling_of_a_point_is_refused(y: int) -> None:
    with pytest.raises(WireError) as caught:
        keys.check_public(encoded(y))
    assert caught.value.code == "key-not-canonical"


def test_the_trivial_signature_of_a_weak_key_is_false() -> None:
    for y in LOW_ORDER:
        assert not keys.verify(encoded(y), b"anything", encoded(1) + bytes(32))


def test_bytes_that_are_no_point_are_refused() -> None:
    with pytest.raises(WireError) as caught:
        keys.check_public(encoded(2))
    assert caught.value.code == "key-not-a-point"


@given(st.binary(min_size=32, max_size=32))
def test_every_generated_key_is_fit_and_named_both_ways(seed: bytes) -> None:
    key = keys.SigningKey.from_seed(seed)
    assert keys.check_public(key.public) == key.public
    assert keys.public_from_did(key.did) == key.public
    assert len(key.did) == 56
    assert keys.thumbprint_of_did(key.did) == key.thumbprint
    assert keys.verify(key.public, b"message", key.sign(b"message"))


@given(st.binary(max_size=70), st.binary(max_size=40), st.binary(max_size=70))
def test_verifying_garbage_is_false_and_never_an_error(public: bytes, message: bytes, signature: bytes) -> None:
    assert not keys.verify(public, message, signature)


def test_a_signature_with_s_not_below_the_group_order_is_false() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    good = doc.BOX.sign(b"m")
    stretched = good[:32] + (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")
    assert keys.verify(doc.BOX.public, b"m", good)
    assert not keys.verify(doc.BOX.public, b"m", stretched)


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:web:example.org",
        "did:key:z",
        doc.BOX.did[:-1],
        doc.BOX.did + "1",
        doc.BOX.did.replace("did:key:z", "did:key:z1"),
        doc.BOX.did.replace("z6Mk", "z6LS"),
        doc.BOX.did[:-1] + "0",
        "did:key:z" + "z" * 1000,
        "did:key:z" + base58.encode(b"\xed\x01" + encoded(1)),
    ],
)
def test_a_malformed_did_is_refused(did: str) -> None:
    with pytest.raises(WireError):
        keys.public_from_did(did)


def test_a_private_key_does_not_show_itself() -> None:
    assert doc.BOX.seed.hex() not in repr(doc.BOX)
    assert doc.BOX.thumbprint in repr(doc.BOX)


def test_new_keys_differ_and_bad_seeds_are_refused() -> None:
    assert keys.SigningKey.generate().seed != keys.SigningKey.generate().seed
    with pytest.raises(LocalWireError):
        keys.SigningKey.from_seed(bytes(31))


@given(st.binary(max_size=64))
def test_base58_round_trips(data: bytes) -> None:
    assert base58.decode(base58.encode(data)) == data


def test_base58_is_that_of_bitcoin() -> None:
    # draft-msporny-base58, section 5
    assert base58.encode(b"Hello World!") == "2NEpo7TZRRrLZSi2U"
    assert base58.encode(bytes.fromhex("0000287fb4cd")) == "11233QC4"

"""The Merkle tree: the known roots, every proof of every small tree, and no proof that was touched."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, WireError
from stall.wire import merkle
from tests.wire import plain_proofs

# Leaves and roots of the reference test of RFC 6962 logs (certificate-transparency, merkle_tree_test).
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
REFERENCE_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

BIGGEST = 64
LEAVES = [merkle.leaf_hash(number.to_bytes(2)) for number in range(BIGGEST)]
ROOTS = [merkle.root_of(LEAVES[:size]) for size in range(BIGGEST + 1)]


def included(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    try:
        merkle.verify_inclusion(index, size, leaf, proof, root)
    except WireError:
        return False
    return True


def consistent(size1: int, size2: int, proof: list[bytes], root1: bytes, root2: bytes) -> bool:
    try:
        merkle.verify_consistency(size1, size2, proof, root1, root2)
    except WireError:
        return False
    return True


def test_roots_are_those_of_the_reference_logs() -> None:
    leaves = [merkle.leaf_hash(data) for data in REFERENCE_LEAVES]
    assert [merkle.root_of(leaves[:size]).hex() for size in range(9)] == REFERENCE_ROOTS


def test_the_frontier_knows_the_root_at_every_size() -> None:
    frontier = merkle.Frontier.empty()
    for size, leaf in enumerate([*LEAVES, b""]):
        assert frontier.root() == ROOTS[size]
        assert merkle.Frontier.from_bytes(size, frontier.to_bytes()) == frontier
        frontier = frontier.append(leaf)


@pytest.mark.parametrize(("size", "length"), [(0, 32), (1, 0), (3, 32), (4, 64), (5, 65), (-1, 32)])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, length: int) -> None:
    with pytest.raises(WireError):
        merkle.Frontier.from_bytes(size, bytes(length))


def test_every_leaf_of_every_tree_is_proved() -> None:
    for size in range(1, BIGGEST + 1):
        for index in range(size):
            proof = merkle.inclusion_proof(index, LEAVES[:size])
            merkle.verify_inclusion(index, size, LEAVES[index], proof, ROOTS[size])


def test_every_tree_is_the_beginning_of_every_later_one() -> None:
    for size2 in range(BIGGEST + 1):
        for size1 in range(size2 + 1):
            proof = plain_proofs.consistency(size1, LEAVES[:size2])
            merkle.verify_consistency(size1, size2, proof, ROOTS[size1], ROOTS[size2])


def mutations(proof: list[bytes]) -> list[list[bytes]]:
    """Each hash changed, left out, doubled; one more in front and behind; neighbours swapped."""
    spots = range(len(proof))
    changed = [[*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]] for at in spots]
    dropped = [[*proof[:at], *proof[at + 1 :]] for at in spots]
    doubled = [[*proof[: at + 1], *proof[at:]] for at in spots]
    swapped = [[*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]] for at in spots[:-1]]
    return [*changed, *dropped, *doubled, *swapped, [*proof, bytes(32)], [bytes(32), *proof]]


def test_no_touched_inclusion_proof_verifies() -> None:
    for size in range(1, 18):
        for index in range(size):
            proof = merkle.inclusion_proof(index, LEAVES[:size])
            for bad in mutations(proof):
                assert not included(index, size, LEAVES[index], bad, ROOTS[size])


def test_no_touched_consistency_proof_verifies() -> None:
    for size2 in range(18):
        for size1 in range(size2 + 1):
            for bad in mutations(plain_proofs.consistency(size1, LEAVES[:size2])):
                assert not consistent(size1, size2, bad, ROOTS[size1], ROOTS[size2])


@given(st.integers(1, BIGGEST), st.integers(0, BIGGEST), st.integers(0, BIGGEST), st.integers(0, BIGGEST))
def test_a_proof_is_good_for_its_own_leaf_only(size: int, index: int, other: int, leaf: int) -> None:
    index, other, leaf = index % size, other % size, leaf % size
    proof = merkle.inclusion_proof(index, LEAVES[:size])
    assert included(other, size, LEAVES[leaf], proof, ROOTS[size]) == (index == other == leaf)


@pytest.mark.parametrize(
    ("size1", "size2", "root1", "root2"),
    [(3, 2, ROOTS[3], ROOTS[2]), (-1, 2, ROOTS[0], ROOTS[2]), (0, 2, ROOTS[1], ROOTS[2]), (2, 2, ROOTS[2], ROOTS[3])],
)
def test_trees_that_cannot_follow_each_other_are_refused(size1: int, size2: int, root1: bytes, root2: bytes) -> None:
    assert not consistent(size1, size2, [], root1, root2)


def test_a_proof_of_the_wrong_length_fails_even_against_a_root_made_for_it() -> None:
    leaf, other = LEAVES[0], LEAVES[1]
    assert not included(0, 2, leaf, [], leaf)
    assert not included(0, 1, leaf, [other], hashlib.sha256(b"\x01" + leaf + other).digest())
    assert not included(0, 1, leaf, [other], hashlib.sha256(b"\x01" + other + leaf).digest())
    assert not consistent(2, 8, [], ROOTS[2], ROOTS[2])
    for root in (hashlib.sha256(b"\x01" + pair).digest() for pair in (ROOTS[2] + other, other + ROOTS[2])):
        assert not consistent(1, 2, [leaf, other], ROOTS[1], root)


def test_a_hash_of_another_size_is_refused() -> None:
    for proof, root in (([b"x"], ROOTS[2]), ([LEAVES[1]], b"")):
        assert not included(0, 2, LEAVES[0], proof, root)


@pytest.mark.parametrize("index", [-1, 2])
def test_no_leaf_outside_the_tree_is_proved(index: int) -> None:
    with pytest.raises(LocalWireError):
        merkle.inclusion_proof(index, LEAVES[:2])
    assert not included(index, 2, LEAVES[0], [LEAVES[1]], ROOTS[2])

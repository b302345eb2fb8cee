"""Proofs in the tree of a journal: that an entry is in it, and that a later one continues an earlier one."""

from __future__ import annotations

from collections.abc import Sequence

from stall.wire import merkle
from tests.wire import plain_proofs
from tests.wire.casebook import Case, Document, Given

_LEAVES = [merkle.leaf_hash(str(number).encode()) for number in range(11)]
_ROOTS = [merkle.root_of(_LEAVES[:size]) for size in range(12)]


def _inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> Given:
    """In the tree of all eleven leaves, whatever `size` says."""
    hashes = [node.hex() for node in proof]
    return {"shows": "inclusion", "index": index, "size": size, "leaf": leaf.hex(), "proof": hashes, "root": _ROOTS[11].hex()}  # fmt: skip


def _consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> Given:
    hashes = [node.hex() for node in proof]
    return {
        "shows": "consistency", "size1": size1, "size2": size2, "proof": hashes, "root1": root1.hex(), "root2": root2.hex()
    }  # fmt: skip


def _read(given: Given) -> None:
    proof = [bytes.fromhex(node) for node in given["proof"]]
    if given["shows"] == "inclusion":
        leaf, root = bytes.fromhex(given["leaf"]), bytes.fromhex(given["root"])
        merkle.verify_inclusion(given["index"], given["size"], leaf, proof, root)
    else:
        root1, root2 = bytes.fromhex(given["root1"]), bytes.fromhex(given["root2"])
        merkle.verify_consistency(given["size1"], given["size2"], proof, root1, root2)


_IN = merkle.inclusion_proof(4, _LEAVES)
_ON = plain_proofs.consistency(5, _LEAVES)


def _bad(rule: str, code: str, given: Given) -> Case:
    return Case("7.3", rule, code, given)


def _not_in(rule: str, code: str, **changes: object) -> Case:
    good = {"index": 4, "size": 11, "leaf": _LEAVES[4], "proof": _IN}
    return _bad(rule, code, _inclusion(**{**good, **changes}))  # type: ignore[arg-type]  # one of them changed


def _not_on(rule: str, code: str, **changes: object) -> Case:
    good = {"size1": 5, "size2": 11, "proof": _ON, "root1": _ROOTS[5], "root2": _ROOTS[11]}
    return _bad(rule, code, _consistency(**{**good, **changes}))  # type: ignore[arg-type]  # one of them changed


DOCUMENT = Document(
    name="merkle",
    section="7.3",
    head={"leaves": "the decimal numbers 0 to 10", "roots": [root.hex() for root in _ROOTS]},
    read=_read,
    valid=[
        *[_inclusion(index, 11, _LEAVES[index], merkle.inclusion_proof(index, _LEAVES)) for index in range(11)],
        *[
            _consistency(size, 11, plain_proofs.consistency(size, _LEAVES), _ROOTS[size], _ROOTS[11])
            for size in range(12)
        ],
    ],
    invalid=[
        _not_in("another leaf", "proof-not-included", leaf=_LEAVES[5]),
        _not_in("a hash of 31 bytes", "proof-not-hashes", proof=[_IN[0][:31], *_IN[1:]]),
        _not_in("a number beyond the log", "proof-out-of-range", index=11),
        _not_in("a number below zero", "proof-counts", index=-1),
        _not_in("the last hash left out", "proof-too-short", proof=_IN[:-1]),
        _not_in("a hash too many", "proof-too-long", proof=[*_IN, bytes(32)]),
        _not_on("the later log is the shorter one", "proof-order", size1=12),
        _not_on("two logs of one size", "proof-forked", size1=11, proof=[]),
        _not_on("an empty log with a root", "proof-empty-root", size1=0, proof=[]),
        _not_on("a proof for the same log", "proof-too-long", size1=11, root1=_ROOTS[11]),
        _not_on("another beginning", "proof-other-beginning", root1=_ROOTS[6]),
        _not_on("another continuation", "proof-not-consistent", root2=_ROOTS[10]),
        _not_on("no proof at all", "proof-too-short", proof=[]),
    ],
)

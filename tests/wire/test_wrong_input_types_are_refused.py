"""Whatever Python value a function for outside data is handed, only our own errors leave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stall.errors import StallError
from stall.wire import (
    b64,
    base58,
    canonical,
    claimcode,
    credential,
    delegation,
    event,
    jws,
    keys,
    lease,
    manifest,
    merkle,
    note,
    paths,
    receipt,
    strict_json,
)
from tests.wire import documents as doc

READERS: dict[str, Callable[[Any], object]] = {
    "strict_json.loads": strict_json.loads,
    "b64.decode": b64.decode,
    "base58.decode": base58.decode,
    "paths.check": paths.check,
    "keys.check_public": keys.check_public,
    "keys.thumbprint": keys.thumbprint,
    "keys.public_from_did": keys.public_from_did,
    "jws.verify": lambda value: jws.verify(value, doc.TRUSTED, "stall-test+jwt"),
    "jws.open": lambda value: jws.open(value, doc.TRUSTED, lease.TYP, lease.Lease, "lease"),
    "jws.token_hash": jws.token_hash,
    "jws.unverified_typ": jws.unverified_typ,
    "jws.unverified_kid": jws.unverified_kid,
    "jws.unverified_claims": jws.unverified_claims,
    "manifest.parse": manifest.parse,
    "delegation.parse": delegation.parse,
    "lease.parse": lease.parse,
    "receipt.parse": receipt.parse,
    "receipt.verify": lambda value: receipt.verify(value, doc.TRUSTED),
    "credential.verify": credential.verify,
    "credential.verify_proof": credential.verify_proof,
    "note.open": lambda value: note.open(value, []),
    "note.Checkpoint.parse": note.Checkpoint.parse,
    "event.decode": event.decode,
    "claimcode.decode": claimcode.decode,
    "inclusion, index": lambda value: merkle.verify_inclusion(value, 1, bytes(32), [], bytes(32)),
    "inclusion, proof": lambda value: merkle.verify_inclusion(0, 2, bytes(32), value, bytes(32)),
    "inclusion, root": lambda value: merkle.verify_inclusion(0, 1, bytes(32), [], value),
    "consistency, size": lambda value: merkle.verify_consistency(value, 2, [bytes(32)], bytes(32), bytes(32)),
    "consistency, proof": lambda value: merkle.verify_consistency(1, 2, value, bytes(32), bytes(32)),
}
VALUES: list[object] = [
    None,
    7,
    -1,
    1.5,
    True,
    "",
    "text",
    b"",
    b"bytes",
    bytearray(b"x"),
    [],
    [1],
    {},
    {"a": {1}},
    (),
    object(),
]


@pytest.mark.parametrize("name", READERS)
def test_only_our_errors_leave(name: str) -> None:
    for value in VALUES:
        try:
            READERS[name](value)
        except StallError:
            continue
        assert (name, type(value)) in {
            ("b64.decode", str),
            ("base58.decode", str),
            ("paths.check", str),
            ("jws.token_hash", str),
            ("strict_json.loads", bytes),
        }


def test_a_key_of_the_wrong_type_verifies_nothing() -> None:
    for value in VALUES:
        assert keys.verify(value, b"", bytes(64)) is False  # type: ignore[arg-type]  # wrong on purpose
        assert keys.verify(doc.BOX.public, b"", value) is False  # type: ignore[arg-type]  # wrong on purpose
        assert keys.verify(doc.BOX.public, value, bytes(64)) is False  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("value", [object(), {1}, b"x", {"a": object()}, {1: "a"}, {None: 1}])
def test_what_json_cannot_say_is_not_written(value: object) -> None:
    with pytest.raises(StallError):
        canonical.dumps(value)

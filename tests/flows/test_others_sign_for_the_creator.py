"""A cloud leases numbers and a signer signs versions in the creator's name, and a box takes both by their delegations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stall.errors import StallError
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.record_pack import Prepared, check_version, record_pack, trusted_manifest
from stall.store import catalogue
from stall.store.audit import audit
from stall.wire import delegation, jws, keys, lease, manifest
from stall.wire.delegation import Cap
from tests.fakes import papers
from tests.fakes.stock import CREATOR, NOW_S, PRINTS, Stocked
from tests.flows import selling

CLOUD, SIGNER = (keys.SigningKey.from_seed(bytes([seed]) * 32) for seed in (21, 22))


def delegated(stall: Stocked, key: keys.SigningKey, role: Any, cap: Cap, **changes: Any) -> None:
    """Let the box accept the creator's delegation of a cloud or signer, issued half an hour ago."""
    box = papers.delegate_box(key, now_s=NOW_S, since_s=NOW_S - 1800)
    plain = delegation.verify(box, {CREATOR.thumbprint: CREATOR.public})
    token = delegation.sign(
        CREATOR, msgspec.structs.replace(plain, **{"role": role, "cap": (cap,), "max": None, "name": None, **changes})
    )
    with stall.box.db.transaction() as tx:
        accept_delegation(tx, token)


def a_lease(stall: Stocked, signer: keys.SigningKey, **changes: Any) -> str:
    """A second lease of the prints: the numbers from the edition of version 2 that were not leased before."""
    token = catalogue.manifest_token(stall.box.db.read(), PRINTS) or ""
    plain = papers.Leasing(bytes([31]) * 16, NOW_S, ((1, 1),), seq=2).sign(stall.box, PRINTS, token)
    given = lease.verify(plain, {CREATOR.thumbprint: CREATOR.public})
    return lease.sign(signer, msgspec.structs.replace(given, **{"iss": signer.thumbprint, **changes}))


def version(stall: Stocked, signer: keys.SigningKey = CREATOR, **changes: Any) -> str:
    old = catalogue.manifest_token(stall.box.db.read(), PRINTS) or ""
    found = manifest.parse(jws.unverified_claims(old))
    fresh = {"ver": found.ver + 1, "prev": jws.token_hash(old), "iat": NOW_S - 60, **changes}
    return manifest.sign(signer, msgspec.structs.replace(found, **fresh))


def take(stall: Stocked, token: str) -> None:
    """Import a version as a pack with the same files."""
    signed = trusted_manifest(stall.box.db.read(), token)
    with stall.box.db.transaction() as tx:
        assert check_version(tx, signed, token)
        record_pack(tx, signed, token, Prepared(None, "x.zip", 1, "0" * 64), "EUR")


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(StallError) as refusal:
        act()
    return refusal.value.code


def accept(stall: Stocked, token: str) -> None:
    with stall.box.db.transaction() as tx:
        accept_lease(tx, token)


def doubted(stall: Stocked) -> list[str]:
    """Which signed documents the box's own audit doubts."""
    findings = audit(stall.box.db.read(), stall.box.secrets.signing.public).findings
    return [one for one in findings if "hold" in one or "document" in one]


@pytest.fixture
def unleased(stall: Stocked) -> Stocked:
    """The stall before anybody leased it numbers of the prints."""
    with stall.box.db.transaction() as tx:
        tx.conn.execute("DELETE FROM numbers")
    return stall


def test_a_clouds_lease_is_taken_once_the_creator_let_it_lease(unleased: Stocked) -> None:
    token = a_lease(unleased, CLOUD, ranges=((2, 3),))
    assert code_of(lambda: accept(unleased, token)) == "lease-signer"
    delegated(unleased, CLOUD, "cloud", "lease")
    accept(unleased, token)
    assert selling.left(unleased) == 2
    selling.cash(unleased, selling.basket(unleased))
    assert doubted(unleased) == []


def test_once_a_cloud_leases_the_creators_lease_of_the_pool_is_refused(unleased: Stocked) -> None:
    delegated(unleased, CLOUD, "cloud", "lease")
    assert code_of(lambda: accept(unleased, a_lease(unleased, CREATOR, ranges=((2, 3),)))) == "lease-not-allocator"
    assert selling.left(unleased) == 0


def test_a_lease_issued_before_the_creator_let_a_cloud_lease_is_taken(unleased: Stocked) -> None:
    delegated(unleased, CLOUD, "cloud", "lease")
    accept(unleased, a_lease(unleased, CREATOR, iat=NOW_S - 3600, ranges=((2, 3),)))
    assert selling.left(unleased) == 2


@pytest.mark.parametrize(
    ("changes", "code"), [({"drops": ("night-zine",)}, "lease-not-allocator"), ({"nbf": NOW_S}, "delegation-time")]
)
def test_a_clouds_lease_beyond_its_delegation_is_refused(unleased: Stocked, changes: dict[str, Any], code: str) -> None:
    delegated(unleased, CLOUD, "cloud", "lease", **changes)
    assert code_of(lambda: accept(unleased, a_lease(unleased, CLOUD))) == code


def test_a_renewed_cloud_still_answers_for_what_it_leased_before(unleased: Stocked) -> None:
    delegated(unleased, CLOUD, "cloud", "lease")
    delegated(unleased, CLOUD, "cloud", "lease", seq=2, iat=NOW_S - 10)
    accept(unleased, a_lease(unleased, CLOUD))
    assert selling.left(unleased) == 1


def test_a_version_by_a_delegated_signer_is_taken_and_the_audit_knows_it(stall: Stocked) -> None:
    token = version(stall, SIGNER)
    assert code_of(lambda: take(stall, token)) == "manifest-signer"
    delegated(stall, SIGNER, "signer", "manifest")
    take(stall, token)
    take(stall, version(stall))  # the creator goes on from there
    assert selling.left(stall) == 5
    selling.cash(stall, selling.basket(stall))
    assert doubted(stall) == []


def test_a_version_by_a_signer_for_other_drops_is_refused(stall: Stocked) -> None:
    delegated(stall, SIGNER, "signer", "manifest", drops=("night-zine",))
    assert code_of(lambda: take(stall, version(stall, SIGNER))) == "delegation-drop"


def test_a_version_that_moves_numbers_out_of_a_clouds_pool_is_refused(stall: Stocked) -> None:
    delegated(stall, CLOUD, "cloud", "lease")
    moved = (manifest.Alloc(box=stall.box.secrets.signing.thumbprint, lo=1, hi=2),)
    assert code_of(lambda: take(stall, version(stall, alloc=moved))) == "manifest-alloc-moved"

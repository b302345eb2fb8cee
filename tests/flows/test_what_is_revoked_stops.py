"""A manifest that revokes a lease or this box stops it at once, and nothing brings it back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stall.errors import StallError
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.record_pack import Prepared, check_version, record_pack
from stall.flows.switch_drop import open_drop
from stall.store import catalogue
from stall.store.audit import audit
from stall.wire import delegation, jws, lease, manifest
from tests.fakes import papers
from tests.fakes.stock import CREATOR, NOW_S, PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling


def revoke(stall: Stocked, kind: Any, ref: str, drop: str = PRINTS) -> None:
    """Import a version of a drop that revokes something, from now on."""
    old = catalogue.manifest_token(stall.box.db.read(), drop) or ""
    found = manifest.parse(jws.unverified_claims(old))
    gone = (manifest.Revoked(kind=kind, ref=ref, at=NOW_S),)
    signed = msgspec.structs.replace(found, ver=found.ver + 1, prev=jws.token_hash(old), revoked=gone)
    token = manifest.sign(CREATOR, signed)
    with stall.box.db.transaction() as tx:
        assert check_version(tx, signed, token)
        record_pack(tx, signed, token, Prepared(None, "x.zip", 1, "0" * 64), "EUR")


def held_lease(stall: Stocked) -> str:
    row = stall.box.db.read().execute("SELECT token FROM documents WHERE typ = ?", (lease.TYP,)).fetchone()
    return str(row[0])


def refused(stall: Stocked, drop: str = PRINTS) -> str:
    with pytest.raises(StallError) as refusal:
        selling.basket(stall, drop)
    return refusal.value.code


def test_a_revoked_lease_sells_no_more_numbers(stall: Stocked) -> None:
    selling.cash(stall, selling.basket(stall))
    revoke(stall, "lease", jws.token_hash(held_lease(stall)))
    assert selling.left(stall) == 0
    assert refused(stall) == "drop-sold-out"
    selling.cash(stall, selling.basket(stall, ZINE))


def test_what_a_revoked_lease_left_unsold_may_be_leased_again(stall: Stocked) -> None:
    selling.cash(stall, selling.basket(stall))
    revoke(stall, "lease", jws.token_hash(held_lease(stall)))
    assert refusal_of(stall, another_lease(stall, 1, 3)) == "lease-overlap"
    assert refusal_of(stall, another_lease(stall, 2, 3)) is None
    assert selling.left(stall) == 2
    selling.cash(stall, selling.basket(stall))
    assert audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == []


def another_lease(stall: Stocked, low: int, high: int) -> str:
    token = catalogue.manifest_token(stall.box.db.read(), PRINTS) or ""
    return papers.Leasing(bytes([31]) * 16, NOW_S, ((low, high),), seq=2).sign(stall.box, PRINTS, token)


def refusal_of(stall: Stocked, token: str) -> str | None:
    try:
        with stall.box.db.transaction() as tx:
            accept_lease(tx, token)
    except StallError as error:
        return error.code
    return None


def test_a_number_whose_card_payment_runs_is_still_sold(stall: Stocked) -> None:
    attempt = selling.ask(stall, selling.basket(stall))
    selling.send(stall, attempt)
    revoke(stall, "lease", jws.token_hash(held_lease(stall)))
    selling.approve(stall, attempt)
    assert selling.pay(stall, attempt).state == "paid"


def test_another_lease_goes_on(stall: Stocked) -> None:
    revoke(stall, "lease", "A" * 43)
    assert selling.left(stall) == 5


def test_a_lease_that_was_revoked_before_it_came_is_refused(stall: Stocked) -> None:
    late = another_lease(stall, 2, 3)
    revoke(stall, "lease", jws.token_hash(late))
    with pytest.raises(StallError) as refusal, stall.box.db.transaction() as tx:
        accept_lease(tx, late)
    assert refusal.value.code == "lease-revoked"


def test_a_revoked_box_sells_nothing_of_that_creator_and_says_why(stall: Stocked) -> None:
    revoke(stall, "box", stall.box.secrets.signing.thumbprint, ZINE)
    assert {refused(stall, drop) for drop in (PRINTS, ZINE, SAMPLER)} == {"drop-not-open"}
    with pytest.raises(StallError) as refusal, stall.box.db.transaction() as tx:
        open_drop(tx, PRINTS)
    assert refusal.value.code == "box-revoked"
    [told] = [event.body["sentence"] for event in selling.events(stall, "exception")]
    assert told == "The creator of Night Zine took back this box's right to sell. Their drops were closed for good."


def test_a_new_delegation_does_not_bring_a_revoked_box_back(stall: Stocked) -> None:
    own = stall.box.secrets.signing
    revoke(stall, "box", own.thumbprint)
    again = delegation.verify(
        papers.delegate_box(own, now_s=NOW_S, since_s=NOW_S - 60), {CREATOR.thumbprint: CREATOR.public}
    )
    with pytest.raises(StallError) as refusal, stall.box.db.transaction() as tx:
        accept_delegation(tx, delegation.sign(CREATOR, msgspec.structs.replace(again, seq=9)))
    assert refusal.value.code == "box-revoked"


def test_what_a_version_revoked_stays_so_when_the_next_says_nothing_of_it(stall: Stocked) -> None:
    revoke(stall, "box", stall.box.secrets.signing.thumbprint)
    revoke(stall, "cert", "A" * 43)
    with pytest.raises(StallError) as refusal, stall.box.db.transaction() as tx:
        open_drop(tx, ZINE)
    assert refusal.value.code == "box-revoked"


def test_another_box_revoked_changes_nothing_here(stall: Stocked) -> None:
    revoke(stall, "box", "A" * 43)
    selling.cash(stall, selling.basket(stall))


def test_a_lease_that_is_held_and_revoked_is_not_taken_again(stall: Stocked) -> None:
    token = held_lease(stall)
    revoke(stall, "lease", jws.token_hash(token))
    assert refusal_of(stall, token) == "lease-revoked"


def test_a_revoked_box_takes_no_lease_and_not_the_one_it_has(stall: Stocked) -> None:
    revoke(stall, "box", stall.box.secrets.signing.thumbprint)
    assert refusal_of(stall, held_lease(stall)) == "box-revoked"
    assert refusal_of(stall, another_lease(stall, 1, 3)) == "box-revoked"

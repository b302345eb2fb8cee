"""Delegations and leases: whose they are, in what order, and what they may not do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stall.domain.epoch import Cause
from stall.errors import Refused, StallError
from stall.flows import switch_drop
from stall.flows.accept_document import accept_delegation, accept_lease
from stall.flows.new_epoch import new_epoch
from stall.store import journal
from stall.wire import delegation, keyfile, keys, lease
from tests.fakes.stock import CREATOR, DAY_S, NOW_S, PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling

STRANGER = keys.SigningKey.from_seed(bytes([8]) * 32)


def current(stall: Stocked, typ: str) -> str:
    row = stall.box.db.read().execute("SELECT token FROM documents WHERE typ = ?", (typ,)).fetchone()
    return str(row[0])


def a_lease(stall: Stocked, signer: keys.SigningKey = CREATOR, **changes: Any) -> str:
    held = lease.verify(current(stall, lease.TYP), {CREATOR.thumbprint: CREATOR.public})
    fresh = msgspec.structs.replace(
        held,
        **{"iss": signer.thumbprint, "jti": "AAAAAAAAAAAAAAAAAAAAAQ", "lease_seq": 2, "ranges": ((1, 1),), **changes},
    )
    return lease.sign(signer, fresh)


def a_delegation(stall: Stocked, signer: keys.SigningKey = CREATOR, **changes: Any) -> str:
    held = delegation.verify(current(stall, delegation.TYP), {CREATOR.thumbprint: CREATOR.public})
    return delegation.sign(signer, msgspec.structs.replace(held, **{"iss": signer.did, "seq": 2, **changes}))


def accept(stall: Stocked, how: Callable[..., object], token: str) -> None:
    with stall.box.db.transaction() as tx:
        how(tx, token)


REFUSED_LEASES = [
    ({"sub": STRANGER.thumbprint}, "lease-not-ours"),
    ({"epoch": "AAAAAAAAAAAAAAAAAAAAAA"}, "lease-epoch"),
    ({"drop": "no-such-drop"}, "lease-no-drop"),
    ({"drop": ZINE}, "lease-open-edition"),
    ({"man": "A" * 43}, "lease-manifest"),
    ({"lease_seq": 1}, "lease-older"),
    ({"ranges": ((3, 9),)}, "lease-beyond-edition"),
    ({"ranges": ((1, 1),)}, "lease-overlap"),
    ({"iat": NOW_S - 20 * DAY_S, "exp": NOW_S - 1}, "lease-expired"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED_LEASES, ids=[code for _, code in REFUSED_LEASES])
def test_a_lease_that_does_not_fit_is_refused_and_nothing_is_taken(
    stall: Stocked, changes: dict[str, Any], code: str
) -> None:
    size = journal.read_head(stall.box.db.read()).size
    with pytest.raises(StallError) as refusal:
        accept(stall, accept_lease, a_lease(stall, **changes))
    assert refusal.value.code == code
    assert selling.left(stall) == 5
    assert journal.read_head(stall.box.db.read()).size == size


def test_a_lease_of_somebody_else_is_refused(stall: Stocked) -> None:
    with pytest.raises(StallError) as refusal:
        accept(stall, accept_lease, a_lease(stall, STRANGER))
    assert refusal.value.code == "lease-signer"


def test_the_same_lease_again_changes_nothing(stall: Stocked) -> None:
    size = journal.read_head(stall.box.db.read()).size
    accept(stall, accept_lease, current(stall, lease.TYP))
    assert journal.read_head(stall.box.db.read()).size == size


def test_a_delegation_for_another_box_is_refused(stall: Stocked) -> None:
    other = a_delegation(stall, sub=STRANGER.did, cnf=delegation.confirmation(STRANGER.public))
    with pytest.raises(Refused) as refusal:
        accept(stall, accept_delegation, other)
    assert refusal.value.code == "delegation-not-ours"


def test_a_delegation_for_another_board_is_refused_and_one_for_this_board_is_not(
    stall: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    this, other = keyfile.board_hash("10000000abcdef01"), keyfile.board_hash("10000000abcdef02")
    for_other = a_delegation(stall, hw=other)
    for told in (None, this):  # a machine that tells no serial number is no board at all
        own = dataclasses.replace(stall.box.secrets, hw=told)
        monkeypatch.setattr(stall.box.db, "_secrets", own)
        with pytest.raises(Refused) as refusal:
            accept(stall, accept_delegation, for_other)
        assert refusal.value.code == "delegation-other-board"
    accept(stall, accept_delegation, a_delegation(stall, hw=this))


def test_an_older_delegation_does_not_replace_a_newer_one(stall: Stocked) -> None:
    accept(stall, accept_delegation, a_delegation(stall, seq=5))
    with pytest.raises(Refused) as refusal:
        accept(stall, accept_delegation, a_delegation(stall, seq=4))
    assert refusal.value.code == "delegation-older"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": NOW_S - 10, "nbf": NOW_S - DAY_S}, "delegation-time"),
        ({"drops": (ZINE,)}, "delegation-drop"),
        ({"cap": ("cert", "log")}, "delegation-cap"),
        ({"max": delegation.Max(cur="CHF", sale=1, stored_total=1, stored_age_h=1)}, "delegation-currency"),
    ],
)
def test_what_the_creator_does_not_allow_is_not_sold(stall: Stocked, changes: dict[str, Any], code: str) -> None:
    accept(stall, accept_delegation, a_delegation(stall, **changes))
    sale = selling.basket(stall)
    with pytest.raises(StallError) as refusal:
        selling.cash(stall, sale)
    assert refusal.value.code == code
    assert selling.left(stall) == 5


def test_a_drop_opens_only_when_the_box_knows_the_time(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        switch_drop.close_drop(tx, SAMPLER)
    stall.clock.source = None
    with pytest.raises(Refused) as refusal, stall.box.db.transaction() as tx:
        switch_drop.open_drop(tx, SAMPLER)
    assert refusal.value.code == "clock-unsure"


def test_a_limited_drop_opens_only_with_numbers_of_this_epoch(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        switch_drop.close_drop(tx, PRINTS)
        tx.conn.execute("INSERT INTO epochs (no, epoch, opened_ms) VALUES (2, zeroblob(16), 0)")
        tx.conn.execute("UPDATE leases SET epoch_no = 2")
    with pytest.raises(Refused) as refusal, stall.box.db.transaction() as tx:
        switch_drop.open_drop(tx, PRINTS)
    assert refusal.value.code == "drop-no-numbers"
    assert selling.left(stall) == 0  # numbers leased to another life of this box are not for sale


def test_numbers_an_earlier_epoch_left_unsold_are_sold_again_once_leased_to_the_new_one(stall: Stocked) -> None:
    selling.cash(stall, selling.basket(stall))
    with stall.box.db.transaction() as tx:
        new_epoch(tx, Cause.MOVED)
    assert selling.left(stall) == 0
    epoch = journal.read_head(stall.box.db.read()).epoch_text
    with pytest.raises(Refused, match=r"before: 1\. Nothing was taken\. .* --again 2-3,5 ") as refusal:
        accept(stall, accept_lease, a_lease(stall, epoch=epoch, ranges=((1, 3), (5, 5))))
    assert refusal.value.code == "lease-overlap"  # number 1 is sold
    assert selling.left(stall) == 0
    with pytest.raises(Refused, match=r"before: 1\. Nothing was taken\. Ask for others\."):
        accept(stall, accept_lease, a_lease(stall, epoch=epoch, ranges=((1, 1),)))
    accept(stall, accept_lease, a_lease(stall, epoch=epoch, ranges=((2, 5),)))
    assert selling.left(stall) == 4

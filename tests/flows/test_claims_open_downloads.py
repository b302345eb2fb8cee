"""From a code to a grant: what a claim gives, to how many devices, for how long, and what is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from secrets import token_bytes

import msgspec
import pytest

from stall.errors import Refused
from stall.flows.accept_document import accept_delegation
from stall.flows.claim import redeem_code, redeem_order
from stall.flows.record_transfer import Transfer, check_download, record_transfer
from stall.flows.take_free import take_free
from stall.store import claim_codes, claims, documents, journal, sales
from stall.store.db import Tx
from stall.wire import claimcode, credential, delegation, event, jws
from tests.fakes.stock import CREATOR, PRINTS, SAMPLER, Stocked
from tests.flows import selling


def code_of(stall: Stocked, sale: int) -> bytes:
    row = sales.get(stall.box.db.read(), sale)
    head = journal.read_head(stall.box.db.read())
    return claimcode.derive(stall.box.secrets.claim_key, head.epoch, sale, row.issue)


def redeem(stall: Stocked, code: bytes, press: bytes | None = None) -> int:
    with stall.box.db.transaction() as tx:
        return redeem_code(tx, code, press or token_bytes(16))


def granted(stall: Stocked, grant: int) -> claims.Grant:
    found = claims.grant(stall.box.db.read(), grant)
    assert found is not None
    return found


def sold(stall: Stocked) -> tuple[int, bytes]:
    sale = selling.basket(stall)
    selling.cash(stall, sale)
    return sale, code_of(stall, sale)


def test_the_first_claim_signs_the_certificate_and_later_ones_do_not(stall: Stocked) -> None:
    sale, code = sold(stall)
    assert selling.events(stall, "certificate") == []
    redeem(stall, code)
    redeem(stall, code)
    (signed,) = selling.events(stall, "certificate")
    (item,) = claims.bought(stall.box.db.read(), sale)
    assert item.certificate is not None
    found = claims.certificate(stall.box.db.read(), item.certificate)
    assert found is not None
    verified = credential.verify(json.loads(found[1]))
    assert (verified.drop, verified.edition, verified.edition_size) == (PRINTS, 1, 5)
    assert (verified.creator, verified.grade) == (CREATOR.did, "VALID-PROVISIONAL")
    assert signed.body["ed"] == 1
    (kept,) = stall.box.db.read().execute("SELECT event FROM certificates").fetchone()
    assert journal.event_bytes(stall.box.db.read(), kept) == event.encode(signed)


def test_the_certificate_names_the_receipt_it_rests_on(stall: Stocked) -> None:
    sale, code = sold(stall)
    redeem(stall, code)
    (item,) = claims.bought(stall.box.db.read(), sale)
    found = claims.certificate(stall.box.db.read(), item.certificate or b"")
    token = selling.events(stall, "sale")[-1].body["receipt"]
    assert found is not None
    assert json.loads(found[1])["credentialSubject"]["receipt"] == f"sha256-{jws.token_hash(token)}"


def test_the_same_press_gives_the_same_grant(stall: Stocked) -> None:
    _, code = sold(stall)
    press = token_bytes(16)
    assert redeem(stall, code, press) == redeem(stall, code, press)
    assert redeem(stall, code) != redeem(stall, code)


def test_a_press_of_one_form_finds_nothing_made_by_another(stall: Stocked) -> None:
    press = token_bytes(16)
    with stall.box.db.transaction() as tx:
        take_free(tx, SAMPLER, press, 1900)
    grants = [redeem(stall, code, press) for _, code in (sold(stall), sold(stall))]
    assert [granted(stall, grant).sale for grant in grants] == [2, 3]


def test_a_code_serves_five_devices(stall: Stocked) -> None:
    _, code = sold(stall)
    for _ in range(5):
        redeem(stall, code)
    with pytest.raises(Refused) as refusal:
        redeem(stall, code)
    assert refusal.value.code == "claim-devices"


def unknown(_stall: Stocked, _sale: int, _code: bytes) -> bytes:
    return token_bytes(16)


def expired(stall: Stocked, _sale: int, code: bytes) -> bytes:
    stall.clock.advance(86_400_000)
    return code


def revoked(stall: Stocked, _sale: int, code: bytes) -> bytes:
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE claims SET state = 'revoked'")
    return code


@pytest.mark.parametrize("spoil", [unknown, expired, revoked])
def test_unknown_expired_and_revoked_codes_are_told_alike(
    stall: Stocked, spoil: Callable[[Stocked, int, bytes], bytes]
) -> None:
    sale, code = sold(stall)
    with pytest.raises(Refused) as refusal:
        redeem(stall, spoil(stall, sale, code))
    assert refusal.value.code == "claim-unknown"
    assert (
        refusal.value.sentence == "This code opens nothing here. Check each letter, or ask at the stall for a new one."
    )


def test_the_order_page_opens_the_same_claim(stall: Stocked) -> None:
    sale, _ = sold(stall)
    with stall.box.db.transaction() as tx:
        grant = redeem_order(tx, sale, token_bytes(16))
    found = claims.grant(stall.box.db.read(), grant)
    assert found is not None
    assert found.sale == sale


def test_taking_twice_with_one_key_takes_once(stall: Stocked) -> None:
    key = token_bytes(16)

    def take(tx: Tx) -> int:
        return take_free(tx, SAMPLER, key, 1900)

    with stall.box.db.transaction() as tx:
        first = take(tx)
    with stall.box.db.transaction() as tx:
        assert take(tx) == first
    assert len(selling.events(stall, "sale")) == 1
    assert selling.receipt_of(stall, first).pay[0].st == "free"


def test_what_costs_money_cannot_be_taken(stall: Stocked) -> None:
    with pytest.raises(Refused) as refusal, stall.box.db.transaction() as tx:
        take_free(tx, PRINTS, token_bytes(16), 1900)
    assert refusal.value.code == "drop-not-free"
    assert selling.left(stall) == 5


def test_a_resumed_download_counts_once_when_its_last_byte_went_out(stall: Stocked) -> None:
    _, code = sold(stall)
    grant = redeem(stall, code)
    claim = granted(stall, grant).claim

    def went(first: int, sent: int) -> dict[int, int]:
        with stall.box.db.transaction() as tx:
            record_transfer(tx, Transfer(grant, 7, 1000, first, sent))
        return claims.downloads(stall.box.db.read(), claim)

    assert went(0, 400) == {}
    assert went(900, 100) == {}  # the end alone is not the file
    assert went(400, 600) == {7: 1}
    assert went(0, 1000) == {7: 2}
    assert len(selling.events(stall, "delivery")) == 1


def test_the_limit_of_downloads_is_said_with_what_to_do() -> None:
    check_download(4, 5)
    with pytest.raises(Refused) as refusal:
        check_download(5, 5)
    assert refusal.value.code == "download-limit"


def test_a_paid_buyer_gets_the_files_even_when_no_certificate_can_be_signed_now(stall: Stocked) -> None:
    sale, code = sold(stall)
    with stall.box.db.transaction() as tx:  # the creator's new delegation lets the box sell, but sign nothing
        held = delegation.verify(documents.token(tx.conn, 1), {CREATOR.thumbprint: CREATOR.public})
        fewer = msgspec.structs.replace(held, seq=2, cap=("receipt",))
        accept_delegation(tx, delegation.sign(CREATOR, fewer))
    assert redeem(stall, code) == 1
    assert redeem(stall, code) == 2
    (item,) = claims.bought(stall.box.db.read(), sale)
    assert item.certificate is None
    (noted,) = selling.events(stall, "exception")
    assert noted.body["sentence"].startswith(f"Sale {sale}, line 1: No certificate")
    with stall.box.db.transaction() as tx:
        accept_delegation(tx, delegation.sign(CREATOR, msgspec.structs.replace(held, seq=3)))
    redeem(stall, code)
    (item,) = claims.bought(stall.box.db.read(), sale)
    assert item.certificate is not None


def test_a_basket_of_the_epoch_before_shows_a_code_that_opens(stall: Stocked) -> None:
    sale = selling.basket(stall, SAMPLER)
    with stall.box.db.transaction() as tx:
        journal.open_epoch(tx.conn, tx.moment, journal.Opening(2, bytes(range(16)), None, 1, {"parent": None}))
    selling.cash(stall, sale)
    shown = claim_codes.code_of(stall.box.db.read(), stall.box.secrets.claim_key, sales.get(stall.box.db.read(), sale))
    assert shown is not None
    assert redeem(stall, claimcode.decode(shown)) == 1


def test_a_file_fetched_in_crumbs_keeps_one_row(stall: Stocked) -> None:
    _, code = sold(stall)
    grant = redeem(stall, code)
    with stall.box.db.transaction() as tx:
        for at in range(50):
            record_transfer(tx, Transfer(grant, 7, 1000, at, 1))
        assert tx.conn.execute("SELECT count(*), sum(sent) FROM transfers").fetchone()[:] == (1, 50)

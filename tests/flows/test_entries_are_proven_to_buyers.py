"""What a buyer is handed: that receipt and certificate stand in the journal, in texts that hold without this box."""

from __future__ import annotations

from secrets import token_bytes

import pytest

from stall.domain.epoch import Cause
from stall.errors import Broken
from stall.flows.claim import redeem_order
from stall.flows.keep_hashes import keep_all_hashes
from stall.flows.new_epoch import new_epoch
from stall.flows.prove_entries import prove_entries
from stall.store import journal, proofs, sales, worth
from stall.store.audit import audit
from stall.store.claims import bought
from stall.wire import certificate, jws, note, tlogproof
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling
from tests.flows.test_exports_are_checked_by_anybody import CLOUD, CLOUD_NAME, cosign


def opened(stall: Stocked, *drops: str) -> list[worth.Held]:
    """Sell and open; give the certificates."""
    sale = selling.basket(stall, *drops)
    selling.cash(stall, sale)
    with stall.box.db.transaction() as tx:
        redeem_order(tx, sale, token_bytes(16))
    found = [worth.find(stall.box.db.read(), one.certificate or b"") for one in bought(stall.box.db.read(), sale)]
    assert all(found)
    return [one for one in found if one is not None]


def checkpoints(stall: Stocked) -> list[tuple[str, int]]:
    conn = stall.box.db.read()
    return [proofs.last_signed(conn, no) for no in journal.epoch_numbers(conn)]


def test_a_certificates_proof_holds_and_tells_of_it(stall: Stocked) -> None:
    for held in opened(stall, PRINTS, ZINE):
        text = prove_entries(stall.box, [held.event])[held.event]
        logged = tlogproof.entry(tlogproof.read(text), stall.box.secrets.signing.public)
        tlogproof.check_certificate(logged, certificate.digest(held.document))


def test_a_receipts_proof_carries_it(stall: Stocked) -> None:
    opened(stall)
    row = sales.get(stall.box.db.read(), 1)
    assert row.receipt_event is not None
    text = prove_entries(stall.box, [row.receipt_event])[row.receipt_event]
    logged = tlogproof.entry(tlogproof.read(text), stall.box.secrets.signing.public)
    token = logged.event.body["receipt"]
    assert isinstance(token, str)
    assert jws.token_hash(token) == opened_receipt(stall)


def opened_receipt(stall: Stocked) -> str:
    (item,) = bought(stall.box.db.read(), 1)
    held = worth.find(stall.box.db.read(), item.certificate or b"")
    assert held is not None
    return str(held.document["credentialSubject"]["receipt"]).removeprefix("sha256-")


def test_asking_again_signs_nothing_again(stall: Stocked) -> None:
    (held,) = opened(stall)
    first = prove_entries(stall.box, [held.event])
    signed, size = checkpoints(stall), journal.read_head(stall.box.db.read()).size
    stall.clock.advance(60_000)
    assert prove_entries(stall.box, [held.event]) == first
    assert (checkpoints(stall), journal.read_head(stall.box.db.read()).size) == (signed, size)


def test_one_signed_within_the_last_second_does_not_leave_a_buyer_without(stall: Stocked) -> None:
    (first,) = opened(stall)
    prove_entries(stall.box, [first.event])
    (second,) = opened(stall)
    text = prove_entries(stall.box, [second.event])[second.event]
    tlogproof.entry(tlogproof.read(text), stall.box.secrets.signing.public)


def test_what_the_cloud_countersigned_is_proven_under_its_word(stall: Stocked) -> None:
    (held,) = opened(stall)
    cosign(stall)
    selling.cash(stall, selling.basket(stall))
    text = prove_entries(stall.box, [held.event])[held.event]
    theirs = note.Verifier(CLOUD_NAME, CLOUD.public, note.COSIGNATURE_KIND)
    logged = tlogproof.entry(tlogproof.read(text), stall.box.secrets.signing.public, [theirs])
    assert {one.name for one in logged.signatures} >= {CLOUD_NAME}


def test_what_an_earlier_epoch_sold_is_proven_in_its_own_journal(stall: Stocked) -> None:
    (old,) = opened(stall)
    with stall.box.db.transaction() as tx:
        new_epoch(tx, Cause.MOVED)
    (new,) = opened(stall, ZINE)
    found = prove_entries(stall.box, [old.event, new.event])
    epochs = set()
    for held in (old, new):
        logged = tlogproof.entry(tlogproof.read(found[held.event]), stall.box.secrets.signing.public)
        tlogproof.check_certificate(logged, certificate.digest(held.document))
        epochs.add(logged.event.epoch)
    assert len(epochs) == 2
    assert audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == []


@pytest.mark.parametrize("more", [0, 300], ids=["in the tail", "under kept hashes"])
def test_a_changed_event_is_not_proven(stall: Stocked, more: int) -> None:
    (held,) = opened(stall)
    with stall.box.db.transaction() as tx:
        for _ in range(more):
            tx.append("clock", {})
    keep_all_hashes(stall.box.db, 1)
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE events SET bytes = CAST(replace(bytes, 'certificate', 'Certificate') AS BLOB) WHERE id = ?", (held.event,))  # fmt: skip
    with pytest.raises(Broken) as refusal:
        prove_entries(stall.box, [held.event])
    assert refusal.value.code == "journal-broken"

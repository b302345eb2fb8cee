"""What a box signs at the first claim: for the owner whose key it was told, true to the manifest and the receipt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stall.errors import Refused, WireError
from stall.flows.sign_certificates import receipt_token, sign_certificates
from stall.store import catalogue, claims
from stall.wire import credential, keys, manifest, ownercode, presentation, receipt
from tests.fakes.stock import CREATOR, Stocked
from tests.flows import selling
from tests.wire import documents as doc

OWNER = ownercode.key_of(bytes(range(16)))


def signed(stall: Stocked, sale: int, owner: str | None = None) -> dict[str, Any]:
    """Sign the only certificate of a sale."""
    with stall.box.db.transaction() as tx:
        sign_certificates(tx, sale, owner)
    (item,) = claims.bought(stall.box.db.read(), sale)
    found = claims.certificate(stall.box.db.read(), item.certificate or b"")
    assert found is not None
    document: dict[str, Any] = json.loads(found[1])
    return document


def sold(stall: Stocked) -> int:
    sale = selling.basket(stall)
    selling.cash(stall, sale)
    return sale


def test_the_owner_can_prove_a_certificate_that_was_made_for_their_did(stall: Stocked) -> None:
    document = signed(stall, sold(stall), OWNER.did)
    now_s = credential.verify(document).valid_from_s
    answer = presentation.prove(OWNER, document, "x" * 22, "gallery.example", now_s)
    assert presentation.verify(answer, "x" * 22, "gallery.example", now_s).holder == OWNER.did


def test_without_a_did_no_owner_is_named(stall: Stocked) -> None:
    assert credential.verify(signed(stall, sold(stall))).owner is None


@pytest.mark.parametrize("owner", [doc.WEAK_DID, "did:example:me", ""])
def test_an_unfit_did_signs_nothing(stall: Stocked, owner: str) -> None:
    sale = sold(stall)
    with pytest.raises(WireError), stall.box.db.transaction() as tx:
        sign_certificates(tx, sale, owner)
    (item,) = claims.bought(stall.box.db.read(), sale)
    assert item.certificate is None


def test_it_is_true_to_the_manifest_and_the_receipt(stall: Stocked) -> None:
    sale = sold(stall)
    held = credential.verify(signed(stall, sale))
    with stall.box.db.transaction() as tx:
        sale_token = receipt_token(tx, sale)
    (item,) = claims.bought(stall.box.db.read(), sale)
    pack_token = catalogue.pack_manifest(stall.box.db.read(), item.pack)
    box = {keys.thumbprint(held.issuer): held.issuer}
    credential.check_receipt(held, receipt.verify(sale_token, box), sale_token)
    signed_by = {CREATOR.thumbprint: CREATOR.public}
    credential.check_manifest(held, manifest.verify(pack_token, signed_by), pack_token)


def test_the_key_of_the_stall_or_of_a_creator_is_no_buyers(stall: Stocked) -> None:
    sale = sold(stall)
    for did in (stall.box.secrets.signing.did, CREATOR.did):
        with pytest.raises(Refused, match="owner-not-buyer"), stall.box.db.transaction() as tx:
            sign_certificates(tx, sale, did)
    assert all(item.certificate is None for item in claims.bought(stall.box.db.read(), sale))

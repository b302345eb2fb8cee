"""docs/protocol.md names every member of every signed document, and calls optional exactly what is."""

from __future__ import annotations

import re

import msgspec
import pytest

from stall.wire import (
    badge,
    closing,
    credential,
    decline,
    delegation,
    issuer,
    lease,
    lease_return,
    manifest,
    presentation,
    receipt,
)
from stall.wire.claims import Claims
from tests.house.sources import ROOT

PAGE = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
CELL = re.compile(r"^\| (?P<names>[^|]+) \|", re.MULTILINE)
NAME = re.compile(r"`([^`]+)`(\??)")
ROWS: dict[str, type[Claims]] = {
    "Manifest": manifest.Manifest,
    "Delegation": delegation.Delegation,
    "Lease": lease.Lease,
    "Receipt, refund, void": receipt.Receipt,
    "Certificate of ownership": credential.Certificate,
    "Presentation": presentation.Presentation,
    "Badge": badge.Badge,
    "Lease return": lease_return.LeaseReturn,
    "Decline": decline.Decline,
    "Closing statement": closing.Close,
}
NESTED: dict[str, tuple[type[Claims], ...]] = {
    "Manifest": (
        manifest.Drop, manifest.Window, manifest.Listing, manifest.Price, manifest.File, manifest.Alloc, manifest.Limits,
        manifest.Revoked,
    ),
    "Delegation": (delegation.Confirmation, delegation.Jwk, delegation.Max),
    "Lease": (lease.LogState,),
    "Receipt, refund, void": (receipt.Item, receipt.Tax, receipt.Pay),
    "Certificate of ownership": (credential.Issuer, credential.Subject, issuer.Evidence),
    "Badge": (
        badge.Profile, badge.Subject, badge.Identity, badge.Achievement, badge.Criteria, badge.Image, badge.Evidence,
    ),
    "Decline": (decline.Item,),
    "Closing statement": (closing.Entry, closing.Log),
}  # fmt: skip


def section(title: str) -> str:
    behind = re.split(rf"\n### [0-9.]+ {re.escape(title)}\n", PAGE)[1]
    return behind.split("\n### ")[0].split("\n## ")[0]


def members(document: type[Claims]) -> dict[str, bool]:
    """Names as they stand in the document, and whether each may be left out."""
    return {field.encode_name: not field.required for field in msgspec.structs.fields(document)}


@pytest.mark.parametrize("title", ROWS)
def test_each_table_has_a_row_for_every_member_and_no_other(title: str) -> None:
    cells = [cell["names"] for cell in CELL.finditer(section(title))]
    listed = {name: bool(optional) for cell in cells for name, optional in NAME.findall(cell)}
    listed.pop("proof", None)  # of every certificate; its members are in wire/proof.py
    assert listed == members(ROWS[title])


@pytest.mark.parametrize("title", NESTED)
def test_every_member_of_an_inner_object_is_named_there(title: str) -> None:
    named = NAME.findall(section(title))
    for inner in NESTED[title]:
        for name, optional in members(inner).items():
            assert (name, "?" if optional else "") in named, f"{inner.__name__}.{name}"

"""The papers a creator signs for the boxes of tests and benchmarks, and a drop put on sale with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stall.flows.accept_document import accept_lease
from stall.flows.record_pack import Prepared, record_pack
from stall.flows.switch_drop import open_drop
from stall.store import journal
from stall.store.box import Box
from stall.wire import b64, delegation, jws, keys, lease, manifest

CREATOR = keys.SigningKey.from_seed(bytes([7]) * 32)
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Offer:
    """What a manifest says of a drop. With an edition it is limited, else without a price free, else open."""

    drop: str
    title: str
    minor: int
    edition: int | None
    files: tuple[manifest.File, ...]
    listing: manifest.Listing | None = None

    @property
    def kind(self) -> Literal["limited", "open", "free"]:
        return "limited" if self.edition else "open" if self.minor else "free"


def delegate_box(own: keys.SigningKey, *, now_s: int, since_s: int) -> str:
    """What a box may sign, from `since_s` until two months after now."""
    return delegation.sign(
        CREATOR,
        delegation.Delegation(
            iss=CREATOR.did,
            sub=own.did,
            cnf=delegation.confirmation(own.public),
            jti=b64.encode(bytes(16)),
            seq=1,
            iat=since_s,
            nbf=since_s,
            exp=now_s + 60 * DAY_S,
            role="box",
            cap=("receipt", "cert", "badge", "log"),
            drops=("*",),
            max=delegation.Max(cur="EUR", sale=5000, stored_total=50_000, stored_age_h=24),
            name="Salt & Paper",
        ),
    )


def sign_manifest(offer: Offer, jti: bytes, *, now_s: int, since_s: int, window: manifest.Window | None = None) -> str:
    """The first manifest of a drop, sold from `since_s` until ten days after now unless another window is given."""
    return manifest.sign(
        CREATOR,
        manifest.Manifest(
            iss=CREATOR.did,
            jti=b64.encode(jti),
            iat=since_s,
            exp=now_s + 30 * DAY_S,
            ver=1,
            drop=manifest.Drop(
                id=offer.drop,
                title=offer.title,
                kind=offer.kind,
                edition=offer.edition,
                window=window or manifest.Window(nbf=since_s, exp=now_s + 10 * DAY_S),
                licence="For private use",
                listing=offer.listing,
            ),
            price=(manifest.Price(cur="EUR", minor=offer.minor),),
            files=offer.files,
        ),
    )


@dataclass(frozen=True, slots=True)
class Leasing:
    """Numbers of one drop for one box; signed a minute ago, it lasts until twenty days after now."""

    jti: bytes
    now_s: int
    ranges: tuple[tuple[int, int], ...]
    seq: int = 1

    def sign(self, box: Box, drop: str, token: str) -> str:
        """The lease for the epoch that runs in the box; `token` is the drop's manifest."""
        return lease.sign(
            CREATOR,
            lease.Lease(
                iss=CREATOR.thumbprint,
                sub=box.secrets.signing.thumbprint,
                jti=b64.encode(self.jti),
                iat=self.now_s - 60,
                exp=self.now_s + 20 * DAY_S,
                drop=drop,
                man=jws.token_hash(token),
                epoch=journal.read_head(box.db.read()).epoch_text,
                lease_seq=self.seq,
                ranges=self.ranges,
            ),
        )


def put_on_sale(box: Box, token: str, made: Prepared, leasing: Leasing | None) -> None:
    """Let a box take a manifest, the pack made of it and a lease of its numbers if it is limited, and open the drop."""
    signed = manifest.verify(token, {CREATOR.thumbprint: CREATOR.public})
    drop = signed.drop.id
    leased = None if leasing is None else leasing.sign(box, drop, token)
    with box.db.transaction() as tx:
        record_pack(tx, signed, token, made, "EUR")
        if leased is not None:
            accept_lease(tx, leased)
        open_drop(tx, drop)

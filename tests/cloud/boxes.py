"""A box as the cloud sees it: keys, a delegation, a journal of real events and signed checkpoints."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from stall.wire import b64, delegation, event, keys, merkle, note, receipt
from tests.wire import plain_proofs

NOW_S = 1_795_000_000
NOW_MS = NOW_S * 1000
DAY_S = 86_400
CREATOR = keys.SigningKey.from_seed(bytes([1]) * 32)
JTI = 16
MAN = b64.encode(bytes(32))


def delegate(box: keys.SigningKey, creator: keys.SigningKey = CREATOR, **changes: Any) -> str:
    claims: dict[str, Any] = {
        "iss": creator.did,
        "sub": box.did,
        "cnf": delegation.confirmation(box.public),
        "jti": b64.encode(bytes(16)),
        "seq": 1,
        "iat": NOW_S - DAY_S,
        "nbf": NOW_S - DAY_S,
        "exp": NOW_S + 30 * DAY_S,
        "role": "box",
        "cap": ("receipt", "cert", "badge", "log"),
        "drops": ("*",),
        "max": delegation.Max(cur="EUR", sale=5000, stored_total=50000, stored_age_h=24),
    }
    return delegation.sign(creator, delegation.Delegation(**{**claims, **changes}))


@dataclass
class FakeBox:
    """Makes events as a box does; `tamper` hooks are left to the tests, which edit `events`."""

    key: keys.SigningKey = field(default_factory=lambda: keys.SigningKey.from_seed(bytes([2]) * 32))
    epoch: str = b64.encode(bytes(range(16)))
    events: list[bytes] = field(default_factory=list)

    def clone(self) -> FakeBox:
        """What a copied card is: same key, same epoch, same past."""
        return FakeBox(self.key, self.epoch, list(self.events))

    def append(self, kind: str = "note", **body: Any) -> bytes:
        made = event.Event(
            epoch=self.epoch, seq=len(self.events), kind=kind, at=NOW_MS + len(self.events), clk="ntp", body=body
        )
        self.events.append(event.encode(made))
        return self.events[-1]

    def receipt(
        self,
        minor: int = 450,
        m: str = "cash",
        ed: int | None = None,
        ref: str | None = None,
        typ: str = receipt.RECEIPT,
        key: keys.SigningKey | None = None,
        seq: int | None = None,
        test: bool = False,
    ) -> str:
        seq = len(self.events) if seq is None else seq
        item: dict[str, Any] = {"drop": "prints", "man": MAN, "qty": 1, "cur": "EUR", "minor": minor, "vat": 0}
        if ed is not None:
            item |= {"ed": ed, "lease": b64.encode(bytes(16))}
        st = {"cash": "cash", "card": "online"}[m]
        claims = {
            "iss": self.key.thumbprint,
            "jti": self.jti(seq),
            "iat": NOW_S,
            "clk": "ntp",
            "epoch": self.epoch,
            "seq": seq,
            "items": [item],
            "tax": [{"rate": 0, "net": minor, "vat": 0}],
            "pay": [{"m": m, "st": st, "cur": "EUR", "minor": minor}],
        }
        if ref is not None:
            claims["ref"] = ref
        if test:
            claims["test"] = True
        signed = receipt.sign(self.key, receipt.parse(claims, typ), typ)
        if key is None:
            return signed
        head, payload, _ = signed.split(".")
        forged = key.sign(f"{head}.{payload}".encode())
        return f"{head}.{payload}.{b64.encode(forged)}"

    def sell(self, minor: int = 450, m: str = "cash", ed: int | None = None, **more: Any) -> bytes:
        return self.append("sale", receipt=self.receipt(minor, m, ed, **more))

    def jti(self, seq: int) -> str:
        return b64.encode(seq.to_bytes(JTI, "big"))

    def root(self, size: int | None = None) -> bytes:
        return merkle.root_of([merkle.leaf_hash(data) for data in self.events[:size]])

    def note(self, size: int | None = None) -> str:
        size = len(self.events) if size is None else size
        origin = note.origin(self.key.thumbprint, b64.decode(self.epoch))
        return note.sign(self.key, origin, note.Checkpoint(origin, size, self.root(size)).body())

    def upload(self, first: int = 0, end: int | None = None, size: int | None = None, **changes: Any) -> dict[str, Any]:
        """The body of one upload: events first..end under a checkpoint of `size` events."""
        size = len(self.events) if size is None else size
        end = size if end is None else end
        leaves = [merkle.leaf_hash(data) for data in self.events[:size]]
        proof = [] if end >= size else plain_proofs.consistency(end, leaves)
        before = merkle.Frontier.empty()
        for leaf in leaves[:first]:
            before = before.append(leaf)
        document: dict[str, Any] = {
            "epoch": self.epoch,
            "first": first,
            "events": [b64.encode(data) for data in self.events[first:end]],
            "checkpoint": self.note(size),
            "delegation": delegate(self.key),
            "before": [b64.encode(each) for each in before.hashes],
            "proof": [b64.encode(each) for each in proof],
        }
        return {**document, **changes}


def standard_base64(data: bytes) -> str:
    """The other base64, with padding, that our wire refuses."""
    return base64.b64encode(data).decode()

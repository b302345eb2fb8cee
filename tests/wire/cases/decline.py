"""Declines: a payment read offline that was refused later, and what the delegation of who says so must hold."""

from __future__ import annotations

from typing import Any

from stall.wire import decline, delegation
from tests.wire import documents as doc
from tests.wire.casebook import Case, Claims, Document, Given

_of = Claims("5.8", decline.TYP, doc.CLOUD)
make = doc.decline_claims
_CLOUD: doc.Claims = {"role": "cloud", "cap": ["cosign", "decline"], "max": None}
_COPY = {"drop": "night-prints", "ed": 7}


def _delegated(key: Any = doc.CLOUD, **changes: Any) -> str:
    return doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_to(key, **{**_CLOUD, **changes}))


def _by(rule: str, code: str, chain: str, section: str = "5.8") -> Case:
    """A decline that is right by itself, beside a delegation that does not cover it."""
    return Case(section, rule, code, {"token": doc.forge(doc.CLOUD, decline.TYP, make()), "delegation": chain})


def _read(given: Given) -> None:
    told = decline.verify(given["token"], doc.TRUSTED)
    if "delegation" in given:
        decline.check_signer(told, delegation.verify(given["delegation"], doc.TRUSTED), "night-prints")


DOCUMENT = Document(
    name="decline",
    section="5.8",
    head={"typ": decline.TYP, "drop": "night-prints"},
    read=_read,
    parse=decline.parse,
    sign=lambda claims: decline.sign(doc.CLOUD, decline.parse(claims)),
    valid=[
        {**_of.good(make()), "delegation": _delegated()},
        _of.good(make(items=[_COPY, {**_COPY, "ed": 8}, {"drop": "open-prints"}])),
        _of.good(make(pay=3, minor=1, items=[_COPY])),
    ],
    invalid=[
        _of.bad("a reason code", "member-unknown", make(code="51")),
        _of.bad("null claim", "member-null", {**make(), "items": None}),
        _of.bad("no receipt hash", "member-missing", make(rcpt=None)),
        _of.bad("payment by name", "member-type", make(pay="card")),
        _of.bad("fifth payment", "member-range", make(pay=4)),
        _of.bad("nothing declined", "member-range", make(minor=0)),
        _of.bad("currency in small letters", "member-form", make(cur="eur")),
        _of.bad("control character in the reason", "member-form", make(reason="no\x1b[2J")),
        _of.bad("copies listed, but none", "member-count", make(items=[])),
        _of.bad("one copy twice", "decline-item-twice", make(items=[_COPY, _COPY])),
        _of.bad("signed by the box itself", "decline-own", make(box=doc.CLOUD.thumbprint)),
        _of.bad_token("signed by another than it names", "decline-wrong-signer", doc.forge(doc.BOX, decline.TYP, make())),
        _of.bad_token("a void", "token-wrong-type", doc.forge(doc.CLOUD, "stall-void+jwt", make()), section="2.2"),
        _by("delegation of another key", "decline-no-delegation", _delegated(doc.SIGNER)),
        _by("delegation without the right", "delegation-cap", _delegated(cap=["cosign"]), "5.2"),
        _by("delegation for another drop", "delegation-drop", _delegated(drops=["day-prints"]), "5.2"),
        _by("delegation that begins later", "delegation-time", _delegated(nbf=doc.NOW + 2 * doc.DAY), "5.2"),
    ],
)  # fmt: skip

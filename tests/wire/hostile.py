"""What must be refused: one broken rule each, with the error it must give."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from stall.wire import b64, base58, canonical, delegation, jws, lease, manifest, note, proof, receipt
from tests.wire import documents as doc
from tests.wire.documents import Claims, forge, forge_raw

Case = tuple[str, str, Any]
"""The rule broken, the code of the error, the bad document."""


@dataclass(frozen=True)
class Cases:
    """Claims of one document type: further valid ones, and invalid ones."""

    valid: list[Claims]
    invalid: list[Case]


# --- tokens ---------------------------------------------------------------------------------------------------------

_HEADER = canonical.dumps({"alg": "Ed25519", "kid": doc.BOX.thumbprint, "typ": receipt.RECEIPT})
_GOOD = forge(doc.BOX, receipt.RECEIPT, doc.receipt_claims())
_HEAD, _PAYLOAD, _SIGNATURE = _GOOD.split(".")
_NEXT = {"A": "B", "Q": "R", "g": "h", "w": "x"}


def _with_payload(payload: bytes) -> str:
    return forge_raw(doc.BOX, _HEADER, payload)


TOKEN_CASES: list[Case] = [
    ("padding appended", "token-malformed", _GOOD + "="),
    ("standard alphabet", "token-malformed", f"{_HEAD}.{_PAYLOAD[:-1]}+.{_SIGNATURE}"),
    ("unused bits of the signature set", "base64-not-canonical", _GOOD[:-1] + _NEXT[_GOOD[-1]]),
    ("line break at the end", "token-malformed", _GOOD + "\n"),
    ("four segments", "token-malformed", _GOOD + ".AA"),
    ("signature left out", "token-malformed", f"{_HEAD}.{_PAYLOAD}."),
    ("claims replaced", "token-bad-signature", f"{_HEAD}.{b64.encode(b'{}')}.{_SIGNATURE}"),
    ("signature of another token", "token-bad-signature", _GOOD[:-86] + forge(doc.BOX, "x", {})[-86:]),
    ("signed by a stranger", "token-unknown-key", forge(doc.STRANGER, receipt.RECEIPT, doc.receipt_claims())),
    ("another type", "token-wrong-type", forge(doc.BOX, receipt.VOID, doc.receipt_claims(ref=doc.JTI))),
    ("alg none", "token-bad-algorithm", forge(doc.BOX, receipt.RECEIPT, {}, alg="none")),
    ("alg HS256", "token-bad-algorithm", forge(doc.BOX, receipt.RECEIPT, {}, alg="HS256")),
    ("alg EdDSA, deprecated by RFC 9864", "token-bad-algorithm", forge(doc.BOX, receipt.RECEIPT, {}, alg="EdDSA")),
    ("typ left out", "token-bad-header", forge(doc.BOX, receipt.RECEIPT, {}, typ=None)),
    ("kid is a path", "token-bad-header", forge(doc.BOX, receipt.RECEIPT, {}, kid="../../etc/passwd")),
    ("kid is a number", "token-bad-header", forge(doc.BOX, receipt.RECEIPT, {}, kid=7)),
    ("embedded key", "token-bad-header", forge(doc.BOX, receipt.RECEIPT, {}, jwk={"kty": "OKP"})),
    ("crit present", "token-bad-header", forge(doc.BOX, receipt.RECEIPT, {}, crit=[])),
    ("b64 present", "token-bad-header", forge(doc.BOX, receipt.RECEIPT, {}, b64=False)),
    ("header too long", "token-bad-header", forge(doc.BOX, "x" * 300, {})),
    ("header names alg twice", "json-duplicate-name", forge_raw(doc.BOX, b'{"alg":"Ed25519",' + _HEADER[1:], b"{}")),
    ("claims name iss twice", "json-duplicate-name", _with_payload(b'{"iss":"a","iss":"b"}')),
    ("claims in UTF-16", "json-not-utf8", _with_payload('{"iss":"é"}'.encode("utf-16"))),
    ("byte order mark", "json-byte-order-mark", _with_payload(b'\xef\xbb\xbf{"iss":"a"}')),
    ("a float", "json-not-integer", _with_payload(b'{"iat":1.5}')),
    ("a float that is whole", "json-not-integer", _with_payload(b'{"iat":1.0}')),
    ("an exponent", "json-not-integer", _with_payload(b'{"iat":1e3}')),
    ("not a number", "json-not-integer", _with_payload(b'{"iat":NaN}')),
    ("integer beyond 2^53-1", "json-integer-range", _with_payload(b'{"iat":9007199254740992}')),
    ("lone surrogate", "json-surrogate", _with_payload(rb'{"iss":"\ud800"}')),
    ("not NFC", "json-not-nfc", _with_payload('{"iss":"e\u0301"}'.encode())),
    ("nine levels", "json-too-deep", _with_payload(b'{"a":' * 9 + b"1" + b"}" * 9)),
    ("5 000 levels", "json-too-deep", _with_payload(b'{"a":' * 5000 + b"1" + b"}" * 5000)),
    ("claims are a list", "token-not-claims", _with_payload(b"[]")),
    ("claims are not JSON", "json-malformed", _with_payload(b"{'iss':'a'}")),
    ("text after the claims", "json-malformed", _with_payload(b"{} {}")),
]


# --- claims ---------------------------------------------------------------------------------------------------------


def _manifest_cases() -> Cases:
    make, drop, file = doc.manifest_claims, doc.drop_claims, doc.file_claims
    both = [{"box": "*", "lo": 1, "hi": 10}, {"box": doc.BOX.thumbprint, "lo": 11, "hi": 50}]
    open_drop = drop(kind="open", edition=None)
    valid = [
        make(ver=2, prev=doc.HASH, alloc=both, ext={"anything": [None, {"goes": True}]}),
        make(drop=open_drop, limits={"max_devices": 10}, price=[]),
        make(revoked=[{"kind": "box", "ref": doc.BOX.thumbprint, "at": doc.NOW}]),
        make(drop=drop(listing={"desc": "Two\nlines", "lang": "de"}, cover_sha256="cd" * 32)),
    ]
    invalid: list[Case] = [
        ("unknown claim", "manifest-malformed", make(nbf=doc.NOW)),
        ("null claim", "manifest-malformed", {**make(), "prev": None}),
        ("iat as text", "manifest-malformed", make(iat=str(doc.NOW))),
        ("ver as truth value", "manifest-malformed", make(ver=True)),
        ("time before 2020", "manifest-malformed", make(iat=1)),
        ("iss of a weak key", "key-low-order", make(iss="did:key:z" + _weak_did())),
        ("no files", "manifest-malformed", make(files=[])),
        ("negative price", "manifest-malformed", make(price=[{"cur": "EUR", "minor": -1}])),
        ("two prices for one cohort", "manifest-price", make(price=[{"cur": "EUR", "minor": m} for m in (1, 2)])),
        ("upper-case hash", "manifest-malformed", make(files=[file(sha256="AB" * 32)])),
        ("path escapes", "path-escapes", make(files=[file(path="../x")])),
        ("paths differ by case only", "path-not-unique", make(files=[file(path="A"), file(path="a")])),
        ("control character in title", "manifest-malformed", make(drop=drop(title="a\x1b[2J"))),
        ("lives longer than two years", "manifest-lifetime", make(exp=doc.NOW + 732 * doc.DAY)),
        ("expires before it is issued", "manifest-lifetime", make(exp=doc.NOW - 1)),
        ("window closes before it opens", "manifest-window", make(drop=drop(window={"nbf": doc.NOW, "exp": doc.NOW}))),
        ("later version without prev", "manifest-prev", make(ver=2)),
        ("first version with prev", "manifest-prev", make(prev=doc.HASH)),
        ("limited without edition", "manifest-edition", make(drop=drop(edition=None))),
        ("open with edition", "manifest-edition", make(drop=drop(kind="open"))),
        ("numbers beyond the edition", "manifest-alloc", make(alloc=[{"box": "*", "lo": 1, "hi": 51}])),
        ("overlapping numbers", "manifest-alloc", make(alloc=[*both, {"box": "*", "lo": 50, "hi": 50}])),
        ("numbers in an open drop", "manifest-alloc", make(drop=open_drop, alloc=both)),
        ("ext larger than 8 KiB", "manifest-ext", make(ext={"a": "x" * 8192})),
    ]
    return Cases(valid, invalid)


def _weak_did() -> str:
    return base58.encode(
        b"\xed\x01" + bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
    )


def _delegation_cases() -> Cases:
    make = doc.delegation_claims
    cloud = {"role": "cloud", "cap": ["cosign", "decline", "lease"], "max": None, "drops": ["*"]}
    signer = doc.delegation_to(doc.SIGNER, role="signer", cap=["manifest"], max=None)
    valid = [doc.delegation_to(doc.CLOUD, exp=doc.NOW + 400 * doc.DAY, **cloud), signer, make(name="Till", hw=doc.HASH)]
    other = {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64.encode(doc.CLOUD.public)}}
    invalid: list[Case] = [
        ("unknown claim", "delegation-malformed", make(aud="x")),
        ("null claim", "delegation-malformed", {**make(), "name": None}),
        ("cnf is another key", "delegation-key", make(cnf=other)),
        ("cnf with a private key", "delegation-malformed", make(cnf={"jwk": {**other["jwk"], "d": doc.HASH}})),
        ("delegate is the signer", "delegation-self", doc.delegation_to(doc.CREATOR)),
        ("box may lease", "delegation-role", make(cap=["receipt", "lease"])),
        ("box may sign manifests", "delegation-role", make(cap=["manifest"])),
        ("cloud may sign receipts", "delegation-role", doc.delegation_to(doc.CLOUD, **{**cloud, "cap": ["receipt"]})),
        ("no rights", "delegation-malformed", make(cap=[])),
        ("a right twice", "delegation-role", make(cap=["log", "log"])),
        ("unknown right", "delegation-malformed", make(cap=["root"])),
        ("all drops and one", "delegation-drops", make(drops=["*", "night-prints"])),
        ("no drops", "delegation-malformed", make(drops=[])),
        ("box without caps on money", "delegation-max", make(max=None)),
        ("box longer than 120 days", "delegation-lifetime", make(exp=doc.NOW + 120 * doc.DAY + 1)),
        ("ends before it begins", "delegation-lifetime", make(exp=doc.NOW)),
    ]
    return Cases(valid, invalid)


def _lease_cases() -> Cases:
    make = doc.lease_claims
    valid = [make(ranges=[]), make(ckpt={"size": 9, "root": doc.HASH}), make(ranges=[[n, n] for n in range(1, 65)])]
    invalid: list[Case] = [
        ("unknown claim", "lease-malformed", make(seq=1)),
        ("epoch missing", "lease-malformed", make(epoch=None)),
        ("epoch of 17 bytes", "lease-malformed", make(epoch=b64.encode(bytes(17)))),
        ("epoch not canonical", "lease-malformed", make(epoch="A" * 21 + "B")),
        ("number zero", "lease-malformed", make(ranges=[[0, 3]])),
        ("65 ranges", "lease-malformed", make(ranges=[[n, n] for n in range(1, 66)])),
        ("range of three numbers", "lease-malformed", make(ranges=[[1, 2, 3]])),
        ("range backwards", "lease-ranges", make(ranges=[[5, 4]])),
        ("ranges overlap", "lease-ranges", make(ranges=[[1, 5], [5, 9]])),
        ("ranges out of order", "lease-ranges", make(ranges=[[6, 9], [1, 5]])),
        ("longer than 30 days", "lease-lifetime", make(exp=doc.NOW + 30 * doc.DAY + 1)),
        ("ends before it begins", "lease-lifetime", make(exp=doc.NOW)),
    ]
    return Cases(valid, invalid)


def _receipt_cases() -> Cases:
    make, item = doc.receipt_claims, doc.item_claims
    card = {"m": "card", "st": "online", "cur": "EUR", "minor": 450}
    free = {"m": "comp", "st": "free", "cur": "EUR", "minor": 0}
    gift = [item(minor=0)]
    back = {**card, "minor": -450}
    huge, huge_pay = item(ed=None, minor=10**9), {**card, "minor": 10**9}
    huge_tax = [{"rate": rate, "net": 10**9, "vat": 0} for rate in (700, 1900)]
    no_tax = [{"rate": 1900, "net": 0, "vat": 0}]
    valid = [
        make(tip=50, pay=[{**card, "minor": 300}, {"m": "cash", "st": "cash", "cur": "EUR", "minor": 200}]),
        make(items=gift, tax=no_tax, pay=[free]),
        make(items=[item(ed=None, lease=None, qty=3)], owner=doc.OWNER.did, test=True),
        make(items=[item(minor=-450), item(ed=8)], tax=no_tax, pay=[free], ref=doc.JTI),
        make(round=-2, pay=[{"m": "cash", "st": "cash", "cur": "EUR", "minor": 448}]),
    ]
    invalid: list[Case] = [
        ("unknown claim", "receipt-malformed", make(prev=doc.HASH)),
        ("null claim", "receipt-malformed", {**make(), "ref": None}),
        ("seq missing", "receipt-malformed", make(seq=None)),
        ("unknown clock", "receipt-malformed", make(clk="gps")),
        ("no tender", "receipt-malformed", make(pay=[])),
        ("five tenders", "receipt-malformed", make(pay=[{**card, "minor": 90}] * 5)),
        ("201 lines", "receipt-malformed", make(items=[item(ed=None)] * 201)),
        ("money beyond 10^9", "receipt-malformed", make(items=[item(minor=10**9 + 1)])),
        ("reference not ASCII", "receipt-malformed", make(pay=[{**card, "ref": "é"}])),
        ("line without drop or article", "receipt-item", make(items=[item(drop=None, ed=None)])),
        ("two copies of one number", "receipt-numbered", make(items=[item(qty=2)])),
        ("number without lease", "receipt-numbered", make(items=[item(lease=None)])),
        ("number twice", "receipt-number-twice", make(items=[item(), item(minor=0)])),
        ("two currencies", "receipt-currency", make(pay=[{**card, "cur": "CHF"}])),
        ("cash paid online", "receipt-pay-state", make(pay=[{**card, "m": "cash"}])),
        ("card paid in cash", "receipt-pay-state", make(pay=[{**card, "st": "cash"}])),
        (
            "nothing to pay, but no free tender",
            "receipt-free",
            make(items=gift, tax=no_tax, pay=[{**card, "minor": 0}]),
        ),
        ("free tender beside another", "receipt-free", make(pay=[card, free])),
        ("free tender beside two that cancel", "receipt-free", make(items=gift, tax=no_tax, pay=[free, card, back])),
        ("total beyond 10^9", "receipt-pay-sum", make(items=[huge, huge], tax=huge_tax, pay=[huge_pay, huge_pay])),
        ("free tender with an amount", "receipt-free", make(pay=[{**free, "minor": 450}])),
        ("tax off by one", "receipt-tax-sum", make(tax=[{"rate": 1900, "net": 378, "vat": 71}])),
        ("one rate twice", "receipt-tax-sum", make(tax=[{"rate": 1900, "net": 225, "vat": 0}] * 2)),
        ("payment off by one", "receipt-pay-sum", make(pay=[{**card, "minor": 449}])),
        ("tip not paid", "receipt-pay-sum", make(tip=50)),
        ("owner with a weak key", "key-low-order", make(owner="did:key:z" + _weak_did())),
    ]
    return Cases(valid, invalid)


CLAIM_CASES = {
    manifest.TYP: _manifest_cases(),
    delegation.TYP: _delegation_cases(),
    lease.TYP: _lease_cases(),
    receipt.RECEIPT: _receipt_cases(),
}


# --- certificates ---------------------------------------------------------------------------------------------------


def _resigned(signer: Any = doc.BOX, **changes: Any) -> Claims:
    """Change members of a good certificate (None takes one away) and sign the result properly."""
    good = doc.certificate_of()
    bare = {name: value for name, value in {**good, **changes}.items() if name != "proof" and value is not None}
    return proof.add(signer, bare, doc.NOW)


def _subject(**changes: Any) -> Claims:
    subject = {**doc.certificate_of()["credentialSubject"], **changes}
    return {name: value for name, value in subject.items() if value is not None}


def _evidence(**changes: Any) -> list[Claims]:
    token = forge(changes.pop("signer", doc.CREATOR), delegation.TYP, doc.delegation_claims(**changes))
    return [{"type": "StallDelegation", "jws": token}]


def _certificate_cases() -> list[Case]:
    good = doc.certificate_of()
    reproved = {**good, "proof": {**good["proof"], "proofPurpose": "authentication"}}
    for_cloud = [
        {"type": "StallDelegation", "jws": jws.sign(doc.CREATOR, delegation.TYP, doc.delegation_to(doc.CLOUD))}
    ]
    return [
        ("a word changed", "proof-bad-signature", {**good, "name": "Night prints – edition 1 of 50"}),
        ("proof left out", "certificate-proof", {name: value for name, value in good.items() if name != "proof"}),
        ("proof for another purpose", "proof-wrong-purpose", reproved),
        ("member unknown", "certificate-malformed", _resigned(validUntil="2030-01-01T00:00:00Z")),
        (
            "foreign context",
            "certificate-not-ours",
            _resigned(**{"@context": ["https://www.w3.org/ns/credentials/v2"]}),
        ),
        ("date with a zone", "timestamp-malformed", _resigned(validFrom="2026-05-28T20:26:40+02:00")),
        ("signed by a stranger", "certificate-wrong-issuer", _resigned(doc.STRANGER)),
        ("no delegation", "certificate-no-delegation", _resigned(evidence=None)),
        ("delegation for another box", "certificate-wrong-delegate", _resigned(evidence=for_cloud)),
        ("delegation by a stranger", "token-unknown-key", _resigned(evidence=_evidence(signer=doc.STRANGER))),
        ("delegation altered", "delegation-role", _resigned(evidence=_evidence(cap=["cert", "manifest"]))),
        ("delegation without cert", "delegation-cap", _resigned(evidence=_evidence(cap=["receipt"]))),
        ("delegation for another drop", "delegation-drop", _resigned(evidence=_evidence(drops=["other"]))),
        ("made before the delegation", "delegation-time", _resigned(validFrom="2026-05-28T20:26:39Z")),
        ("number beyond the edition", "certificate-edition", _resigned(credentialSubject=_subject(edition=51))),
        ("number without size", "certificate-edition", _resigned(credentialSubject=_subject(editionSize=None))),
        ("price named", "certificate-malformed", _resigned(credentialSubject=_subject(price=450))),
        ("null member", "certificate-malformed", _resigned(credentialSubject={**_subject(), "id": None})),
        ("larger than 8 KiB", "json-too-large", _resigned(name="x" * 9000)),
    ]


CERTIFICATE_CASES = _certificate_cases()


# --- notes ----------------------------------------------------------------------------------------------------------


def _note_cases() -> list[Case]:
    good = doc.checkpoint_note()
    stranger = note.sign(doc.STRANGER, doc.ORIGIN, note.Checkpoint(doc.ORIGIN, 3, bytes(32)).body())
    lines = good.split("\n")
    return [
        ("size changed", "note-bad-signature", good.replace("\n3\n", "\n4\n")),
        ("signed by a stranger only", "note-not-signed", stranger),
        ("no signature", "note-malformed", "\n".join(lines[:4]) + "\n"),
        ("last line not ended", "note-malformed", good[:-1]),
        ("hyphen for the dash", "note-malformed", good.replace("— ", "- ")),
        ("carriage returns", "note-malformed", good.replace("\n", "\r\n")),
        ("cosignature at another time", "note-bad-signature", _with_time(lines, doc.NOW + 1)),
        ("not a note", "note-malformed", json.dumps({"size": 3})),
    ]


def _with_time(lines: list[str], time_s: int) -> str:
    start, _, blob = lines[5].rpartition(" ")
    raw = b64decode(blob)
    changed = b64encode(raw[:4] + time_s.to_bytes(8) + raw[12:]).decode()
    return "\n".join([*lines[:5], f"{start} {changed}", ""])


NOTE_CASES = _note_cases()
